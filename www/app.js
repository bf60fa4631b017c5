// A form, what one submission comes to, and the video. Every rule of the service lives in the package.

import { createClient, inspectImage, isKlingError, validateRequest } from "./pkg/index.js";

/** @import { ImageInfo, Issue, KlingError, Progress, Task, VideoRequest } from "./pkg/index.js" */

/** @typedef {{ source: File | string, name: string, item: HTMLLIElement, preview?: string, info?: ImageInfo }} Picture */
/** @typedef {{ baseUrl: string, taskId?: string | undefined, externalTaskId?: string | undefined, submitting?: boolean }} Known what is known of a task */
/** @typedef {Known & { control: AbortController, startedAt: number, phase: string, nextPollAt?: number | undefined, saved?: string }} Run */

const LOOPBACK = new Set(["127.0.0.1", "localhost"]);
const DEFAULT_BASE = "https://api.cometapi.com/kling";
const MOST_PICTURES = 4;
const MOST_CHARACTERS = 2500;
/** US dollars by mode and seconds, as CometAPI listed them for Kling v1.6. */
const PRICES = { std: { 5: "0.26", 10: "0.53" }, pro: { 5: "0.46", 10: "0.92" } };
/** The simulator finishes in seconds, and asking it often costs nobody anything. */
const SIMULATOR_POLLING = { firstDelay: 250, interval: 500, maxInterval: 1000 };

/** @type {{ baseUrl?: string, apiKey?: string, simulator?: boolean, relay?: boolean }} */
const config = await fetch("./config.json", { cache: "no-cache" }).then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}));

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} [within]
 * @returns {T}
 */
