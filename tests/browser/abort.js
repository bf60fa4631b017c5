import { ok, rejection, until } from "./expect.js";
import { makeImage, runner } from "./kit.js";

/** Counts the requests, the timers and the listeners on the signal that a call has under way. */
class Ledger {
  constructor() {
    this.control = new AbortController();
    this.reason = new Error("the caller's own reason");
    this.requests = [];
    this.listeners = 0;
    this.timers = new Set();
    const { signal } = this.control;
    const [add, remove] = [
      signal.addEventListener.bind(signal),
      signal.removeEventListener.bind(signal),
    ];
    signal.addEventListener = (...how) => {
      this.listeners += 1;
      add(...how);
    };
    signal.removeEventListener = (...how) => {
      this.listeners -= 1;
      remove(...how);
    };
    const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
    globalThis.setTimeout = (call, ...how) => {
      const timer = set(
        () => {
          this.timers.delete(timer);
          call();
        },
        ...how,
      );
      this.timers.add(timer);
      return timer;
    };
    globalThis.clearTimeout = (timer) => {
      this.timers.delete(timer);
      clear(timer);
    };
    this.restore = () => Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    this.fetch = (url, init) => {
      this.requests.push(init);
      this.onRequest?.();
      return fetch(url, init);
    };
  }

  /** Aborts at `moment`, and expects the call to end at once and to leave nothing under way. */
  async abort(call, moment) {
    try {
      const rejected = rejection(call);
      await moment;
      this.control.abort(this.reason);
      ok((await rejected) === this.reason, "the signal's reason, itself");
      ok(this.listeners === 0, `no listener left, found ${this.listeners}`);
      // The record of what was sent is still written, within a time limit.
      await until(() => this.timers.size === 0, "no timer left");
      ok(
        this.requests.every(({ signal }) => signal.aborted || this.settled),
        "no request left",
      );
    } finally {
      this.restore();
    }
  }

  requested(count = 1) {
    return new Promise((resolve) => {
      this.onRequest = () => this.requests.length === count && queueMicrotask(resolve);
    });
  }
}

const signalOf = (ledger) => ({ signal: ledger.control.signal });

export const run = runner({
  async an_aborted_signal_starts_no_request(kit) {
    const request = await kit.request();
    const ledger = new Ledger();
    ledger.control.abort(ledger.reason);
    await ledger.abort(kit.client("ok", { fetch: ledger.fetch }).submit(request, signalOf(ledger)));
    ok(ledger.requests.length === 0, "no request");
    ok((await kit.account()).requests.length === 0, "no request at the service");
  },

  async while_the_key_function_is_pending(kit) {
    const request = await kit.request();
    const ledger = new Ledger();
    let asked;
    const moment = new Promise((resolve) => (asked = resolve));
    const client = kit.client("ok", {
      fetch: ledger.fetch,
      apiKey: () => {
        asked();
        return new Promise(() => {});
      },
    });
    await ledger.abort(client.submit(request, signalOf(ledger)), moment);
    ok(ledger.requests.length === 0, "no request");
  },

  async while_images_are_encoded(kit) {
    const big = new Blob([await makeImage(), new Uint8Array(9_000_000)]);
    const request = await kit.request({ images: [big, big] });
    const ledger = new Ledger();
    let begun;
    const moment = new Promise((resolve) => (begun = resolve));
    const onProgress = ({ phase }) => phase === "encoding" && begun();
    const client = kit.client("ok", { fetch: ledger.fetch });
    await ledger.abort(client.submit(request, { ...signalOf(ledger), onProgress }), moment);
    ok(
      ledger.requests.every(({ method }) => method === "GET"),
      "no request except the look-up",
    );
  },

  async while_the_request_is_under_way(kit) {
    const request = await kit.request();
    const ledger = new Ledger();
    const client = kit.client("ok,hold=answer", { fetch: ledger.fetch });
    await ledger.abort(client.submit(request, signalOf(ledger)), ledger.requested(2));
  },

  async while_a_wait_sleeps(kit) {
    const { taskId } = await kit.client("ok,hold=submitted").submit(await kit.request());
    const ledger = new Ledger();
    let asleep;
    const moment = new Promise((resolve) => (asleep = resolve));
    const client = kit.client("ok", {
      fetch: ledger.fetch,
      polling: { interval: 30_000, maxInterval: 30_000 },
    });
    await ledger.abort(
      client.wait(taskId, { ...signalOf(ledger), onProgress: () => asleep() }),
      moment,
    );
  },

  async while_a_poll_is_open(kit) {
    const { taskId } = await kit.client("ok,hold=submitted").submit(await kit.request());
    for (const call of ["getTask", "wait"]) {
      const ledger = new Ledger();
      const client = kit.client("query-slow,ms=20000", { fetch: ledger.fetch });
      await ledger.abort(client[call](taskId, signalOf(ledger)), ledger.requested());
    }
    const ledger = new Ledger();
    const client = kit.client("query-slow,ms=20000", { fetch: ledger.fetch });
    const watch = client.watch(taskId, signalOf(ledger))[Symbol.asyncIterator]();
    await ledger.abort(watch.next(), ledger.requested());
  },

  async while_a_video_arrives(kit) {
    const task = await kit.client("video-slow,ms=20000").generate(await kit.request());
    const ledger = new Ledger();
    const client = kit.client("ok", { fetch: ledger.fetch });
    await ledger.abort(client.download(task, signalOf(ledger)), ledger.requested());
  },
});
