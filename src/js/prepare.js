// Makes images acceptable to the service. A script of its own, which is loaded when it is first
// needed.

import { reasonOf } from "./abort.js";
import { limits } from "./limits.js";
import { prepared, refusal } from "./prepare-image.js";
import { checked } from "./prepare-options.js";
import { KlingError } from "./prepare-tools.js";

export { borrow } from "./prepare-tools.js";
// For the tests.
export { changesOf, planFor, smaller } from "./prepare-plan.js";

/** @typedef {import("./joined.js").Options} CallOptions */

/**
 * @param {Blob} image @param {unknown} given
 * @returns {Promise<import("./index.js").PreparedImage>}
 */
export async function prepareImage(image, given) {
  const options = checked(given, "options");
  return abortable(options.signal, async (proceed) => {
    const { issues, result } = await prepared(image, options, "image", proceed);
    if (!result) throw refusal("the image cannot be prepared", issues);
    return result;
  });
}

/**
 * The options of a submission, with what its option `prepare` means: how to prepare the images, and
 * the signal of the call.
 * @param {Omit<CallOptions, "prepare"> & { prepare: unknown }} given
 */
export function forSubmission({ prepare, signal: callSignal, onProgress }) {
  const options = checked(prepare === true ? undefined : prepare, "options.prepare");
  const { decode, signal, ...values } = options;
  return {
    onProgress,
    signal: signal && callSignal ? either(signal, callSignal) : (signal ?? callSignal),
    prepare: {
      key: JSON.stringify([values, decode && numberOf(decode)]),
      /** @param {any} request @param {CallOptions} call */
      apply: (request, call) => allPrepared(request, options, call),
    },
  };
}

/** The numbers of functions: two that do the same cannot be recognised. @type {WeakMap<object, number>} */
const numbers = new WeakMap();
let lastNumber = 0;

/** @param {object} decode */
function numberOf(decode) {
  if (!numbers.has(decode)) numbers.set(decode, (lastNumber += 1));
  return numbers.get(decode);
}

/**
 * A request with its files prepared. Other images stay as they are.
 * @param {any} request @param {import("./prepare-options.js").Options} options
 * @param {CallOptions} call
 */
async function allPrepared(request, options, { signal, onProgress }) {
  const images = request?.images;
  // The check of the request reports it.
  if (!Array.isArray(images) || images.length > limits.maxImages) return request;
  return abortable(signal, async (proceed) => {
    // The caller adds its listeners after this call.
    await undefined;
    const ready = [...images];
    const issues = [];
    for (const [index, image] of images.entries()) {
      if (!isBlob(image)) continue;
      onProgress?.({ phase: "preparing", image: index });
      const outcome = await prepared(image, options, `images[${index}]`, proceed);
      ready[index] = outcome.result?.image;
      issues.push(...outcome.issues);
    }
    if (issues.length) throw refusal("the request was not sent", issues);
    return { ...request, images: ready };
  });
}

/** A signal that fires with the first of two. @param {AbortSignal[]} signals */
function either(...signals) {
  const control = new AbortController();
  for (const signal of signals) {
    const abort = () => control.abort(reasonOf(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { signal: control.signal });
  }
  return control.signal;
}

/**
 * Runs steps, between which `proceed` throws after an abort. The call rejects at once.
 * @template T
 * @param {AbortSignal | undefined} signal @param {(proceed: () => void) => Promise<T>} run
 * @returns {Promise<T>}
 */
function abortable(signal, run) {
  return new Promise((resolve, reject) => {
    const proceed = () => {
      if (signal?.aborted) throw reasonOf(signal);
    };
    const abort = () => reject(reasonOf(/** @type {AbortSignal} */ (signal)));
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort);
    const leave = () => signal?.removeEventListener("abort", abort);
    run(proceed).then(resolve, reject).finally(leave);
  });
}

/** As the core recognises it. Not by `instanceof`: it may come from another realm. @param {any} value */
const isBlob = (value) =>
  typeof value === "object" &&
  typeof value?.size === "number" &&
  typeof value.slice === "function" &&
  (typeof value.arrayBuffer === "function" || typeof value.type === "string");
