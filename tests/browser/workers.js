// Module workers that load the package afresh. To IndexedDB, to locks and to channels, a worker is
// another tab.

import { IMPATIENT, PATIENT } from "./kit.js";
import { COLLECT_IN_WORKER, collected } from "./leaks.js";

/**
 * A worker's code that notes what each instance of the module exports. `memoryOf` finds the memory
 * among the exports: their names are short.
 */
export const NOTE_EXPORTS = `
  const instances = [];
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...given) {
    const instance = new Instance(...given);
    // Not the module that finds out whether the page may use WebAssembly.
    if (Object.keys(instance.exports).length) instances.push(instance.exports);
    return instance;
  };
  WebAssembly.Instance.prototype = Instance.prototype;
  const memoryOf = (exports) =>
    Object.values(exports).find((value) => value instanceof WebAssembly.Memory);`;

/**
 * Starts a worker with this code, in which `init` and `kling` are the package, `simulator` and
 * `key` those of the kit, `makeClient(scenario, options)` makes a client like `kit.client`, and
 * `PATIENT` and `IMPATIENT` are those of `kit.js`.
 * `onMessage` gets each message, `onFailure` an error that the code does not catch.
 */
function startWorker(kit, code, onMessage, onFailure) {
  const source = `${COLLECT_IN_WORKER}
    import init, * as kling from ${JSON.stringify(`${kit.simulator}/pkg/index.js`)};
    const simulator = ${JSON.stringify(kit.simulator)};
    const key = ${JSON.stringify(kit.key)};
    const PATIENT = ${JSON.stringify(PATIENT)};
    const IMPATIENT = ${JSON.stringify(IMPATIENT)};
    const makeClient = (scenario, options) => kling.createClient({
      apiKey: key,
      baseUrl: simulator + "/s/" + scenario + "/kling",
      polling: PATIENT,
      storeName: key,
      ...options,
    });
    ${code}`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  worker.onmessage = ({ data }) => {
    if (data?.place in collected) collected[data.place].push(data.text);
    else onMessage(kit.note("a message of a worker", data));
  };
  worker.onerror = ({ message }) => onFailure(new Error(message ?? "the worker failed to start"));
  return worker;
}

/**
 * Runs the body of an async function as another tab. In it, `given` is what this call passes, and a
 * function assigned to `onPost` gets each message of `post`. The tab posts what the body returns,
 * or its error as `{ error }`. `message` resolves to the first message of the tab; `close` ends the
 * tab at once, as a crash does.
 */
export function tab(kit, body, given) {
  const code = `
    let onPost;
    onmessage = async ({ data: given }) => {
      onmessage = ({ data }) => onPost?.(data);
      try {
        postMessage(await (async () => {${body}})());
      } catch (error) {
        postMessage({ error: String(error?.code ?? error) });
      }
    };`;
  const messages = [];
  let worker;
  const message = new Promise((resolve, reject) => {
    const onMessage = (data) => {
      messages.push(data);
      resolve(data);
    };
    worker = startWorker(kit, code, onMessage, reject);
  });
  worker.postMessage(given);
  return {
    message,
    messages,
    post: (data) => worker.postMessage(data),
    close: () => worker.terminate(),
  };
}

/** What the body of an async function returns in a worker. In it, `given` is what is passed. */
export async function inWorker(kit, body, given) {
  const code = `
    const run = async (given) => {${body}};
    onmessage = ({ data }) => run(data).then(
      (value) => postMessage({ value }),
      (error) => {
        const { name, message } = error ?? {};
        postMessage({ error: { ...error, name, message: String(message) } });
      },
    );`;
  let worker;
  try {
    const { value, error } = await new Promise((resolve, reject) => {
      worker = startWorker(kit, code, resolve, reject);
      worker.postMessage(given);
    });
    if (error) throw new Error(`${error.name} ${error.code}: ${error.message}`);
    return value;
  } finally {
    worker?.terminate();
  }
}
