// What the page does with one task at a time: sends its request, watches it, shows its video.
//
// The steps of a run, and what leads from one to the next:
//
//      submit, send again              look again
//              │                           │
//              ▼                           ▼
//           sending ── no clear ───────► unknown
//              │       response            │
//          accepted                      found
//              │                           │
//              ▼                           │
//          watching ◄──────────────────────┘ ◄── watch, adopt, resume, show
//              │
//          succeeded
//              │
//              ▼
//          fetching ──► the video plays      ◄── show a kept video
//
// A repeated request that a person stops is `unknown` too: the first one may have created a task.
// A run may end at each step: `failed`, `taskFailed`, `stopped` by a person, or `keyRefused` (of a
// task that the page resumed by itself). The step then says what can be done: look again when it is
// `unknown`, watch again when there is a task.

import { isKlingError } from "./pkg/index.js";
import { isRelay, serviceClient } from "./connection.js";
import { check, refuseKey, setBusy, showIssues } from "./form.js";
import { renderRecords } from "./record-list.js";
import { isListedForGood, refreshRecords } from "./records.js";
import { renderClock, renderResult, stopButton } from "./result.js";
import { clearStage, onPlaybackError, reducedMotion, result } from "./stage.js";
import { ADVICE, messageOf, paragraph, progressText, RUN, UNKNOWN, VIDEO } from "./words.js";

/** @import { Client, Progress, Task, VideoRequest } from "./pkg/index.js" */
/** @import { TaskRef } from "./records.js" */
/** @import { Failure } from "./result.js" */
/** @typedef {"sending" | "unknown" | "watching" | "fetching"} Step */
/**
 * What is known when a run begins.
 * @typedef {object} Beginning
 * @property {Step} step
 * @property {VideoRequest} [request] what is sent
 * @property {boolean} [isRepeat] whether an earlier request under the same id may have created the
 * task
 * @property {string} [resumedTitle] the title of a task that the page resumed by itself
 */
/**
 * @typedef {object} Course
 * @property {Client} client with the key as it was at the beginning: the form may have another one
 * by now
 * @property {AbortController} control
 * @property {number} startedAt ms since 1970
 * @property {number} [endedAt] ms since 1970
 * @property {Progress["phase"]} phase
 * @property {number | undefined} [fraction] how much is done, where that is known
 * @property {number | undefined} [nextPollAt] ms since 1970
 * @property {"failed" | "taskFailed" | "stopped" | "keyRefused"} [end]
 */
/** @typedef {TaskRef & Beginning & Course} Run */

const CLOCK_MS = 1000;

export const state = {
  /** The task under way, or the last one. @type {Run | undefined} */
  run: undefined,
  /** Whether a job is under way. Set before anything is awaited: a double click must not pay twice. */
  isBusy: false,
  /** Whether the page started the job by itself. A job of a person replaces it. */
  isAutomatic: false,
  /** The number of jobs so far: only the last one may show anything. */
  jobs: 0,
  /** Resolves when the last job has ended. @type {Promise<void>} */
  lastJob: Promise.resolve(),
  status: "",
  notice: "",
  /** @type {Failure | undefined} */
  failure: undefined,
  /** The ids of tasks that a person has stopped watching. @type {Set<string>} */
  unwatched: new Set(),
  /**
   * The requests of this page whose outcome is unknown, by external task id.
   * @type {Map<string, { baseUrl: string, request: VideoRequest }>}
   */
  unknownRequests: new Map(),
};

/** The task under way, or the last one. */
export const currentRun = () => ({
  isBusy: state.isBusy,
  isAutomatic: state.isAutomatic,
  /** Whether the card shows no task of a person. */
  isVacant: !state.run || state.run.end === "keyRefused",
  isExplained: state.failure !== undefined,
  taskId: state.run?.taskId,
  externalTaskId: state.run?.externalTaskId,
});

/** Whether a person has a job running here. */
export const isBusyForPerson = () => state.isBusy && !state.isAutomatic;

