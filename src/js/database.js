// Task records and kept videos in IndexedDB. Rust decides what is written; here are only the
// promises that IndexedDB lacks, because each of its events would be a closure there.

import { listenInTabs, newestFirst, notifyTabs } from "./changes.js";

/** @typedef {import("./changes.js").StoredRecord} StoredRecord */
/** @typedef {import("./store.js").Decide} Decide */

const TASKS = "tasks";
const VIDEOS = "videos";

/**
 * What each version of the database adds to the one before: version 1 is the first step. A step
 * that was ever published never changes.
 * @type {Array<(database: IDBDatabase) => void>}
 */
const STEPS = [
  (database) => database.createObjectStore(TASKS),
  (database) => database.createObjectStore(VIDEOS),
];

/**
 * The result of an IndexedDB request.
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * Records of all base URLs under one name, and the videos kept for them, under `[base,
 * externalTaskId]`.
 */
export class DatabaseStore {
  /** @type {Promise<IDBDatabase> | undefined} */
  #opening;

  /** @param {string} name */
  constructor(name) {
    this.kind = "indexeddb";
    this.name = name;
  }

  /**
   * @param {string} base @param {string} id ours or the service's @returns {Promise<StoredRecord |
   * undefined>}
   */
  async get(base, id) {
    const record = await this.#in("readonly", async (tasks, videos) => {
      const [record, kept] = await Promise.all([
        result(tasks.get([base, id])),
        result(videos.getKey([base, id])),
      ]);
      return record && { ...record, kept: kept !== undefined };
    });
    return record ?? (await this.all(base)).find(({ taskId }) => taskId === id);
  }

  /** Newest first. @param {string} base @returns {Promise<StoredRecord[]>} */
  async all(base) {
    const within = IDBKeyRange.bound([base], [base, []]);
    const [records, keys] = await this.#in("readonly", (tasks, videos) =>
      Promise.all([result(tasks.getAll(within)), result(videos.getAllKeys(within))]),
    );
    const kept = new Set(keys.map((key) => /** @type {string[]} */ (key)[1]));
    // Never what a record says of itself: a video is kept when it is there, all of it.
    return newestFirst(
      records.map((record) => ({ ...record, kept: kept.has(record.externalTaskId) })),
    );
  }

  /**
   * Of the records with this external task id, under whatever base URL: base URL, state, attempt.
   * @param {string} id
   */
  async known(id) {
    return this.#in("readonly", async (tasks) => {
      const keys = /** @type {string[][]} */ (await result(tasks.getAllKeys()));
      const own = keys.filter(([, external]) => external === id);
      return Promise.all(
        own.map(async (key) => {
          const { state, attempt } = await result(tasks.get(key));
          return [key[0], state, attempt];
        }),
      );
    });
  }

  /**
   * Changes the record of this external task id as decided on the one that stands, in one
   * transaction, and brings the one that stands afterwards.
   * @param {string} base @param {string} id @param {Decide} decide
   */
  async change(base, id, decide) {
    const { stands, isWritten } = await this.#in("readwrite", async (tasks, videos) => {
      const current = await result(tasks.get([base, id]));
      const wanted = decide(current);
      if (wanted === undefined) return { stands: current };
      if (wanted === null) {
        tasks.delete([base, id]);
        videos.delete([base, id]);
        return {};
      }
      tasks.put(wanted, [base, wanted.externalTaskId]);
      return { stands: wanted, isWritten: true };
    });
    if (isWritten) notifyTabs(this.name, { base, record: stands });
    return stands;
  }

  /** @param {string} base @param {string} id */
  async kept(base, id) {
    const record = await this.get(base, id);
    if (!record) return undefined;
    const bytes = await this.#in("readonly", (tasks, videos) =>
      result(videos.get([base, record.externalTaskId])),
    );
    const video = bytes && new Blob([bytes], { type: "video/mp4" });
    // A browser may have lost the bytes, and not the key.
    return video
      ?.slice(-1)
      .arrayBuffer()
      .then(
        () => video,
        () => undefined,
      );
  }

  /** @param {string} base @param {string} id @param {Blob} video */
  async keep(base, id, video) {
    const record = await this.get(base, id);
    if (!record) throw new Error("there is no record of this task any more");
    const key = [base, record.externalTaskId];
    /**
     * @param {Blob | ArrayBuffer} bytes One transaction: it is there as a whole and with its
     * record, or not at all.
     */
    const put = (bytes) =>
      this.#in("readwrite", async (tasks, videos) => {
        if (await result(tasks.count(key))) videos.put(bytes, key);
      });
    // WebKit keeps no blob in a private window.
    await put(video).catch(async () => put(await video.arrayBuffer()));
    const kept = await this.get(base, id);
    if (!kept?.kept) throw new Error("there is no record of this task any more");
    notifyTabs(this.name, { base, record: kept });
  }

  /** @param {import("./changes.js").Listener} listener */
  listen(listener) {
    return listenInTabs(this.name, listener);
  }

  /**
   * One transaction, over when it is durable.
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(tasks: IDBObjectStore, videos: IDBObjectStore) => T} use
   * @returns {Promise<Awaited<T>>}
   */
  async #in(mode, use) {
    const database = await this.#open();
    const transaction = database.transaction([TASKS, VIDEOS], mode, { durability: "strict" });
    const written = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () =>
        reject(transaction.error ?? new Error("the transaction was aborted"));
    });
    const [used] = await Promise.all([
      use(transaction.objectStore(TASKS), transaction.objectStore(VIDEOS)),
      written,
    ]);
    return used;
  }

  #open() {
    this.#opening ??= this.#opened().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** @returns {Promise<IDBDatabase>} */
  #opened() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, STEPS.length);
      request.onupgradeneeded = ({ oldVersion }) => {
        for (const step of STEPS.slice(oldVersion)) step(request.result);
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        const forget = () => (this.#opening = undefined);
        database.onclose = forget;
        // A newer version of this package wants to bring the database up.
        database.onversionchange = () => (database.close(), forget());
        resolve(database);
      };
    });
  }
}
