// The records of the base URL in the form: what this browser has sent there. Reads them, watches
// them for changes, and forgets them; record-list.js draws them.

import { currentBaseUrl, isValidBaseUrl, localClient } from "./connection.js";
import { stageOf } from "./states.js";
import { RECORDS } from "./words.js";

/** @import { Client, TaskRecord } from "./pkg/index.js" */
/**
 * What identifies a task on this page.
 * @typedef {{ baseUrl: string, taskId?: string | undefined, externalTaskId?: string | undefined }}
 * TaskRef
 */
/** @typedef {TaskRef & { externalTaskId: string }} RecordRef */

/**
 * How soon the records are read again while a request is under way in another tab: a tab that was
 * closed sends no message.
 */
const REREAD_MS = 2000;

/**
 * @typedef {object} Records
 * @property {string | undefined} baseUrl whose records these are
 * @property {Client | undefined} client
 * @property {TaskRecord[]} records newest first
 * @property {"indexeddb" | "memory" | undefined} storage
 * @property {string} failure why they could not be read or changed, for people
 */

/** @type {Records} */
const state = {
  baseUrl: undefined,
  client: undefined,
  records: [],
  storage: undefined,
  failure: "",
};
/** The number of reads so far: only the last one counts. */
let reads = 0;
/** @type {number | undefined} */
let rereadTimer;
/** @type {{ changed: () => void, isBusy: () => boolean }} */
let page;

/** The records as last read. @returns {Readonly<Records>} */
export const currentRecords = () => state;

/** @param {string | undefined} id a task id or an external task id */
export const recordOf = (id) =>
  id
    ? state.records.find(({ taskId, externalTaskId }) => taskId === id || externalTaskId === id)
    : undefined;

/** Whether the task is still listed after a reload. @param {string | undefined} id */
export const isListedForGood = (id) => state.storage === "indexeddb" && recordOf(id) !== undefined;

/** @param {TaskRecord} record @returns {RecordRef} */
export const refOf = ({ taskId, externalTaskId }) => ({
  baseUrl: state.baseUrl ?? currentBaseUrl(),
  taskId,
  externalTaskId,
});

/**
 * Reads the records for the first time.
 * @param {() => void} changed is called after every read
 * @param {() => boolean} isBusy whether a person has a task running on this page, which reports its changes
 */
export function startRecords(changed, isBusy) {
  page = { changed, isBusy };
  // A hidden tab may have missed changes in other tabs.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refreshRecords();
  });
  refreshRecords();
}

/** Reads the records of the base URL in the form. Never rejects: a failure is shown in the list. */
export async function refreshRecords() {
  const number = ++reads;
  clearTimeout(rereadTimer);
  try {
    const client = openClient();
    const [records, storage] = client
      ? await Promise.all([client.records(), client.storage()])
      : [[], undefined];
    if (number !== reads) return;
    Object.assign(state, { records, storage, failure: "" });
  } catch (error) {
    if (number !== reads) return;
    state.failure = RECORDS.unreadable(error);
  }
  page.changed();
  if (state.records.some((record) => stageOf(record) === "sending") && !page.isBusy())
    rereadTimer = setTimeout(refreshRecords, REREAD_MS);
}

/** The client of the base URL in the form. It reads only the records, so it needs no key. */
function openClient() {
  const baseUrl = currentBaseUrl();
  if (state.baseUrl === baseUrl) return state.client;
  state.client?.close();
  Object.assign(state, { baseUrl: undefined, client: undefined, records: [], failure: "" });
  if (!isValidBaseUrl(baseUrl)) return undefined;
  const client = localClient(baseUrl);
  Object.assign(state, { baseUrl, client });
  client.onRecordChange(() => refreshRecords());
  return client;
}

/** Forgets a record and its video. Whether that worked. @param {string} externalTaskId */
export async function forgetRecord(externalTaskId) {
  try {
    await state.client?.forget(externalTaskId);
    return true;
  } catch (error) {
    state.failure = RECORDS.notForgotten(error);
    return false;
  }
}