/** Whether a person has stopped watching it. @param {TaskRef} task */
export const isUnwatched = ({ taskId = "", externalTaskId = "" }) =>
  state.unwatched.has(taskId) || state.unwatched.has(externalTaskId);

/** Whether this page still has the request, whose outcome is unknown. @param {TaskRef} task */
export const canSendAgain = ({ baseUrl, externalTaskId = "" }) =>
  state.unknownRequests.get(externalTaskId)?.baseUrl === baseUrl;

// ── One job at a time ─────────────────────────────────────────────────────────────────────────────

/**
 * Does the job unless a person has one running here; replaces a job that the page started by itself.
 * @param {() => Promise<void>} job
 * @param {boolean} [isAutomatic] whether the page starts it by itself
 */
export async function exclusively(job, isAutomatic = false) {
  if (isBusyForPerson()) return;
  if (state.isBusy) state.run?.control.abort();
  const [number, before] = [++state.jobs, state.lastJob];
  const isLast = () => number === state.jobs;
  [state.isBusy, state.isAutomatic] = [true, isAutomatic];
  setBusy(!isAutomatic);
  const afterTheLast = async () => {
    await before;
    if (isLast()) await job();
  };
  state.lastJob = afterTheLast().catch((error) => {
    if (isLast()) endWithError(error);
  });
  await state.lastJob;
  if (!isLast()) return;
  [state.isBusy, state.isAutomatic] = [false, false];
  setBusy(false);
  if (state.run) state.run.endedAt = Date.now();
  renderRun();
  await refreshRecords();
  await check().catch(showError);
}

/** Clears the last result. @param {TaskRef & Beginning} beginning @param {string} status */
export function begin(beginning, status) {
  const isResumed = beginning.resumedTitle !== undefined;
  for (const id of [beginning.taskId, beginning.externalTaskId]) if (id) state.unwatched.delete(id);
  /** @type {Run} */
  const run = {
    ...beginning,
    client: serviceClient(beginning.baseUrl),
    control: new AbortController(),
    startedAt: Date.now(),
    phase: "preparing",
  };
  state.run = run;
  state.status = status;
  state.notice = isResumed ? RUN.resumedNotice : "";
  state.failure = undefined;
  clearStage();
  renderRun();
  if (!isResumed) showIssues([]);
  renderRecords();
  if (!isResumed) {
    const behavior = reducedMotion.matches ? "auto" : "smooth";
    result.scrollIntoView({ block: "nearest", behavior });
  }
  return run;
}

// ── How far it is ─────────────────────────────────────────────────────────────────────────────────

/** Draws the card "Video" as it is now. */
export function renderRun() {
  renderResult(view());
}

const view = () => ({
  ...state,
  canSendAgain: state.run !== undefined && canSendAgain(state.run),
  isListed: isListedForGood(state.run?.taskId),
});

/** @param {string} status */
export function setStatus(status) {
  state.status = status;
  renderRun();
}

/** @param {Progress} progress */
export function showProgress(progress) {
  const { run } = state;
  if (!run || run.control.signal.aborted) return;
  run.phase = progress.phase;
  const nextPollIn = "nextPollIn" in progress ? progress.nextPollIn : undefined;
  run.nextPollAt = nextPollIn === undefined ? undefined : Date.now() + nextPollIn;
  if ("elapsed" in progress && run.step !== "fetching")
    run.startedAt = Date.now() - progress.elapsed;
  if ("externalTaskId" in progress) run.externalTaskId = progress.externalTaskId;
  const total = "loaded" in progress ? progress.total : undefined;
  run.fraction = "loaded" in progress && total ? progress.loaded / total : undefined;
  state.status = progressText(progress, run.step);
  if ("task" in progress) taskKnown(progress.task);
  else renderRun();
}

/** @param {Task} task */
export function taskKnown(task) {
  const { run } = state;
  if (!run) return;
  if (run.step !== "fetching") run.step = "watching";
  run.taskId = task.taskId;
  run.externalTaskId = task.externalTaskId ?? run.externalTaskId;
  if (run.externalTaskId) state.unknownRequests.delete(run.externalTaskId);
  renderRun();
}

