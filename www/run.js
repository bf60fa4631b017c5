// What one submission comes to: its way, its end, its video, or what went wrong.

import { isKlingError } from "./pkg/index.js";
import { base, client, lacksKey, relayed } from "./connection.js";
import { bytes, find, make, minutes, said, say } from "./dom.js";
import {
  askForKey,
  check,
  dropId,
  isInOrder,
  refuseKey,
  request,
  setBusy,
  showIssues,
  useId,
} from "./form.js";
import { bring, kept } from "./keeping.js";
import { isLasting, recordOf, refreshRecords, render } from "./records.js";
import { calm, clearStage, hide, offerAddress, playAddress, playBlob, result } from "./stage.js";
import { ADVICE, KEY_MISSING, stepOf, UNKNOWN } from "./words.js";

/** @import { Client, Progress, Task, VideoRequest } from "./pkg/index.js" */

/**
 * @typedef {{ baseUrl: string, taskId?: string | undefined, externalTaskId?: string | undefined }}
 * Known what is known of a task
 */
/**
 * @typedef {object} Doing
 * @property {boolean} [submitting] until the service has accepted it
 * @property {VideoRequest} [request]
 * @property {boolean} [repeated] whether an earlier request under the same id may have created the
 * task
 * @property {boolean} [unknown] whether it cannot be told that there is a task
 * @property {string} [taken] what is taken up by the page itself
 */
/**
 * @typedef {object} State
 * @property {Client} service with the key as it was at the beginning: what is in its field may be
 * another one meanwhile
 * @property {AbortController} control
 * @property {number} startedAt
 * @property {string} phase
 * @property {number | undefined} [nextPollAt]
 * @property {boolean} [finished] whether the task has succeeded
 * @property {boolean} [refused] whether the key was
 */
/** @typedef {Known & Doing & State} Run */

const placeholder = find("#placeholder", HTMLElement);
const status = find("#status", HTMLElement);
const bar = find("#bar", HTMLProgressElement);
const clock = find("#clock", HTMLElement);
const failure = find("#failure", HTMLElement);
const taken = find("#taken", HTMLElement);
const notice = find("#notice", HTMLElement);
const stopped = find("#stopped", HTMLElement);
const stop = find("#stop", HTMLButtonElement);
const again = find("#again", HTMLButtonElement);
const resend = find("#resend", HTMLButtonElement);

/** @type {Run | undefined} */
let run;
let busy = false;
/**
 * Whether what is under way was taken up by the page itself, and gives way to what a person asks
 * for.
 */
let givesWay = false;
let turn = 0;
let isChecking = false;
/** Resolves when what is under way has ended. @type {Promise<void>} */
let end = Promise.resolve();
/** The tasks that a person has stopped watching, by either id. @type {Set<string | undefined>} */
const left = new Set();
/**
 * The requests of this page whose outcome is unknown, by their external task id.
 * @type {Map<string, { baseUrl: string, request: VideoRequest }>}
 */
const unsettled = new Map();

/** What is under way, or was last. */
export const current = () => ({
  busy,
  givesWay,
  isVacant: !run || run.refused === true,
  explained: !failure.hidden,
  taskId: run?.taskId,
  externalTaskId: run?.externalTaskId,
});

/** Whether a person has stopped watching it. @param {Known} task */
export const isLeft = ({ taskId, externalTaskId }) =>
  (taskId !== undefined && left.has(taskId)) ||
  (externalTaskId !== undefined && left.has(externalTaskId));

/** @param {Known} task */
export const canSend = ({ baseUrl, externalTaskId }) =>
  unsettled.get(externalTaskId ?? "")?.baseUrl === baseUrl;

/**
 * One piece of work at a time. `busy` is set before anything is awaited: a double click must not
 * pay twice.
 * @param {() => Promise<void>} work
 * @param {boolean} [isTaken] whether nobody asked for it
 */
async function alone(work, isTaken = false) {
  if (busy && !givesWay) return;
  if (busy) run?.control.abort();
  const [own, before] = [++turn, end];
  [busy, givesWay] = [true, isTaken];
  setBusy(!givesWay);
  const inTurn = async () => {
    await before;
    if (own === turn) await work();
  };
  end = inTurn()
    .catch((error) => own === turn && showFailure(error))
    .then(() => {});
  await end;
  if (own !== turn) return;
  [busy, givesWay] = [false, false];
  setBusy(false);
  for (const element of [stop, bar]) hide(element);
  const elapsed = Date.now() - (run?.startedAt ?? Date.now());
  say(clock, elapsed < 1000 ? "" : `${minutes(elapsed)} elapsed`);
  await refreshRecords();
  await check().catch(showFailure);
}

