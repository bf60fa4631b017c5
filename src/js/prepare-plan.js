// Plans what must be done to an image so that the service accepts it. Pure: no image, no browser.

import { limits } from "./limits.js";

/** @typedef {import("./index.js").Issue} Issue */
/** @typedef {import("./index.js").PreparedImage["changes"][number]} Change */
/** @typedef {{ width: number, height: number }} Size in px */

/**
 * What is known of an image before its pixels are drawn.
 * @typedef {object} Source
 * @property {import("./index.js").ImageFormat} format
 * @property {number} width in px, as displayed
 * @property {number} height in px, as displayed
 * @property {number} bytes without its metadata
 * @property {number} orientation that is still to be applied, 1 to 8
 * @property {boolean} hasMetadata other than colour profiles
 * @property {boolean} mayBeTransparent
 * @property {boolean} isCmyk
 * @property {boolean} isReadable whether the service can read it: a JPEG or PNG with a sound header
 * @property {boolean} isConverted whether the `decode` function made it of another image
 */

/**
 * @typedef {object} Options the checked `PrepareOptions`, without functions
 * @property {number} maxEdge
 * @property {"auto" | "jpeg" | "png"} format
 * @property {number} quality
 * @property {"refuse" | "crop" | "pad"} aspect
 */

/**
 * @typedef {object} Plan
 * @property {Issue[]} refusals why it cannot be done; the rest counts only without any
 * @property {Issue[]} warnings
 * @property {"keep" | "strip" | "draw"} work leave the file, remove its metadata, or draw its pixels
 * @property {"jpeg" | "png" | undefined} format of what is drawn; `undefined`: PNG if any pixel is
 * transparent
 * @property {Size} canvas
 * @property {Size & { x: number, y: number }} picture where the whole image is drawn on the canvas
 */

/** The most pixels that are drawn. Safari's canvas has at most 2^24; rounding may add some. */
export const MAX_CANVAS_PIXELS = 16_700_000;
/** The most pixels of an image that is decoded: 1 GiB of memory. */
const MAX_SOURCE_PIXELS = 2 ** 28;
/** How far an image is enlarged at most. */
const MAX_ENLARGEMENT = 2;
/** A PNG of at most this size stays a PNG: it has few pixels, or compresses well as PNG. */
const SMALL_PNG_BYTES = 2 ** 20;
/** The quality of a JPEG is not lowered below this to make it smaller; then it is shrunk. */
const MIN_QUALITY = 0.6;

/** The ratio in tenths, so that rounding cannot accept an image beyond the limit. */
const RATIO_TENTHS = limits.maxAspectRatio * 10;

/**
 * What to do with an image.
 * @param {Source} source @param {Options} options @param {string} path of its issues
 * @returns {Plan}
 */
export function planFor(source, options, path) {
  const { width, height } = source;
  const frame = framed(source, options.aspect);
  const { scale, canvas } = scaled(frame, options.maxEdge);
  const isSameSize = canvas.width === width && canvas.height === height;
  const isDrawn =
    !isSameSize ||
    !source.isReadable ||
    source.isCmyk ||
    source.orientation !== 1 ||
    source.bytes > limits.maxImageBytes ||
    (options.format !== "auto" && options.format !== source.format);
  const picture = {
    width: Math.round((width * canvas.width) / frame.width),
    height: Math.round((height * canvas.height) / frame.height),
  };
  return {
    refusals: refusals(source, frame, scale, options, path),
    warnings: scale > 1 ? [enlarged(source, canvas, path)] : [],
    work: isDrawn ? "draw" : source.hasMetadata || source.isConverted ? "strip" : "keep",
    format: options.format === "auto" ? bestFormat(source) : options.format,
    canvas,
    picture: {
      ...picture,
      x: Math.round((canvas.width - picture.width) / 2),
      y: Math.round((canvas.height - picture.height) / 2),
    },
  };
}

/**
 * What a plan changes, in the order in which it is done.
 * @param {Source} source @param {Plan} plan
 * @param {"jpeg" | "png" | undefined} format of what was drawn, if anything was
 */
export function changesOf(source, { canvas, picture }, format) {
  const isDrawn = format !== undefined;
  const drawn = picture.width * picture.height;
  const found = source.width * source.height;
  /** @type {[Change, boolean][]} */
  const changes = [
    ["oriented", source.orientation !== 1],
    ["converted", source.isConverted || (isDrawn && (format !== source.format || source.isCmyk))],
    ["shrunk", drawn < found],
    ["enlarged", drawn > found],
    ["cropped", picture.width > canvas.width || picture.height > canvas.height],
    ["padded", picture.width < canvas.width || picture.height < canvas.height],
    ["metadata-removed", source.hasMetadata],
    ["recompressed", isDrawn && format === "jpeg" && source.format === "jpeg"],
  ];
  return changes.filter(([, isDone]) => isDone).map(([change]) => change);
}

/**
 * Options with which a file that was too large becomes smaller.
 * @param {Options} options @param {"jpeg" | "png"} format
 * @param {Size} canvas @param {number} bytes
 * @returns {Options}
 */
