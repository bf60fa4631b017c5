// What was running when the page was left goes on without a click: the newest under Video, the
// others in the list.

import { isKlingError } from "./pkg/index.js";
import { apiKey, client, lacksKey } from "./connection.js";
import { keepQuietly } from "./keeping.js";
import { isRunning, known, listed, refreshRecords, titleOf } from "./records.js";
import { canSend, current, inviteKey, isLeft, takeUp } from "./run.js";

/** @import { Client, TaskRecord } from "./pkg/index.js" */

/** A key is typed or pasted; half of one is not tried. */
const PAUSE = 400;
/**
 * So long a video that was not brought home is still tried for at each visit: its address may have
 * expired since.
 */
const FRESH = 86_400_000;
const OPEN = new Set(["submitting", "unknown", "submitted", "processing"]);

/**
 * What the list of the base address held when it was first seen: what was not finished, and whose
 * video is still to come.
 * @type {{ baseUrl: string, open: Set<string>, wanted: Set<string> } | undefined}
 */
let found;
/** What was taken up, with which key. @type {{ baseUrl: string, key: string } | undefined} */
let taken;
/**
 * What is asked for without being shown, with one key.
 * @type {{ baseUrl: string, key: string, client: Client, waits: Map<string, AbortController>,
 * looked: Set<string>, tried: Set<string> } | undefined}
 */
let quiet;
/** @type {number | undefined} */
let typing;

/** @param {TaskRecord} record */
const lacksVideo = ({ state, kept }) => state === "succeed" && !kept;

/** Goes on with what is listed. */
export function resume() {
  const { baseUrl, records } = listed();
  if (baseUrl !== found?.baseUrl)
    found = baseUrl === undefined ? undefined : first(baseUrl, records);
  if (
    !found ||
    lacksKey(found.baseUrl) ||
    quiet?.baseUrl !== found.baseUrl ||
    quiet.key !== apiKey.value
  )
    endQuiet();
  inviteKey(found !== undefined && lacksKey(found.baseUrl) && records.some(isRunning));
  if (!found || lacksKey(found.baseUrl) || typing !== undefined) return;
  const newest = takeUpNewest(records);
  quiet ??= {
    baseUrl: found.baseUrl,
    key: apiKey.value,
    client: client(found.baseUrl),
    waits: new Map(),
    looked: new Set(),
    tried: new Set(),
  };
  const { busy, taskId, externalTaskId } = current();
  /** @param {TaskRecord} record */
  const isShown = (record) =>
    record === newest ||
    (taskId !== undefined && record.taskId === taskId) ||
    record.externalTaskId === externalTaskId;
  keepUp(
    records.filter(
      (record) => isRunning(record) && !isLeft(known(record)) && !(busy && isShown(record)),
    ),
  );
  for (const record of records) {
    const id = record.externalTaskId;
    if (record.state === "unknown" && !quiet.looked.has(id) && !canSend(known(record))) {
      quiet.looked.add(id);
      quiet.client.reconcile(id).catch(() => {});
    }
    // Once with each key: where there is no space, it would be fetched for ever. What is shown is
    // brought home there.
    if (
      record.state !== "succeed" ||
      !found.wanted.has(id) ||
      quiet.tried.has(id) ||
      isShown(record) ||
      isLeft(known(record))
    )
      continue;
    quiet.tried.add(id);
    if (!record.kept) keepQuietly(quiet.client, id);
  }
}

/** @param {string} baseUrl @param {TaskRecord[]} records */
function first(baseUrl, records) {
  const open = records.filter(({ state }) => OPEN.has(state));
  const late = records.filter(
    (record) => lacksVideo(record) && Date.now() - record.updatedAt < FRESH,
  );
  /** @param {TaskRecord[]} some */
  const idsOf = (some) => new Set(some.map(({ externalTaskId }) => externalTaskId));
  return { baseUrl, open: idsOf(open), wanted: idsOf([...open, ...late]) };
}

/**
 * @param {TaskRecord[]} records @returns {TaskRecord | undefined} what is under Video from now on
 */
function takeUpNewest(records) {
  const { busy, givesWay, isVacant } = current();
  const newest = records.find(
    (record) =>
      found?.open.has(record.externalTaskId) &&
      (isRunning(record) || lacksVideo(record)) &&
      !isLeft(known(record)),
  );
  if (!newest || !found || (busy ? !givesWay : !isVacant)) return undefined;
  // Once with each key: the service may know the task by the next one.
  if (taken?.baseUrl === found.baseUrl && taken.key === apiKey.value) return undefined;
  taken = { baseUrl: found.baseUrl, key: apiKey.value };
  takeUp(known(newest), titleOf(newest));
  return newest;
}

/**
 * Waits for them, and for nothing else; nothing is said but what becomes of them. @param
 * {TaskRecord[]} others
 */
function keepUp(others) {
  if (!quiet) return;
  const { client, waits } = quiet;
  for (const [id, control] of waits) {
    if (!others.some(({ externalTaskId }) => externalTaskId === id))
      (control.abort(), waits.delete(id));
  }
  for (const { externalTaskId: id } of others) {
    if (waits.has(id)) continue;
    const control = new AbortController();
    waits.set(id, control);
    // What may pass is tried again when there is news.
    client
      .wait(id, { signal: control.signal })
      .catch((error) => isKlingError(error) && error.retryable && waits.delete(id));
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
window.addEventListener("online", () => refreshRecords());
