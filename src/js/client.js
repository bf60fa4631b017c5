// A client that can be made anywhere, also where no WebAssembly can run: its methods load the
// module when first called.

import { KlingError, isKlingError } from "./error.js";
import { currentInstance, reportUncaught } from "./fault.js";
import { joined } from "./joined.js";
import * as glue from "./kling_multi_image2video.js";
import { run } from "./loader.js";
import { copied, snapshot } from "./request.js";
import { DEFAULT_NAME, knownAtCall, openStore } from "./store.js";

/** @typedef {import("./index.js").Task} Task */
/** @typedef {import("./index.js").Client} Client */

/**
 * @param {import("./index.js").ClientOptions} [options]
 * @returns {Client}
 */
export function createClient(options) {
  /** @type {typeof options} */
  let given;
  /** @type {unknown} */
  let unreadable;
  try {
    given = copied(options);
  } catch (error) {
    unreadable = error;
  }
  /** @type {{ client: glue.Client, instance: number } | undefined} */
  let made;
  let isClosed = false;
  /** @type {Set<() => void>} */
  const listening = new Set();

  /** The client of the instance at hand. */
  const client = () => {
    if (unreadable) throw unreadable;
    if (made?.instance !== currentInstance()) {
      made = { client: new glue.Client(given), instance: currentInstance() };
      if (isClosed) made.client.close();
    }
    return made.client;
  };

  /**
   * Calls the client with the options as they are now.
   * @template T, Options
   * @param {Options} options
   * @param {(client: glue.Client, options: Options) => Promise<T>} begin
   */
  const call = async (options, begin) => {
    const how = copied(options);
    return run(() => begin(client(), how));
  };

  /**
   * What this browser has of an id at the moment of a call; without an answer, the call may not
   * repeat a submission.
   */
  const knownOf = (/** @type {any} */ request) => {
    const { store = "indexeddb", storeName = DEFAULT_NAME } = given ?? {};
    if (typeof request?.externalTaskId !== "string" || typeof storeName !== "string")
      return undefined;
    return knownAtCall(openStore(store, storeName), request.externalTaskId).catch(() => undefined);
  };

  const share = joined((request, options, known) =>
    run(() => client().submit(request, options, known)),
  );

  /**
   * The request, the options and what is known of its id, as they are at the moment of the call:
   * the module may load for long.
   * @template Options
   * @param {unknown} given
   * @param {Options} options
   */
  const atCall = (given, options) => {
    const request = snapshot(given);
    return { request, how: copied(options), known: knownOf(request) };
  };

  return {
    async submit(given, options) {
      const { request, how, known } = atCall(given, options);
      // Read by Rust, because a misspelt option must not vanish on the way.
      await run(async () => glue.checkOptions(how, false));
      return share(request, how ?? {}, known);
    },
    async generate(given, options) {
      const { request, how, known } = atCall(given, options);
      await run(async () => glue.checkOptions(how, true));
      const { timeout, ...rest } = how ?? {};
      const { taskId } = await share(request, rest, known);
      // Whatever ends it, the caller must learn of the task, and that the same call would be
      // another one.
      return run(() => client().wait(taskId, how, true)).catch((error) => {
        throw isKlingError(error) ? Object.assign(error, { taskId, retryable: false }) : error;
      });
    },
    getTask: (id, options) => call(options, (client, how) => client.getTask(id, how)),
    reconcile: (id, options) => call(options, (client, how) => client.reconcile(id, how)),
    adopt: (id, options) => call(options, (client, how) => client.adopt(id, how)),
    wait: (id, options) => call(options, (client, how) => client.wait(id, how)),
    download: (video, options) => call(options, (client, how) => client.download(video, how)),
    keepVideo: (id, options) => call(options, (client, how) => client.keepVideo(id, how)),
    keptVideo: (id) => run(() => client().keptVideo(id)),
    watch: (id, options) =>
      changes((left, changed) => run(() => client().watch(id, options, changed, left))),
    records: () => run(() => client().records()),
    forget: (id) => run(() => client().forget(id)),
    storage: () => run(() => client().storage()),
    onRecordChange(listener) {
      if (typeof listener !== "function") {
        throw new KlingError("listener: expected a function", { code: "invalid_option" });
      }
      const base = run(async () => client().baseUrl);
      // What is wrong with the options is told by every call.
      base.catch(() => {});
      const { store: kind = "indexeddb", storeName = DEFAULT_NAME } = given ?? {};
      const store = openStore(kind, typeof storeName === "string" ? storeName : DEFAULT_NAME);
      const leave = store.listen(async (change) => {
        // Others may speak on a channel of that name.
        if (change?.base !== (await base) || !change.record || !listening.has(leave)) return;
        if (change.record.state === "withdrawn") return;
        const { attempt, ...record } = change.record;
        try {
          listener(/** @type {import("./index.js").TaskRecord} */ (record));
        } catch (error) {
          reportUncaught(error);
        }
      });
      const end = () => {
        leave();
        listening.delete(leave);
      };
      if (isClosed) leave();
      else listening.add(leave);
      return end;
    },
    close() {
      isClosed = true;
      if (made?.instance === currentInstance()) made.client.close();
      for (const leave of listening) leave();
      listening.clear();
    },
  };
}

/**
 * The changes of one task. Leaving the loop ends the request and the timer that it had under way.
 * @param {(left: AbortSignal, seen: (task: Task) => Promise<void>) => Promise<unknown>} begin
 * @returns {AsyncIterable<Task>}
 */
function changes(begin) {
  return {
    [Symbol.asyncIterator]() {
      const left = new AbortController();
      let isOver = false;
      /** Lets the watch go on. @type {(() => void) | undefined} */
      let goOn;
      /** @type {(result: IteratorResult<Task, undefined>) => void} */
      let give;
      /** @type {(error: unknown) => void} */
      let fail;
      /** @type {Promise<unknown>} */
      let last = Promise.resolve();

      const end = () => ({ done: /** @type {const} */ (true), value: undefined });
      /** @param {Task} task @returns {Promise<void>} */
      const seen = (task) =>
        new Promise((resolve) => {
          goOn = resolve;
          give({ done: false, value: task });
        });
      const over = () => {
        isOver = true;
        give(end());
      };

      /** @returns {Promise<IteratorResult<Task, undefined>>} */
      const advance = () =>
        new Promise((resolve, reject) => {
          [give, fail] = [resolve, reject];
          if (isOver) return over();
          if (goOn) return goOn();
          begin(left.signal, seen).then(over, (error) => {
            if (!left.signal.aborted) fail(error);
            over();
          });
        });

      return {
        next() {
          // One at a time, as with a generator.
          const next = last.then(advance);
          last = next.catch(() => {});
          return next;
        },
        async return() {
          left.abort();
          isOver = true;
          give?.(end());
          return end();
        },
      };
    },
  };
}
