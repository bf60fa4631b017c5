// The pictures of the request, in the order in which they are sent: chosen, by URL, or from
// transfer.js, which receives drops and pastes.

import { inspectImage, limits } from "./pkg/index.js";
import { announce, find, reportError, setText } from "./dom.js";
import { isError, problem, showProblems } from "./problems.js";
import { prepare } from "./preparation.js";
import { setField } from "./returned.js";
import { dataUrlFile } from "./transfer-content.js";
import { facts, fileSize, paragraph, PICTURES } from "./words.js";

/** @import { ImageInfo, Issue, PreparedImage, PrepareOptions } from "./pkg/index.js" */
/**
 * @typedef {object} Picture
 * @property {File | string} source as it was chosen
 * @property {string} name
 * @property {HTMLLIElement} item
 * @property {AbortController} control ends its preparation when it is removed
 * @property {string} [preview]
 * @property {ImageInfo} [info] of the source
 * @property {Promise<void> | undefined} [preparing] until it is known what is sent
 * @property {PreparedImage} [prepared]
 * @property {Issue[] | undefined} [refusal] why it cannot be prepared
 * @property {PrepareOptions["aspect"]} [aspect]
 * @property {boolean} [wantsOriginal] whether a person chose to send the source
 */

/** A longer URL is shown without its middle. */
const MAX_URL_NAME_LENGTH = 100;

const fileInput = find("#files", HTMLInputElement);
const urlField = find("#pictureUrl", HTMLInputElement);
const list = find("#pictures", HTMLElement);
const problemList = find("#images-problems", HTMLElement);

/** @type {Picture[]} */
export const pictures = [];
/** Why something of the last drop or paste is not among the pictures. @type {Issue[]} */
let leftOut = [];

const picturesChanged = () => list.dispatchEvent(new Event("input", { bubbles: true }));

/** @param {Iterable<File | string>} sources @returns what was added */
export function addPictures(sources) {
  const count = pictures.length;
  for (const source of sources) {
    const item = find(
      "li",
      HTMLLIElement,
      document.importNode(find("#picture", HTMLTemplateElement).content, true),
    );
    /** @type {Picture} */
    const picture = { source, name: nameOf(source), item, control: new AbortController() };
    setText(find(".name", HTMLElement, item), picture.name);
    const thumbnail = find("img", HTMLImageElement, item);
    thumbnail.hidden = typeof source === "string";
    if (typeof source !== "string") {
      thumbnail.onerror = () => (thumbnail.hidden = true);
      showPreview(picture, source);
      makeFit(picture, source);
    }
    item.addEventListener("click", ({ target }) => {
      const action = target instanceof HTMLElement ? target.dataset.action : undefined;
      if (action) ACTIONS[action]?.(picture);
    });
    list.append(item);
    renderPicture(picture, pictures.push(picture) - 1, []);
  }
  picturesChanged();
  return pictures.slice(count);
}

/** What the buttons of a picture do. @type {Record<string, (picture: Picture) => void>} */
const ACTIONS = {
  up: (picture) => movePicture(picture, -1),
  down: (picture) => movePicture(picture, 1),
  remove: removePicture,
  original(picture) {
    picture.wantsOriginal = !picture.wantsOriginal;
    picturesChanged();
  },
  crop: (picture) => changeAspect(picture, "crop"),
  pad: (picture) => changeAspect(picture, "pad"),
};

// ── What is sent ──────────────────────────────────────────────────────────────────────────────────

/** What is sent of a picture: what was made of it, unless a person wants the original. @param {Picture} picture */
const sentOf = ({ source, prepared, wantsOriginal }) =>
  wantsOriginal ? source : (prepared?.image ?? source);

/** What is sent, in its order. */
export const sentPictures = () => pictures.map(sentOf);

/** Resolves when it is known of each picture what is sent. */
export const allPrepared = () => Promise.all(pictures.map(({ preparing }) => preparing));

/** Whether a picture is still being prepared. */
export const isPreparing = () => pictures.some(({ preparing }) => preparing);

