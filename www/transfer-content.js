// What a drop or a paste carries: files, URLs and text, and which of them are pictures.

import { PICTURES } from "./words.js";

/**
 * @typedef {object} Content
 * @property {File[]} files
 * @property {string[]} folders their names
 * @property {number} missing how many files the browser announced but did not give
 * @property {string[]} shown the URLs of the pictures in the HTML
 * @property {string[]} urls the URLs of what was dragged or copied, of pictures or not
 * @property {string} text
 * @property {boolean} hasOwnText whether the text says more than the names and URLs of the rest
 */

/** A string that stands for a URL and not for a sentence. */
const URL_LINE = /^(?:https?|data|blob|file):\S+$/i;
/** The path of a picture's URL, where only the URL is known. */
const PICTURE_PATH = /\.(?:jpe?g|png)$/i;

/** The path or the `file:` URL of a file. */
const PATH = /^(?:\/|\\\\|[a-z]:\\|file:)/i;

/** @param {string} text */
const linesOf = (text) =>
  text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean);

/** @param {string} url */
const parsed = (url) => (URL.canParse(url) ? new URL(url) : undefined);

/** The spelling in which two URLs can be compared. @param {string} url */
const normalised = (url) => parsed(url)?.href ?? url;

/** The name at the end of a path; any other line as it is. @param {string} line */
function fileNameOf(line) {
  if (!PATH.test(line)) return line;
  const name = line.split(/[\\/]/).at(-1) ?? line;
  try {
    return line.startsWith("file:") ? decodeURIComponent(name) : name;
  } catch {
    return name; // a stray percent sign
  }
}

/**
 * Reads a drop or a paste. It can be read only while its event is handled. @param {DataTransfer}
 * data @returns {Content}
 */
export function contentOf(data) {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const entries = items.length
    ? items.map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry?.() }))
    : [...data.files].map((file) => ({ file, entry: undefined }));
  const folders = entries
    .filter(({ entry }) => entry?.isDirectory)
    .map(({ file, entry }) => entry?.name ?? file?.name ?? "");
  const others = entries.filter(({ entry }) => !entry?.isDirectory);
  const files = others.flatMap(({ file }) => file ?? []);

  // A parsed document loads no picture and runs no script.
  const html = new DOMParser().parseFromString(data.getData("text/html"), "text/html");
  const uris = linesOf(data.getData("text/uri-list"))
    .filter((line) => !line.startsWith("#"))
    .map(normalised);
  const shown = [...html.images].flatMap((image) => absolute(image.getAttribute("src") ?? ""));
  const text = data.getData("text/plain") || (html.body.textContent ?? "").trim();

  const lines = linesOf(text);
  const labels = new Set([...files.map(({ name }) => name), ...folders, ...uris, ...shown]);
  const isLabel = (/** @type {string} */ line) =>
    labels.has(normalised(line)) || labels.has(fileNameOf(line));
  const hasOwnText = lines.some((line) => !isLabel(line));
  const urls = draggedUrls(uris, shown, hasOwnText);
  const isUrls = urls.length === 0 && lines.every((line) => URL_LINE.test(line));
  return {
    files,
    folders,
    missing: others.length - files.length,
    shown,
    urls: [...new Set(isUrls ? lines.map(normalised) : urls)],
    text,
    hasOwnText,
  };
}

/**
 * A picture inside a link is dragged with the URL of the link: its own URL is in the HTML only. A
 * selection has no URL; the pictures in its text are not what was dragged.
 * @param {string[]} uris @param {string[]} shown @param {boolean} hasOwnText
 */
function draggedUrls(uris, shown, hasOwnText) {
  if (uris.length === 0) return hasOwnText ? [] : shown;
  const isLinkAroundPicture = shown.length === 1 && !shown.some((url) => uris.includes(url));
  return isLinkAroundPicture ? shown : uris;
}

/** The URL of an `src`, unless only the page that it comes from can resolve it. @param {string} src */
function absolute(src) {
  const url = parsed(src.startsWith("//") ? `https:${src}` : src);
  return url ? [url.href] : [];
}

/**
 * The picture at a URL, or why it cannot be sent. The package checks the rest.
 * @param {string} url @param {boolean} isPicture whether it is known to be the URL of a picture
 * @returns {{ source: File | string } | { reason: string }}
 */
export function sourceOf(url, isPicture) {
  const { protocol = "", pathname = "" } = parsed(url) ?? {};
  switch (protocol) {
    case "http:":
    case "https:":
      return isPicture || PICTURE_PATH.test(pathname) ? { source: url } : { reason: PICTURES.link };
    case "data:": {
      const file = dataUrlFile(url);
      return file ? { source: file } : { reason: PICTURES.dataUrl };
    }
    case "blob:":
      return { reason: PICTURES.blobUrl };
    case "file:":
      return { reason: PICTURES.fileUrl };
    case "":
      return { reason: PICTURES.nothing };
    default:
      return { reason: PICTURES.otherUrl(protocol) };
  }
}

/** The picture in a `data:` URL as a file, which can be shown and checked. @param {string} url */
export function dataUrlFile(url) {
  const [, type = "", base64] = /^data:image\/([\w.+-]+)[^,]*;base64,(.*)$/is.exec(url) ?? [];
  if (base64 === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(decodeURIComponent(base64)), (c) => c.charCodeAt(0));
    return new File([bytes], `image.${type}`, { type: `image/${type}` });
  } catch {
    return undefined; // no base64
  }
}