// ── What one can ask for ──────────────────────────────────────────────────────────────────────────

/** Sends what is in the form. */
export async function submit() {
  if (isChecking || (busy && !givesWay)) return;
  isChecking = true;
  const isGood = await isInOrder().finally(() => (isChecking = false));
  if (isGood) await alone(() => send(base(), request()));
}

/**
 * Sends a request of this page again, of which it cannot be told what it came to. @param {Known}
 * task
 */
export function sendAgain({ baseUrl, externalTaskId = "" }) {
  const kept = unsettled.get(externalTaskId);
  if (kept?.baseUrl === baseUrl) alone(() => send(baseUrl, kept.request));
}

/** @param {string} baseUrl @param {VideoRequest} request */
async function send(baseUrl, request) {
  const { externalTaskId } = request;
  const repeated =
    externalTaskId !== undefined &&
    (unsettled.has(externalTaskId) || recordOf(externalTaskId)?.state === "unknown");
  const started = begin(
    { baseUrl, externalTaskId, submitting: true, request, repeated },
    "Preparing the pictures.",
  );
  const task = await started.service.submit(request, {
    signal: started.control.signal,
    onProgress: showProgress,
  });
  if (externalTaskId) dropId(externalTaskId);
  showTask(task);
  await follow(task.taskId);
}

/** Looks once for the task of an unknown submission. @param {Known} task */
export const look = ({ baseUrl, externalTaskId }) =>
  withKey(baseUrl, async () => {
    if (!externalTaskId) return;
    const started = begin({ baseUrl, externalTaskId, unknown: true }, "Looking for the task.");
    const task = await started.service.reconcile(externalTaskId, {
      signal: started.control.signal,
    });
    if (!task) return showUnknown("No task of this id was found. That proves nothing.");
    showTask(task);
    await follow(task.taskId);
  });

/** Takes up a task. @param {Known} task */
export function watch({ baseUrl, taskId, externalTaskId }) {
  const id = taskId || externalTaskId;
  if (id)
    withKey(
      baseUrl,
      async () => (begin({ baseUrl, taskId, externalTaskId }, "Asking for the task."), follow(id)),
    );
}

/**
 * The same for what was running when the page was last left. @param {Known} task @param {string}
 * title
 */
export function takeUp({ baseUrl, taskId, externalTaskId }, title) {
  const id = taskId || externalTaskId;
  if (id)
    alone(
      async () => (
        begin(
          { baseUrl, taskId, externalTaskId, taken: title },
          "Taken up again. Asking for the task.",
        ),
        follow(id)
      ),
      true,
    );
}

/**
 * Says what is missing to take up what was running, or that nothing is. @param {boolean} isMissing
 */
export function inviteKey(isMissing) {
  if (run) return;
  const words = isMissing ? `A task was running when this page was left. ${KEY_MISSING}` : "";
  say(status, words);
  notify(words);
}

/** On a narrow page what the page does by itself happens out of sight. @param {string} words */
function notify(words) {
  notice.hidden = words === "";
  say(find("a", HTMLAnchorElement, notice), words);
}

/**
 * Asks the service for something, which takes a key. @param {string} baseUrl @param {() =>
 * Promise<void>} work
 */
function withKey(baseUrl, work) {
  if (!lacksKey(baseUrl)) return void alone(work);
  if (!busy) say(status, KEY_MISSING);
  askForKey();
}

/** Takes up a task that was created elsewhere, and lists it from now on. @param {string} taskId */
export function adopt(taskId) {
  const baseUrl = base();
  if (taskId)
    withKey(baseUrl, async () => {
      const {
        service,
        control: { signal },
      } = begin({ baseUrl, taskId }, "Asking for the task.");
      // It can be watched without a record.
      const task = await service
        .adopt(taskId, { signal })
        .catch((error) =>
          isKlingError(error) && error.code === "storage" ? undefined : Promise.reject(error),
        );
      if (task) showTask(task);
      await follow(task?.taskId ?? taskId);
    });
}

/**
 * Plays the video of a finished task: what is kept of it, or from its address, which may have
 * changed since. @param {Known} task
 */
