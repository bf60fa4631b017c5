// Who is called back after a change of a record, in this page and in the other tabs.

/** @typedef {import("./index.js").TaskRecord} TaskRecord */
/**
 * As it is stored: `attempt` names the attempt to send the request that the record is about, and
 * `withdrawn` is a state that no caller sees.
 * @typedef {Omit<TaskRecord, "state"> & { state: TaskRecord["state"] | "withdrawn", attempt?:
 * string }} StoredRecord
 */
/** @typedef {{ base: string, record: StoredRecord }} Change */
/** @typedef {(change: Change) => void} Listener */

import { openChannel, postTo } from "./tab.js";

/** @param {StoredRecord[]} records */
export const newestFirst = (records) =>
  records.sort((one, other) => other.createdAt - one.createdAt);

/** @type {Map<string, Set<Listener>>} */
const listeners = new Map();

/** Calls back the listeners of this page. @param {string} name @param {Change} change */
export function notifyPage(name, change) {
  for (const listener of listeners.get(name) ?? []) queueMicrotask(() => listener(change));
}

/** Calls back the listeners of all tabs. @param {string} name @param {Change} change */
export function notifyTabs(name, change) {
  const channel = openChannel(name);
  if (!channel) return notifyPage(name, change);
  // Reaches the listeners of this page too: each has a channel of its own.
  postTo(channel, change);
  channel.close();
}

/** @param {string} name @param {Listener} listener @returns {() => void} what ends it */
export function listenInPage(name, listener) {
  const all = listeners.get(name) ?? new Set();
  listeners.set(name, all.add(listener));
  return () => void all.delete(listener);
}

/** @param {string} name @param {Listener} listener @returns {() => void} what ends it */
export function listenInTabs(name, listener) {
  const channel = openChannel(name);
  if (!channel) return listenInPage(name, listener);
  channel.onmessage = ({ data }) => listener(data);
  return () => channel.close();
}
