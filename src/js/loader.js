// Loads the WebAssembly module once, when it is first needed. Importing this module has no
// effect.

import { initSync } from "./kling_multi_image2video.js";
import { KlingError, invalidOption } from "./error.js";
import { reasonOf } from "./abort.js";
import { guarded } from "./fault.js";
import { startTimer, within } from "./timer.js";

/** @typedef {import("./index.js").WasmSource} WasmSource */

/** How long the `.wasm` file may take until the inline copy is tried too, in ms. */
const MAX_FILE_MS = 10_000;

/** How long a load may take, in ms. */
const MAX_LOAD_MS = 40_000;

let isLoaded = false;

/** The latest load, while it is under way. @type {Promise<void> | undefined} */
let loading;

/** Resolves each load under way, because another one has succeeded. @type {Set<() => void>} */
const waiting = new Set();

/** The module as base64, in the entry that contains it. @type {string} */
let included;

/** @param {string} base64 */
export function include(base64) {
  included = base64;
}

/**
 * @param {WasmSource | Promise<WasmSource>} [source]
 * @returns {Promise<void>}
 */
export function init(source) {
  // Checked even when the module is loaded: a source of the wrong type must not be ignored.
  if (!isSource(source)) {
    const message =
      "expected a URL, a Request, a Response, bytes or a WebAssembly.Module, found something else";
    return Promise.reject(invalidOption("source", message));
  }
  if (isLoaded) return Promise.resolve();
  // A source is loaded at once: an earlier load may hang.
  if (source === undefined && loading) return loading;
  /** @type {Promise<void>} */
  const own = new Promise((resolve, reject) => {
    waiting.add(resolve);
    load(source).then(
      () => {
        isLoaded = true;
        for (const done of waiting) done();
      },
      (error) => {
        waiting.delete(resolve);
        // The next call tries again: the network may be back.
        if (loading === own) loading = undefined;
        reject(error);
      },
    );
  });
  return (loading = own);
}

/**
 * What a call of a client shares with `close`: whether it was called, and what it calls.
 * @typedef {{ isClosed: boolean, stops: Set<() => void> }} Closing
 */

/**
 * Runs a call once the module is loaded. Until then, the signal and the timeout of its options and
 * the closing of its client end it; from then on Rust obeys them.
 * @template T
 * @param {() => Promise<T>} call
 * @param {unknown} [options]
 * @param {Closing} [closing]
 * @returns {Promise<T>}
 */
export async function run(call, options, closing) {
  if (!isLoaded) await endable(() => init(), limitsOf(options), closing);
  return guarded(call);
}

/**
 * What `begin` resolves to. The signal, the timeout and the closing of the client end the wait at once,
 * and abort the signal that `begin` gets.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} begin
 * @param {ReturnType<typeof limitsOf>} limits
 * @param {Closing} [closing]
 * @returns {Promise<T>}
 */
export function endable(begin, { signal, timeout }, closing) {
  let clean = () => {};
  /** @type {Promise<T>} */
  const result = new Promise((resolve, reject) => {
    /** @type {AbortController | undefined} */
    let control;
    const end = (/** @type {unknown} */ reason) => {
      reject(reason);
      control?.abort(reason);
    };
    const closed = () => end(new KlingError(CLOSED, { code: "invalid_option" }));
    if (closing?.isClosed) return closed();
    const aborted = () => end(reasonOf(/** @type {AbortSignal} */ (signal)));
    if (signal?.aborted) return aborted();
    checkEnvironment();
    control = new AbortController();
    const late = () => end(new KlingError(TIMED_OUT, { code: "timeout", retryable: true }));
    const timer = timeout && startTimer(timeout, late);
    signal?.addEventListener("abort", aborted);
    closing?.stops.add(closed);
    clean = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      closing?.stops.delete(closed);
    };
    begin(control.signal).then(resolve, reject);
  });
  return result.finally(() => clean());
}

// As core words them: `tests/model/options.rs` fails if one differs.
const CLOSED = "this client was closed";
const TIMED_OUT = "the timeout of this call passed; the task continues: wait again";

/** The times that `timeout` may be, in ms. */
export const MIN_TIME_MS = 10;
const MAX_TIME_MS = 2_147_483_647;

/**
 * The signal and timeout of options, without those that Rust refuses.
 * @param {any} options
 * @returns {{ signal?: AbortSignal, timeout?: number }}
 */
export function limitsOf(options) {
  try {
    const { signal, timeout } = options;
    return {
      ...(typeof signal?.removeEventListener === "function" && { signal }),
      ...(typeof timeout === "number" &&
        timeout >= MIN_TIME_MS &&
        timeout <= MAX_TIME_MS && { timeout }),
    };
  } catch {
    // No options, or a getter that throws.
    return {};
  }
}

/** What every call needs, and every supported browser has. */
const NEEDED = ["AbortController", "Blob", "URL", "atob"];

/** Throws if this environment lacks any of it. */
function checkEnvironment() {
  const missing = NEEDED.filter((name) => typeof Reflect.get(globalThis, name) !== "function");
  if (!missing.length) return;
  const message = `this environment has no ${missing.join(", ")}; a test has to supply what a browser has`;
  throw new KlingError(message, { code: "internal" });
}

