// Joins identical requests that are made at the same time: a double click, or an effect that runs
// twice, must not be charged twice.

import { reasonOf } from "./abort.js";
import { readSlice } from "./bytes.js";
import { reportUncaught } from "./fault.js";
import { limits } from "./limits.js";
import { within } from "./timer.js";

/** @typedef {import("./index.js").Progress} Progress */
/**
 * @typedef {{
 *   signal?: AbortSignal | undefined,
 *   onProgress?: ((progress: Progress) => void) | undefined,
 *   prepare?: Preparation | undefined,
 * }} Options
 */
/**
 * How the images of a request are prepared before it is submitted.
 * @typedef {object} Preparation
 * @property {string} key the same for two preparations that have the same effect
 * @property {(request: any, options: Options) => Promise<any>} apply
 */

/**
 * @template T
 * @typedef {object} Submission
 * @property {any} request
 * @property {Preparation | undefined} prepare
 * @property {Set<(progress: Progress) => void>} listeners
 * @property {AbortController} stop
 * @property {number} callers how many have not aborted, and how many compare their request
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

  /** @param {any} request @param {Options["prepare"]} prepare @param {Promise<any> | undefined} known */
  const begin = (request, prepare, known) => {
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
      prepare,
      listeners,
      stop,
      callers: 0,
      done: submit(request, { signal: stop.signal, onProgress, prepare }, known),
    };
    underWay.add(submission);
    const over = () => void underWay.delete(submission);
    submission.done.then(over, over);
    return submission;
  };

  /** @param {Submission<T>} submission @param {unknown} [reason] */
  const release = (submission, reason) => {
    submission.callers -= 1;
    if (!submission.callers) submission.stop.abort(reason);
  };

  /** Calls are placed one after another, so that each is compared with all earlier ones. */
  let placed = Promise.resolve();

  /**
   * Lets a call join an identical submission that was under way when it was made, or a new one.
   * @param {any} request @param {Options["prepare"]} prepare
   * @param {Promise<any> | undefined} known
   * @param {Submission<T>[]} atCall what was under way when the call was made
   * @param {(submission: Submission<T>) => void} join
   * @param {() => boolean} hasLeft whether the call was aborted meanwhile
   */
  const place = async (request, prepare, known, atCall, join, hasLeft) => {
    for (const other of new Set([...atCall, ...underWay])) {
      // Aborted.
      if (!other.callers) continue;
      // It goes on if its own callers abort meanwhile.
      other.callers += 1;
      const isJoined =
        !hasLeft() &&
        other.prepare?.key === prepare?.key &&
        (await isSame(other.request, request)) &&
        !hasLeft();
      if (isJoined) return join(other);
      release(other);
    }
    if (hasLeft()) return;
    const submission = begin(request, prepare, known);
    submission.callers += 1;
    join(submission);
  };

  return (request, { signal, onProgress, prepare }, known) =>
    new Promise((resolve, reject) => {
      /** @type {Submission<T> | undefined} */
      let submission;
      let hasLeft = false;
      // A wrapper for each call, so that two calls may pass the same function.
      const listener = onProgress && ((/** @type {Progress} */ progress) => onProgress(progress));
      const leave = () => {
        if (hasLeft) return;
        hasLeft = true;
        signal?.removeEventListener("abort", aborted);
        if (listener) submission?.listeners.delete(listener);
      };
      const aborted = () => {
        const reason = reasonOf(/** @type {AbortSignal} */ (signal));
        leave();
        // The last caller is rejected by the submission itself, as soon as that has ended.
        if (submission?.callers !== 1) reject(reason);
        if (submission) release(submission, reason);
      };
      if (signal?.aborted) return reject(reasonOf(signal));
      signal?.addEventListener("abort", aborted);
      /** @param {Submission<T>} found */
      const join = (found) => {
        submission = found;
        if (listener) found.listeners.add(listener);
        found.done.finally(leave).then(resolve, reject);
      };
      const atCall = [...underWay];
      placed = placed
        .then(() => place(request, prepare, known, atCall, join, () => hasLeft))
        .catch(reject);
    });
}

/**
 * Whether two requests have the same fields, and the same images in the same order.
 * @param {any} one
 * @param {any} other
 */
async function isSame(one, other) {
  if (one === other || typeof one !== "object" || typeof other !== "object" || !one || !other)
    return one === other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  /** Files that are the same if their bytes are. @type {[Blob, Blob][]} */
  const pairs = [];
  /** @param {any} one @param {any} other */
  const isSameImage = (one, other) =>
    isSameValue(one, other) || (isSameDescription(one, other) && pairs.push([one, other]));
  /** @param {string} name */
  const isSameField = (name) =>
    name === "images" && Array.isArray(one.images) && Array.isArray(other.images)
      ? one.images.length === other.images.length &&
        one.images.every((/** @type {any} */ image, /** @type {number} */ index) =>
          isSameImage(image, other.images[index]),
        )
      : isSameValue(one[name], other[name]);
  if (![...names].every(isSameField)) return false;
  for (const pair of pairs) if (!(await haveSameBytes(...pair))) return false;
  return true;
}

/** Whether two values are identical, or equal URLs. @param {any} one @param {any} other */
const isSameValue = (one, other) =>
  one === other || (one instanceof URL && String(one) === String(other));

/**
 * Whether two values are files that differ at most in their bytes. Larger ones are refused anyway.
 * @param {any} one @param {any} other
 */
const isSameDescription = (one, other) =>
  typeof one?.slice === "function" &&
  one.size <= limits.maxImageBytes &&
  ["size", "type", "name", "lastModified"].every((name) => one[name] === other?.[name]);

/** How many bytes are compared at a time, so that no step blocks the page. */
const STEP_BYTES = 1 << 18;

/** How long reading them may take, in ms. */
const MAX_READ_MS = 2000;

/**
 * Whether two files have the same bytes; not if one cannot be read.
 * @param {Blob} one @param {Blob} other files of the same size
 */
async function haveSameBytes(one, other) {
  try {
    for (let start = 0; start < one.size; start += STEP_BYTES) {
      const read = (/** @type {Blob} */ file) => readSlice(file, start, start + STEP_BYTES);
      const both = Promise.all([read(one), read(other)]);
      const late = () => new Error("reading takes too long");
      const [bytes, others] = await within(both, MAX_READ_MS, late);
      if (bytes.length !== others.length || bytes.some((byte, at) => byte !== others[at]))
        return false;
    }
    return true;
  } catch {
    return false;
  }
}
