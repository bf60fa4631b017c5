// Copies what the caller passes at the moment of the call, so that, for example, an emptied file
// input does not change a request under way.

import { KlingError } from "./error.js";
import { isRecord } from "./text.js";

/** How many images are read of a list, which may be endless. Far more than a request may have. */
const MAX_READ_IMAGES = 100;

/**
 * The fields of a request. They are read by name, because a class may define them as getters.
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
 * A copy of a request, with its images as an array.
 * @template T
 * @param {T} request
 * @returns {T}
 */
export function snapshot(request) {
  return reading("request", () => {
    // A value that is no request is passed on: Rust reports it.
    if (typeof request !== "object" || request === null || !isRecord(request)) return request;
    const copy = /** @type {Record<string, unknown>} */ ({ ...request });
    for (const name of FIELDS) if (name in request) copy[name] = Reflect.get(request, name);
    if ("images" in copy) copy.images = list(copy.images);
    return /** @type {typeof request} */ (copy);
  });
}

/**
 * A copy of a plain options object; another value as it is, for Rust to report.
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
 * Reads a value of the caller, whose getters may throw.
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
      if (array.push(image) === MAX_READ_IMAGES) break;
    }
    return array;
  }
  // A Blob has no `length`: it is passed on, and Rust reports it.
  if (!("length" in images)) return images;
  return Array.from({ length: Math.min(Number(images.length) || 0, MAX_READ_IMAGES) }, (_, index) =>
    Reflect.get(images, index),
  );
}
