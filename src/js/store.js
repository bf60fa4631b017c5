// The stores of task records: the database of this browser, or memory. They make no decisions.
// Which change of a record wins is decided by `core/src/record/change.rs`; what is listed, pruned
// and forgotten by `core/src/flow/records.rs`; which video is kept by `core/src/flow/keep.rs`.

import { DatabaseStore } from "./database.js";
import { MemoryStore } from "./memory.js";

/** @typedef {import("./changes.js").StoredRecord} StoredRecord */
/**
 * Core's decision on the stored record: `undefined` leaves it, `null` removes it, a record is
 * written under its external task id.
 * @typedef {(current: StoredRecord | undefined) => StoredRecord | null | undefined} Decide
 */

// The defaults of core, needed before the module is loaded: `tests/model/options.rs` fails if one
// differs.
const DEFAULT_KIND = "indexeddb";
const DEFAULT_NAME = "kling-multi-image2video";

/** @type {Map<string, DatabaseStore | MemoryStore>} */
const stores = new Map();

/**
 * The store with this name; in memory if there is no IndexedDB.
 * @param {string} kind
 * @param {string} name
 */
export function openStore(kind, name) {
  const made =
    kind === "memory" || !hasDatabase() ? new MemoryStore(name) : new DatabaseStore(name);
  const store = stores.get(made.kind + name) ?? made;
  stores.set(made.kind + name, store);
  return store;
}

/**
 * The store of a client with these options. They may be invalid: every call of the client reports
 * that.
 * @param {import("./index.js").ClientOptions | undefined} options
 */
export function storeOf(options) {
  const { store = DEFAULT_KIND, storeName } = options ?? {};
  return openStore(store, typeof storeName === "string" ? storeName : DEFAULT_NAME);
}

/** How long the notification of a change may take from another tab, in ms. */
const NOTIFICATION_MS = 100;

/**
 * Base URL, state and attempt of each record with this external task id, as they are at this
 * moment. Reading takes time: a record that becomes `unknown` meanwhile is left out, because the
 * caller could not know of that outcome. What a known outcome allows is decided by
 * `core/src/flow/submit.rs`.
 * @param {DatabaseStore | MemoryStore} store @param {string} id
 */
export async function knownAtCall(store, id) {
  /** @type {Set<unknown>} */
  const changed = new Set();
  const stop = store.listen(({ record }) => void changed.add(record?.attempt));
  try {
    const known = await store.known(id);
    const isUnknown = (/** @type {any[]} */ [, state]) => state === "unknown";
    if (known.some(isUnknown)) await new Promise((resolve) => setTimeout(resolve, NOTIFICATION_MS));
    return known.filter((entry) => !isUnknown(entry) || !changed.has(entry[2]));
  } finally {
    stop();
  }
}

function hasDatabase() {
  try {
    // The getter throws where a site may store no data.
    return typeof indexedDB === "object" && indexedDB !== null;
  } catch {
    return false;
  }
}
