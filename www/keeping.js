// The video of a finished task, kept in this browser past the life of its address.

import { isKlingError } from "./pkg/index.js";
import { memory } from "./connection.js";
import { find, say } from "./dom.js";

/** @import { Client, ProgressOptions, Task } from "./pkg/index.js" */

/**
 * Where it is remembered that the browser was asked: some ask the person in turn, who shall not be
 * bothered twice.
 */
const ASKED = "kling-page.asked-to-persist";

const promise = find("#records-promise", HTMLElement);

/**
 * Brings the video of a finished task, and keeps it in this browser when its task is listed.
 * @param {Client} service @param {Task} task @param {ProgressOptions} how
 */
export async function bring(service, task, how) {
  const records = await service.records().catch(() => []);
  if (records.some(({ taskId }) => taskId === task.taskId)) {
    try {
      return await keep(service, task.taskId, how);
    } catch (error) {
      if (!isKlingError(error) || error.code !== "storage") throw error;
    }
  }
  return { blob: await service.download(task, how), isKept: false };
}

/** @param {Client} service @param {string} id @param {ProgressOptions} [how] */
async function keep(service, id, how) {
  const blob = await service.keepVideo(id, how);
  const isKept = (await service.storage()) === "indexeddb";
  if (isKept) askToPersist();
  return { blob, isKept };
}

/**
 * Keeps the video of a finished task that is not shown; where that fails, it can still be asked
 * for. @param {Client} service @param {string} id
 */
export const keepQuietly = (service, id) => void keep(service, id).catch(() => {});

/**
 * What this browser keeps of a task, without a network or a key. @param {string} baseUrl @param
 * {string} id
 */
export const kept = (baseUrl, id) =>
  memory(baseUrl)
    .keptVideo(id)
    .catch(() => undefined);

/** Says how long kept videos last. */
export async function sayPromise() {
  const isLasting = await navigator.storage?.persisted?.().catch(() => false);
  say(
    promise,
    isLasting
      ? "Kept videos stay until you forget them."
      : "The browser may delete kept videos when space runs short: save those that matter.",
  );
}

/** Nobody waits for it: where the browser asks the person, an answer may never come. */
async function askToPersist() {
  try {
    if (localStorage.getItem(ASKED)) return;
    localStorage.setItem(ASKED, "yes");
    if (!(await navigator.storage.persisted())) await navigator.storage.persist();
  } catch {
    // No storage to ask for, or nowhere to remember that it was asked for.
  }
  await sayPromise();
}
