// A tab in which clients are made, called and ended step by step, by name.

import { LONG_LIMIT } from "./database.js";
import { pause } from "./expect.js";

/** How long one step may take before it counts as hanging, in ms. */
const MAX_STEP_MS = 600_000;

/**
 * The outage budget of every client, in ms. No machine is so slow that it is spent, and no other
 * time limit of the package is near it: a stall is a timer that the case lets fire. That of a paid
 * request is longer than the budget by the time that its upload may take.
 */
export const OUTAGE_BUDGET_MS = 50_000;

/** The longest upload of a request of the matrix at the slowest rate that the package expects, in ms. */
const MAX_UPLOAD_MS = 5000;

/** A tab: a worker in which clients are made and called by name. */
export class Tab {
  #worker;
  #running = [];

  constructor(simulator) {
    const source = `
      import * as kling from ${JSON.stringify(`${simulator}/pkg/index.js`)};
      ${LONG_LIMIT}
      const stalls = new Map();
      const { setTimeout, clearTimeout } = globalThis;
      globalThis.setTimeout = (call, ms, ...more) => {
        const id = setTimeout(call, ms, ...more);
        if (ms > ${OUTAGE_BUDGET_MS} && ms < ${OUTAGE_BUDGET_MS + MAX_UPLOAD_MS}) stalls.set(id, call);
        return id;
      };
      globalThis.clearTimeout = (id) => {
        stalls.delete(id);
        clearTimeout(id);
      };
      const { now } = Date;
      let clients = {};
      let calls = {};
      let heard = {};
      const operations = {
        /** Makes a client whose module and database are ready. */
        async open(name, options) {
          clients[name] = kling.createClient(options);
          heard[name] = {};
          clients[name].onRecordChange(({ externalTaskId: id, state }) => {
            (heard[name][id] ??= new Set()).add(state);
          });
          await clients[name].records();
        },
        /** Whether the client has heard that the request was sent and became unknown. */
        hasHeard: (client, id) =>
          ["submitting", "unknown"].every((state) => heard[client][id]?.has(state)),
        useLocks(isOn) {
          if (isOn) return;
          Object.defineProperty(navigator, "locks", { value: undefined, configurable: true });
        },
        setClock(clock) {
          const frozen = now.call(Date);
          if (clock === "back") Date.now = () => now.call(Date) - 3_600_000;
          if (clock === "ahead") Date.now = () => now.call(Date) + 3_600_000;
          if (clock === "frozen") Date.now = () => frozen;
          if (clock === "NaN") Date.now = () => NaN;
        },
        /** Returns as soon as the call is made. */
        submit(client, name, request) {
          const call = { control: new AbortController(), phase: "none", isOver: false };
          calls[name] = call;
          call.uploading = new Promise((resolve) => {
            call.onProgress = ({ phase }) => {
              call.phase = phase;
              if (phase === "uploading") resolve();
            };
          });
          const { control, onProgress } = call;
          const task = clients[client].submit(request, { signal: control.signal, onProgress });
          call.outcome = task.then(
            ({ taskId }) => ({ taskId }),
            (error) => ({ code: String(error?.code ?? error), message: error?.message }),
          );
          call.outcome.then(() => (call.isOver = true));
        },
        uploading: (name) => Promise.race([calls[name].uploading, calls[name].outcome]),
        isUploading: (name) => calls[name].phase === "uploading" && !calls[name].isOver,
        outcome: (name) => calls[name].outcome,
        abort: (name) => calls[name].control.abort("aborted"),
        /** Lets the paid request that is under way go without a response for too long. */
        stall() {
          if (stalls.size !== 1) throw new Error("expected one paid request, found " + stalls.size);
          stalls.forEach((call) => call());
        },
        close: (client) => clients[client].close(),
        async state(client, id) {
          const records = await clients[client].records();
          return records.find(({ externalTaskId }) => externalTaskId === id)?.state;
        },
        /** Restores the tab as it was at the start. */
        reset() {
          Object.values(clients).forEach((client) => client.close());
          [clients, calls, heard] = [{}, {}, {}];
          delete navigator.locks;
          Date.now = now;
          stalls.clear();
        },
      };
      onmessage = async ({ data: [id, operation, given] }) => {
        try {
          postMessage([id, await operations[operation](...given)]);
        } catch (error) {
          postMessage([id, , String(error)]);
        }
      };`;
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data: [id, value, error] }) => {
      const { resolve, reject } = this.#running[id];
      delete this.#running[id];
      if (error) reject(new Error(error));
      else resolve(value);
    };
    this.#worker.onerror = ({ message }) =>
      this.#running.forEach(({ reject }) => reject(new Error(message ?? "the worker failed")));
  }

  /** Runs an operation, and returns its result. It never settles once the tab is killed. */
  run(operation, ...given) {
    const result = new Promise((resolve, reject) => this.#running.push({ resolve, reject }));
    this.#worker.postMessage([this.#running.length - 1, operation, given]);
    return within(result, operation);
  }

  kill() {
    this.#worker.terminate();
  }
}

/** The promise, which rejects if it takes longer than one step may. */
async function within(promise, what) {
  let timer;
  const overdue = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), MAX_STEP_MS);
  });
  try {
    return await Promise.race([promise, overdue]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first truthy result of the condition, which is tried again and again. */
export async function eventually(condition, what) {
  for (const began = performance.now(); performance.now() - began < MAX_STEP_MS; await pause(20)) {
    const found = await condition();
    if (found) return found;
  }
  throw new Error(`${what} did not come`);
}
