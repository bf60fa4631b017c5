// Identical requests at the same time: a double click, or an effect that runs twice, must not pay
// twice.

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
 * Lets one submission serve all callers that ask for the same while it lasts. The last one to leave
 * ends it.
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
      if (signal?.aborted) return reject(signal.reason);
      const submission =
        [...underWay].find((other) => other.callers > 0 && isSame(other.request, request)) ??
        begin(request, known);
      submission.callers += 1;
      // One of its own, so that the same function may listen twice.
      const listener = onProgress && ((/** @type {Progress} */ progress) => onProgress(progress));
      if (listener) submission.listeners.add(listener);
      let isIn = true;
      const leave = () => {
        if (!isIn) return;
        isIn = false;
        signal?.removeEventListener("abort", aborted);
        if (listener) submission.listeners.delete(listener);
        submission.callers -= 1;
      };
      const aborted = () => {
        leave();
        // The last one waits until nothing is left of it, which is at once.
        if (submission.callers === 0) submission.stop.abort(signal?.reason);
        else reject(signal?.reason);
      };
      signal?.addEventListener("abort", aborted);
      submission.done.finally(leave).then(resolve, reject);
    });
}

/**
 * Whether two requests are the same: the same fields, and the same images in the same order.
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
 * The same value, the same address, or a file of the same name, size and time. @param {any} one
 * @param {any} other
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
