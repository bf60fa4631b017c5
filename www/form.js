// The request as the form has it, and its problems. Every rule of the service lives in the package.

import { limits, validateRequest } from "./pkg/index.js";
import {
  apiKey,
  DEFAULT_BASE,
  goodBase,
  isOffline,
  lacksKey,
  relayed,
  simulated,
} from "./connection.js";
import { announce, find, report, say } from "./dom.js";
import { pictureAt, pictures, renderPictures } from "./pictures.js";
import { isError, problem, showProblems } from "./problems.js";
import { NO_NETWORK } from "./words.js";

/** @import { Issue, VideoRequest } from "./pkg/index.js" */

/** US dollars by mode and seconds, as CometAPI listed them for Kling v1.6. */
const PRICES = { std: { 5: "0.26", 10: "0.53" }, pro: { 5: "0.46", 10: "0.92" } };

const form = find("#request", HTMLFormElement);
const submitButton = find("#submit", HTMLButtonElement);
const submitNote = find("#submit-note", HTMLElement);
const externalTaskId = find("#externalTaskId", HTMLInputElement);

/** Fields whose problems are shown: an empty form should not complain. @type {Set<string>} */
const touched = new Set();
/** A key that the service has refused. @type {string | undefined} */
let refusedKey;
/** @type {number | undefined} */
let soon;
let checks = 0;
let busy = false;

/**
 * The form's controls bear the names of the contract; what is left empty is left out. @returns
 * {VideoRequest}
 */
export function request() {
  const fields = [...new FormData(form)].filter(([, value]) => String(value).trim() !== "");
  return { images: pictures.map(({ source }) => source), ...Object.fromEntries(fields) };
}

/** The next request goes under this id. @param {string} id */
export function useId(id) {
  externalTaskId.value = id;
  focusOn("externalTaskId");
  changed();
}

/** No other request goes under this id. @param {string} id */
export function dropId(id) {
  if (externalTaskId.value.trim() === id) externalTaskId.value = "";
}

/** The service refused the key. */
export function refuseKey() {
  refusedKey = apiKey.value;
}

/** Leads to the field of the key. */
export const askForKey = () => focusOn("apiKey");

/** @param {boolean} now */
export function setBusy(now) {
  busy = now;
}

/** Finds every problem, without sending anything. */
export async function check() {
  const turn = ++checks;
  const issues = await validateRequest(request());
  if (!goodBase())
    issues.push(problem("bad_url", "baseUrl", `expected an address such as ${DEFAULT_BASE}`));
  if (lacksKey()) issues.push(problem("bad_value", "apiKey", "enter your CometAPI key"));
  else if (apiKey.value === refusedKey)
    issues.push(problem("bad_value", "apiKey", "the service refused this key: enter another"));
  if (turn === checks) showIssues(issues);
  return issues;
}

/** Finds every problem, shows it, and leads to the first that keeps the request from being sent. */
export async function isInOrder() {
  for (const field of document.querySelectorAll("[data-path]"))
    touched.add(field.getAttribute("data-path") ?? "");
  const error = (await check()).find(isError);
  if (error) focusOn(error.path, pictureAt(error)?.item);
  else if (isOffline()) announce(NO_NETWORK);
  return error === undefined && !isOffline();
}

/** After every change: at once what is cheap, soon what must be read from the files. */
export function changed() {
  for (const field of form.querySelectorAll("textarea")) {
    const count = [...field.value].length;
    const counter = find(`#${field.id}-count`, HTMLElement);
    say(counter, `${count} / ${limits.maxPromptLength}`);
    counter.classList.toggle("over", count > limits.maxPromptLength);
  }
  const { mode = "std", duration = 5 } = request();
  say(find("#price", HTMLElement), `$${PRICES[mode][duration]}`);
  say(find("#price-of", HTMLElement), `estimated for ${mode}, ${duration} s`);
  find("#simulator", HTMLElement).hidden = !simulated();
  find("#relay", HTMLElement).hidden = !relayed();
  find("[data-path=apiKey]", HTMLElement).hidden = relayed();
  clearTimeout(soon);
  soon = setTimeout(() => check().catch(report), 150);
}

/** Each problem beside its field, the first error beside the button. @param {Issue[]} issues */
export function showIssues(issues) {
  const folders = renderPictures(issues);
  for (const field of document.querySelectorAll("[data-path]")) {
    const path = field.getAttribute("data-path") ?? "";
    const own = touched.has(path) ? issues.filter((issue) => issue.path === path) : [];
    showProblems(
      find(`#${path}-problems`, HTMLElement),
      path === "images" ? [...folders, ...own] : own,
    );
    for (const control of field.querySelectorAll("input, textarea"))
      control.ariaInvalid = String(own.some(isError));
  }
  const [error, ...more] = issues.filter(isError);
  submitButton.ariaDisabled = String(busy || isOffline() || error !== undefined);
  submitNote.classList.toggle(
    "wrong",
    touched.size > 0 && !busy && !isOffline() && error !== undefined,
  );
  const reason =
    error &&
    `Not yet: ${pictureAt(error) ? `${pictureAt(error)?.name}: ` : ""}${error.message}.${more.length ? ` And ${more.length} more.` : ""}`;
  const hindrance = busy
    ? "A task is under way here: wait for its end, or stop watching it first."
    : isOffline()
      ? NO_NETWORK
      : reason;
  say(submitNote, hindrance ?? "Everything is in order. Each submission is charged once.");
}

/** Leads to what must be mended. @param {string} path @param {Element} [picture] */
function focusOn(path, picture) {
  const target =
    document.querySelector(`[data-path="${path}"] :is(input, textarea)`) ??
    picture?.querySelector("[data-action=remove]");
  const folded = target?.closest("details");
  if (folded) folded.open = true;
  if (target instanceof HTMLElement) target.focus();
}

form.addEventListener("input", ({ target }) => {
  if (pictures.length && target instanceof Element && target.id === "pictures")
    touched.add("images");
  changed();
});
for (const name of ["online", "offline"])
  window.addEventListener(name, () => check().catch(report));
form.addEventListener("focusout", ({ target }) => {
  const path =
    target instanceof Element
      ? target.closest("[data-path]")?.getAttribute("data-path")
      : undefined;
  if (path && path !== "images") (touched.add(path), changed());
});
