// Task records and kept videos in IndexedDB, with the promises that IndexedDB lacks: in Rust, each
// of its events would need a closure. It makes no decisions: see `store.js`.

import { listenInTabs, newestFirst, notifyTabs } from "./changes.js";

/** @typedef {import("./changes.js").StoredRecord} StoredRecord */
/** @typedef {import("./store.js").Decide} Decide */

const TASKS = "tasks";
const VIDEOS = "videos";

/**
 * What each version of the database adds to the previous one; version 1 is the first step. A
 * published step never changes.
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
   * @param {string} base @param {string} id an external task id or a task id
   * @returns {Promise<StoredRecord | undefined>}
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
    // Not the record's own `kept`: a video is kept if its bytes are stored.
    return newestFirst(
      records.map((record) => ({ ...record, kept: kept.has(record.externalTaskId) })),
    );
  }

  /**
   * Base URL, state and attempt of each record with this external task id, under any base URL.
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
   * In one transaction, reads the record of this external task id, lets `decide` judge it, and
   * writes the result. Returns the record that is stored afterwards.
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
    // A browser may have lost the bytes and still list their key.
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
     * Stores the whole video if its record exists, in one transaction.
     * @param {Blob | ArrayBuffer} bytes
     */
    const put = (bytes) =>
      this.#in("readwrite", async (tasks, videos) => {
        if (await result(tasks.count(key))) videos.put(bytes, key);
      });
    // WebKit stores no blobs in a private window.
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
   * Runs one transaction. The promise resolves when it is durable.
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
        // A newer version of this package waits to upgrade the database.
        database.onversionchange = () => (database.close(), forget());
        resolve(database);
      };
    });
  }
}
