// A client that can be made anywhere, also where WebAssembly cannot run: its methods load the
// module when they are first called.

import { invalidOption, isKlingError } from "./error.js";
import { currentInstance, reportUncaught } from "./fault.js";
import { joined } from "./joined.js";
import * as glue from "./kling_multi_image2video.js";
import { MIN_TIME_MS, endable, limitsOf, run } from "./loader.js";
import { preparing } from "./preparing.js";
import { copied, snapshot } from "./request.js";
import { knownAtCall, storeOf } from "./store.js";
import { isRecord } from "./text.js";
import { monotonic } from "./timer.js";

/** @typedef {import("./index.js").Task} Task */
/** @typedef {import("./index.js").Client} Client */

/**
 * @param {import("./index.js").ClientOptions} [given]
 * @returns {Client}
 */
export function createClient(given) {
  /** @type {typeof given} */
  let clientOptions;
  /** The error of a getter in the options, which rejects every call. @type {unknown} */
  let readError;
  try {
    clientOptions = copied(given);
  } catch (error) {
    readError = error;
  }
  /** @type {{ client: glue.Client, instance: number } | undefined} */
  let latest;
  /** Whether `close` was called, and what it calls. @type {import("./loader.js").Closing} */
  const closing = { isClosed: false, stops: new Set() };

  /** The client in the current WebAssembly instance. */
  const current = () => {
    if (readError) throw readError;
    if (latest?.instance !== currentInstance()) {
      latest = { client: new glue.Client(clientOptions), instance: currentInstance() };
      if (closing.isClosed) latest.client.close();
    }
    return latest.client;
  };

  /**
   * Calls the client with a copy of the options as they are now. Their timeout counts from now.
   * @template T, Options
   * @param {Options} options
   * @param {(client: glue.Client, options: Options) => Promise<T>} begin
   */
  const call = async (options, begin) => {
    const copy = copied(options);
    const { timeout } = limitsOf(copy);
    const began = monotonic();
    const begun = () => {
      const left = timeout && Math.max(MIN_TIME_MS, timeout - monotonic() + began);
      // An instance of a class is no copy.
      if (left && copy !== options) Object.assign(/** @type {object} */ (copy), { timeout: left });
      return begin(current(), copy);
    };
    return run(begun, copy, closing);
  };

  /**
   * A call about a task. Each error names it, also one from before Rust has the id.
   * @template T, Options
   * @param {unknown} given the id of the task, or an object that contains it
   * @param {Options} options
   * @param {(client: glue.Client, options: Options) => Promise<T>} begin
   */
  const callOfTask = (given, options, begin) => {
    const taskId = idIn(given);
    return call(options, begin).catch((error) => {
      // An error about the id itself does not repeat it: it may be a key.
      const isNamed =
        isKlingError(error) && (error.taskId || ["id", "video"].includes(`${error.params?.path}`));
      throw isNamed || !taskId ? error : detailed(error, options, { taskId });
    });
  };

  /** @template T @param {(client: glue.Client) => Promise<T>} begin */
  const simpleCall = (begin) => call(undefined, begin);

  /**
   * What the store has of the external task id of a request at the moment of the call; `undefined`
   * if it has no id or cannot be read, in which case the call may not repeat a submission.
   */
  const knownOf = (/** @type {any} */ request) =>
    isRecord(request) && typeof request.externalTaskId === "string"
      ? knownAtCall(storeOf(clientOptions), request.externalTaskId).catch(() => undefined)
      : undefined;

  const submitJoined = joined(async (request, { prepare, ...options }, known) => {
    const ready = prepare
      ? await endable(
          (signal) => prepare.apply(request, { ...options, signal }),
          limitsOf(options),
          closing,
        )
      : request;
    return run(() => current().submit(ready, options, known), options, closing);
  });

  /**
   * Copies of a request and its options, and what is known of its id, at the moment of the call:
   * loading the module may take long.
   * @template Options
   * @param {unknown} given
   * @param {Options} options
   */
  const atCall = (given, options) => {
    const request = snapshot(given);
    return { request, copy: copied(options), known: knownOf(request) };
  };

  /**
   * Checked by Rust, because a misspelt option must be reported. A timeout counts from the
   * acceptance.
   * @param {import("./index.js").WaitOptions | undefined} options @param {boolean} waits
   */
  const checkOptions = (options, waits) => {
    const { signal } = limitsOf(options);
    return run(async () => glue.checkOptions(options, waits), { signal }, closing);
  };

  /**
   * Submits a request with options that were checked, except `prepare`.
   * @param {unknown} request @param {any} options @param {ReturnType<typeof knownOf>} known
   */
  const submit = async (request, options = {}, known) => {
    const { prepare = false } = options;
    const all =
      prepare === false ? options : (await preparing(options, closing)).forSubmission(options);
    return submitJoined(request, all, known);
  };

  return {
    async submit(given, options) {
      const { request, copy, known } = atCall(given, options);
      await checkOptions(copy, false);
      return submit(request, copy, known);
    },
    async generate(given, options) {
      const { request, copy, known } = atCall(given, options);
      await checkOptions(copy, true);
      const { taskId } = await submit(request, copy, known);
      // Every later error names the task, and is not retryable: the same call would be charged
      // again.
      return call(copy, (client, copy) => client.wait(taskId, copy, true)).catch((error) => {
        throw detailed(error, copy, { taskId, retryable: false });
      });
    },
    getTask: (id, options) => callOfTask(id, options, (client, copy) => client.getTask(id, copy)),
    reconcile: (id, options) =>
      callOfTask(id, options, (client, copy) => client.reconcile(id, copy)),
    adopt: (id, options) => callOfTask(id, options, (client, copy) => client.adopt(id, copy)),
    wait: (id, options) => callOfTask(id, options, (client, copy) => client.wait(id, copy)),
    download: (video, options) =>
      callOfTask(video, options, (client, copy) => client.download(video, copy)),
    keepVideo: (id, options) =>
      callOfTask(id, options, (client, copy) => client.keepVideo(id, copy)),
    keptVideo: (id) => simpleCall((client) => client.keptVideo(id)),
    watch: (id, options) =>
      iterable((onChange, unwatched) =>
        callOfTask(id, options, (client, copy) => client.watch(id, copy, onChange, unwatched)),
      ),
    records: () => simpleCall((client) => client.records()),
    forget: (id) => simpleCall((client) => client.forget(id)),
    storage: () => simpleCall((client) => client.storage()),
    onRecordChange(listener) {
      if (typeof listener !== "function") {
        throw invalidOption("listener", "expected a function");
      }
      // Every call reports invalid options.
      const base = simpleCall(async (client) => client.baseUrl).catch(() => undefined);
      const stopStore = storeOf(clientOptions).listen(async (change) => {
        // Other scripts of the site may post to a channel of this name.
        if (!change?.record || change.base !== (await base) || !closing.stops.has(stopStore))
          return;
        const { attempt, ...record } = change.record;
        const isWithdrawn = record.state === "withdrawn";
        // Listeners were notified when it was withdrawn.
        if (isWithdrawn && change.removed) return;
        if (isWithdrawn) record.state = "submitting";
        const removed = isWithdrawn || change.removed === true;
        try {
          listener(/** @type {import("./index.js").TaskRecord} */ (record), { removed });
        } catch (error) {
          reportUncaught(error);
        }
      });
      if (closing.isClosed) stopStore();
      else closing.stops.add(stopStore);
      return () => {
        stopStore();
        closing.stops.delete(stopStore);
      };
    },
    close() {
      closing.isClosed = true;
      if (latest?.instance === currentInstance()) latest.client.close();
      for (const stop of closing.stops) stop();
      closing.stops.clear();
    },
  };
}