export function smaller(options, format, canvas, bytes) {
  const { quality } = options;
  if (format === "jpeg" && quality > MIN_QUALITY)
    return { ...options, quality: Math.max(quality - 0.1, MIN_QUALITY) };
  const factor = Math.min(0.9, Math.sqrt(limits.maxImageBytes / bytes));
  const maxEdge = Math.floor(Math.max(canvas.width, canvas.height) * factor);
  return { ...options, maxEdge: Math.max(maxEdge, limits.minImageEdge) };
}

/** @param {Source} source */
function bestFormat({ format, bytes, mayBeTransparent }) {
  if (format !== "png") return "jpeg";
  if (bytes <= SMALL_PNG_BYTES) return "png";
  return mayBeTransparent ? undefined : "jpeg";
}

/**
 * The part of the image that is kept, or the image with its margin, at the scale of the image.
 * @param {Size} size @param {Options["aspect"]} aspect
 */
function framed({ width, height }, aspect) {
  const size = { width, height };
  if (aspect === "refuse" || isWithinRatio(size)) return size;
  const [long, short] = edges(size);
  return aspect === "crop"
    ? sized(size, Math.floor((short * RATIO_TENTHS) / 10), short)
    : sized(size, long, Math.ceil((long * 10) / RATIO_TENTHS));
}

/** @param {Size} frame @param {number} maxEdge */
function scaled(frame, maxEdge) {
  const [long, short] = edges(frame);
  const fitting = Math.min(1, maxEdge / long, Math.sqrt(MAX_CANVAS_PIXELS / (long * short)));
  // The service's minimum comes first.
  const scale = Math.max(fitting, limits.minImageEdge / short);
  if (scale === 1) return { scale, canvas: frame };
  const width = Math.max(Math.round(long * scale), limits.minImageEdge);
  const height = Math.max(Math.round(short * scale), limits.minImageEdge);
  // Rounding may exceed the ratio by a pixel.
  const isRatioLost = isWithinRatio(frame) && width * 10 > height * RATIO_TENTHS;
  const least = isRatioLost ? Math.ceil((width * 10) / RATIO_TENTHS) : height;
  return { scale, canvas: sized(frame, width, least) };
}

/**
 * @param {Source} source @param {Size} frame @param {number} scale @param {Options} options
 * @param {string} path
 */
function refusals(source, frame, scale, { aspect }, path) {
  const { width, height } = source;
  const found = `found ${width} × ${height}`;
  const issues = [];
  if (width * height > MAX_SOURCE_PIXELS) {
    const message = `expected at most ${MAX_SOURCE_PIXELS} pixels to decode, ${found}; save the image with fewer pixels`;
    const params = { limit: MAX_SOURCE_PIXELS, actual: width * height, width, height };
    issues.push(issueOf("image_too_large", path, message, params));
  }
  if (aspect === "refuse" && !isWithinRatio(source)) {
    const limit = limits.maxAspectRatio;
    const message = `expected a ratio of width to height between 1:${limit} and ${limit}:1, ${found}; crop the image, or set the option aspect to "crop" or "pad"`;
    const [long, short] = edges(source);
    const actual = (Math.ceil((long * 100) / short) / 100).toFixed(2);
    const params = { limit: String(limit), actual, width, height };
    issues.push(issueOf("bad_aspect_ratio", path, message, params));
  }
  if (scale > MAX_ENLARGEMENT) {
    const actual = edges(frame)[1];
    const limit = limits.minImageEdge / MAX_ENLARGEMENT;
    const message = `expected at least ${limit} px in width and in height, which can be enlarged to ${limits.minImageEdge} px, found ${frame.width} × ${frame.height}; choose an image with more pixels`;
    issues.push(
      issueOf("image_too_small", path, message, {
        limit,
        actual,
        width: frame.width,
        height: frame.height,
      }),
    );
  }
  return issues;
}

/** @param {Source} source @param {Size} canvas @param {string} path */
function enlarged({ width, height }, canvas, path) {
  const limit = limits.minImageEdge;
  const message = `expected at least ${limit} px in width and in height, found ${width} × ${height}, enlarged to ${canvas.width} × ${canvas.height}; an image with more pixels gives a better video`;
  const params = { limit, actual: Math.min(width, height), width, height };
  return issueOf("image_too_small", path, message, params, "warning");
}

/**
 * @param {Issue["code"]} code @param {string} path @param {string} message
 * @param {Record<string, string | number>} [params]
 * @param {Issue["severity"]} [severity]
 * @returns {Issue}
 */
export const issueOf = (code, path, message, params = {}, severity = "error") => ({
  code,
  path,
  severity,
  message,
  params,
});

/** @param {Size} size @returns {[number, number]} the longer edge first */
const edges = ({ width, height }) => [Math.max(width, height), Math.min(width, height)];

/** @param {Size} size */
function isWithinRatio(size) {
  const [long, short] = edges(size);
  return long * 10 <= short * RATIO_TENTHS;
}

/** A size in the same format, portrait or landscape. @param {Size} like @param {number} long @param {number} short */
const sized = (like, long, short) =>
  like.width >= like.height ? { width: long, height: short } : { width: short, height: long };
