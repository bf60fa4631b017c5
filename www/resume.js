// What was running when the page was left goes on without a click: the newest under Video, the others in the list.

import { isKlingError } from "./pkg/index.js";
import { apiKey, base, client, lacksKey } from "./connection.js";
import { isRunning, known, listed, refreshRecords, titleOf } from "./records.js";
import { canSend, current, inviteKey, isLeft, takeUp } from "./run.js";

/** @import { Client, TaskRecord } from "./pkg/index.js" */

/** A key is typed or pasted; half of one is not tried. */
const PAUSE = 400;

/** What was running or unknown when the list of the base address was first seen. @type {{ baseUrl: string, ids: Set<string> } | undefined} */
let found;
/** What was taken up, with which key. @type {{ baseUrl: string, key: string } | undefined} */
let taken;
/** What is asked for without being shown, with one key. @type {{ baseUrl: string, key: string, client: Client, waits: Map<string, AbortController>, looked: Set<string> } | undefined} */
let quiet;
/** @type {number | undefined} */
let typing;

/** Goes on with what is listed. */
export function resume() {
  const { baseUrl, records } = listed();
  if (baseUrl !== found?.baseUrl) {
    const open = records.filter((record) => isRunning(record) || record.state === "unknown" || record.state === "submitting");
    found = baseUrl === undefined ? undefined : { baseUrl, ids: new Set(open.map(({ externalTaskId }) => externalTaskId)) };
  }
  if (!found || lacksKey(found.baseUrl) || quiet?.baseUrl !== found.baseUrl || quiet.key !== apiKey.value) endQuiet();
  inviteKey(found !== undefined && lacksKey(found.baseUrl) && records.some(isRunning));
  if (!found || lacksKey(found.baseUrl) || typing !== undefined) return;
  takeUpNewest(records);
  quiet ??= { baseUrl: found.baseUrl, key: apiKey.value, client: client(found.baseUrl), waits: new Map(), looked: new Set() };
  keepUp(records);
}

/** @param {TaskRecord[]} records */
function takeUpNewest(records) {
  const { busy, givesWay, isVacant } = current();
  const newest = records.find((record) => isRunning(record) && found?.ids.has(record.externalTaskId) && !isLeft(known(record)));
  if (!newest || !found || (busy ? !givesWay : !isVacant)) return;
  // Once with each key: the service may know the task by the next one.
  if (taken?.baseUrl === found.baseUrl && taken.key === apiKey.value) return;
  taken = { baseUrl: found.baseUrl, key: apiKey.value };
  takeUp(known(newest), titleOf(newest));
}

/** The others, of which nothing is said but what becomes of them. @param {TaskRecord[]} records */
function keepUp(records) {
  if (!quiet) return;
  const { client, waits, looked } = quiet;
  const { busy, taskId, externalTaskId } = current();
  /** @param {TaskRecord} record */
  const isShown = (record) => busy && (record.taskId === taskId || record.externalTaskId === externalTaskId);
  const others = records.filter((record) => isRunning(record) && !isLeft(known(record)) && !isShown(record));
  for (const [id, control] of waits) {
    if (!others.some(({ externalTaskId }) => externalTaskId === id)) (control.abort(), waits.delete(id));
  }
  for (const { externalTaskId: id } of others) {
    if (waits.has(id)) continue;
    const control = new AbortController();
    waits.set(id, control);
    // What may pass is tried again when there is news.
    client.wait(id, { signal: control.signal }).catch((error) => isKlingError(error) && error.retryable && waits.delete(id));
  }
  for (const record of records) {
    const id = record.externalTaskId;
    if (record.state !== "unknown" || looked.has(id) || canSend(known(record))) continue;
    looked.add(id);
    client.reconcile(id).catch(() => {});
  }
}

function endQuiet() {
  quiet?.client.close();
  quiet = undefined;
}

apiKey.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    typing = undefined;
    refreshRecords();
  }, PAUSE);
});
