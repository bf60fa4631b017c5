// Where task records live. Rust decides what is written and when; here are only the promises that IndexedDB, BroadcastChannel
// and Web Locks lack, because each of their events would be a closure there, of a size that nobody wants to load.

/** @typedef {import("./index.js").TaskRecord} TaskRecord */
/** @typedef {{ base: string, record: TaskRecord }} Change */
/** @typedef {(change: Change) => void} Listener */

export const DEFAULT_NAME = "kling-multi-image2video";

const TASKS = "tasks";

/**
 * What each version of the database adds to the one before: version 1 is the first step. A step that was ever published
 * never changes.
 * @type {Array<(database: IDBDatabase) => void>}
 */
const STEPS = [(database) => database.createObjectStore(TASKS)];

/** Records of all base addresses under one name, under `[base, externalTaskId]`. */
class DatabaseStore {
  /** @type {Promise<IDBDatabase> | undefined} */
  #opening;

  /** @param {string} name */
  constructor(name) {
    this.kind = "indexeddb";
    this.name = name;
  }

  /** @param {string} base @param {string} id */
  async get(base, id) {
    const record = await this.#in("readonly", (tasks) => tasks.get([base, id]));
    return record ?? (await this.all(base)).find(({ taskId }) => taskId === id);
  }

  /** Newest first. @param {string} base @returns {Promise<TaskRecord[]>} */
  async all(base) {
    return newestFirst(await this.#in("readonly", (tasks) => tasks.getAll(IDBKeyRange.bound([base], [base, []]))));
  }

  /** @param {string} base @param {TaskRecord} record */
  async put(base, record) {
    await this.#in("readwrite", (tasks) => tasks.put(record, [base, record.externalTaskId]));
    if (typeof BroadcastChannel === "undefined") return tell(this.name, { base, record });
    // Reaches the listeners of this page too: each has a channel of its own.
    const channel = new BroadcastChannel(this.name);
    channel.postMessage({ base, record });
    channel.close();
  }

  /** @param {string} base @param {string} id */
  async remove(base, id) {
    await this.#in("readwrite", (tasks) => tasks.delete([base, id]));
  }

  /** @param {Listener} listener */
  listen(listener) {
    if (typeof BroadcastChannel === "undefined") return hear(this.name, listener);
    const channel = new BroadcastChannel(this.name);
    channel.onmessage = ({ data }) => listener(data);
    return () => channel.close();
  }

  /**
   * One transaction, over when it is written for good.
   * @param {IDBTransactionMode} mode
   * @param {(tasks: IDBObjectStore) => IDBRequest} use
   */
  async #in(mode, use) {
    const database = await this.#open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(TASKS, mode, { durability: "strict" });
      const request = use(transaction.objectStore(TASKS));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    });
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
    this.#of(base).set(record.externalTaskId, record);
    tell(this.name, { base, record: structuredClone(record) });
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
  const held = new Promise((resolve, reject) => {
    const options = wait ? { signal: control.signal } : { ifAvailable: true };
    locks.request(name, options, (lock) => lock && new Promise((done) => {
      release = () => done(undefined);
      resolve(true);
    })).then(() => resolve(false), reject);
  });
  held.catch(() => {});
  const free = () => {
    asked.delete(free);
    release();
  };
  asked.add(free);
  return { held, release: free };
}

/** @type {Set<() => void>} */
const asked = new Set();

/** Gives back every lock of this page. */
export function releaseAll() {
  for (const free of [...asked]) free();
}
