// The caller's signals: one promise for all of them, because each listener would be a closure in Rust.

export class Aborts {
  /** @param {AbortSignal[]} signals */
  constructor(signals) {
    this.signals = signals;
    /** Rejects with the reason of the first that fires. */
    this.fired = new Promise((_, reject) => {
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

  leave() {
    for (const signal of this.signals) signal.removeEventListener?.("abort", this.listener);
  }
}
