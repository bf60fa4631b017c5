// What one submission comes to: its way, its end, its video, or what went wrong.

import { isKlingError } from "./pkg/index.js";
import { base, client } from "./connection.js";
import { bytes, find, make, minutes, said, say } from "./dom.js";
import { check, dropId, isInOrder, refuseKey, request, setBusy, showIssues, useId } from "./form.js";
import { isKept, recordOf, refreshRecords, render } from "./records.js";
import { ADVICE, stepOf, UNKNOWN } from "./words.js";

/** @import { Progress, Task, VideoRequest } from "./pkg/index.js" */

/** @typedef {{ baseUrl: string, taskId?: string | undefined, externalTaskId?: string | undefined }} Known what is known of a task */
/**
 * @typedef {object} Doing
 * @property {boolean} [submitting] until the service has accepted it
 * @property {VideoRequest} [request]
 * @property {boolean} [repeated] whether an earlier request under the same id may have created the task
 * @property {boolean} [unknown] whether it cannot be told that there is a task
 */
/** @typedef {Known & Doing & { control: AbortController, startedAt: number, phase: string, nextPollAt?: number | undefined, saved?: string }} Run */

const result = find("#result", HTMLElement);
const placeholder = find("#placeholder", HTMLElement);
const status = find("#status", HTMLElement);
const bar = find("#bar", HTMLProgressElement);
const clock = find("#clock", HTMLElement);
const failure = find("#failure", HTMLElement);
const stopped = find("#stopped", HTMLElement);
const video = find("#video", HTMLVideoElement);
const save = find("#save", HTMLAnchorElement);
const address = find("#address", HTMLAnchorElement);
const stop = find("#stop", HTMLButtonElement);
const again = find("#again", HTMLButtonElement);
const resend = find("#resend", HTMLButtonElement);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @type {Run | undefined} */
let run;
let busy = false;
/** The requests of this page whose outcome is unknown, by their external task id. @type {Map<string, { baseUrl: string, request: VideoRequest }>} */
const unsettled = new Map();

/** What is under way, or was last. */
export const current = () => ({ busy, explained: !failure.hidden, taskId: run?.taskId, externalTaskId: run?.externalTaskId });

/** @param {Known} task */
export const canSend = ({ baseUrl, externalTaskId }) => unsettled.get(externalTaskId ?? "")?.baseUrl === baseUrl;

/** Hides what may have the focus, which then stays nearby. @param {HTMLElement} element */
function hide(element) {
  if (element === document.activeElement) result.focus({ preventScroll: true });
  element.hidden = true;
}

/** One piece of work at a time. `busy` is set before anything is awaited: a double click must not pay twice. @param {() => Promise<void>} work */
async function alone(work) {
  if (busy) return;
  setBusy(busy = true);
  try {
    await work();
  } catch (error) {
    showFailure(error);
  }
  setBusy(busy = false);
  for (const element of [stop, bar]) hide(element);
  if (run) say(clock, `${minutes(Date.now() - run.startedAt)} elapsed`);
  await refreshRecords();
  await check().catch(showFailure);
}

// ── What one can ask for ──────────────────────────────────────────────────────────────────────────

/** Sends what is in the form. */
export const submit = () => alone(async () => {
  if (await isInOrder()) await send(base(), request());
});

/** Sends a request of this page again, of which it cannot be told what it came to. @param {Known} task */
export function sendAgain({ baseUrl, externalTaskId = "" }) {
  const kept = unsettled.get(externalTaskId);
  if (kept?.baseUrl === baseUrl) alone(() => send(baseUrl, kept.request));
}

/** @param {string} baseUrl @param {VideoRequest} request */
async function send(baseUrl, request) {
  const { externalTaskId } = request;
  const repeated = externalTaskId !== undefined && (unsettled.has(externalTaskId) || recordOf(externalTaskId)?.state === "unknown");
  const started = begin({ baseUrl, externalTaskId, submitting: true, request, repeated }, "Preparing the pictures.");
  const task = await client(baseUrl).submit(request, { signal: started.control.signal, onProgress: showProgress });
  if (externalTaskId) dropId(externalTaskId);
  showTask(task);
  await follow(task.taskId);
}

/** Looks once for the task of an unknown submission. @param {Known} task */
export const look = ({ baseUrl, externalTaskId }) => alone(async () => {
  if (!externalTaskId) return;
  const started = begin({ baseUrl, externalTaskId, unknown: true }, "Looking for the task.");
  const task = await client(baseUrl).reconcile(externalTaskId, { signal: started.control.signal });
  if (!task) return showUnknown("No task of this id was found. That proves nothing.");
  showTask(task);
  await follow(task.taskId);
});

