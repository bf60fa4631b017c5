// Where task records live. Rust decides what is written and when; here are only the promises that IndexedDB, BroadcastChannel
// and Web Locks lack, because each of their events would be a closure there, of a size that nobody wants to load.

/** @typedef {import("./index.js").TaskRecord} TaskRecord */
/** @typedef {{ base: string, record: TaskRecord }} Change */
/** @typedef {(change: Change) => void} Listener */

import { openChannel } from "./tab.js";

export const DEFAULT_NAME = "kling-multi-image2video";

const TASKS = "tasks";
const VIDEOS = "videos";

/**
 * What each version of the database adds to the one before: version 1 is the first step. A step that was ever published
 * never changes.
 * @type {Array<(database: IDBDatabase) => void>}
 */
const STEPS = [
  (database) => database.createObjectStore(TASKS),
  (database) => database.createObjectStore(VIDEOS),
];

/**
 * Whether a record would take back what the service has said: two tabs may have read it before either wrote.
 * @param {TaskRecord} record
 * @param {TaskRecord | undefined} old
 */
const isOutdated = (record, old) => old !== undefined
  && (Boolean(old.taskId && !record.taskId) || old.state === "succeed" && record.state !== "succeed");

/**
 * What an IndexedDB request comes to.
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const result = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Records of all base addresses under one name, and the videos kept for them, under `[base, externalTaskId]`. */
class DatabaseStore {
  /** @type {Promise<IDBDatabase> | undefined} */
  #opening;

  /** @param {string} name */
  constructor(name) {
    this.kind = "indexeddb";
    this.name = name;
  }

  /** @param {string} base @param {string} id @returns {Promise<TaskRecord | undefined>} */
  async get(base, id) {
    const record = await this.#in("readonly", async (tasks, videos) => {
      const [record, kept] = await Promise.all([result(tasks.get([base, id])), result(videos.getKey([base, id]))]);
      return record && { ...record, kept: kept !== undefined };
    });
    return record ?? (await this.all(base)).find(({ taskId }) => taskId === id);
  }

  /** Newest first. @param {string} base @returns {Promise<TaskRecord[]>} */
  async all(base) {
    const within = IDBKeyRange.bound([base], [base, []]);
    const [records, keys] = await this.#in("readonly", (tasks, videos) =>
      Promise.all([result(tasks.getAll(within)), result(videos.getAllKeys(within))]));
    const kept = new Set(keys.map((key) => /** @type {string[]} */ (key)[1]));
    // Never what a record says of itself: a video is kept when it is there, all of it.
    return newestFirst(records.map((record) => ({ ...record, kept: kept.has(record.externalTaskId) })));
  }

  /** @param {string} base @param {TaskRecord} record */
  async put(base, record) {
    const key = [base, record.externalTaskId];
    const isNew = await this.#in("readwrite", async (tasks) => {
      const isNew = !isOutdated(record, await result(tasks.get(key)));
      if (isNew) tasks.put(record, key);
      return isNew;
    });
    if (isNew) this.#tell(base, record);
  }

  /** @param {string} base @param {string} id */
  async kept(base, id) {
    const record = await this.get(base, id);
    if (!record) return undefined;
    const bytes = await this.#in("readonly", (tasks, videos) => result(videos.get([base, record.externalTaskId])));
    const video = bytes && new Blob([bytes], { type: "video/mp4" });
    // A browser may have lost the bytes, and not the key.
    return video?.slice(-1).arrayBuffer().then(() => video, () => undefined);
  }

  /** @param {string} base @param {string} id @param {Blob} video */
  async keep(base, id, video) {
    const record = await this.get(base, id);
    if (!record) throw new Error("there is no record of this task any more");
    const key = [base, record.externalTaskId];
    /** @param {Blob | ArrayBuffer} bytes One transaction: it is there as a whole and with its record, or not at all. */
    const put = (bytes) => this.#in("readwrite", async (tasks, videos) => {
      if (await result(tasks.count(key))) videos.put(bytes, key);
    });
    // WebKit keeps no blob in a private window.
    await put(video).catch(async () => put(await video.arrayBuffer()));
    const kept = await this.get(base, id);
    if (!kept?.kept) throw new Error("there is no record of this task any more");
    this.#tell(base, kept);
  }

  /** @param {string} base @param {string} id */
  async remove(base, id) {
    await this.#in("readwrite", (tasks, videos) => (tasks.delete([base, id]), videos.delete([base, id])));
  }

  /** @param {string} base @param {TaskRecord} record */
  #tell(base, record) {
    const channel = openChannel(this.name);
    if (!channel) return tell(this.name, { base, record });
    // Reaches the listeners of this page too: each has a channel of its own.
    channel.postMessage({ base, record });
    channel.close();
  }

  /** @param {Listener} listener */
  listen(listener) {
    const channel = openChannel(this.name);
    if (!channel) return hear(this.name, listener);
    channel.onmessage = ({ data }) => listener(data);
    return () => channel.close();
  }

  /**
   * One transaction, over when it is written for good.
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
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    });
    const [used] = await Promise.all([use(transaction.objectStore(TASKS), transaction.objectStore(VIDEOS)), written]);
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

/** The same, for as long as the page lives. */
class MemoryStore {
  /** @type {Map<string, Map<string, TaskRecord>>} */
  #bases = new Map();
  /** @type {WeakMap<TaskRecord, Blob>} */
  #videos = new WeakMap();