function find(selector, kind, within = document) {
  const element = within.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} at ${selector}`);
  return element;
}

const form = find("#request", HTMLFormElement);
const files = find("#files", HTMLInputElement);
const drop = find("#drop", HTMLElement);
const list = find("#pictures", HTMLElement);
const baseUrl = find("#baseUrl", HTMLInputElement);
const apiKey = find("#apiKey", HTMLInputElement);
const submitButton = find("#submit", HTMLButtonElement);
const submitNote = find("#submit-note", HTMLElement);
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
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Touches the text only when it changes: a screen reader would say it again. @param {Element} element @param {string} text */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Hides what may have the focus, which then stays nearby. @param {HTMLElement} element */
function hide(element) {
  if (element === document.activeElement) result.focus({ preventScroll: true });
  element.hidden = true;
}

/** @param {string} message in the package's style: lower case, no full stop */
const sentence = (message) => message.charAt(0).toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? "" : ".");
/** @param {number} count */
const bytes = (count) => (count < 1e3 ? `${count} bytes` : count < 1e6 ? `${Math.round(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`);
/** @param {number} ms */
const minutes = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
/** @param {Issue} issue */
const isError = ({ severity }) => severity === "error";

// ── Pictures ──────────────────────────────────────────────────────────────────────────────────────

/** @type {Picture[]} */
const pictures = [];

/** @param {Iterable<File | string>} sources */
function addPictures(sources) {
  for (const source of sources) {
    const item = find("li", HTMLLIElement, document.importNode(find("#picture", HTMLTemplateElement).content, true));
    /** @type {Picture} */
    const picture = { source, name: typeof source === "string" ? source : source.name, item };
    say(find(".name", HTMLElement, item), picture.name);
    if (typeof source !== "string") {
      const thumbnail = find("img", HTMLImageElement, item);
      thumbnail.onerror = () => (thumbnail.hidden = true);
      thumbnail.src = picture.preview = URL.createObjectURL(source);
      inspectImage(source).then((info) => ((picture.info = info), changed()), showFailure);
    }
    item.addEventListener("click", ({ target }) => {
      const action = target instanceof HTMLElement ? target.dataset.action : undefined;
      if (action === "remove") removePicture(picture);
      else if (action) movePicture(picture, action === "up" ? -1 : 1);
    });
    list.append(item);
    touched.add("images");
    renderPicture(picture, pictures.push(picture) - 1, []);
  }
  changed();
}

/** @param {Picture} picture @param {-1 | 1} by */
function movePicture(picture, by) {
  const to = pictures.indexOf(picture) + by;
  const other = pictures[to];
  if (!other) return;
  pictures.splice(to - by, 1);
  pictures.splice(to, 0, picture);
  const focused = document.activeElement;
  if (by < 0) other.item.before(picture.item);
  else other.item.after(picture.item);
  if (focused instanceof HTMLElement) focused.focus();
  announce(`${picture.name} is now picture ${to + 1} of ${pictures.length}`);
}

/** @param {Picture} picture */
function removePicture(picture) {
  const at = pictures.indexOf(picture);
  pictures.splice(at, 1);
  picture.item.remove();
  if (picture.preview) URL.revokeObjectURL(picture.preview);
  const next = pictures[Math.min(at, pictures.length - 1)];
  (next ? find("[data-action=remove]", HTMLElement, next.item) : files).focus();
  announce(`${picture.name} removed`);
}

/** @param {string} text */
function announce(text) {
  say(find("#announcement", HTMLElement), text);
  changed();
}

/** @param {Picture} picture @param {number} index @param {Issue[]} issues */
function renderPicture({ source, name, item, info }, index, issues) {
  const figures = [info?.width && `${info.width} × ${info.height} px`, info && info.format.toUpperCase(), source instanceof File && bytes(source.size)];
  say(find(".figures", HTMLElement, item), typeof source === "string" ? "by URL" : figures.filter(Boolean).join(" · "));
  const own = issues.filter(({ path }) => path.startsWith(`images[${index}]`));
  own.push(...(info?.issues ?? []).filter(({ code }) => !own.some((issue) => issue.code === code)));
  if (index >= MOST_PICTURES) own.unshift(problem("too_many_images", "images", `only ${MOST_PICTURES} pictures can be sent: remove one`));
  showProblems(find(".problems", HTMLElement, item), own);
  const refused = own.some(isError);
  item.classList.toggle("refused", refused);
  say(find(".verdict", HTMLElement, item), refused ? "Cannot be sent" : info || typeof source === "string" ? "Ready" : "Checking…");
  const labels = { up: `Move ${name} up`, down: `Move ${name} down`, remove: `Remove ${name}` };
  for (const [action, label] of Object.entries(labels)) {
    const button = find(`[data-action=${action}]`, HTMLButtonElement, item);
    button.ariaLabel = button.title = label;
    button.ariaDisabled = String((action === "up" && index === 0) || (action === "down" && index === pictures.length - 1));
  }
}

/** Dropped or pasted files. A folder is named, not opened. @param {DataTransfer | null} data */
function takePictures(data) {
  const items = [...(data?.items ?? [])].filter(({ kind }) => kind === "file");
  const taken = items.map((item) => ({ file: item.getAsFile(), folder: item.webkitGetAsEntry()?.isDirectory === true }));
  folders = taken.flatMap(({ file, folder }) => (folder ? [problem("bad_value", "images", `a folder cannot be sent, drop the pictures inside it: ${file?.name ?? ""}`)] : []));
  addPictures(taken.flatMap(({ file, folder }) => (file && !folder ? [file] : [])));
}

// ── The request and its problems ──────────────────────────────────────────────────────────────────

/** Fields whose problems are shown: an empty form should not complain. @type {Set<string>} */
const touched = new Set();
/** @type {Issue[]} */
let folders = [];
/** A key that the service has refused. @type {string | undefined} */
let refusedKey;
/** @type {number | undefined} */
let soon;
let checks = 0;

/** @param {Issue["code"]} code @param {string} path @param {string} message @returns {Issue} */
const problem = (code, path, message) => ({ code, path, severity: "error", message });

/** The form's controls bear the names of the contract; what is left empty is left out. @returns {VideoRequest} */
function request() {
  const fields = [...new FormData(form)].filter(([, value]) => String(value).trim() !== "");
  return { images: pictures.map(({ source }) => source), ...Object.fromEntries(fields) };
}

const relayed = () => config.relay === true && baseUrl.value.trim() === config.baseUrl;
const goodBase = () => baseUrl.value.trim() !== "" && URL.canParse(baseUrl.value, location.href);

/** Whether the requests go to the simulator that serves this page: only then is nothing charged. */
function simulated() {
  if (!config.simulator || !goodBase()) return false;
  const base = new URL(baseUrl.value, location.href);
  return base.origin === location.origin || (LOOPBACK.has(base.hostname) && LOOPBACK.has(location.hostname) && base.port === location.port);
}

/** Finds every problem, without sending anything. */
async function check() {
  const turn = ++checks;
  const issues = await validateRequest(request());
  if (!goodBase()) issues.push(problem("bad_url", "baseUrl", `expected an address such as ${DEFAULT_BASE}`));
  if (!relayed() && !apiKey.value.trim()) issues.push(problem("bad_value", "apiKey", "enter your CometAPI key"));
  else if (apiKey.value === refusedKey) issues.push(problem("bad_value", "apiKey", "the service refused this key: enter another"));
  if (turn === checks) showIssues(issues);
  return issues;
}

/** After every change: at once what is cheap, soon what must be read from the files. */
function changed() {
  for (const field of form.querySelectorAll("textarea")) {
    const count = [...field.value].length;
    const counter = find(`#${field.id}-count`, HTMLElement);
    say(counter, `${count} / ${MOST_CHARACTERS}`);
    counter.classList.toggle("over", count > MOST_CHARACTERS);
  }
  const { mode = "std", duration = 5 } = request();
  say(find("#price", HTMLElement), `$${PRICES[mode][duration]}`);
  say(find("#price-of", HTMLElement), `estimated for ${mode}, ${duration} s`);
  find("#simulator", HTMLElement).hidden = !simulated();
  find("#relay", HTMLElement).hidden = !relayed();
  find("[data-path=apiKey]", HTMLElement).hidden = relayed();
  clearTimeout(soon);
  soon = setTimeout(() => check().catch(showFailure), 150);
}

