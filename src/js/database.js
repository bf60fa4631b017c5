// Task records and kept videos in IndexedDB, with the promises that IndexedDB lacks: in Rust, each
// of its events would need a closure. It makes no decisions: see `store.js`.

import { listenInTabs, newestFirst, notifyTabs } from "./changes.js";
import { startTimer, within } from "./timer.js";

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

/** How long opening the database may take, in ms. */
const MAX_OPEN_MS = 10_000;

/** How long a transaction may take, in ms, and one that writes a video. */
const MAX_TRANSACTION_MS = 10_000;
const MAX_VIDEO_TRANSACTION_MS = 60_000;

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
      // Something else may have written a null.
      records
        .filter(Boolean)
        .map((record) => ({ ...record, kept: kept.has(record.externalTaskId) })),
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
          const { state, attempt } = (await result(tasks.get(key))) ?? {};
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
    const { stands, written, removed } = await this.#in("readwrite", async (tasks, videos) => {
      const current = (await result(tasks.get([base, id]))) ?? undefined;
      const wanted = decide(current);
      if (wanted === undefined) return { stands: current };
      if (wanted === null) {
        tasks.delete([base, id]);
        videos.delete([base, id]);
        return { written: current, removed: true };
      }
      tasks.put(wanted, [base, wanted.externalTaskId]);
      return { stands: wanted, written: wanted };
    });
    if (written) notifyTabs(this.name, { base, record: written, removed });
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
      this.#in(
        "readwrite",
        async (tasks, videos) => {
          if (await result(tasks.count(key))) videos.put(bytes, key);
        },
        MAX_VIDEO_TRANSACTION_MS,
      );
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
   * @param {number} [maxMs]
   * @returns {Promise<Awaited<T>>}
   */
  async #in(mode, use, maxMs = MAX_TRANSACTION_MS) {
    let opening = this.#open();
    let database = await opening;
    const begin = () => database.transaction([TASKS, VIDEOS], mode, { durability: "strict" });
    let transaction;
    try {
      transaction = begin();
    } catch {
      // A browser may have closed the connection without an event, for example in the background.
      this.#drop(opening, database);
      opening = this.#open();
      database = await opening;
      transaction = begin();
    }
    const written = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () =>
        reject(transaction.error ?? new Error("the transaction was aborted"));
    });
    const done = Promise.all([
      use(transaction.objectStore(TASKS), transaction.objectStore(VIDEOS)),
      written,
    ]);
    const [used] = await within(done, maxMs, () => {
      // What is not written by now must not be written later.
      abort(transaction);
      this.#drop(opening, database);
      return new Error(`the database did not answer within ${maxMs} ms`);
    });
    return used;
  }

  /** Makes the next call open the database again. @param {Promise<IDBDatabase>} opening */
  #forget(opening) {
    if (this.#opening === opening) this.#opening = undefined;
  }

  /** @param {Promise<IDBDatabase>} opening @param {IDBDatabase} database */
  #drop(opening, database) {
    database.close();
    this.#forget(opening);
  }

  /** The open database. A failure by the time limit is remembered, so that not every call waits. */
  #open() {
    return (this.#opening ??= this.#opened());
  }

  #opened() {
    let [isBlocked, isLate] = [false, false];
    /** @type {Promise<IDBDatabase>} */
    const opened = new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, STEPS.length);
      request.onupgradeneeded = ({ oldVersion }) => {
        for (const step of STEPS.slice(oldVersion)) step(request.result);
      };
      request.onblocked = () => (isBlocked = true);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        const forget = () => this.#forget(opening);
        database.onclose = forget;
        // A newer version of this package waits to upgrade the database.
        database.onversionchange = () => this.#drop(opening, database);
        if (isLate) this.#drop(opening, database);
        else resolve(database);
      };
    });
    const opening = within(opened, MAX_OPEN_MS, () => {
      isLate = true;
      return new Error(
        isBlocked
          ? "another tab holds an older version of the database open; close that tab"
          : `the database did not open within ${MAX_OPEN_MS} ms`,
      );
    });
    opening.catch(() => {
      if (isLate) startTimer(MAX_OPEN_MS, () => this.#forget(opening));
      else this.#forget(opening);
    });
    return opening;
  }
}

/** Aborts a transaction that may be over. @param {IDBTransaction} transaction */
function abort(transaction) {
  try {
    transaction.abort();
  } catch {
    // It is over.
  }
}
