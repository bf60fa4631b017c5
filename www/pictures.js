// The pictures of the request, in the order in which they are sent: chosen, by URL, or from
// transfer.js, which receives drops and pastes.

import { inspectImage, limits } from "./pkg/index.js";
import { announce, find, reportError, setText } from "./dom.js";
import { isError, problem, showProblems } from "./problems.js";
import { dataUrlFile } from "./transfer-content.js";
import { facts, fileSize, PICTURES } from "./words.js";

/** @import { ImageInfo, Issue } from "./pkg/index.js" */
/**
 * @typedef {{
 *   source: File | string,
 *   name: string,
 *   item: HTMLLIElement,
 *   preview?: string,
 *   info?: ImageInfo,
 * }} Picture
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
    const picture = { source, name: nameOf(source), item };
    setText(find(".name", HTMLElement, item), picture.name);
    const thumbnail = find("img", HTMLImageElement, item);
    thumbnail.hidden = typeof source === "string";
    if (typeof source !== "string") {
      thumbnail.onerror = () => (thumbnail.hidden = true);
      thumbnail.src = picture.preview = URL.createObjectURL(source);
      inspectImage(source).then((info) => {
        picture.info = info;
        picturesChanged();
      }, reportError);
    }
    item.addEventListener("click", ({ target }) => {
      const action = target instanceof HTMLElement ? target.dataset.action : undefined;
      if (action === "remove") removePicture(picture);
      else if (action) movePicture(picture, action === "up" ? -1 : 1);
    });
    list.append(item);
    renderPicture(picture, pictures.push(picture) - 1, []);
  }
  picturesChanged();
  return pictures.slice(count);
}

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
  if (picture.preview) URL.revokeObjectURL(picture.preview);
  const next = pictures[Math.min(index, pictures.length - 1)];
  (next ? find("[data-action=remove]", HTMLElement, next.item) : fileInput).focus();
  announce(PICTURES.removed(picture.name));
  picturesChanged();
}

/** @param {Picture} picture @param {number} index @param {Issue[]} issues of the whole request */
function renderPicture({ source, name, item, info }, index, issues) {
  const isByUrl = typeof source === "string";
  const figures = isByUrl
    ? PICTURES.byUrl
    : facts([
        info?.width && info.height && PICTURES.dimensions(info.width, info.height),
        info?.format.toUpperCase(),
        fileSize(source.size),
      ]);
  setText(find(".figures", HTMLElement, item), figures);
  const shown = issues.filter(({ path }) => path.startsWith(`images[${index}]`));
  const isNew = (/** @type {Issue} */ { code }) => !shown.some((issue) => issue.code === code);
  shown.push(...(info?.issues ?? []).filter(isNew));
  if (index >= limits.maxImages)
    shown.unshift(problem("too_many_images", "images", PICTURES.tooMany(limits.maxImages)));
  const twin = pictures.findIndex((other) => areSame(other.source, source));
  if (twin < index)
    shown.push({
      ...problem("bad_value", `images[${index}]`, PICTURES.sameAs(twin + 1)),
      severity: "warning",
    });
  showProblems(find(".problems", HTMLElement, item), shown);
  const isRefused = shown.some(isError);
  item.classList.toggle("refused", isRefused);
  setText(
    find(".verdict", HTMLElement, item),
    isRefused ? PICTURES.refused : info || isByUrl ? PICTURES.ready : PICTURES.checking,
  );
  const isLast = index === pictures.length - 1;
  nameButton(item, "up", PICTURES.moveUp(name), index > 0);
  nameButton(item, "down", PICTURES.moveDown(name), !isLast);
  nameButton(item, "remove", PICTURES.remove(name), true);
}

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
  urlField.value = "";
}

find("#addUrl", HTMLButtonElement).addEventListener("click", addTypedUrl);
urlField.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  addTypedUrl();
});
