// Draws the card "Video": how far one task is, what it came to, and what a person can do next.

import { isStandIn } from "./connection.js";
import { find, make, setText } from "./dom.js";
import { setPlaceholder, setVisible } from "./stage.js";
import { RUN, VIDEO } from "./words.js";

/** @import { Run } from "./run.js" */
/**
 * What went wrong.
 * @typedef {{ lines: string[], details: string }} Failure
 */
/**
 * Everything that the card shows, besides the video itself.
 * @typedef {object} ResultView
 * @property {Run | undefined} run the task under way, or the last one
 * @property {boolean} isBusy
 * @property {boolean} canSendAgain whether the page still has the request of this task
 * @property {boolean} isListed whether the task is listed after a reload
 * @property {string} status
 * @property {string} notice at the top of a narrow page, where the card is out of sight
 * @property {Failure | undefined} failure
 */

const status = find("#status", HTMLElement);
const bar = find("#bar", HTMLProgressElement);
const clock = find("#clock", HTMLElement);
const failure = find("#failure", HTMLElement);
const resumed = find("#resumed", HTMLElement);
const notice = find("#notice", HTMLElement);
const stopped = find("#stopped", HTMLElement);
const trial = find("#trial", HTMLElement);
export const stopButton = find("#stop", HTMLButtonElement);
export const againButton = find("#again", HTMLButtonElement);
export const resendButton = find("#resend", HTMLButtonElement);

/** The time of a shorter run is not shown after its end. */
const MIN_ELAPSED_MS = 1000;

/** What `#failure` shows: a screen reader reads it again when it is drawn again. @type {Failure | undefined} */
let drawnFailure;

/** @param {ResultView} view */
export function renderResult(view) {
  const { run, isBusy } = view;
  setText(status, view.status);
  notice.hidden = view.notice === "";
  setText(find("a", HTMLAnchorElement, notice), view.notice);
  renderFailure(view.failure);
  renderClock(view);
  setVisible(bar, isBusy);
  if (run?.fraction === undefined) bar.removeAttribute("value");
  else bar.value = run.fraction;
  if (!run) return;
  setVisible(trial, isStandIn(run.baseUrl));
  renderId("taskId", run.taskId);
  renderId("taskExternalId", run.externalTaskId);
  const isResumed = run.resumedTitle !== undefined;
  setText(resumed, isResumed ? RUN.resumed(run.resumedTitle ?? "") : "");
  setVisible(resumed, isResumed);
  renderPlaceholder(view, run);
  renderStopped(view, run);
  renderButtons(view, run);
}

/** By the wall clock, because timers of a tab in the background are slow. @param {ResultView} view */
export function renderClock({ run, isBusy }) {
  if (!run) return;
  const elapsed = (run.endedAt ?? Date.now()) - run.startedAt;
  if (isBusy) setText(clock, RUN.elapsed(elapsed, run.nextPollAt && run.nextPollAt - Date.now()));
  else setText(clock, elapsed < MIN_ELAPSED_MS ? "" : RUN.elapsed(elapsed));
}

/** @param {Failure | undefined} shown */
function renderFailure(shown) {
  if (shown === drawnFailure) return;
  drawnFailure = shown;
  const lines = shown?.lines.filter(Boolean) ?? [];
  failure.replaceChildren(...lines.map((textContent) => make("p", { textContent })));
  if (shown?.details) failure.append(make("p", { className: "small", textContent: shown.details }));
  setVisible(failure, shown !== undefined);
}

/** @param {string} name @param {string | undefined} id */
function renderId(name, id) {
  setText(find(`#${name}`, HTMLElement), id ?? "");
  find(`#${name}-row`, HTMLElement).hidden = !id;
}

/** @param {ResultView} view @param {Run} run */
function renderPlaceholder(view, run) {
  const isEnded = run.end === "stopped" || run.end === "keyRefused";
  setPlaceholder(view.failure ? VIDEO.none : isEnded ? VIDEO.notYet : VIDEO.expected);
}

/** @param {ResultView} view @param {Run} run */
function renderStopped(view, run) {
  setText(stopped, RUN.stopped(view.isListed));
  setVisible(stopped, run.end === "stopped" && run.taskId !== undefined);
}

/** @param {ResultView} view @param {Run} run */
function renderButtons(view, run) {
  const isUnsent =
    run.step === "sending" && (run.phase === "preparing" || run.phase === "encoding");
  setText(stopButton, isUnsent ? RUN.cancel : RUN.stop);
  // Before the request leaves, stopping costs nothing; once a task exists, it only ends the
  // watching. In between it could only do harm.
  setVisible(stopButton, view.isBusy && (run.step !== "sending" || isUnsent));

  const isUnknown = run.step === "unknown";
  setText(againButton, isUnknown ? RUN.lookAgain : RUN.watchAgain);
  const canGoOn = run.end !== undefined && run.end !== "taskFailed";
  setVisible(againButton, canGoOn && (run.taskId !== undefined || isUnknown));
  setText(resendButton, view.canSendAgain ? RUN.sendAgain : RUN.useId);
  setVisible(resendButton, run.end !== undefined && isUnknown);
}
