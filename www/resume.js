// Resumes what was running when the page was closed: the newest task under "Video", the others in
// the background.

import { isKlingError } from "./pkg/index.js";
import { askForKey, resumeTask } from "./actions.js";
import { apiKeyField, lacksKey, serviceClient } from "./connection.js";
import { keepInBackground } from "./kept-videos.js";
import { titleOf } from "./record-list.js";
import { currentRecords, refOf, refreshRecords } from "./records.js";
import { canSendAgain, currentRun, isUnwatched } from "./run.js";
import { isFinished, isRunning, stageOf } from "./states.js";

/** @import { Client, TaskRecord } from "./pkg/index.js" */
/**
 * What the records of a base URL were when they were first read. Both sets hold external task ids.
 * @typedef {object} FirstRecords
 * @property {string} baseUrl
 * @property {Set<string>} unfinished
 * @property {Set<string>} videosWanted of the unfinished ones, and of those whose video is not kept
 * yet
 */
/**
 * What is done in the background with one key. The collections go by external task id.
 * @typedef {object} Background
 * @property {string} baseUrl
 * @property {string} key
 * @property {Client} client
 * @property {Map<string, AbortController>} waits
 * @property {Set<string>} lookedUp
 * @property {Set<string>} videosTried
 */

/** The key is used when no character was typed for this long. */
const TYPING_PAUSE_MS = 400;
/** How long after its end the video of a task is still tried for: its URL may have expired since. */
const VIDEO_AGE_MS = 86_400_000;

const state = {
  /** @type {FirstRecords | undefined} */
  first: undefined,
  /** For which base URL and key a task was last resumed. @type {{ baseUrl: string, key: string } | undefined} */
  resumed: undefined,
  /** @type {Background | undefined} */
  background: undefined,
  /** Set while the key is being typed. @type {number | undefined} */
  typingTimer: undefined,
};

/** @param {TaskRecord} record */
const lacksVideo = (record) => stageOf(record) === "succeeded" && !record.kept;

/** Resumes what the records list. Called after every read of the records. */
export function resume() {
  const { baseUrl, records } = currentRecords();
  if (baseUrl !== state.first?.baseUrl)
    state.first = baseUrl === undefined ? undefined : firstRecords(baseUrl, records);
  const { first } = state;
  const isKeyMissing = first !== undefined && lacksKey(first.baseUrl);
  const isOutdated =
    state.background?.baseUrl !== first?.baseUrl || state.background?.key !== apiKeyField.value;
  if (!first || isKeyMissing || isOutdated) endBackground();
  askForKey(isKeyMissing && records.some(isRunning));
  if (!first || isKeyMissing || state.typingTimer !== undefined) return;

  const newest = resumeNewest(first, records);
  const background = (state.background ??= {
    baseUrl: first.baseUrl,
    key: apiKeyField.value,
    client: serviceClient(first.baseUrl),
    waits: new Map(),
    lookedUp: new Set(),
    videosTried: new Set(),
  });
  const run = currentRun();
  /** @param {TaskRecord} record */
  const isUnderVideo = (record) =>
    record === newest ||
    (run.taskId !== undefined && record.taskId === run.taskId) ||
    record.externalTaskId === run.externalTaskId;
  waitFor(
    background,
    records.filter(
      (record) =>
        isRunning(record) && !isUnwatched(refOf(record)) && !(run.isBusy && isUnderVideo(record)),
    ),
  );
  for (const record of records) {
    lookUp(background, record);
    if (first.videosWanted.has(record.externalTaskId) && !isUnderVideo(record))
      keepVideo(background, record);
  }
}

/** @param {string} baseUrl @param {TaskRecord[]} records @returns {FirstRecords} */
function firstRecords(baseUrl, records) {
  const unfinished = records.filter((record) => !isFinished(record));
  const withoutVideo = records.filter(
    (record) => lacksVideo(record) && Date.now() - record.updatedAt < VIDEO_AGE_MS,
  );
  /** @param {TaskRecord[]} some */
  const idsOf = (some) => new Set(some.map(({ externalTaskId }) => externalTaskId));
  return {
    baseUrl,
    unfinished: idsOf(unfinished),
    videosWanted: idsOf([...unfinished, ...withoutVideo]),
  };
}

/** Resumes the newest task under "Video", unless that shows another. @param {FirstRecords} first @param {TaskRecord[]} records */
function resumeNewest(first, records) {
  const { isBusy, isAutomatic, isVacant } = currentRun();
  const newest = records.find(
    (record) =>
      first.unfinished.has(record.externalTaskId) &&
      (isRunning(record) || lacksVideo(record)) &&
      !isUnwatched(refOf(record)),
  );
  if (!newest || (isBusy ? !isAutomatic : !isVacant)) return undefined;
  // Once with each key: the service may find the task with the next one.
  const { baseUrl } = first;
  const key = apiKeyField.value;
  if (state.resumed?.baseUrl === baseUrl && state.resumed.key === key) return undefined;
  state.resumed = { baseUrl, key };
  resumeTask(refOf(newest), titleOf(newest));
  return newest;
}

/** Waits for these tasks and no others. The list shows how they end. @param {Background} background @param {TaskRecord[]} records */
function waitFor({ client, waits }, records) {
  for (const [id, control] of waits) {
    if (records.some(({ externalTaskId }) => externalTaskId === id)) continue;
    control.abort();
    waits.delete(id);
  }
  for (const { externalTaskId: id } of records) {
    if (waits.has(id)) continue;
    const control = new AbortController();
    waits.set(id, control);
    // After an error that may pass, the next read of the records starts another wait.
    client
      .wait(id, { signal: control.signal })
      .catch((error) => isKlingError(error) && error.retryable && waits.delete(id));
  }
}

/** Looks once with each key for the task of an unknown submission. @param {Background} background @param {TaskRecord} record */
function lookUp({ client, lookedUp }, record) {
  const id = record.externalTaskId;
  if (stageOf(record) !== "unknown" || lookedUp.has(id) || canSendAgain(refOf(record))) return;
  lookedUp.add(id);
  client.reconcile(id).catch(() => {});
}

/**
 * Keeps the video of a finished task. Once with each key: without disk space, it would be
 * downloaded again and again. @param {Background} background @param {TaskRecord} record
 */
function keepVideo({ client, videosTried }, record) {
  const id = record.externalTaskId;
  if (stageOf(record) !== "succeeded" || videosTried.has(id) || isUnwatched(refOf(record))) return;
  videosTried.add(id);
  if (!record.kept) keepInBackground(client, id);
}

function endBackground() {
  state.background?.client.close();
  state.background = undefined;
}

apiKeyField.addEventListener("input", () => {
  clearTimeout(state.typingTimer);
  state.typingTimer = setTimeout(() => {
    state.typingTimer = undefined;
    refreshRecords();
  }, TYPING_PAUSE_MS);
});
window.addEventListener("online", () => refreshRecords());
