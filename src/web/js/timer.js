// A timer that can be stopped. In Rust its promise would need a closure.

export class Timer {
  /** @param {number} milliseconds */
  constructor(milliseconds) {
    this.over = new Promise((resolve) => {
      this.id = setTimeout(resolve, milliseconds);
    });
  }

  stop() {
    clearTimeout(this.id);
  }
}
