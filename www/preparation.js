// Makes a picture fit for the service: upright, small, a JPEG or PNG, without the place at which it
// was taken.

import { isKlingError, prepareImage } from "./pkg/index.js";
import { PICTURES } from "./words.js";

/** @import { ImageFormat, Issue, PreparedImage, PrepareOptions } from "./pkg/index.js" */
/** @typedef {{ prepared: PreparedImage } | { refusal: Issue[] }} Preparation */

/**
 * The npm package `heic-to`, in its build for strict policies: 3 MB, loaded with the first picture
 * that only it can decode.
 */
const HEIC_DECODER = "./heic-to/heic-to.js";

/** One after the other: a decoded photo takes 50 MB. @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * Prepares a picture after those before it.
 * @param {File} file
 * @param {Pick<PrepareOptions, "aspect" | "signal">} options
 * @returns {Promise<Preparation>}
 */
export function prepare(file, options) {
  const own = last.then(() => prepareNow(file, options));
  last = own.catch(() => {});
  return own;
}

/** @param {File} file @param {PrepareOptions} options @returns {Promise<Preparation>} */
async function prepareNow(file, options) {
  try {
    return { prepared: await prepareImage(file, { ...options, decode }) };
  } catch (error) {
    if (isKlingError(error) && error.issues) return { refusal: error.issues };
    throw error;
  }
}

/** @param {Blob} image @param {ImageFormat} format @returns {Promise<ImageBitmap>} */
async function decode(image, format) {
  if (format !== "heic") throw new Error(PICTURES.notShown(format));
  const { heicTo } = await import(HEIC_DECODER);
  return heicTo({ blob: image, type: "bitmap" });
}