/** The task id: the argument itself, or its member `taskId`. @param {any} given */
function idIn(given) {
  try {
    const id = given?.taskId ?? given;
    return typeof id === "string" && id ? id : undefined;
  } catch {
    // A getter that throws: Rust reports it.
    return undefined;
  }
}

/**
 * An error with more details, unless it is the caller's own: the reason of the signal.
 * @param {unknown} error @param {unknown} options @param {Record<string, unknown>} details
 */
function detailed(error, options, details) {
  const isOurs = isKlingError(error) && error !== limitsOf(options).signal?.reason;
  if (isOurs)
    for (const name in details) Reflect.set(/** @type {object} */ (error), name, details[name]);
  return error;
}

/**
 * The changes of one task as an iterable. `begin` starts the watch: it calls `onChange` with each
 * task and waits for its promise, and ends when `unwatched` aborts, because the loop was left.
 * @param {(onChange: (task: Task) => Promise<void>, unwatched: AbortSignal) => Promise<unknown>}
 * begin
 * @returns {AsyncIterable<Task>}
 */
function iterable(begin) {
  return {
    [Symbol.asyncIterator]() {
      const control = new AbortController();
      let isOver = false;
      /** The error of a watch that ended during the body of the loop. @type {{ error: unknown } | undefined} */
      let failure;
      /** Whether a call of `next` is pending. */
      let isAwaited = false;
      /** Lets the watch continue after a change. @type {(() => void) | undefined} */
      let proceed;
      /** @type {(result: IteratorResult<Task, undefined>) => void} */
      let resolveNext;
      /** @type {(error: unknown) => void} */
      let rejectNext;
      /** @type {Promise<unknown>} */
      let previous = Promise.resolve();

      const end = () => ({ done: /** @type {const} */ (true), value: undefined });
      /** @param {Task} task @returns {Promise<void>} */
      const onChange = (task) =>
        new Promise((resolve) => {
          proceed = resolve;
          isAwaited = false;
          resolveNext({ done: false, value: task });
        });
      const finish = () => {
        isOver = true;
        resolveNext(end());
      };

      /** @returns {Promise<IteratorResult<Task, undefined>>} */
      const advance = () =>
        new Promise((resolve, reject) => {
          [resolveNext, rejectNext] = [resolve, reject];
          isAwaited = true;
          if (failure) reject(failure.error);
          failure = undefined;
          if (isOver) return finish();
          if (proceed) return proceed();
          begin(onChange, control.signal).then(finish, (error) => {
            if (control.signal.aborted) return finish();
            if (isAwaited) rejectNext(error);
            else failure = { error };
            finish();
          });
        });

      return {
        next() {
          // Calls of `next` wait for each other, as with a generator.
          const next = previous.then(advance);
          previous = next.catch(() => {});
          return next;
        },
        async return() {
          control.abort();
          isOver = true;
          failure = undefined;
          // A pending promise would keep its waiters in memory.
          proceed?.();
          resolveNext?.(end());
          return end();
        },
      };
    },
  };
}