/** @param {Element} place @param {Issue[]} issues */
function showProblems(place, issues) {
  const lines = issues.map(({ message, severity }) => Object.assign(document.createElement("li"), { className: severity, textContent: sentence(message) }));
  if (place.textContent !== lines.map(({ textContent }) => textContent).join("")) place.replaceChildren(...lines);
}

/** Each problem beside its field, the first error beside the button. @param {Issue[]} issues */
function showIssues(issues) {
  pictures.forEach((picture, index) => renderPicture(picture, index, issues));
  for (const field of document.querySelectorAll("[data-path]")) {
    const path = field.getAttribute("data-path") ?? "";
    const own = touched.has(path) ? issues.filter((issue) => issue.path === path) : [];
    showProblems(find(`#${path}-problems`, HTMLElement), path === "images" ? [...folders, ...own] : own);
    for (const control of field.querySelectorAll("input, textarea")) control.ariaInvalid = String(own.some(isError));
  }
  const [error, ...more] = issues.filter(isError);
  submitButton.ariaDisabled = String(busy || error !== undefined);
  submitNote.classList.toggle("wrong", !busy && error !== undefined);
  const reason = error && `Not yet: ${pictureAt(error) ? `${pictureAt(error)?.name}: ` : ""}${error.message}.${more.length ? ` And ${more.length} more.` : ""}`;
  say(submitNote, busy ? "A task is under way here: wait for its end, or stop watching it first." : (reason ?? "Everything is in order. Each submission is charged once."));
}

/** @param {Issue} issue */
const pictureAt = ({ path }) => pictures[Number(/^images\[(\d+)\]/.exec(path)?.[1] ?? -1)];

/** Leads to what must be mended. @param {Issue} issue */
function focusOn(issue) {
  const target = document.querySelector(`[data-path="${issue.path}"] :is(input, textarea)`) ?? pictureAt(issue)?.item.querySelector("[data-action=remove]");
  const folded = target?.closest("details");
  if (folded) folded.open = true;
  if (target instanceof HTMLElement) target.focus();
}

// ── One submission ────────────────────────────────────────────────────────────────────────────────

/** @type {Run | undefined} */
let run;
let busy = false;

/** One piece of work at a time. `busy` is set before anything is awaited: a double click must not pay twice. @param {() => Promise<void>} work */
async function alone(work) {
  if (busy) return;
  busy = true;
  try {
    await work();
  } catch (error) {
    showFailure(error);
  }
  busy = false;
  for (const element of [stop, bar]) hide(element);
  if (run) say(clock, `${minutes(Date.now() - run.startedAt)} elapsed`);
  await check().catch(showFailure);
}

/** @param {Known} task */
function client({ baseUrl }) {
  return createClient({ baseUrl, apiKey: relayed() ? undefined : apiKey.value.trim(), polling: simulated() ? SIMULATOR_POLLING : undefined });
}

async function submit() {
  for (const field of document.querySelectorAll("[data-path]")) touched.add(field.getAttribute("data-path") ?? "");
  const error = (await check()).find(isError);
  if (error) return focusOn(error);
  const started = begin({ baseUrl: baseUrl.value.trim(), submitting: true }, "Preparing the pictures.");
  const task = await client(started).submit(request(), { signal: started.control.signal, onProgress: showProgress });
  find("#externalTaskId", HTMLInputElement).value = "";
  showTask(task);
  await follow(task.taskId);
}

