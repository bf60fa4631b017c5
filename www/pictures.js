// The pictures of the request, in the order in which they are sent: chosen, dropped, pasted or by
// URL.

import { inspectImage, limits } from "./pkg/index.js";
import { announce, find, reportError, setText } from "./dom.js";
import { isError, problem, showProblems } from "./problems.js";
import { facts, fileSize, PICTURES } from "./words.js";

/** @import { ImageInfo, Issue } from "./pkg/index.js" */
/**
 * @typedef {{ source: File | string, name: string, item: HTMLLIElement, preview?: string, info?:
 * ImageInfo }} Picture
 */

const fileInput = find("#files", HTMLInputElement);
const dropZone = find("#drop", HTMLElement);
const list = find("#pictures", HTMLElement);

/** @type {Picture[]} */
export const pictures = [];
/** One problem for each folder of the last drop. @type {Issue[]} */
let folderIssues = [];

const picturesChanged = () => list.dispatchEvent(new Event("input", { bubbles: true }));

/** @param {Iterable<File | string>} sources */
export function addPictures(sources) {
  for (const source of sources) {
    const item = find(
      "li",
      HTMLLIElement,
      document.importNode(find("#picture", HTMLTemplateElement).content, true),
    );
    /** @type {Picture} */
    const picture = { source, name: typeof source === "string" ? source : source.name, item };
    setText(find(".name", HTMLElement, item), picture.name);
    if (typeof source !== "string") {
      const thumbnail = find("img", HTMLImageElement, item);
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

/** Adds dropped or pasted files. A folder is reported, not opened. @param {DataTransfer | null} data */
function addTransferred(data) {
  const items = [...(data?.items ?? [])].filter(({ kind }) => kind === "file");
  const files = items.map((item) => ({
    file: item.getAsFile(),
    isFolder: item.webkitGetAsEntry()?.isDirectory === true,
  }));
  folderIssues = files
    .filter(({ isFolder }) => isFolder)
    .map(({ file }) => problem("bad_value", "images", PICTURES.folder(file?.name ?? "")));
  addPictures(files.flatMap(({ file, isFolder }) => (file && !isFolder ? [file] : [])));
}

/** Draws each picture with its problems. @param {Issue[]} issues @returns the problems of folders */
export function renderPictures(issues) {
  pictures.forEach((picture, index) => renderPicture(picture, index, issues));
  return folderIssues;
}

/** The picture that a problem is about. @param {Issue} issue */
export const pictureOf = ({ path }) => pictures[Number(/^images\[(\d+)\]/.exec(path)?.[1] ?? -1)];

fileInput.addEventListener("change", () => {
  folderIssues = [];
  addPictures(fileInput.files ?? []);
  fileInput.value = ""; // so that a removed file can be chosen again
});
find("#addUrl", HTMLButtonElement).addEventListener("click", () => {
  const field = find("#pictureUrl", HTMLInputElement);
  if (field.value.trim()) addPictures([field.value.trim()]);
  field.value = "";
});
for (const name of /** @type {const} */ (["dragover", "dragleave", "drop"])) {
  // On the whole window: the browser would replace the page by a picture that is dropped elsewhere.
  window.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    dropZone.classList.toggle("over", name === "dragover");
    if (name === "drop") addTransferred(event.dataTransfer);
  });
}
window.addEventListener("paste", ({ clipboardData }) => {
  if (clipboardData?.files.length) addTransferred(clipboardData);
});
