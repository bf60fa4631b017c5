// The caller's signals: one promise for all of them, because each listener would be a closure in
// Rust.

export class Aborts {
  listener = () => {};

  /** @param {AbortSignal[]} signals */
  constructor(signals) {
    this.signals = signals;
    /** Rejects with the reason of the first that fires. */
    this.fired = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.listener = () => {
        const fired = signals.find(({ aborted }) => aborted);
        this.hasFired = Boolean(fired);
        if (fired) reject(fired.reason);
      };
    });
    this.hasFired = false;
    for (const signal of signals) signal.addEventListener("abort", this.listener);
    this.listener();
  }

  /**
   * Settles the promise too, because a pending one keeps everything that waits for it in memory.
   */
  leave() {
    this.settle?.(undefined);
    for (const signal of this.signals) signal.removeEventListener?.("abort", this.listener);
  }
}