/** @param {WasmSource | Promise<WasmSource>} [source] */
async function load(source) {
  checkEnvironment();
  // What can load no module here fetches none. Some runtimes take only a compiled one.
  let obstacle = source === undefined ? permanentObstacle() : undefined;
  const control = new AbortController();
  try {
    if (obstacle) throw new Error(obstacle);
    // A promise of the caller may never settle.
    const module = Promise.resolve(source).then((given) =>
      given === undefined ? ownModule(control) : compiled(given, control),
    );
    initSync({ module: await within(module, MAX_LOAD_MS, () => late(MAX_LOAD_MS)) });
  } catch (cause) {
    obstacle ??= permanentObstacle();
    const reason = obstacle ?? (cause instanceof Error ? cause.message : "no reason given");
    const message = `the WebAssembly module of kling-multi-image2video could not be loaded: ${reason}${obstacle ? "" : hint()}`;
    throw new KlingError(message, { code: "wasm_load", retryable: !obstacle }, { cause });
  } finally {
    control.abort();
  }
}

/** This browser can compile our module, so the file is at fault. @param {Error} cause */
const broken = (cause) => {
  throw new Error(`the .wasm file is broken or incomplete (${cause.message})`, { cause });
};

/** @param {number} milliseconds */
const late = (milliseconds) => new Error(`the .wasm file did not arrive within ${milliseconds} ms`);

/** Whether a value, of any realm, has a type that `init` accepts. @param {any} source */
function isSource(source) {
  return (
    source === undefined ||
    typeof source === "string" ||
    ArrayBuffer.isView(source) ||
    SOURCES.test(typeOf(source)) ||
    (typeof source === "object" && typeof source?.then === "function")
  );
}

/** The name of its class, where that is one of the platform. @param {unknown} value */
const typeOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

const SOURCES = /^(URL|Request|Response|(Shared)?ArrayBuffer|WebAssembly\.Module)$/;

/**
 * A module with one use of each feature that ours uses: bulk memory, several results, saturating
 * conversions, reference types, extension of signs.
 */
const PROBE = "AGFzbQEAAAABDAJgAXwCf39gAAJ/fwMCAQAEBAFvAAEFAwEAAQoUARIAQQBBAEEA/AsAIAD8AkEAwAs=";

/** Why no attempt to load the module can succeed; `undefined` if one may. */
function permanentObstacle() {
  if (typeof WebAssembly === "undefined")
    return "this browser has no WebAssembly; use another one, or turn its lockdown mode off";
  const probe = bytesOf(PROBE);
  if (!WebAssembly.validate(probe)) return "this browser cannot compile it; it is too old";
  try {
    // Some browsers refuse to compile a module, others to make an instance of it.
    new WebAssembly.Instance(new WebAssembly.Module(probe));
  } catch {
    return forbidden();
  }
}

/** Whose policy forbids WebAssembly, and the line that allows it. */
function forbidden() {
  const { location, chrome } = /** @type {any} */ (globalThis);
  if (!location)
    return "this runtime compiles no WebAssembly; import the .wasm file, and pass it to init";
  if (/-extension:$/.test(location.protocol))
    return `this extension forbids WebAssembly; add to its manifest "content_security_policy": { "extension_pages": "script-src 'self' 'wasm-unsafe-eval'" }`;
  if (chrome?.runtime?.id)
    return "this content script is under the page's policy, which forbids WebAssembly; use the package in the extension's service worker";
  return "this page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src";
}

/** What helps in a place with rules of its own. */
function hint() {
  const place =
    "ServiceWorkerGlobalScope" in globalThis
      ? "a service worker may import no script later"
      : globalThis.origin === "null" && "this page is a file or a sandboxed frame";
  return place ? `; ${place}: import kling-multi-image2video/inline` : "";
}

/**
 * The module of this package: from the file beside this script or, where a bundler or a server did
 * not put it there or does not send it, from the inline script.
 * @param {AbortController} control
 */
async function ownModule(control) {
  if (IS_INSIDE) return compiled(bytesOf(included), control);
  const fromFile = async () =>
    compiled(new URL("./kling_multi_image2video_bg.wasm", import.meta.url), control);
  const fromScript = async () =>
    compiled(bytesOf((await import("./wasm.inline.js")).default), control);
  const file = fromFile();
  return within(file, MAX_FILE_MS, () => late(MAX_FILE_MS)).catch((error) =>
    // A slow file may still arrive first.
    Promise.any([file, fromScript()]).catch(() => {
      throw error;
    }),
  );
}

/** @param {string} base64 */
const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/**
 * The compiled module of a source. A URL or a `Request` is fetched.
 * @param {WasmSource} source
 * @param {AbortController} control ends the request
 * @returns {Promise<WebAssembly.Module>}
 */
async function compiled(source, control) {
  /** @type {any} */
  let module = source;
  // A request of the caller has a signal of its own.
  if (typeOf(source) === "Request") module = await fetch(module);
  // A string, because a function that a site put around `fetch` may read nothing else.
  if (typeof source === "string" || typeOf(source) === "URL")
    module = await fetch(String(source), { signal: control.signal });
  if (typeOf(module) === "Response") {
    const type = module.headers.get("Content-Type");
    const found = `expected the .wasm file, found HTTP ${module.status} (${type}) at ${module.url}`;
    if (!module.ok) throw new Error(found);
    // Compiled while it downloads, if the server sends the right type.
    if (type === "application/wasm") {
      module = await WebAssembly.compileStreaming(module).catch(broken);
    } else {
      module = await module.arrayBuffer();
      // A server may send an HTML page for a file that does not exist.
      if (String(new Uint8Array(module).subarray(0, 4)) !== "0,97,115,109") throw new Error(found);
    }
  }
  if (typeOf(module) !== "WebAssembly.Module")
    module = await WebAssembly.compile(module).catch(broken);
  // The glue works only with the module of the same build.
  if (!WebAssembly.Module.customSections(module, BUILD).length)
    throw new Error(`expected the module of ${BUILD}, found another one`);
  return module;
}
