// Makes a picture fit for the service: upright, small, a JPEG or PNG, without the place at which it
// was taken.

import { isKlingError, prepareImage } from "./pkg/index.js";

/** @import { ImageFormat, Issue, PreparedImage, PrepareOptions } from "./pkg/index.js" */
/** @typedef {{ prepared: PreparedImage } | { refusal: Issue[] }} Preparation */

/**
 * The npm package `heic-to`, in its build for strict policies: 3 MB, loaded with the first picture
 * that only it can decode.
 */
const HEIC_DECODER = "./heic-to/heic-to.js";

/**
 * Smaller than the package's default: a usual photo of 12 megapixels becomes an eighth of its bytes or
 * less, see `cargo xtask photos`. The service accepts edges from 300 px.
 * @satisfies {PrepareOptions}
 */
const OPTIONS = { maxEdge: 1600, quality: 0.8 };

/** One after the other: a decoded photo takes 50 MB. @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * Prepares a picture after those before it.
 * @param {File} file
 * @param {ImageFormat} format of its content
 * @param {Pick<PrepareOptions, "aspect" | "signal">} options
 * @returns {Promise<Preparation>}
 */
export function prepare(file, format, options) {
  const own = last.then(() => prepareNow(file, format, options));
  last = own.catch(() => {});
  return own;
}

/** @param {File} file @param {ImageFormat} format @param {PrepareOptions} options @returns {Promise<Preparation>} */
async function prepareNow(file, format, options) {
  try {
    const hook = format === "heic" ? { decode } : {};
    return { prepared: await prepareImage(file, { ...OPTIONS, ...options, ...hook }) };
  } catch (error) {
    if (isKlingError(error) && error.issues) return { refusal: error.issues };
    throw error;
  }
}

/** Called only if this browser shows no HEIC. @param {Blob} image @returns {Promise<ImageBitmap>} */
async function decode(image) {
  const { heicTo } = await import(HEIC_DECODER);
  return heicTo({ blob: image, type: "bitmap" });
}
