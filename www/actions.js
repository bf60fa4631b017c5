// The ways into the steps of run.js: what a person can ask for, and what the page resumes by itself.

import { isKlingError } from "./pkg/index.js";
import { currentBaseUrl, lacksKey } from "./connection.js";
import {
  clearExternalTaskId,
  focusKey,
  isReady,
  request as requestOfForm,
  useExternalTaskId,
} from "./form.js";
import { fetchVideo, keptVideo } from "./kept-videos.js";
import { recordOf } from "./records.js";
import { againButton, resendButton } from "./result.js";
import {
  begin,
  canSendAgain,
  endUnknown,
  exclusively,
  isBusyForPerson,
  setStatus,
  showProgress,
  state,
  taskKnown,
} from "./run.js";
import { offerUrl, playBlob, playUrl } from "./stage.js";
import { stageOf } from "./states.js";
import { RUN, UNKNOWN } from "./words.js";

/** @import { Task, VideoRequest } from "./pkg/index.js" */
/** @import { TaskRef } from "./records.js" */

/** Whether the form is being checked before a submission: a second click does nothing. */
let isChecking = false;

// ── What a person can ask for ─────────────────────────────────────────────────────────────────────

/** Sends the request in the form. */
export async function submit() {
  if (isChecking || isBusyForPerson()) return;
  isChecking = true;
  const isGood = await isReady().finally(() => (isChecking = false));
  if (isGood) await exclusively(() => send(currentBaseUrl(), requestOfForm()));
}

/** Sends a request of unknown outcome again. @param {TaskRef} task */
export function sendAgain({ baseUrl, externalTaskId = "" }) {
  const sent = state.unknownRequests.get(externalTaskId);
  if (sent?.baseUrl === baseUrl) exclusively(() => send(baseUrl, sent.request));
}

/** Looks once for the task of an unknown submission. @param {TaskRef} task */
export const look = ({ baseUrl, externalTaskId }) =>
  withKey(baseUrl, async () => {
    if (!externalTaskId) return;
    const { client, control } = begin({ baseUrl, externalTaskId, step: "unknown" }, RUN.looking);
    const task = await client.reconcile(externalTaskId, { signal: control.signal });
    if (!task) return endUnknown(UNKNOWN.notFound);
    taskKnown(task);
    await follow(task.taskId);
  });

/** Watches a task. @param {TaskRef} task */
export function watch({ baseUrl, taskId, externalTaskId }) {
  const id = taskId || externalTaskId;
  if (!id) return;
  withKey(baseUrl, async () => {
    begin({ baseUrl, taskId, externalTaskId, step: "watching" }, RUN.asking);
    await follow(id);
  });
}

/** Watches a task that was created elsewhere, and lists it from now on. @param {string} taskId */
export function adopt(taskId) {
  const baseUrl = currentBaseUrl();
  if (!taskId) return;
  withKey(baseUrl, async () => {
    const { client, control } = begin({ baseUrl, taskId, step: "watching" }, RUN.asking);
    // It can be watched without a record.
    const task = await client.adopt(taskId, { signal: control.signal }).catch((error) => {
      if (isKlingError(error) && error.code === "storage") return undefined;
      throw error;
    });
    if (task) taskKnown(task);
    await follow(task?.taskId ?? taskId);
  });
}

/**
 * Plays the video of a finished task: the kept one, or else from its URL, which may be a new one.
 * @param {TaskRef} task
 */
export async function show({ baseUrl, taskId, externalTaskId }) {
  const id = taskId || externalTaskId;
  if (!id || isBusyForPerson()) return;
  const blob = await keptVideo(baseUrl, id);
  if (blob)
    return exclusively(async () => {
      begin({ baseUrl, taskId, externalTaskId, step: "fetching" }, "");
      playBlob(blob, id);
      setStatus(RUN.videoKept(blob.size));
    });
  withKey(baseUrl, async () => {
    const ref = { baseUrl, taskId, externalTaskId };
    const { client, control } = begin({ ...ref, step: "watching" }, RUN.askingForUrl);
    const task = await client.getTask(id, { signal: control.signal });
    taskKnown(task);
    if (task.status !== "succeed") throw new Error(RUN.videoGone);
    await fetchAndPlay(task);
  });
}

// ── What the page does by itself ──────────────────────────────────────────────────────────────────

/** Watches a task that was running when the page was closed. @param {TaskRef} task @param {string} title */
export function resumeTask({ baseUrl, taskId, externalTaskId }, title) {
  const id = taskId || externalTaskId;
  if (!id) return;
  const ref = { baseUrl, taskId, externalTaskId };
  const job = async () => {
    begin({ ...ref, step: "watching", resumedTitle: title }, RUN.askingResumed);
    await follow(id);
  };
  exclusively(job, true);
}

/** Asks for the key that is needed to resume a task. @param {boolean} isNeeded */
export function askForKey(isNeeded) {
  if (state.run) return;
  state.notice = isNeeded ? RUN.interrupted : "";
  setStatus(state.notice);
}

/** Does a job that needs a key, or asks for the key. @param {string} baseUrl @param {() => Promise<void>} job */
function withKey(baseUrl, job) {
  if (!lacksKey(baseUrl)) return void exclusively(job);
  if (!state.isBusy) setStatus(RUN.keyNeeded);
  focusKey();
}

/** @param {string} baseUrl @param {VideoRequest} request */
async function send(baseUrl, request) {
  const { externalTaskId } = request;
  const record = recordOf(externalTaskId);
  const isRepeat =
    state.unknownRequests.has(externalTaskId ?? "") ||
    (record !== undefined && stageOf(record) === "unknown");
  const { client, control } = begin(
    { baseUrl, externalTaskId, step: "sending", request, isRepeat },
    RUN.preparing,
  );
  const options = { signal: control.signal, onProgress: showProgress };
  const task = await client.submit(request, options);
  if (externalTaskId) clearExternalTaskId(externalTaskId);
  taskKnown(task);
  await follow(task.taskId);
}

/** Waits for a task and shows its video. @param {string} id a task id or an external task id */
async function follow(id) {
  const { run } = state;
  if (!run) return;
  const options = { signal: run.control.signal, onProgress: showProgress };
  const task = await run.client.wait(id, options);
  taskKnown(task);
  await fetchAndPlay(task);
}

/** @param {Task} task that has succeeded */
async function fetchAndPlay(task) {
  const { run } = state;
  if (!run) return;
  run.step = "fetching";
  offerUrl(task.videos[0]?.url ?? "");
  const options = { signal: run.control.signal, onProgress: showProgress };
  try {
    const { blob, isKept } = await fetchVideo(run.client, task, options);
    playBlob(blob, task.taskId);
    setStatus(RUN.videoReady(blob.size, isKept));
  } catch (error) {
    // Without a URL, the gateway is the only place of the video.
    const code = isKlingError(error) ? error.code : undefined;
    if (task.videos.length === 0 && code === "protocol") throw new Error(RUN.videoGone);
    if (task.videos.length === 0 || code !== "download_blocked") throw error;
    playUrl();
    setStatus(RUN.videoBlocked);
  }
}

againButton.addEventListener("click", () => {
  const { run } = state;
  if (run) (run.step === "unknown" ? look : watch)(run);
});
resendButton.addEventListener("click", () => {
  const { run } = state;
  if (!run?.externalTaskId) return;
  if (canSendAgain(run)) sendAgain(run);
  else useExternalTaskId(run.externalTaskId);
});
