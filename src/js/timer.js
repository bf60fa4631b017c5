// Timers, and a clock that only goes forward.

/** The latest time that `monotonic` has returned, in ms. */
let latest = 0;

/**
 * The time by the browser's monotonic clock, in ms, independent of the date. It never goes back. If
 * that clock stands still, time goes on with each timer that fires.
 */
export function monotonic() {
  const now = read(() => performance.now());
  if (now > latest) latest = now;
  return latest;
}

/** ms since 1970, by the wall clock; 0 if that is no plausible time. */
export const wall = () => read(() => Date.now());

/**
 * The time of a clock in ms; 0 if it throws or returns no plausible time, because a page may have
 * replaced the clock.
 * @param {() => unknown} clock
 */
function read(clock) {
  try {
    const time = Number(clock());
    return time > 0 && time < MAX_MS ? time : 0;
  } catch {
    return 0;
  }
}

/** An implausibly late time, small enough to represent single ms exactly. */
const MAX_MS = 1e14;

/**
 * Calls back after this time.
 * @param {number} milliseconds
 * @param {() => void} done
 */
export function startTimer(milliseconds, done) {
  const end = monotonic() + milliseconds;
  return setTimeout(() => {
    latest = Math.max(latest, end);
    done();
  }, milliseconds);
}

/**
 * What a promise settles to; if it has not settled after this time, a rejection with what `late`
 * returns.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} milliseconds
 * @param {() => unknown} late
 * @returns {Promise<T>}
 */
export function within(promise, milliseconds, late) {
  return new Promise((resolve, reject) => {
    const timer = startTimer(milliseconds, () => reject(late()));
    const settled = () => clearTimeout(timer);
    promise.then(resolve, reject).then(settled, settled);
  });
}

/** A timer that can be stopped. In Rust, its promise would need a closure. */
export class Timer {
  /** @param {number} milliseconds */
  constructor(milliseconds) {
    this.over = new Promise((resolve) => {
      this.settle = resolve;
      this.id = startTimer(milliseconds, () => resolve(undefined));
    });
  }

  /** Stops the timer. Settles the promise, because a pending one keeps its waiters in memory. */
  stop() {
    clearTimeout(this.id);
    this.settle?.(undefined);
  }
}
