// Handles a failed WebAssembly instance: every outstanding call rejects, and the next one gets a
// fresh instance.

import { KlingError } from "./error.js";
import { releaseAll } from "./locks.js";

/** @type {Set<(reason: unknown) => void>} */
const outstanding = new Set();
let instance = 0;

/**
 * The number of instances that have failed. An object of an earlier instance must not be used.
 */
export const currentInstance = () => instance;

/**
 * Rejects every outstanding call. The panic hook calls this just before the instance traps.
 * @param {string} reason
 */
export function instanceFailed(reason) {
  instance += 1;
  // No call sends under these locks any more: the next read of the records marks them unknown.
  releaseAll();
  const rejects = [...outstanding];
  outstanding.clear();
  for (const reject of rejects) reject(new KlingError(reason, { code: "internal" }));
}

/**
 * Runs a call. Its promise rejects if the instance fails.
 * @template T
 * @param {() => Promise<T>} call
 * @param {() => void} discard makes the next call use a fresh instance
 * @returns {Promise<T>}
 */
export function guarded(call, discard) {
  return new Promise((resolve, reject) => {
    outstanding.add(reject);
    const settled = () => outstanding.delete(reject);
    /** @param {unknown} error */
    const failed = (error) => {
      // A trap without a panic: the stack or the memory is exhausted.
      if (error instanceof WebAssembly.RuntimeError && outstanding.has(reject)) {
        discard();
        instanceFailed("the WebAssembly instance failed; the next call uses a fresh one");
      }
      settled();
      reject(error);
    };
    try {
      call().then((value) => {
        settled();
        resolve(value);
      }, failed);
    } catch (error) {
      failed(error);
    }
  });
}

/**
 * Reports an error of a listener as uncaught, so that it does not end the call.
 * @param {unknown} error
 */
export function reportUncaught(error) {
  if (typeof reportError === "function") reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
