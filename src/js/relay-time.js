// How long the relay waits, so that no promise that never settles keeps a request open.

/** For `authorize`, and for `apiKey`. */
export const MAX_DECISION_MS = 30_000;

/** Between two parts of the page's body. */
export const MAX_BODY_PAUSE_MS = 30_000;

/** For the response to a paid request, from the last part of its body on. */
export const MAX_CREATE_MS = 120_000;

/** For the response to any other request, or the beginning of a video. */
export const MAX_READ_MS = 60_000;

/** A limit that was reached. */
export class TimedOut extends Error {}

/**
 * A wait that has a limit.
 * @typedef {object} Wait
 * @property {() => void} restart starts the limit again
 * @property {boolean} isOver
 */

/**
 * Settles as `work` does, or rejects: with `TimedOut` after the limit, or when the page leaves.
 * @template T
 * @param {number} limitMs
 * @param {(wait: Wait) => T | PromiseLike<T>} work not called if the page has left
 * @param {AbortSignal | null} [signal] of the page
 * @returns {Promise<T>}
 */
export function limited(limitMs, work, signal) {
  /** @type {Wait} */
  const wait = { restart() {}, isOver: false };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let leave = () => {};
  /** @type {Promise<T>} */
  const settled = new Promise((resolve, reject) => {
    leave = () => reject(new Error("the page has left"));
    if (signal?.aborted) return leave();
    signal?.addEventListener("abort", leave);
    wait.restart = () => {
      clearTimeout(timer);
      if (!wait.isOver) timer = setTimeout(() => reject(new TimedOut()), limitMs);
    };
    wait.restart();
    // An `async` function, so that an error that `work` throws is a rejection.
    (async () => work(wait))().then(resolve, reject);
  });
  return settled.finally(() => {
    wait.isOver = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
  });
}
