// The abort signals of one call as one promise, because each listener would need a closure in Rust.

/**
 * The reason of a signal that has fired. Safari before 15.4 and jsdom before 20 have none.
 * @param {AbortSignal} signal
 */
export const reasonOf = ({ reason = new DOMException("The call was aborted", "AbortError") }) =>
  reason;

/**
 * A promise of the caller, which may never settle. After `leave` its waiters are not kept in
 * memory.
 */
export class CallersPromise {
  leave = () => {};

  /** @param {unknown} promise */
  constructor(promise) {
    this.settled = new Promise((resolve, reject) => {
      this.leave = () => resolve(undefined);
      Promise.resolve(promise).then(resolve, reject);
    });
  }
}

export class Aborts {
  listener = () => {};

  /** @param {AbortSignal[]} signals */
  constructor(signals) {
    this.signals = signals;
    /** Rejects with the reason of the first signal that fires. */
    this.fired = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.listener = () => {
        const fired = signals.find(({ aborted }) => aborted);
        this.hasFired = Boolean(fired);
        if (fired) reject(reasonOf(fired));
      };
    });
    this.hasFired = false;
    for (const signal of signals) signal.addEventListener("abort", this.listener);
    this.listener();
  }

  /** Stops listening. Settles the promise, because a pending one keeps its waiters in memory. */
  leave() {
    this.settle?.(undefined);
    for (const signal of this.signals) signal.removeEventListener?.("abort", this.listener);
  }
}
