// Timers, and a clock that only goes forward.

/** No earlier time is reported any more, in ms. */
let reached = 0;

/**
 * ms, by the browser's monotonic clock, which no change of the date affects. It never goes back,
 * and it goes on where that clock stands still: a timer that has fired proves that its time has
 * passed.
 */
export function monotonic() {
  const now = read(() => performance.now());
  if (now > reached) reached = now;
  return reached;
}

/** ms since 1970, by the wall clock; 0 where it is wrong. */
export const wall = () => read(() => Date.now());

/**
 * What a clock says, if that is a time in ms: a page may have replaced it. @param {() => unknown}
 * clock
 */
function read(clock) {
  try {
    const time = Number(clock());
    return time > 0 && time < MAX_MS ? time : 0;
  } catch {
    return 0;
  }
}

/** More than any clock says, and little enough to count single ms. */
const MAX_MS = 1e14;

/**
 * Calls back after that many ms.
 * @param {number} milliseconds
 * @param {() => void} done
 */
export function startTimer(milliseconds, done) {
  const end = monotonic() + milliseconds;
  return setTimeout(() => {
    reached = Math.max(reached, end);
    done();
  }, milliseconds);
}

/** A timer that can be stopped. In Rust its promise would need a closure. */
export class Timer {
  /** @param {number} milliseconds */
  constructor(milliseconds) {
    this.over = new Promise((resolve) => {
      this.settle = resolve;
      this.id = startTimer(milliseconds, () => resolve(undefined));
    });
  }

  /**
   * Settles the promise too, because a pending one keeps everything that waits for it in memory.
   */
  stop() {
    clearTimeout(this.id);
    this.settle?.(undefined);
  }
}
