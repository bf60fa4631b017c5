// Where a drop or a paste goes: text into the text field at which it happens, pictures to the list.
// What can go to neither is named beside the pictures. The browser never opens a drop in place of
// the page.

import { announce, find } from "./dom.js";
import { addPictures, isPreview, showLeftOut } from "./pictures.js";
import { problem } from "./problems.js";
import { contentOf, sourceOf } from "./transfer-content.js";
import { paragraph, PICTURES, sentence } from "./words.js";

/** @import { Content } from "./transfer-content.js" */

/** Marks a drag of a picture that is in the list. */
const OWN_PICTURE = "application/x-own-picture";

const dropZone = find("#drop", HTMLElement);

/** Listens to drops and pastes on the whole page. */
export function receiveTransfers() {
  find("#pictures", HTMLElement).addEventListener("dragstart", ({ dataTransfer }) =>
    dataTransfer?.setData(OWN_PICTURE, OWN_PICTURE),
  );
  for (const name of /** @type {const} */ (["dragenter", "dragover"]))
    window.addEventListener(name, dragOver);
  window.addEventListener("dragleave", () => dropZone.classList.remove("over"));
  window.addEventListener("drop", (event) => {
    dropZone.classList.remove("over");
    if (!isLeftToField(event)) event.preventDefault();
    receive(event, event.dataTransfer);
  });
  window.addEventListener("paste", (event) => receive(event, event.clipboardData));
}

/** @param {DragEvent} event */
function dragOver(event) {
  const isOwn = event.dataTransfer?.types.includes(OWN_PICTURE) === true;
  const isTaken = !isLeftToField(event);
  if (isTaken) event.preventDefault();
  if (isOwn && event.dataTransfer) event.dataTransfer.dropEffect = "none";
  dropZone.classList.toggle("over", isTaken && !isOwn);
}

/** The text field at which it happens. @param {Event} event */
function fieldOf({ target }) {
  const isField =
    (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) &&
    target.matches("textarea, input:is([type=text], [type=url], [type=password])");
  return isField ? target : undefined;
}

/**
 * Whether the text field under a drag takes the text by itself. Browsers may open files, and URLs
 * without text, in place of the page. @param {DragEvent} event
 */
function isLeftToField(event) {
  const types = event.dataTransfer?.types ?? [];
  return (
    fieldOf(event) !== undefined &&
    types.includes("text/plain") &&
    !types.includes("Files") &&
    !types.includes(OWN_PICTURE)
  );
}

/** @param {Event} event @param {DataTransfer | null} data */
function receive(event, data) {
  if (!data || data.types.length === 0) return showLeftOut([]);
  const content = contentOf(data);
  const field = fieldOf(event);
  if (data.types.includes(OWN_PICTURE) || [...content.shown, ...content.urls].some(isPreview)) {
    event.preventDefault();
    leaveOut([PICTURES.alreadyListed]);
  } else if (field && isText(content, field)) {
    showLeftOut([]);
    // Prevented: the browser inserts nothing.
    if (event.defaultPrevented) insert(field, content.text || content.urls.join("\n"));
  } else {
    event.preventDefault();
    const isAimed = event.target instanceof Node && dropZone.contains(event.target);
    takePictures(content, isAimed);
  }
}

/**
 * Whether text and not a picture was meant for the field. Programs add a picture of the text to the
 * text; and a picture comes with its URL or file name as text.
 * @param {Content} content @param {HTMLInputElement | HTMLTextAreaElement} field
 */
function isText({ files, folders, shown, urls, text, hasOwnText }, field) {
  if (hasOwnText) return true;
  if (files.length || folders.length) return false;
  const isPicture = field instanceof HTMLTextAreaElement && shown.some((url) => urls.includes(url));
  return !isPicture && (text !== "" || urls.length > 0);
}

/** @param {HTMLInputElement | HTMLTextAreaElement} field @param {string} text */
function insert(field, text) {
  field.focus();
  field.setRangeText(text, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
}

/**
 * Adds the pictures, and shows why the rest is left out.
 * @param {Content} content @param {boolean} isAimed whether it was dropped onto the place for pictures
 */
function takePictures({ files, folders, missing, shown, urls, text, hasOwnText }, isAimed) {
  const isTextWithPicture = hasOwnText && !isAimed && files.length > 0;
  if (isTextWithPicture) return leaveOut([PICTURES.textWithPicture]);

  // Some systems add a file to a dragged link, which is a shortcut to it; others add URLs to files.
  const hasPictureFile = files.some(({ type }) => type.startsWith("image/"));
  const isOfFile = (/** @type {string} */ url) =>
    files.length + folders.length > 0 && url.startsWith("file:");
  const byUrl = hasPictureFile ? [] : urls.filter((url) => !isOfFile(url));
  const results = byUrl.map((url) => sourceOf(url, shown.includes(url)));
  const sources = [
    ...(byUrl.length ? [] : files),
    ...results.flatMap((result) => ("source" in result ? result.source : [])),
  ];
  const reasons = [
    ...folders.map(PICTURES.folder),
    ...results.flatMap((result) => ("reason" in result ? result.reason : [])),
  ];
  if (sources.length === 0 && reasons.length === 0)
    reasons.push(missing ? PICTURES.noFile : text ? PICTURES.text : PICTURES.nothing);
  else if (missing && byUrl.length === 0) reasons.push(PICTURES.noFile);
  leaveOut(reasons);
  if (sources.length === 0) return;
  const names = addPictures(sources).map(({ name }) => name);
  if (reasons.length === 0) announce(PICTURES.added(names));
}

/** @param {string[]} reasons */
function leaveOut(reasons) {
  const issues = [...new Set(reasons)].map((reason) => problem("bad_value", "images", reason));
  showLeftOut(issues);
  if (issues.length === 0) return;
  announce(paragraph(issues.map(({ message }) => sentence(message))));
}