/** Takes up a task. @param {Known} task */
export function watch({ baseUrl, taskId, externalTaskId }) {
  const id = taskId || externalTaskId;
  if (id) alone(async () => (begin({ baseUrl, taskId, externalTaskId }, "Asking for the task."), follow(id)));
}

/** Takes up a task that was created elsewhere, and lists it from now on. @param {string} taskId */
export function adopt(taskId) {
  const baseUrl = base();
  if (taskId) alone(async () => {
    const { control: { signal } } = begin({ baseUrl, taskId }, "Asking for the task.");
    // It can be watched without a record.
    const task = await client(baseUrl).adopt(taskId, { signal }).catch((error) => isKlingError(error) && error.code === "storage" ? undefined : Promise.reject(error));
    if (task) showTask(task);
    await follow(task?.taskId ?? taskId);
  });
}

/** Plays the video of a finished task, whose address may have changed since. @param {Known} task */
export function show({ baseUrl, taskId, externalTaskId }) {
  const id = taskId || externalTaskId;
  if (id) alone(async () => {
    const { control: { signal } } = begin({ baseUrl, taskId, externalTaskId }, "Asking for a fresh address of the video.");
    const task = await client(baseUrl).getTask(id, { signal });
    showTask(task);
    if (task.videos.length === 0) throw new Error("the service has no video of this task any more");
    await play(task);
  });
}

/** @param {string} id a task's own id, or its external one */
async function follow(id) {
  if (!run) return;
  const task = await client(run.baseUrl).wait(id, { signal: run.control.signal, onProgress: showProgress });
  showTask(task);
  await play(task);
}

/** @param {Task} task that has succeeded */
async function play(task) {
  if (!run) return;
  address.href = task.videos[0]?.url ?? "";
  address.hidden = false;
  try {
    const blob = await client(run.baseUrl).download(task, { signal: run.control.signal, onProgress: showProgress });
    run.saved = save.href = video.src = URL.createObjectURL(blob);
    save.download = `kling-${task.taskId.replace(/[^\w-]+/g, "_")}.mp4`;
    save.hidden = false;
    say(status, `The video is ready, ${bytes(blob.size)}.`);
  } catch (error) {
    // Its host lets no page read it, which keeps it from being saved here, not from being seen.
    if (!isKlingError(error) || error.code !== "download_blocked") throw error;
    video.src = address.href;
    say(status, "The video is ready, but its host lets no page save it. Open the delivery address and save it from there before it expires.");
  }
  placeholder.hidden = true;
  video.hidden = false;
  if (!calm.matches) video.play().catch(() => {});
}

/** Clears the last result. @param {Known & Doing} task @param {string} first */
function begin(task, first) {
  if (run?.saved) URL.revokeObjectURL(run.saved);
  video.removeAttribute("src");
  video.load();
  for (const element of [video, save, address, again, resend, failure, stopped]) hide(element);
  bar.hidden = placeholder.hidden = false;
  say(placeholder, "The video appears here");
  run = { ...task, control: new AbortController(), startedAt: Date.now(), phase: "preparing" };
  say(status, first);
  showRun();
  showIssues([]);
  render();
  result.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  return run;
}

// ── What is going on ──────────────────────────────────────────────────────────────────────────────

/** @param {Progress} progress */
function showProgress(progress) {
  if (!run || run.control.signal.aborted) return;
  run.phase = progress.phase;
  run.nextPollAt = "nextPollIn" in progress && progress.nextPollIn !== undefined ? Date.now() + progress.nextPollIn : undefined;
  if ("elapsed" in progress) run.startedAt = Date.now() - progress.elapsed;
  if ("externalTaskId" in progress) run.externalTaskId = progress.externalTaskId;
  if ("loaded" in progress && progress.total) bar.value = progress.loaded / progress.total;
  else bar.removeAttribute("value");
  say(status, stepOf(progress, run.submitting === true));
  if ("task" in progress) showTask(progress.task);
  else showRun();
}

/** @param {Task} task */
function showTask(task) {
  if (!run) return;
  run.submitting = run.unknown = false;
  run.taskId = task.taskId;
  run.externalTaskId = task.externalTaskId ?? run.externalTaskId;
  if (run.externalTaskId) unsettled.delete(run.externalTaskId);
  showRun();
}

function showRun() {
  if (!run) return;
  for (const [id, text] of Object.entries({ taskId: run.taskId ?? "", taskExternalId: run.externalTaskId ?? "" })) {
    say(find(`#${id}`, HTMLElement), text);
    find(`#${id}-row`, HTMLElement).hidden = text === "";
  }
  // Until the request leaves, stopping costs nothing; once a task exists it only ends the watching; between the two it could only do harm.
  const unsent = run.submitting && (run.phase === "preparing" || run.phase === "encoding");
  say(stop, unsent ? "Cancel" : "Stop watching");
  if (run.submitting && !unsent) hide(stop);
  else stop.hidden = false;
  tick();
}

