// Downloads the video of a finished task and keeps it in this browser, because its URL expires.

import { isKlingError } from "./pkg/index.js";
import { localClient } from "./connection.js";
import { find, setText } from "./dom.js";
import { RECORDS } from "./words.js";

/** @import { Client, ProgressOptions, Task } from "./pkg/index.js" */

/**
 * Set once the page has asked for lasting storage. Some browsers then ask the person, which should
 * happen only once.
 */
const ASKED_KEY = "kling-page.asked-to-persist";

const retention = find("#records-retention", HTMLElement);

/**
 * Downloads the video of a finished task, and keeps it in this browser if the task is listed.
 * @param {Client} client @param {Task} task @param {ProgressOptions} options
 */
export async function fetchVideo(client, task, options) {
  const records = await client.records().catch(() => []);
  if (records.some(({ taskId }) => taskId === task.taskId)) {
    try {
      return await keepVideo(client, task.taskId, options);
    } catch (error) {
      if (!isKlingError(error) || error.code !== "storage") throw error;
    }
  }
  return { blob: await client.download(task, options), isKept: false };
}

/** @param {Client} client @param {string} id @param {ProgressOptions} [options] */
async function keepVideo(client, id, options) {
  const blob = await client.keepVideo(id, options);
  const isKept = (await client.storage()) === "indexeddb";
  if (isKept) askForLastingStorage();
  return { blob, isKept };
}

/**
 * Keeps the video of a finished task that is not shown. If that fails, "Show" tries again.
 * @param {Client} client @param {string} id
 */
export const keepInBackground = (client, id) => void keepVideo(client, id).catch(() => {});

/** The kept video of a task; needs no network and no key. @param {string} baseUrl @param {string} id */
export const keptVideo = (baseUrl, id) =>
  localClient(baseUrl)
    .keptVideo(id)
    .catch(() => undefined);

/** Says how long kept videos last. */
export async function showRetention() {
  const isLasting = await navigator.storage?.persisted?.().catch(() => false);
  setText(retention, isLasting ? RECORDS.keptForGood : RECORDS.keptWhileSpace);
}

/** Not awaited by its caller: where the browser asks the person, the answer may never come. */
async function askForLastingStorage() {
  try {
    if (localStorage.getItem(ASKED_KEY)) return;
    localStorage.setItem(ASKED_KEY, "yes");
    if (!(await navigator.storage.persisted())) await navigator.storage.persist();
  } catch {
    // This browser has no lasting storage, or no local storage to remember the question.
  }
  await showRetention();
}
