// Prepares one image: reads it, plans, and does what is planned.

import { readSlice } from "./bytes.js";
import { limits } from "./limits.js";
import {
  decoded,
  decodedAside,
  draw,
  encoded,
  isTransparent,
  openCanvas,
  release,
} from "./prepare-canvas.js";
import { contentsOf, namesMetadata, SEARCHED_BYTES } from "./prepare-metadata.js";
import { invalid, typeOf } from "./prepare-options.js";
import { changesOf, issueOf, MAX_CANVAS_PIXELS, planFor, smaller } from "./prepare-plan.js";
import { inspectImage, KlingError } from "./prepare-tools.js";

/** @typedef {import("./index.js").Issue} Issue */
/** @typedef {import("./prepare-options.js").Options} Options */
/** @typedef {import("./prepare-plan.js").Size} Size */
/**
 * One image on its way.
 * @typedef {object} Image
 * @property {Blob} original
 * @property {Blob} file the original without metadata, or what the `decode` function made of it
 * @property {import("./prepare-plan.js").Source} source
 * @property {ImageBitmap | undefined} bitmap its pixels, as soon as they are decoded
 * @property {Options} options
 * @property {string} path of its issues
 * @property {() => void} proceed throws after an abort
 */
/**
 * Without a result, the issues have the reasons.
 * @typedef {{ issues: Issue[], result?: import("./index.js").PreparedImage }} Outcome
 */

/** A larger file is not read. */
const MAX_SOURCE_BYTES = 2 ** 28;

/** Why an image is refused. */
class Refused extends Error {
  /** @param {Issue[]} issues */
  constructor(...issues) {
    super();
    this.issues = issues;
  }
}

/**
 * @param {Blob} original @param {Options} options @param {string} path @param {() => void} proceed
 * @returns {Promise<Outcome>}
 */
export async function prepared(original, options, path, proceed) {
  /** @type {Image | undefined} */
  let image;
  try {
    const opening = await opened(original, path);
    image = { original, ...opening, bitmap: undefined, options, path, proceed };
    proceed();
    return { issues: [], result: await carriedOut(image) };
  } catch (error) {
    if (error instanceof Refused) return { issues: error.issues };
    throw error;
  } finally {
    image?.bitmap?.close();
  }
}

/** @param {string} what @param {Issue[]} issues */
export function refusal(what, issues) {
  const reasons = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return new KlingError(`${what}: ${reasons}`, { code: "invalid_request", issues });
}

/**
 * What is known of a file without decoding it.
 * @param {Blob} file @param {string} path
 * @returns {Promise<{ file: Blob, source: Image["source"] }>}
 */
async function opened(file, path) {
  const { format, width = 0, height = 0, bytes, issues } = await inspectImage(file);
  const fatal = issues.find(({ code }) => code === "image_empty" || code === "image_truncated");
  if (fatal) throw new Refused({ ...fatal, path });
  if (bytes > MAX_SOURCE_BYTES) {
    const message = `expected at most ${MAX_SOURCE_BYTES} bytes, found ${bytes}; save the image with fewer pixels`;
    const params = { limit: MAX_SOURCE_BYTES, actual: bytes };
    throw new Refused(issueOf("image_too_large", path, message, params));
  }
  const isReadable = width > 0 && !issues.some(({ code }) => code === "unsupported_format");
  const known = { format, width, height, bytes, isReadable, isConverted: false };
  if (format === "jpeg" || format === "png") {
    const contents = contentsOf(await bytesOf(file, 0, bytes, path), format);
    if (contents.isTruncated) {
      const message =
        "expected a whole image, but the file ends before the image does; copy or download it again";
      throw new Refused(issueOf("image_truncated", path, message));
    }
    return { file: contents.file, source: { ...known, ...contents, bytes: contents.file.size } };
  }
  // A WebP has its metadata at the end.
  const end = Math.max(bytes - SEARCHED_BYTES, 0);
  const hasMetadata =
    namesMetadata(await bytesOf(file, 0, SEARCHED_BYTES, path)) ||
    (end > 0 && namesMetadata(await bytesOf(file, end, bytes, path)));
  const rest = { orientation: 1, hasMetadata, mayBeTransparent: true, isCmyk: false };
  return { file, source: { ...known, ...rest } };
}

/** @param {Blob} file @param {number} start @param {number} end @param {string} path */
async function bytesOf(file, start, end, path) {
  try {
    return await readSlice(file, start, end);
  } catch (cause) {
    const message = `${path}: the browser cannot read this file; it was moved, changed or deleted: pick it again`;
    throw new KlingError(message, { code: "image_unreadable", params: { path } }, { cause });
  }
}

/**
 * @param {Image} image
 * @returns {Promise<import("./index.js").PreparedImage>}
 */
