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
 * Wraps the functions that an instance exports. One that traps, because of a defect or of an exhausted
 * memory or stack, has failed, whether a call or a timer entered it.
 * @param {WebAssembly.Exports} exports
 * @param {() => void} discard makes the next call use a fresh instance
 */
export function guardExports(exports, discard) {
  let hasFailed = false;
  /** @param {Function} entry */
  const guard =
    (entry) =>
    /** @param {unknown[]} values */
    (...values) => {
      try {
        return entry(...values);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError && !hasFailed) {
          hasFailed = true;
          discard();
          instanceFailed(error);
        }
        throw error;
      }
    };
  const guarded = Object.entries(exports).map(([name, item]) => [
    name,
    typeof item === "function" ? guard(item) : item,
  ]);
  return Object.fromEntries(guarded);
}

/** Rejects every outstanding call. @param {Error} cause */
function instanceFailed(cause) {
  instance += 1;
  // No call sends under these locks any more: the next read of the records marks them unknown.
  releaseAll();
  const rejects = [...outstanding];
  outstanding.clear();
  const message = "a defect of this package, or exhausted memory; the next call starts afresh";
  for (const reject of rejects) reject(new KlingError(message, { code: "internal" }, { cause }));
}

/**
 * Runs a call. Its promise rejects if the instance fails.
 * @template T
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
export function guarded(call) {
  return new Promise((resolve, reject) => {
    outstanding.add(reject);
    const settled = () => outstanding.delete(reject);
    const result = async () => call();
    result().then(resolve, reject).finally(settled);
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