/** @param {string} id a task's own id, or its external one */
async function follow(id) {
  if (!run) return;
  const options = { signal: run.control.signal, onProgress: showProgress };
  const kling = client(run);
  const task = await kling.wait(id, options);
  showTask(task);
  address.href = task.videos[0]?.url ?? "";
  address.hidden = false;
  try {
    const blob = await kling.download(task, options);
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

/** @param {Known} task */
function watch({ baseUrl, taskId, externalTaskId }) {
  const id = taskId || externalTaskId;
  if (id) alone(async () => (begin({ baseUrl, taskId, externalTaskId }, "Asking for the task."), follow(id)));
}

/** Clears the last result, keeping the ids of what was paid for. @param {Known} task @param {string} first */
function begin(task, first) {
  if (run && (run.taskId !== task.taskId || run.externalTaskId !== task.externalTaskId)) remember(run);
  if (run?.saved) URL.revokeObjectURL(run.saved);
  video.removeAttribute("src");
  video.load();
  for (const element of [video, save, address, again, failure, stopped]) hide(element);
  bar.hidden = placeholder.hidden = false;
  say(placeholder, "The video appears here");
  run = { ...task, control: new AbortController(), startedAt: Date.now(), phase: "preparing" };
  say(status, first);
  showRun();
  showIssues([]);
  result.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  return run;
}

/** Lists a task that gives way to the next. @param {Run} past */
function remember(past) {
  const id = past.taskId ?? past.externalTaskId;
  const earlier = find("#earlier", HTMLElement);
  if (!id || earlier.textContent?.includes(id)) return;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Watch", ariaLabel: `Watch ${id}` });
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("code"), { textContent: id }), button);
  button.addEventListener("click", () => watch(past));
  find("ul", HTMLElement, earlier).prepend(item);
  earlier.hidden = false;
}

// ── What is going on ──────────────────────────────────────────────────────────────────────────────

const PHASES = {
  preparing: "Preparing the pictures.",
  encoding: "Reading the pictures.",
  uploading: "Sending the request. From here on it cannot be called back.",
  submitted: "Accepted. The task is in the service's queue.",
  processing: "The service is making the video.",
  downloading: "Fetching the video.",
};
const WAITING = {
  offline: "This machine is offline. Watching goes on when the connection is back.",
  unreachable: "The service does not answer as it should. Asking again.",
  not_found_yet: "The service does not list the task yet. That is normal just after a submission.",
  rate_limited: "The service asks for a pause.",
};

/** @param {Progress} progress */
function showProgress(progress) {
  if (!run || run.control.signal.aborted) return;
  run.phase = progress.phase;
  run.nextPollAt = "nextPollIn" in progress && progress.nextPollIn !== undefined ? Date.now() + progress.nextPollIn : undefined;
  if ("elapsed" in progress) run.startedAt = Date.now() - progress.elapsed;
  if ("externalTaskId" in progress) run.externalTaskId = progress.externalTaskId;
  if ("loaded" in progress && progress.total) bar.value = progress.loaded / progress.total;
  else bar.removeAttribute("value");
  say(status, progress.phase === "waiting" ? WAITING[progress.reason] : PHASES[progress.phase]);
  if ("task" in progress) showTask(progress.task);
  else showRun();
}

