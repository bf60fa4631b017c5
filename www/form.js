// Reads the request from the form and shows its problems. The package knows every rule of the
// service.

import { limits, validateRequest } from "./pkg/index.js";
import {
  apiKeyField,
  DEFAULT_BASE_URL,
  hasStandIn,
  isOffline,
  isRelay,
  isSimulator,
  isStandIn,
  isValidBaseUrl,
  lacksKey,
} from "./connection.js";
import { announce, find, reportError, setText } from "./dom.js";
import {
  allPrepared,
  isPreparing,
  pictureOf,
  pictures,
  renderPictures,
  sentPictures,
} from "./pictures.js";
import { isError, problem, showProblems } from "./problems.js";
import { restoreFields, setField } from "./returned.js";
import { FORM, SERVICE } from "./words.js";

/** @import { Issue, VideoRequest } from "./pkg/index.js" */

/** US dollars by mode and seconds, as CometAPI listed them for Kling v1.6. */
const PRICES = { std: { 5: 0.26, 10: 0.53 }, pro: { 5: 0.46, 10: 0.92 } };
/** How long after a change the files are read again. */
const CHECK_DELAY_MS = 150;

const form = find("#request", HTMLFormElement);
const submitButton = find("#submit", HTMLButtonElement);
const submitNote = find("#submit-note", HTMLElement);
const externalTaskIdField = find("#externalTaskId", HTMLInputElement);

const state = {
  /** Fields whose problems are shown: an empty form shows none. @type {Set<string>} */
  touched: new Set(),
  /** The key that the service has refused. @type {string | undefined} */
  refusedKey: undefined,
  /** Whether a task is running on this page. */
  isBusy: false,
  /** Counts changes and checks: a check shows its result only if nothing has changed since it began. */
  version: 0,
  /** @type {number | undefined} */
  checkTimer: undefined,
};

/**
 * The form's controls are named as the fields of the request. Empty ones are left out.
 * @returns {VideoRequest}
 */
export function request() {
  const fields = [...new FormData(form)].filter(([, value]) => String(value).trim() !== "");
  return { images: sentPictures(), ...Object.fromEntries(fields) };
}

/** Sets the external task id of the next request. @param {string} id */
export function useExternalTaskId(id) {
  setField(externalTaskIdField, id);
  focusField("externalTaskId");
  formChanged();
}

/** Clears the external task id if it is this one, which a task has now. @param {string} id */
export function clearExternalTaskId(id) {
  restoreFields();
  if (externalTaskIdField.value.trim() === id) setField(externalTaskIdField, "");
}

/** Marks the key as refused by the service. */
export function refuseKey() {
  state.refusedKey = apiKeyField.value;
}

export const focusKey = () => focusField("apiKey");

/** @param {boolean} isBusy whether a task is running on this page */
export function setBusy(isBusy) {
  state.isBusy = isBusy;
}

/** Finds every problem and shows it, without sending anything. */
export async function check() {
  const version = ++state.version;
  const issues = (await validateRequest(request())).filter((issue) => !pictureOf(issue)?.preparing);
  if (!isValidBaseUrl())
    issues.push(problem("bad_url", "baseUrl", FORM.urlExpected(DEFAULT_BASE_URL)));
  if (lacksKey()) issues.push(problem("bad_value", "apiKey", FORM.keyMissing));
  else if (!isStandIn() && apiKeyField.value === state.refusedKey)
    issues.push(problem("bad_value", "apiKey", FORM.keyRefused));
  if (version === state.version) showIssues(issues);
  return issues;
}

/** Whether the request can be sent. If not, shows every problem and focuses the first one. */
export async function isReady() {
  for (const field of document.querySelectorAll("[data-path]"))
    state.touched.add(field.getAttribute("data-path") ?? "");
  await allPrepared();
  const error = (await check()).find(isError);
  if (error) focusField(error.path, pictureOf(error)?.item);
  else if (isOffline()) announce(FORM.offline);
  return error === undefined && !isOffline();
}

/** After every change: updates at once what is cheap, and checks the files a little later. */
export function formChanged() {
  for (const field of form.querySelectorAll("textarea")) {
    const count = [...field.value].length;
    const counter = find(`#${field.id}-count`, HTMLElement);
    setText(counter, FORM.characters(count, limits.maxPromptLength));
    counter.classList.toggle("over", count > limits.maxPromptLength);
  }
  const { mode = "std", duration = 5 } = request();
  setText(find("#price", HTMLElement), FORM.price(PRICES[mode][duration]));
  setText(find("#price-of", HTMLElement), FORM.priceOf(mode, duration, isStandIn()));
  find("#simulator", HTMLElement).hidden = !isSimulator();
  find("#stand-in", HTMLElement).hidden = !isStandIn();
  find("#relay", HTMLElement).hidden = !isRelay();
  find("#sent", HTMLElement).hidden = isStandIn();
  find("[data-path=apiKey]", HTMLElement).hidden = isRelay() || isStandIn();
  find("#service", HTMLElement).hidden = !hasStandIn;
  setText(find("#service-hint", HTMLElement), isStandIn() ? SERVICE.isPlayed : SERVICE.isReal);
  setText(find("#switch", HTMLElement), isStandIn() ? SERVICE.useReal : SERVICE.useStandIn);
  state.version += 1;
  clearTimeout(state.checkTimer);
  state.checkTimer = setTimeout(() => check().catch(reportError), CHECK_DELAY_MS);
}

/** Shows each problem at its field, and the first error at the button. @param {Issue[]} issues */
export function showIssues(issues) {
  const leftOut = renderPictures(issues);
  for (const field of document.querySelectorAll("[data-path]")) {
    const path = field.getAttribute("data-path") ?? "";
    const shown = state.touched.has(path) ? issues.filter((issue) => issue.path === path) : [];
    showProblems(
      find(`#${path}-problems`, HTMLElement),
      path === "images" ? [...leftOut, ...shown] : shown,
    );
    for (const control of field.querySelectorAll("input, textarea"))
      control.ariaInvalid = String(shown.some(isError));
  }
  const [error, ...more] = issues.filter(isError);
  const isWaiting = state.isBusy || isOffline() || isPreparing();
  submitButton.ariaDisabled = String(isWaiting || error !== undefined);
  submitNote.classList.toggle("wrong", state.touched.size > 0 && !isWaiting && error !== undefined);
  setText(submitNote, noteOf(error, more.length));
}

/** @param {Issue | undefined} error @param {number} more how many other errors there are */
function noteOf(error, more) {
  if (state.isBusy) return FORM.busy;
  if (isOffline()) return FORM.offline;
  if (isPreparing()) return FORM.preparing;
  return error ? FORM.notReady(error, pictureOf(error)?.name, more) : FORM.ready(isStandIn());
}

/** Focuses what has to be fixed. @param {string} path @param {Element} [picture] */
function focusField(path, picture) {
  const target =
    document.querySelector(`[data-path="${path}"] :is(input, textarea)`) ??
    picture?.querySelector("[data-action=remove]");
  const details = target?.closest("details");
  if (details) details.open = true;
  if (target instanceof HTMLElement) target.focus();
}

form.addEventListener("input", ({ target }) => {
  if (pictures.length && target instanceof Element && target.id === "pictures")
    state.touched.add("images");
  formChanged();
});
for (const name of ["online", "offline"])
  window.addEventListener(name, () => check().catch(reportError));
form.addEventListener("focusout", ({ target }) => {
  const path =
    target instanceof Element
      ? target.closest("[data-path]")?.getAttribute("data-path")
      : undefined;
  if (path && path !== "images") {
    state.touched.add(path);
    formChanged();
  }
});
