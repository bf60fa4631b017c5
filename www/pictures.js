// The pictures of the request: chosen, dropped, pasted or by URL, in the order in which they are
// sent.

import { inspectImage, limits } from "./pkg/index.js";
import { announce, bytes, find, report, say } from "./dom.js";
import { isError, problem, showProblems } from "./problems.js";

/** @import { ImageInfo, Issue } from "./pkg/index.js" */
/**
 * @typedef {{ source: File | string, name: string, item: HTMLLIElement, preview?: string, info?:
 * ImageInfo }} Picture
 */

const files = find("#files", HTMLInputElement);
const drop = find("#drop", HTMLElement);
const list = find("#pictures", HTMLElement);

/** @type {Picture[]} */
export const pictures = [];
/** What is said of folders that were dropped. @type {Issue[]} */
let folders = [];

const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));

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
    say(find(".name", HTMLElement, item), picture.name);
    if (typeof source !== "string") {
      const thumbnail = find("img", HTMLImageElement, item);
      thumbnail.onerror = () => (thumbnail.hidden = true);
      thumbnail.src = picture.preview = URL.createObjectURL(source);
      inspectImage(source).then((info) => ((picture.info = info), changed()), report);
    }
    item.addEventListener("click", ({ target }) => {
      const action = target instanceof HTMLElement ? target.dataset.action : undefined;
      if (action === "remove") removePicture(picture);
      else if (action) movePicture(picture, action === "up" ? -1 : 1);
    });
    list.append(item);
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
  changed();
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
  changed();
}

/** @param {Picture} picture @param {number} index @param {Issue[]} issues */
function renderPicture({ source, name, item, info }, index, issues) {
  const figures = [
    info?.width && `${info.width} × ${info.height} px`,
    info && info.format.toUpperCase(),
    source instanceof File && bytes(source.size),
  ];
  say(
    find(".figures", HTMLElement, item),
    typeof source === "string" ? "by URL" : figures.filter(Boolean).join(" · "),
  );
  const own = issues.filter(({ path }) => path.startsWith(`images[${index}]`));
  own.push(...(info?.issues ?? []).filter(({ code }) => !own.some((issue) => issue.code === code)));
  if (index >= limits.maxImages)
    own.unshift(
      problem(
        "too_many_images",
        "images",
        `only ${limits.maxImages} pictures can be sent: remove one`,
      ),
    );
  showProblems(find(".problems", HTMLElement, item), own);
  const refused = own.some(isError);
  item.classList.toggle("refused", refused);
  say(
    find(".verdict", HTMLElement, item),
    refused ? "Cannot be sent" : info || typeof source === "string" ? "Ready" : "Checking…",
  );
  const labels = { up: `Move ${name} up`, down: `Move ${name} down`, remove: `Remove ${name}` };
  for (const [action, label] of Object.entries(labels)) {
    const button = find(`[data-action=${action}]`, HTMLButtonElement, item);
    button.ariaLabel = button.title = label;
    button.ariaDisabled = String(
      (action === "up" && index === 0) || (action === "down" && index === pictures.length - 1),
    );
  }
}

/** Dropped or pasted files. A folder is named, not opened. @param {DataTransfer | null} data */
function takePictures(data) {
  const items = [...(data?.items ?? [])].filter(({ kind }) => kind === "file");
  const taken = items.map((item) => ({
    file: item.getAsFile(),
    folder: item.webkitGetAsEntry()?.isDirectory === true,
  }));
  folders = taken.flatMap(({ file, folder }) =>
    folder
      ? [
          problem(
            "bad_value",
            "images",
            `a folder cannot be sent, drop the pictures inside it: ${file?.name ?? ""}`,
          ),
        ]
      : [],
  );
  addPictures(taken.flatMap(({ file, folder }) => (file && !folder ? [file] : [])));
}

/** Each picture with its problems. @param {Issue[]} issues */
export function renderPictures(issues) {
  pictures.forEach((picture, index) => renderPicture(picture, index, issues));
  return folders;
}

/** @param {Issue} issue */
export const pictureAt = ({ path }) => pictures[Number(/^images\[(\d+)\]/.exec(path)?.[1] ?? -1)];

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
  // On the whole window: a picture dropped beside the target would otherwise replace the page, and
  // with it the form.
  window.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") takePictures(event.dataTransfer);
  });
}
window.addEventListener(
  "paste",
  ({ clipboardData }) => clipboardData?.files.length && takePictures(clipboardData),
);