/** @param {Task} task */
function showTask(task) {
  if (!run) return;
  run.submitting = false;
  run.taskId = task.taskId;
  run.externalTaskId = task.externalTaskId ?? run.externalTaskId;
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

/** What to do, where the message alone does not say it. @type {Partial<Record<KlingError["code"], string>>} */
const ADVICE = {
  invalid_request: "Nothing was sent. Mend what is marked in the form.",
  invalid_option: "Nothing was sent. Check the base address and the key.",
  image_unreadable: "Nothing was sent. The file may have been moved or changed: remove it and choose it again.",
  unauthorized: "Enter a valid key under Connection.",
  forbidden: "Look at the key's permissions in the provider's console.",
  insufficient_balance: "Look at the account's balance and at the quota of this key in the provider's console.",
  rate_limited: "Wait a little, then submit again.",
  concurrency_limited: "Wait until another task of this account has ended, then submit again.",
  content_policy: "Change the prompt or the pictures.",
  payload_too_large: "Use smaller pictures.",
  submission_unknown: "A task may exist and be charged. Look for it before you submit again; the provider's console lists it too.",
  task_failed: "You may submit again, changed or not: that is a new task, charged anew.",
  url_expired: "Watch the task again to ask for a fresh address.",
};

/** @param {unknown} error */
function showFailure(error) {
  if (run?.control.signal.aborted) return showStopped();
  const known = isKlingError(error) ? error : undefined;
  const uncertain = !known || known.code === "submission_unknown" || known.code === "internal";
  const refused = run?.submitting === true && !known?.taskId && !uncertain;
  if (run) {
    run.taskId ??= known?.taskId;
    run.externalTaskId = refused ? undefined : (run.externalTaskId ?? known?.externalTaskId);
    showRun();
  }
  if (known?.code === "unauthorized") refusedKey = apiKey.value;
  const facts = known && [known.code, known.status && `HTTP ${known.status}`, known.serviceCode && `service code ${known.serviceCode}`, known.requestId && `request ${known.requestId}`];
  const advice = (known && ADVICE[known.code]) ?? (run?.taskId ? "The task goes on at the service and is charged. Watch it again." : "");
  const lines = [sentence(error instanceof Error ? error.message : String(error)), advice, facts?.filter(Boolean).join(" · ") ?? ""];
  failure.replaceChildren(...lines.filter(Boolean).map((textContent) => Object.assign(document.createElement("p"), { textContent })));
  failure.hidden = false;
  say(status, known?.code === "task_failed" ? "The task failed." : refused ? "Not accepted. No task was created, nothing is charged." : "That did not work.");
  say(placeholder, "No video");
  showAgain(known?.code !== "task_failed");
}

function showStopped() {
  say(status, run?.taskId ? "No longer watched." : "Cancelled before anything was sent. Nothing is charged.");
  say(placeholder, "No video yet");
  stopped.hidden = !run?.taskId;
  showAgain(true);
}

/** @param {boolean} sensible */
function showAgain(sensible) {
  say(again, run?.taskId ? "Watch again" : "Look for the task");
  again.hidden = !sensible || (!run?.taskId && !run?.externalTaskId);
}

// ── Events ────────────────────────────────────────────────────────────────────────────────────────

// No form submission, which Enter in any text field would start: what costs money leaves by its button only.
submitButton.addEventListener("click", () => alone(submit));
form.addEventListener("input", changed);
form.addEventListener("focusout", ({ target }) => {
  const path = target instanceof Element ? target.closest("[data-path]")?.getAttribute("data-path") : undefined;
  if (path && path !== "images") (touched.add(path), changed());
});
files.addEventListener("change", () => {
  folders = [];
  addPictures(files.files ?? []);
  files.value = ""; // so that a removed file can be chosen again
});
find("#addUrl", HTMLButtonElement).addEventListener("click", () => {
  const field = find("#pictureUrl", HTMLInputElement);
  if (field.value.trim()) addPictures([field.value.trim()]);
  field.value = "";
});
for (const name of /** @type {const} */ (["dragover", "dragleave", "drop"])) {
  // On the whole window: a picture dropped beside the target would otherwise replace the page, and with it the form.
  window.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") takePictures(event.dataTransfer);
  });
}
window.addEventListener("paste", ({ clipboardData }) => clipboardData?.files.length && takePictures(clipboardData));
stop.addEventListener("click", () => run?.control.abort());
again.addEventListener("click", () => run && watch(run));
find("#watchKnown", HTMLButtonElement).addEventListener("click", () => watch({ baseUrl: baseUrl.value.trim(), taskId: find("#knownId", HTMLInputElement).value.trim() }));
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = find(`#${button.getAttribute("data-copy")}`, HTMLElement);
    getSelection()?.selectAllChildren(source); // where the clipboard is refused, the reader copies by hand
    await navigator.clipboard?.writeText(source.textContent ?? "").then(() => announce("copied"), () => {});
  });
}
video.addEventListener("error", () => video.hasAttribute("src") && say(status, "This browser cannot play the video here. Open the delivery address."));
window.addEventListener("beforeunload", (event) => busy && event.preventDefault());
setInterval(tick, 1000);

baseUrl.value = config.baseUrl ?? DEFAULT_BASE;
apiKey.value = config.apiKey ?? "";
addPictures(files.files ?? []);
