// The caller's signals: one promise for all of them, because each listener would be a closure in Rust.

export class Aborts {
  /** @param {AbortSignal[]} signals */
  constructor(signals) {
    this.signals = signals;
    this.fired = new Promise((resolve) => {
      this.listener = () => resolve(this.now());
    });
    for (const signal of signals) signal.addEventListener("abort", this.listener);
  }

  /** The reason of one that has fired, in a list; nothing if none has. */
  now() {
    const fired = this.signals.find(({ aborted }) => aborted);
    return fired && [fired.reason];
  }

  leave() {
    for (const signal of this.signals) signal.removeEventListener("abort", this.listener);
  }
}