// ── How it ends ───────────────────────────────────────────────────────────────────────────────────

/** Ends the run with an error, or as stopped. @param {unknown} error */
function endWithError(error) {
  const { run } = state;
  if (!run) return showError(error);
  if (run.control.signal.aborted) return endStopped(run);
  const known = isKlingError(error) ? error : undefined;
  if (run.resumedTitle !== undefined && known?.code === "unauthorized" && !isRelay(run.baseUrl))
    return endKeyRefused(run);

  const isUncertain = !known || known.code === "submission_unknown" || known.code === "internal";
  const isRejected = run.step === "sending" && !run.isRepeat && !known?.taskId && !isUncertain;
  run.taskId ??= known?.taskId;
  run.externalTaskId = isRejected ? undefined : (run.externalTaskId ?? known?.externalTaskId);
  if (run.step === "sending" && run.taskId) run.step = "watching";
  else if (run.step === "sending" && run.externalTaskId) run.step = "unknown";
  if (run.step === "unknown" && run.request && run.externalTaskId) {
    const { baseUrl, externalTaskId, request } = run;
    const again = { baseUrl, request: { ...request, externalTaskId } };
    state.unknownRequests.set(externalTaskId, again);
  }
  if (known?.code === "unauthorized") refuseKey();

  const [message, details] = [messageOf(error), known ? RUN.details(known) : ""];
  if (run.step === "unknown")
    return isUncertain
      ? endUnknown(UNKNOWN.lost, paragraph([message, details]))
      : endUnknown(UNKNOWN.repeatFailed(message), details);
  const isTaskFailed = known?.code === "task_failed";
  run.end = isTaskFailed ? "taskFailed" : "failed";
  const advice = (known && ADVICE[known.code]) ?? (run.taskId ? RUN.taskContinues : "");
  state.failure = { lines: [message, advice], details };
  setStatus(isTaskFailed ? RUN.taskFailed : isRejected ? RUN.rejected : RUN.failed);
}

/** Explains what to do about a submission of unknown outcome. @param {string} reason @param {string} [details] */
export function endUnknown(reason, details = "") {
  const { run } = state;
  if (!run) return;
  run.end = "failed";
  const wayOut = canSendAgain(run) ? UNKNOWN.send : UNKNOWN.picturesGone;
  state.failure = { lines: [reason, UNKNOWN.look, wayOut], details };
  setStatus(RUN.mayExist);
}

/** No alarm: no person has asked for this task. @param {Run} run */
function endKeyRefused(run) {
  run.end = "keyRefused";
  setStatus(RUN.keyRefused);
}

/** @param {Run} run */
function endStopped(run) {
  for (const id of [run.taskId, run.externalTaskId]) if (id) state.unwatched.add(id);
  if (run.isRepeat && !run.taskId) run.step = "unknown";
  run.end = "stopped";
  const withoutTask = run.step === "unknown" ? RUN.stoppedUnknown : RUN.cancelled;
  setStatus(run.taskId ? RUN.noLongerWatched : withoutTask);
}

/** Shows an error that is not the run's. @param {unknown} error */
function showError(error) {
  const known = isKlingError(error) ? error : undefined;
  const advice = (known && ADVICE[known.code]) ?? "";
  state.failure = { lines: [messageOf(error), advice], details: known ? RUN.details(known) : "" };
  setStatus(RUN.failed);
}

document.addEventListener("failure", (event) => {
  if (event instanceof CustomEvent) showError(event.detail);
});
stopButton.addEventListener("click", () => state.run?.control.abort());
onPlaybackError((isUrlOffered) =>
  setStatus(isUrlOffered ? VIDEO.cannotPlayUrl : VIDEO.cannotPlayFile),
);
window.addEventListener("beforeunload", (event) => {
  if (isBusyForPerson()) event.preventDefault();
});
setInterval(() => {
  if (state.isBusy) renderClock(view());
}, CLOCK_MS);