export async function show({ baseUrl, taskId, externalTaskId }) {
  const id = taskId || externalTaskId;
  if (!id || (busy && !givesWay)) return;
  const blob = await kept(baseUrl, id);
  if (blob)
    return alone(async () => {
      begin({ baseUrl, taskId, externalTaskId }, "");
      playBlob(blob, id);
      say(status, `The video as it is kept in this browser, ${bytes(blob.size)}.`);
    });
  withKey(baseUrl, async () => {
    const {
      service,
      control: { signal },
    } = begin({ baseUrl, taskId, externalTaskId }, "Asking for a fresh address of the video.");
    const task = await service.getTask(id, { signal });
    showTask(task);
    if (task.videos.length === 0) throw new Error("the service has no video of this task any more");
    await play(task);
  });
}

/** @param {string} id a task's own id, or its external one */
async function follow(id) {
  if (!run) return;
  const task = await run.service.wait(id, { signal: run.control.signal, onProgress: showProgress });
  showTask(task);
  await play(task);
}

/** @param {Task} task that has succeeded */
async function play(task) {
  if (!run) return;
  run.finished = true;
  offerAddress(task.videos[0]?.url ?? "");
  try {
    const { blob, isKept } = await bring(run.service, task, {
      signal: run.control.signal,
      onProgress: showProgress,
    });
    playBlob(blob, task.taskId);
    say(
      status,
      `The video is ready, ${bytes(blob.size)}${isKept ? ", and kept in this browser." : ". It could not be kept in this browser: save it."}`,
    );
  } catch (error) {
    if (!isKlingError(error) || error.code !== "download_blocked") throw error;
    playAddress();
    say(
      status,
      "The video is ready, but its host lets no page save it. Open the delivery address and save it from there before it expires.",
    );
  }
}

/** Clears the last result. @param {Known & Doing} task @param {string} first */
function begin(task, first) {
  clearStage();
  for (const element of [again, resend, failure, stopped, taken]) hide(element);
  bar.hidden = false;
  for (const id of [task.taskId, task.externalTaskId]) left.delete(id);
  run = {
    ...task,
    service: client(task.baseUrl),
    control: new AbortController(),
    startedAt: Date.now(),
    phase: "preparing",
  };
  say(status, first);
  if (task.taken) say(taken, `Taken up again: “${task.taken}”`);
  taken.hidden = !task.taken;
  notify(task.taken ? "A task was taken up again: see Video." : "");
  showRun();
  if (!task.taken) showIssues([]);
  render();
  if (!task.taken)
    result.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  return run;
}

// ── What is going on ──────────────────────────────────────────────────────────────────────────────

/** @param {Progress} progress */
function showProgress(progress) {
  if (!run || run.control.signal.aborted) return;
  run.phase = progress.phase;
  run.nextPollAt =
    "nextPollIn" in progress && progress.nextPollIn !== undefined
      ? Date.now() + progress.nextPollIn
      : undefined;
  if ("elapsed" in progress && !run.finished) run.startedAt = Date.now() - progress.elapsed;
  if ("externalTaskId" in progress) run.externalTaskId = progress.externalTaskId;
  if ("loaded" in progress && progress.total) bar.value = progress.loaded / progress.total;
  else bar.removeAttribute("value");
  say(status, stepOf(progress, run));
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
  for (const [id, text] of Object.entries({
    taskId: run.taskId ?? "",
    taskExternalId: run.externalTaskId ?? "",
  })) {
    say(find(`#${id}`, HTMLElement), text);
    find(`#${id}-row`, HTMLElement).hidden = text === "";
  }
  // Until the request leaves, stopping costs nothing; once a task exists it only ends the watching;
  // between the two it could only do harm.
  const unsent = run.submitting && (run.phase === "preparing" || run.phase === "encoding");
  say(stop, unsent ? "Cancel" : "Stop watching");
  if (run.submitting && !unsent) hide(stop);
  else stop.hidden = false;
  tick();
}

/** By the wall clock, since a tab in the background is rarely woken. */
function tick() {
  if (!run || !busy) return;
  const next = run.nextPollAt
    ? `, asking again in ${Math.max(0, Math.ceil((run.nextPollAt - Date.now()) / 1000))} s`
    : "";
  say(clock, `${minutes(Date.now() - run.startedAt)} elapsed${next}`);
}

// ── What went wrong ───────────────────────────────────────────────────────────────────────────────