  /** @param {string} name */
  constructor(name) {
    this.kind = "memory";
    this.name = `memory ${name}`;
  }

  /** @param {string} base */
  #of(base) {
    const records = this.#bases.get(base) ?? new Map();
    this.#bases.set(base, records);
    return records;
  }

  /** @param {string} base @param {string} id */
  async get(base, id) {
    return this.#of(base).get(id) ?? [...this.#of(base).values()].find(({ taskId }) => taskId === id);
  }

  /** @param {string} base */
  async all(base) {
    return newestFirst([...this.#of(base).values()].map((record) => structuredClone(record)));
  }

  /** @param {string} base @param {TaskRecord} record */
  async put(base, record) {
    const old = this.#of(base).get(record.externalTaskId);
    if (isOutdated(record, old)) return;
    const video = old && this.#videos.get(old);
    record.kept = Boolean(video);
    if (video) this.#videos.set(record, video);
    this.#of(base).set(record.externalTaskId, record);
    tell(this.name, { base, record: structuredClone(record) });
  }

  /** @param {string} base @param {string} id */
  async kept(base, id) {
    const record = await this.get(base, id);
    return record && this.#videos.get(record);
  }

  /** @param {string} base @param {string} id @param {Blob} video */
  async keep(base, id, video) {
    const record = await this.get(base, id);
    if (!record) throw new Error("there is no record of this task any more");
    this.#videos.set(record, video);
    await this.put(base, { ...record });
  }

  /** @param {string} base @param {string} id */
  async remove(base, id) {
    this.#of(base).delete(id);
  }

  /** @param {Listener} listener */
  listen(listener) {
    return hear(this.name, listener);
  }
}

/** @type {Map<string, DatabaseStore | MemoryStore>} */
const stores = new Map();

/**
 * The store of that name. Without IndexedDB it is one in memory.
 * @param {string} kind
 * @param {string} name
 */
export function openStore(kind, name) {
  const made = kind === "memory" || !hasDatabase() ? new MemoryStore(name) : new DatabaseStore(name);
  const store = stores.get(made.kind + name) ?? made;
  stores.set(made.kind + name, store);
  return store;
}

function hasDatabase() {
  try {
    // A getter that throws where an origin may store nothing.
    return typeof indexedDB === "object" && indexedDB !== null;
  } catch {
    return false;
  }
}

/** @param {TaskRecord[]} records */
const newestFirst = (records) => records.sort((a, b) => b.createdAt - a.createdAt);

/** @type {Map<string, Set<Listener>>} */
const listeners = new Map();

/** @param {string} name @param {Change} change */
function tell(name, change) {
  for (const listener of listeners.get(name) ?? []) queueMicrotask(() => listener(change));
}

/** @param {string} name @param {Listener} listener */
function hear(name, listener) {
  const all = listeners.get(name) ?? new Set();
  listeners.set(name, all.add(listener));
  return () => void all.delete(listener);
}

/**
 * Asks for the lock of that name; nothing where there are no locks. `held` tells whether it was granted, and rejects where
 * that is forbidden; `release` gives it back, or takes the question back.
 * @param {string} name
 * @param {boolean} wait
 */
export function lock(name, wait) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return undefined;
  const control = new AbortController();
  let release = () => control.abort();
  const free = () => {
    asked.delete(free);
    release();
  };
  asked.add(free);
  const held = new Promise((resolve, reject) => {
    const options = wait ? { signal: control.signal } : { ifAvailable: true };
    // Nobody wants it any more, should it be granted after all.
    locks.request(name, options, (lock) => lock && asked.has(free) && new Promise((done) => {
      release = () => done(undefined);
      resolve(true);
    })).then(() => resolve(false), reject);
  });
  held.catch(() => {});
  return { held, release: free };
}

/** @type {Set<() => void>} */
const asked = new Set();

/** Gives back every lock of this page. */
export function releaseAll() {
  for (const free of [...asked]) free();
}
