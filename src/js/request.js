// What the caller passes, as it is at the moment of the call: an emptied file input must not change
// a request under way.

import { KlingError } from "./error.js";
import { isRecord } from "./text.js";

/** A list may have no end; nobody means more pictures than this. */
const MOST = 100;

/**
 * Of a request, wherever they come from: a store may have them as getters of its class.
 * `tests/model/fields.rs` fails if one is missing.
 * @type {(keyof import("./index.js").VideoRequest)[]}
 */
const FIELDS = [
  "images",
  "prompt",
  "negativePrompt",
  "mode",
  "duration",
  "aspectRatio",
  "modelName",
  "callbackUrl",
  "externalTaskId",
];

/**
 * A copy of a request, its images as an array.
 * @template T
 * @param {T} request
 * @returns {T}
 */
export function snapshot(request) {
  return reading("request", () => {
    // What is no request is refused as what it is.
    if (typeof request !== "object" || request === null || !isRecord(request)) return request;
    const copy = /** @type {Record<string, unknown>} */ ({ ...request });
    for (const name of FIELDS) if (name in request) copy[name] = Reflect.get(request, name);
    if ("images" in copy) copy.images = list(copy.images);
    return /** @type {typeof request} */ (copy);
  });
}

/**
 * A copy of a plain options object.
 * @template T
 * @param {T} options
 * @returns {T}
 */
export function copied(options) {
  return reading("options", () => {
    const isPlain =
      typeof options === "object" &&
      options !== null &&
      Object.getPrototypeOf(options) === Object.prototype;
    return isPlain ? { ...options } : options;
  });
}

/**
 * Reads what a caller wrote, whose getters may throw.
 * @template T
 * @param {string} path
 * @param {() => T} read
 */
function reading(path, read) {
  try {
    return read();
  } catch (cause) {
    throw new KlingError(`${path}: reading it threw`, { code: "invalid_option" }, { cause });
  }
}

/** @param {unknown} images */
function list(images) {
  if (typeof images !== "object" || images === null) return images;
  const array = [];
  if (Symbol.iterator in images) {
    for (const image of /** @type {Iterable<unknown>} */ (images)) {
      if (array.push(image) === MOST) break;
    }
    return array;
  }
  // Of a Blob, `length` is undefined: it is passed on, and refused as what it is.
  if (!("length" in images)) return images;
  return Array.from({ length: Math.min(Number(images.length) || 0, MOST) }, (_, index) =>
    Reflect.get(images, index),
  );
}