/** @param {unknown} error */
function showFailure(error) {
  if (run?.control.signal.aborted) return showStopped();
  const known = isKlingError(error) ? error : undefined;
  if (run?.taken && known?.code === "unauthorized" && !relayed(run.baseUrl))
    return showRefusedKey(run);
  const isUncertain = !known || known.code === "submission_unknown" || known.code === "internal";
  const isRefused = run?.submitting === true && !run.repeated && !known?.taskId && !isUncertain;
  if (run) {
    run.taskId ??= known?.taskId;
    run.externalTaskId = isRefused ? undefined : (run.externalTaskId ?? known?.externalTaskId);
    run.unknown ||= run.submitting === true && !run.taskId && run.externalTaskId !== undefined;
    if (run.unknown && run.request && run.externalTaskId) {
      unsettled.set(run.externalTaskId, {
        baseUrl: run.baseUrl,
        request: { ...run.request, externalTaskId: run.externalTaskId },
      });
    }
    showRun();
  }
  if (known?.code === "unauthorized") refuseKey();
  const facts = known && [
    known.code,
    known.status && `HTTP ${known.status}`,
    known.serviceCode && `service code ${known.serviceCode}`,
    known.requestId && `request ${known.requestId}`,
  ];
  const small = facts?.filter(Boolean).join(" · ") ?? "";
  if (run?.unknown && isUncertain) return showUnknown(UNKNOWN.lost, `${said(error)} ${small}`);
  if (run?.unknown)
    return showUnknown(`${said(error)} What the first request came to is still not known.`, small);
  showLines(
    [
      said(error),
      (known && ADVICE[known.code]) ??
        (run?.taskId ? "The task goes on at the service and is charged. Watch it again." : ""),
    ],
    small,
  );
  say(
    status,
    known?.code === "task_failed"
      ? "The task failed."
      : isRefused
        ? "Not accepted. No task was created, nothing is charged."
        : "That did not work.",
  );
  showAgain(known?.code !== "task_failed");
}

/**
 * Says what to do about a submission of which nothing clear is known. @param {string} learnt @param
 * {string} [small]
 */
function showUnknown(learnt, small = "") {
  showLines([learnt, UNKNOWN.look, run && canSend(run) ? UNKNOWN.send : UNKNOWN.gone], small);
  say(status, "A task may exist and be charged.");
  showAgain(true);
}

/** @param {string[]} lines @param {string} small */
function showLines(lines, small) {
  failure.replaceChildren(
    ...lines.filter(Boolean).map((textContent) => make("p", { textContent })),
  );
  if (small) failure.append(make("p", { className: "small", textContent: small }));
  failure.hidden = false;
  say(placeholder, "No video");
}

/** Nobody has asked for what this key is not good for. @param {Run} run */
function showRefusedKey(run) {
  run.refused = true;
  say(status, `The service did not accept this key. ${KEY_MISSING}`);
  say(placeholder, "No video yet");
  showAgain(true);
}

function showStopped() {
  if (!run) return;
  for (const id of [run.taskId, run.externalTaskId]) left.add(id);
  run.unknown ||= run.repeated === true && !run.taskId;
  const unsent = run.unknown
    ? "Stopped. A task may exist and be charged."
    : "Cancelled before anything was sent. Nothing is charged.";
  say(status, run.taskId ? "No longer watched." : unsent);
  say(placeholder, "No video yet");
  sayStopped();
  stopped.hidden = !run.taskId;
  showAgain(true);
}

/** What a task no longer watched leaves here, as far as the list of tasks is known. */
export function sayStopped() {
  const listed =
    "It stays listed under Tasks of this browser, also after a reload, which takes it up again.";
  say(
    stopped,
    `The task goes on at the service and is charged. ${isLasting(run?.taskId) ? listed : "This page keeps no record of it: note the task id."}`,
  );
}

/** @param {boolean} sensible */
function showAgain(sensible) {
  say(again, run?.unknown ? "Look again" : "Watch again");
  again.hidden = !sensible || !(run?.taskId || run?.unknown);
  say(
    resend,
    run && canSend(run) ? "Send again under the same id" : "Use this id for the next request",
  );
  resend.hidden = !run?.unknown;
}

document.addEventListener(
  "failure",
  (event) => event instanceof CustomEvent && showFailure(event.detail),
);
stop.addEventListener("click", () => run?.control.abort());
again.addEventListener("click", () => run && (run.unknown ? look(run) : watch(run)));
resend.addEventListener(
  "click",
  () => run?.externalTaskId && (canSend(run) ? sendAgain(run) : useId(run.externalTaskId)),
);
window.addEventListener("beforeunload", (event) => busy && !givesWay && event.preventDefault());
setInterval(tick, 1000);
