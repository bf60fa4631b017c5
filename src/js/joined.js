// Joins identical requests that are made at the same time: a double click, or an effect that runs
// twice, must not be charged twice.

import { reasonOf } from "./abort.js";
import { reportUncaught } from "./fault.js";

/** @typedef {import("./index.js").Progress} Progress */
/**
 * @typedef {{ signal?: AbortSignal | undefined, onProgress?: ((progress: Progress) => void) |
 * undefined }} Options
 */

/**
 * @template T
 * @typedef {object} Submission
 * @property {any} request
 * @property {Set<(progress: Progress) => void>} listeners
 * @property {AbortController} stop
 * @property {number} callers
 * @property {Promise<T>} done
 */

/**
 * Returns a function like `submit` that joins a call to an identical one that is still under way.
 * When all callers of a submission have aborted, the submission is aborted.
 * @template T
 * @param {(request: any, options: Options, known: Promise<any> | undefined) => Promise<T>} submit
 * @returns {(request: any, options: Options, known: Promise<any> | undefined) => Promise<T>}
 */
export function joined(submit) {
  /** @type {Set<Submission<T>>} */
  const underWay = new Set();

  /** @param {any} request @param {Promise<any> | undefined} known */
  const begin = (request, known) => {
    /** @type {Submission<T>["listeners"]} */
    const listeners = new Set();
    const stop = new AbortController();
    /** @param {Progress} progress */
    const onProgress = (progress) => {
      for (const listener of [...listeners]) {
        try {
          listener(progress);
        } catch (error) {
          reportUncaught(error);
        }
      }
    };
    const submission = {
      request,
      listeners,
      stop,
      callers: 0,
      done: submit(request, { signal: stop.signal, onProgress }, known),
    };
    underWay.add(submission);
    const over = () => void underWay.delete(submission);
    submission.done.then(over, over);
    return submission;
  };

  return (request, { signal, onProgress }, known) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(reasonOf(signal));
      const submission =
        [...underWay].find((other) => other.callers > 0 && isSame(other.request, request)) ??
        begin(request, known);
      submission.callers += 1;
      // A wrapper for each call, so that two calls may pass the same function.
      const listener = onProgress && ((/** @type {Progress} */ progress) => onProgress(progress));
      if (listener) submission.listeners.add(listener);
      let hasLeft = false;
      const leave = () => {
        if (hasLeft) return;
        hasLeft = true;
        signal?.removeEventListener("abort", aborted);
        if (listener) submission.listeners.delete(listener);
        submission.callers -= 1;
      };
      const aborted = () => {
        leave();
        // The last caller is rejected by the submission itself, as soon as that has ended.
        const reason = reasonOf(/** @type {AbortSignal} */ (signal));
        if (submission.callers === 0) submission.stop.abort(reason);
        else reject(reason);
      };
      signal?.addEventListener("abort", aborted);
      submission.done.finally(leave).then(resolve, reject);
    });
}

/**
 * Whether two requests have the same fields, and the same images in the same order.
 * @param {any} one
 * @param {any} other
 */
function isSame(one, other) {
  if (one === other || typeof one !== "object" || typeof other !== "object" || !one || !other)
    return one === other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) =>
    name === "images" ? areSame(one.images, other.images) : isSameValue(one[name], other[name]),
  );
}

/** @param {unknown} ones @param {unknown} others */
function areSame(ones, others) {
  return (
    Array.isArray(ones) &&
    Array.isArray(others) &&
    ones.length === others.length &&
    ones.every((one, index) => isSameValue(one, others[index]))
  );
}

/**
 * Whether two values are identical, equal URLs, or files with the same name, size and time of last
 * change.
 * @param {any} one @param {any} other
 */
function isSameValue(one, other) {
  const isFile = (/** @type {any} */ value) => typeof value?.lastModified === "number";
  if (isFile(one) && isFile(other)) {
    return (
      one.name === other.name && one.size === other.size && one.lastModified === other.lastModified
    );
  }
  return one === other || (one instanceof URL && String(one) === String(other));
}