/** Inspects a picture and prepares it. @param {Picture} picture @param {File} file */
function makeFit(picture, file) {
  const { aspect, control } = picture;
  const preparing = (async () => {
    picture.info ??= await inspectImage(file);
    picturesChanged();
    const result = await prepare(file, picture.info.format, { aspect, signal: control.signal });
    if (!("prepared" in result)) return void (picture.refusal = result.refusal);
    picture.prepared = result.prepared;
    if (result.prepared.image !== file) showPreview(picture, result.prepared.image);
  })()
    .catch((error) => {
      if (!control.signal.aborted) reportError(error);
    })
    .finally(() => {
      picture.preparing = undefined;
      picturesChanged();
    });
  picture.preparing = preparing;
}

/** @param {Picture} picture @param {"crop" | "pad"} aspect */
function changeAspect(picture, aspect) {
  if (typeof picture.source === "string") return;
  picture.aspect = aspect;
  picture.refusal = undefined;
  makeFit(picture, picture.source);
  picturesChanged();
}

/** @param {Picture} picture @param {Blob} blob */
function showPreview(picture, blob) {
  if (picture.preview) URL.revokeObjectURL(picture.preview);
  const thumbnail = find("img", HTMLImageElement, picture.item);
  thumbnail.hidden = false;
  thumbnail.src = picture.preview = URL.createObjectURL(blob);
}

// ── The list ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Shows why something of a drop or a paste is not among the pictures, until the next one.
 * @param {Issue[]} issues
 */
export function showLeftOut(issues) {
  if (issues.length === 0 && leftOut.length === 0) return;
  leftOut = issues;
  picturesChanged();
  if (issues.length === 0) return;
  showProblems(problemList, issues); // at once: the form shows them again with its own
  problemList.scrollIntoView({ block: "nearest" });
}

/** Whether it is the URL of a preview in the list. @param {string} url */
export const isPreview = (url) => pictures.some(({ preview }) => preview === url);

/** @param {File | string} source */
function nameOf(source) {
  if (typeof source !== "string") return source.name;
  const half = MAX_URL_NAME_LENGTH / 2;
  return source.length > MAX_URL_NAME_LENGTH
    ? `${source.slice(0, half)}…${source.slice(-half)}`
    : source;
}

