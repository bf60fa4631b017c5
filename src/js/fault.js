// What happens when the WebAssembly instance itself fails: nobody waits for ever.

import { KlingError } from "./error.js";
import { releaseAll } from "./locks.js";

/** @type {Set<(reason: unknown) => void>} */
const outstanding = new Set();
let instance = 0;

/**
 * Counts the instances that have failed: what belongs to an earlier one must not be used any more.
 */
export const currentInstance = () => instance;

/**
 * Rejects everything outstanding. The panic hook calls it, just before the instance traps.
 * @param {string} reason
 */
export function instanceFailed(reason) {
  instance += 1;
  // Nobody sends any more under these locks: the records say so at the next look.
  releaseAll();
  const rejects = [...outstanding];
  outstanding.clear();
  for (const reject of rejects) reject(new KlingError(reason, { code: "internal" }));
}

/**
 * The promise of a call, which rejects when the instance fails.
 * @template T
 * @param {() => Promise<T>} call
 * @param {() => void} discard makes the next call start with a fresh instance
 * @returns {Promise<T>}
 */
export function guarded(call, discard) {
  return new Promise((resolve, reject) => {
    outstanding.add(reject);
    const settled = () => outstanding.delete(reject);
    /** @param {unknown} error */
    const failed = (error) => {
      // A trap that is no panic: the stack or the memory ran out.
      if (error instanceof WebAssembly.RuntimeError && outstanding.has(reject)) {
        discard();
        instanceFailed("the WebAssembly instance failed; the next call starts afresh");
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
 * Reports what a listener threw as uncaught, where it disturbs nothing.
 * @param {unknown} error
 */
export function reportUncaught(error) {
  if (typeof reportError === "function") reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
