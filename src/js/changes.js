// Notifies listeners in this page and in other tabs about changed records. Which change of a record
// wins is decided by `core/src/record/change.rs`.

/** @typedef {import("./index.js").TaskRecord} TaskRecord */
/**
 * A record as it is stored: `attempt` identifies the attempt to send the request, and `withdrawn` is
 * a state that callers do not see.
 * @typedef {Omit<TaskRecord, "state"> & {
 *   state: TaskRecord["state"] | "withdrawn",
 *   attempt?: string,
 * }} StoredRecord
 */
/**
 * A record as it was written, or as it was before it was removed.
 * @typedef {{ base: string, record: StoredRecord, removed?: boolean | undefined }} Change
 */
/** @typedef {(change: Change) => void} Listener */

import { openChannel, postTo } from "./tab.js";

/** @param {StoredRecord[]} records */
export const newestFirst = (records) =>
  records.sort((one, other) => other.createdAt - one.createdAt);

/** @type {Map<string, Set<Listener>>} */
const listeners = new Map();

/** Notifies the listeners of this page. @param {string} name @param {Change} change */
export function notifyPage(name, change) {
  for (const listener of listeners.get(name) ?? []) queueMicrotask(() => listener(change));
}

/** Notifies the listeners of all tabs. @param {string} name @param {Change} change */
export function notifyTabs(name, change) {
  const channel = openChannel(name);
  if (!channel) return notifyPage(name, change);
  // This also reaches the listeners of this page: each has its own channel.
  postTo(channel, change);
  channel.close();
}

/** @param {string} name @param {Listener} listener @returns {() => void} stops listening */
export function listenInPage(name, listener) {
  const all = listeners.get(name) ?? new Set();
  listeners.set(name, all.add(listener));
  return () => void all.delete(listener);
}

/** @param {string} name @param {Listener} listener @returns {() => void} stops listening */
export function listenInTabs(name, listener) {
  const channel = openChannel(name);
  if (!channel) return listenInPage(name, listener);
  channel.onmessage = ({ data }) => listener(data);
  return () => channel.close();
}