/** Whether two sources are the same picture, as far as can be seen without reading a file. @param {File | string} a @param {File | string} b */
function areSame(a, b) {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

/** @param {Picture} picture @param {-1 | 1} by */
function movePicture(picture, by) {
  const newIndex = pictures.indexOf(picture) + by;
  const other = pictures[newIndex];
  if (!other) return;
  pictures.splice(newIndex - by, 1);
  pictures.splice(newIndex, 0, picture);
  const focused = document.activeElement;
  if (by < 0) other.item.before(picture.item);
  else other.item.after(picture.item);
  if (focused instanceof HTMLElement) focused.focus();
  announce(PICTURES.moved(picture.name, newIndex + 1, pictures.length));
  picturesChanged();
}

/** @param {Picture} picture */
function removePicture(picture) {
  const index = pictures.indexOf(picture);
  pictures.splice(index, 1);
  picture.item.remove();
  picture.control.abort();
  if (picture.preview) URL.revokeObjectURL(picture.preview);
  const next = pictures[Math.min(index, pictures.length - 1)];
  (next ? find("[data-action=remove]", HTMLElement, next.item) : fileInput).focus();
  announce(PICTURES.removed(picture.name));
  picturesChanged();
}

/** @param {Picture} picture @param {number} index @param {Issue[]} issues of the whole request */
function renderPicture(picture, index, issues) {
  const { source, name, item, info, prepared, preparing, wantsOriginal } = picture;
  const isByUrl = typeof source === "string";
  const before = isByUrl ? PICTURES.byUrl : figuresOf(info, source.size);
  const isChanged = prepared !== undefined && prepared.changes.length > 0;
  const after = isChanged && figuresOf(prepared.info, prepared.image.size);
  setText(find(".figures", HTMLElement, item), after ? PICTURES.becomes(before, after) : before);
  const changes = isChanged ? PICTURES.changes(prepared) : "";
  setText(find(".changes", HTMLElement, item), wantsOriginal ? PICTURES.asChosen : changes);

  const shown = problemsOf(picture, index, issues);
  showProblems(find(".problems", HTMLElement, item), shown);
  const isRefused = !preparing && shown.some(isError);
  item.classList.toggle("refused", isRefused);
  const verdict = isRefused
    ? PICTURES.refused
    : preparing
      ? PICTURES.preparing
      : info || isByUrl
        ? PICTURES.ready
        : PICTURES.checking;
  setText(find(".verdict", HTMLElement, item), verdict);

  const isLast = index === pictures.length - 1;
  nameButton(item, "up", PICTURES.moveUp(name), index > 0);
  nameButton(item, "down", PICTURES.moveDown(name), !isLast);
  nameButton(item, "remove", PICTURES.remove(name), true);
  const original = find("[data-action=original]", HTMLButtonElement, item);
  original.hidden = !isChanged || info?.issues.some(isError) === true;
  original.ariaPressed = String(wantsOriginal === true);
  const isBadRatio = picture.refusal?.some(({ code }) => code === "bad_aspect_ratio") === true;
  for (const action of ["crop", "pad"])
    find(`[data-action=${action}]`, HTMLButtonElement, item).hidden = !isBadRatio;
}

/** @param {ImageInfo | undefined} info @param {number} bytes */
const figuresOf = (info, bytes) =>
  facts([
    info?.width && info.height && PICTURES.dimensions(info.width, info.height),
    info?.format.toUpperCase(),
    fileSize(bytes),
  ]);

/**
 * What is wrong with a picture, and worth knowing.
 * @param {Picture} picture @param {number} index @param {Issue[]} issues of the whole request
 */
function problemsOf({ source, info, prepared, refusal, preparing, wantsOriginal }, index, issues) {
  /** @type {Issue[]} */
  const shown = [];
  if (index >= limits.maxImages)
    shown.push(problem("too_many_images", "images", PICTURES.tooMany(limits.maxImages)));
  const twin = pictures.findIndex((other) => areSame(other.source, source));
  if (twin < index) shown.push(warning(index, PICTURES.sameAs(twin + 1)));
  if (preparing) return shown;
  const sent = wantsOriginal ? info : (prepared?.info ?? info);
  const canBeSent = !sent?.issues.some(isError);
  if (refusal && canBeSent) {
    const reasons = refusal.map(({ message }) => message);
    shown.push(warning(index, paragraph([PICTURES.sentAsChosen, ...reasons])));
  }
  const known = [
    ...(refusal && !canBeSent ? refusal : []),
    ...issues.filter(({ path }) => path.startsWith(`images[${index}]`)),
    ...(sent?.issues ?? []),
  ];
  for (const issue of known) if (!shown.some(({ code }) => code === issue.code)) shown.push(issue);
  return shown;
}

/** @param {number} index @param {string} message @returns {Issue} */
const warning = (index, message) => ({
  ...problem("bad_value", `images[${index}]`, message),
  severity: "warning",
});

/** @param {Element} item @param {string} action @param {string} label @param {boolean} isEnabled */
function nameButton(item, action, label, isEnabled) {
  const button = find(`[data-action=${action}]`, HTMLButtonElement, item);
  button.ariaLabel = button.title = label;
  button.ariaDisabled = String(!isEnabled);
}

/** Draws each picture with its problems. @param {Issue[]} issues @returns why something is not among them */
export function renderPictures(issues) {
  pictures.forEach((picture, index) => renderPicture(picture, index, issues));
  return leftOut;
}

/** The picture that a problem is about. @param {Issue} issue */
export const pictureOf = ({ path }) => pictures[Number(/^images\[(\d+)\]/.exec(path)?.[1] ?? -1)];

fileInput.addEventListener("change", () => {
  leftOut = [];
  addPictures(fileInput.files ?? []);
  fileInput.value = ""; // so that a removed file can be chosen again
});

/** Adds the URL that was typed. */
function addTypedUrl() {
  const url = urlField.value.trim();
  if (url === "") return;
  leftOut = [];
  addPictures([dataUrlFile(url) ?? url]);
  setField(urlField, "");
}

find("#addUrl", HTMLButtonElement).addEventListener("click", addTypedUrl);
urlField.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  addTypedUrl();
});