/** By the wall clock, since a tab in the background is rarely woken. */
function tick() {
  if (!run || !busy) return;
  const next = run.nextPollAt ? `, asking again in ${Math.max(0, Math.ceil((run.nextPollAt - Date.now()) / 1000))} s` : "";
  say(clock, `${minutes(Date.now() - run.startedAt)} elapsed${next}`);
}

// ── What went wrong ───────────────────────────────────────────────────────────────────────────────

/** @param {unknown} error */
function showFailure(error) {
  if (run?.control.signal.aborted) return showStopped();
  const known = isKlingError(error) ? error : undefined;
  const isUncertain = !known || known.code === "submission_unknown" || known.code === "internal";
  const isRefused = run?.submitting === true && !run.repeated && !known?.taskId && !isUncertain;
  if (run) {
    run.taskId ??= known?.taskId;
    run.externalTaskId = isRefused ? undefined : (run.externalTaskId ?? known?.externalTaskId);
    run.unknown ||= run.submitting === true && !run.taskId && run.externalTaskId !== undefined;
    if (run.unknown && run.request && run.externalTaskId) {
      unsettled.set(run.externalTaskId, { baseUrl: run.baseUrl, request: { ...run.request, externalTaskId: run.externalTaskId } });
    }
    showRun();
  }
  if (known?.code === "unauthorized") refuseKey();
  const facts = known && [known.code, known.status && `HTTP ${known.status}`, known.serviceCode && `service code ${known.serviceCode}`, known.requestId && `request ${known.requestId}`];
  const small = facts?.filter(Boolean).join(" · ") ?? "";
  if (run?.unknown && isUncertain) return showUnknown(UNKNOWN.lost, `${said(error)} ${small}`);
  if (run?.unknown) return showUnknown(`${said(error)} What the first request came to is still not known.`, small);
  showLines([said(error), (known && ADVICE[known.code]) ?? (run?.taskId ? "The task goes on at the service and is charged. Watch it again." : "")], small);
  say(status, known?.code === "task_failed" ? "The task failed." : isRefused ? "Not accepted. No task was created, nothing is charged." : "That did not work.");
  showAgain(known?.code !== "task_failed");
}

/** Says what to do about a submission of which nothing clear is known. @param {string} learnt @param {string} [small] */
function showUnknown(learnt, small = "") {
  showLines([learnt, UNKNOWN.look, run && canSend(run) ? UNKNOWN.send : UNKNOWN.gone], small);
  say(status, "A task may exist and be charged.");
  showAgain(true);
}

/** @param {string[]} lines @param {string} small */
function showLines(lines, small) {
  failure.replaceChildren(...lines.filter(Boolean).map((textContent) => make("p", { textContent })));
  if (small) failure.append(make("p", { className: "small", textContent: small }));
  failure.hidden = false;
  say(placeholder, "No video");
}

function showStopped() {
  if (!run) return;
  run.unknown ||= run.repeated === true && !run.taskId;
  const unsent = run.unknown ? "Stopped. A task may exist and be charged." : "Cancelled before anything was sent. Nothing is charged.";
  say(status, run.taskId ? "No longer watched." : unsent);
  say(placeholder, "No video yet");
  sayStopped();
  stopped.hidden = !run.taskId;
  showAgain(true);
}

/** What a task no longer watched leaves here, as far as the list of tasks is known. */
export function sayStopped() {
  const kept = "It stays listed under Tasks of this browser, also after a reload: watch it again from there.";
  say(stopped, `The task goes on at the service and is charged. ${isKept(run?.taskId) ? kept : "This page keeps no record of it: note the task id."}`);
}

/** @param {boolean} sensible */
function showAgain(sensible) {
  say(again, run?.unknown ? "Look again" : "Watch again");
  again.hidden = !sensible || !(run?.taskId || run?.unknown);
  say(resend, run && canSend(run) ? "Send again under the same id" : "Use this id for the next request");
  resend.hidden = !run?.unknown;
}

document.addEventListener("failure", (event) => event instanceof CustomEvent && showFailure(event.detail));
stop.addEventListener("click", () => run?.control.abort());
again.addEventListener("click", () => run && (run.unknown ? look(run) : watch(run)));
resend.addEventListener("click", () => run?.externalTaskId && (canSend(run) ? sendAgain(run) : useId(run.externalTaskId)));
video.addEventListener("error", () => video.hasAttribute("src") && say(status, "This browser cannot play the video here. Open the delivery address."));
window.addEventListener("beforeunload", (event) => busy && event.preventDefault());
setInterval(tick, 1000);