async function carriedOut(image) {
  const { source, options, path, proceed } = image;
  if (!source.width) {
    await decode(image);
    return carriedOut(image);
  }
  const plan = planFor(source, options, path);
  if (plan.refusals.length) throw new Refused(...plan.refusals);
  /** @param {Blob} file @param {"jpeg" | "png"} [format] */
  const finished = async (file, format) => {
    const info = await inspectImage(file);
    proceed();
    info.issues.push(...plan.warnings);
    return { image: file, info, changes: changesOf(source, plan, format) };
  };
  if (plan.work === "keep") return finished(image.original);
  if (plan.work === "strip") return finished(image.file);

  const { picture } = plan;
  const opening = openCanvas(plan.canvas);
  if (!opening) {
    const message =
      "expected a canvas that has the pixels that were drawn, but this browser falsifies them, as a protection against fingerprinting; send the original image, or allow this site to read canvas data";
    throw new Refused(issueOf("bad_value", path, message, { reason: "canvas_protected" }));
  }
  const { canvas, context, isSmooth } = opening;
  try {
    const isLarge = source.width * source.height > MAX_CANVAS_PIXELS;
    const isResized = picture.width !== source.width || picture.height !== source.height;
    // Drawing in bands resizes as well, without a long task, where the browser does it well.
    const size = isResized && (isLarge || !isSmooth) ? picture : undefined;
    const isNew = await decode(image, size, !isSmooth && typeof ImageDecoder === "function");
    if (isNew) return carriedOut(image);
    const bitmap = /** @type {ImageBitmap} */ (image.bitmap);
    const isOpaque = plan.format === "jpeg" || !source.mayBeTransparent;
    await draw(context, bitmap, plan, source.orientation, isOpaque, proceed);
    const format =
      plan.format ?? ((await isTransparent(context, plan.canvas, proceed)) ? "png" : "jpeg");
    const file = await encoded(canvas, format, options.quality);
    proceed();
    if (file.size <= limits.maxImageBytes) return await finished(file, format);
    image.options = { ...options, ...smaller(options, format, plan.canvas, file.size) };
  } finally {
    release(canvas);
  }
  return carriedOut(image);
}

/**
 * Decodes an image, at a size in px as displayed if one is given. Resolves to whether it is another
 * image, which the `decode` function made.
 * @param {Image} image @param {Size} [displayed]
 * @param {boolean} [isAside] whether an `ImageDecoder` is tried first
 */
async function decode(image, displayed, isAside) {
  const { source, file, bitmap, proceed } = image;
  const isTurned = source.orientation > 4;
  const size =
    displayed && isTurned ? { width: displayed.height, height: displayed.width } : displayed;
  if (bitmap && (!size || (bitmap.width === size.width && bitmap.height === size.height)))
    return false;
  try {
    const aside =
      isAside && !bitmap && (await decodedAside(file, source.format, size).catch(() => undefined));
    // Before the page itself decodes the file, which may block it.
    if (!aside) proceed();
    image.bitmap = aside || (await decoded(bitmap ?? file, size));
    bitmap?.close();
  } catch (cause) {
    proceed();
    if (cause instanceof KlingError) throw cause;
    await decodeByCaller(image);
    return true;
  }
  proceed();
  if (!source.width) {
    const { width, height } = image.bitmap;
    Object.assign(source, isTurned ? { width: height, height: width } : { width, height });
  }
  return false;
}

/** Replaces an image by what the `decode` function makes of it. @param {Image} image */
async function decodeByCaller(image) {
  const { original, source, options, path, proceed } = image;
  const { format } = source;
  const params = { actual: format };
  if (!options.decode) {
    const found = format === "unknown" ? "an unknown format" : format.toUpperCase();
    const message = source.isConverted
      ? `expected the decode function to return an image that this browser can show, found ${found}`
      : `expected an image that this browser can show, found ${found} that it cannot decode; save it as JPEG or PNG, or pass a decode function`;
    throw new Refused(issueOf("unsupported_format", path, message, params));
  }
  /** @type {unknown} */
  let made;
  try {
    made = await options.decode(original, format);
  } catch (cause) {
    proceed();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `expected the decode function to decode it, but it failed: ${reason}`;
    throw new Refused(issueOf("unsupported_format", path, message, { ...params, reason }));
  }
  const isBitmap = Object.prototype.toString.call(made) === "[object ImageBitmap]";
  if (isBitmap) image.bitmap = /** @type {ImageBitmap} */ (made);
  proceed();
  image.options = { ...options, decode: undefined };
  if (isBitmap) {
    const { width, height } = /** @type {ImageBitmap} */ (image.bitmap);
    const known = { width, height, isReadable: false, orientation: 1, isConverted: true };
    image.source = { ...source, ...known };
    return;
  }
  if (!(typeof made === "object" && typeof (/** @type {any} */ (made)?.slice) === "function"))
    throw invalid(
      "options.decode",
      `expected it to return a Blob or an ImageBitmap, found ${typeOf(made)}`,
    );
  const opening = await opened(/** @type {Blob} */ (made), path);
  proceed();
  const hasMetadata = source.hasMetadata || opening.source.hasMetadata;
  image.file = opening.file;
  image.source = { ...opening.source, hasMetadata, isConverted: true };
}
