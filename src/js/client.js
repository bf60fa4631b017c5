// A client that can be made anywhere, also where no WebAssembly can run: its methods load the module when first called.

import { currentInstance } from "./fault.js";
import { run } from "./loader.js";
import { copied, snapshot } from "./request.js";

/** @typedef {typeof import("./kling_multi_image2video.js")} Glue */
/** @typedef {import("./kling_multi_image2video.js").TaskWatch} TaskWatch */
/** @typedef {import("./index.js").Client} Client */

/**
 * @param {import("./index.js").ClientOptions} [options]
 * @returns {Client}
 */
export function createClient(options) {
  const given = copied(options);
  /** @type {{ client: InstanceType<Glue["Client"]>, instance: number } | undefined} */
  let made;

  /** @param {Glue} glue */
  const client = (glue) => {
    if (made?.instance !== currentInstance()) made = { client: new glue.Client(given), instance: currentInstance() };
    return made.client;
  };

  return {
    async submit(request, options) {
      const [now, how] = [snapshot(request), copied(options)];
      return run((glue) => client(glue).submit(now, how));
    },
    async generate(request, options) {
      const [now, how] = [snapshot(request), copied(options)];
      return run((glue) => client(glue).generate(now, how));
    },
    getTask: (id, options) => run((glue) => client(glue).getTask(id, copied(options))),
    wait: (id, options) => run((glue) => client(glue).wait(id, copied(options))),
    download: (video, options) => run((glue) => client(glue).download(video, copied(options))),
    watch: (id, options) => changes((glue) => client(glue).watch(id, options)),
  };
}

/**
 * The changes of one task. Leaving the loop ends the request and the timer that it had under way.
 * @param {(glue: Glue) => TaskWatch} begin
 * @returns {AsyncIterable<import("./index.js").Task>}
 */
function changes(begin) {
  return {
    [Symbol.asyncIterator]() {
      const left = new AbortController();
      /** @type {TaskWatch | undefined} */
      let watch;
      /** @type {Promise<unknown>} */
      let last = Promise.resolve();
      const end = () => ({ done: /** @type {const} */ (true), value: undefined });

      /** @returns {Promise<IteratorResult<import("./index.js").Task, undefined>>} */
      const advance = async () => {
        if (left.signal.aborted) return end();
        try {
          const task = await run((glue) => (watch ??= begin(glue)).next(left.signal));
          if (task !== undefined) return { done: false, value: task };
        } catch (error) {
          if (!left.signal.aborted) {
            left.abort();
            throw error;
          }
        }
        left.abort();
        return end();
      };

      return {
        next() {
          // One at a time, as with a generator.
          const next = last.then(advance);
          last = next.catch(() => {});
          return next;
        },
        async return() {
          left.abort();
          await last;
          return end();
        },
      };
    },
  };
}
