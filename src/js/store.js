// Where task records live: in the database of this browser, or in memory.

import { DatabaseStore } from "./database.js";
import { MemoryStore } from "./memory.js";

/**
 * Decides on the record that stands: `undefined` leaves it, `null` removes it, a record is written
 * under its external task id.
 * @typedef {(current: import("./changes.js").StoredRecord | undefined) =>
 * import("./changes.js").StoredRecord | null | undefined} Decide
 */

export const DEFAULT_NAME = "kling-multi-image2video";

/** @type {Map<string, DatabaseStore | MemoryStore>} */
const stores = new Map();

/**
 * The store of that name, in memory where there is no IndexedDB.
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

/** How long the news of a change may take from another tab, in ms. */
const NEWS_MS = 100;

/**
 * What the store has of an external task id at this moment. Reading takes time: a record that
 * becomes `unknown` meanwhile does not count, because the caller could not know of that.
 * @param {DatabaseStore | MemoryStore} store @param {string} id
 */
export async function knownAtCall(store, id) {
  /** @type {Set<unknown>} */
  const changed = new Set();
  const leave = store.listen(({ record }) => void changed.add(record?.attempt));
  try {
    const known = await store.known(id);
    const isUnknown = (/** @type {any[]} */ [, state]) => state === "unknown";
    if (known.some(isUnknown)) await new Promise((resolve) => setTimeout(resolve, NEWS_MS));
    return known.filter((entry) => !isUnknown(entry) || !changed.has(entry[2]));
  } finally {
    leave();
  }
}

function hasDatabase() {
  try {
    // A getter that throws where an origin may store nothing.
    return typeof indexedDB === "object" && indexedDB !== null;
  } catch {
    return false;
  }
}
