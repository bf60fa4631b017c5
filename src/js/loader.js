// Loads the WebAssembly module once, when it is first needed. Importing this module has no
// effect.

import { discardInstance, initSync } from "./kling_multi_image2video.js";
import { KlingError } from "./error.js";
import { guarded } from "./fault.js";

/** @type {Promise<void> | undefined} */
let loading;

/** The module as base64, in the entry that contains it. @type {string} */
let included;

/** @param {string} base64 */
export function include(base64) {
  included = base64;
}

/**
 * @param {import("./index.js").WasmSource | Promise<import("./index.js").WasmSource>} [source]
 * @returns {Promise<void>}
 */
export function init(source) {
  // Checked even when the module is loaded: a source of the wrong type must not be ignored.
  if (!isSource(source)) {
    const message =
      "source: expected a URL, a Request, a Response, bytes or a WebAssembly.Module, found something else";
    return Promise.reject(new KlingError(message, { code: "invalid_option" }));
  }
  loading ??= load(source).catch((error) => {
    // The next call tries again: the network may be back.
    loading = undefined;
    throw error;
  });
  return loading;
}

/**
 * Runs a call once the module is loaded.
 * @template T
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
export async function run(call) {
  await init();
  return guarded(call, discardInstance);
}

/** What every call needs, and every supported browser has. */
const NEEDED = ["AbortController", "Blob", "Headers", "URL", "atob"];

/** @param {import("./index.js").WasmSource | Promise<import("./index.js").WasmSource>} [source] */
async function load(source) {
  const missing = NEEDED.filter((name) => typeof Reflect.get(globalThis, name) !== "function");
  if (missing.length) {
    const message = `this environment has no ${missing.join(", ")}; a test has to supply what a browser has`;
    throw new KlingError(message, { code: "internal" });
  }
  try {
    const given = await source;
    initSync({ module: given === undefined ? await ownModule() : await compiled(given) });
  } catch (cause) {
    const obstacle = permanentObstacle(cause);
    const reason = obstacle ?? (cause instanceof Error ? cause.message : "no reason given");
    const message = `the WebAssembly module of kling-multi-image2video could not be loaded: ${reason}`;
    throw new KlingError(message, { code: "wasm_load", retryable: !obstacle }, { cause });
  }
}

/** Whether a value, of any realm, has a type that `init` accepts. @param {any} source */
function isSource(source) {
  return (
    source === undefined ||
    typeof source === "string" ||
    ArrayBuffer.isView(source) ||
    [...ADDRESSES, ...SOURCES].includes(typeOf(source)) ||
    (typeof source === "object" && typeof source?.then === "function")
  );
}

/** The name of its class, where that is one of the platform. @param {unknown} value */
const typeOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

const ADDRESSES = ["URL", "Request"];

const SOURCES = ["Response", "ArrayBuffer", "SharedArrayBuffer", "WebAssembly.Module"];

/** Why no later attempt can succeed either; `undefined` if one may. @param {unknown} cause */
function permanentObstacle(cause) {
  if (typeof WebAssembly === "undefined")
    return "this browser has no WebAssembly; use another one, or turn its lockdown mode off";
  try {
    // The shortest module. Some browsers refuse to compile it, others to make an instance of it.
    new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));
  } catch {
    return "this page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src";
  }
  const isTooNew =
    cause instanceof WebAssembly.CompileError || cause instanceof WebAssembly.LinkError;
  return isTooNew
    ? `this browser cannot compile it; it may be too old (${cause.message})`
    : undefined;
}

/**
 * The module of this package: from the file beside this script or, where a bundler or a server did
 * not put it there, from the inline script.
 */
async function ownModule() {
  if (IS_INSIDE) return decoded(included);
  try {
    return await compiled(new URL("./kling_multi_image2video_bg.wasm", import.meta.url));
  } catch (error) {
    try {
      return await decoded((await import("./wasm.inline.js")).default);
    } catch {
      throw error;
    }
  }
}

/** @param {string} base64 */
const decoded = (base64) =>
  compiled(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));

/**
 * The compiled module of a source. A URL or a `Request` is fetched.
 * @param {import("./index.js").WasmSource} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compiled(source) {
  /** @type {any} */
  const given =
    typeof source === "string" || ADDRESSES.includes(typeOf(source))
      ? await fetch(/** @type {RequestInfo} */ (source))
      : source;
  let module = given;
  if (typeOf(given) === "Response") {
    const type = given.headers.get("Content-Type");
    const found = `expected the .wasm file, found HTTP ${given.status} (${type}) at ${given.url}`;
    if (!given.ok) throw new Error(found);
    // Compiled while it downloads, if the server sends the right type.
    if (type === "application/wasm") {
      module = await WebAssembly.compileStreaming(given);
    } else {
      const bytes = await given.arrayBuffer();
      // A server may send an HTML page for a file that does not exist.
      if (String(new Uint8Array(bytes).subarray(0, 4)) !== "0,97,115,109") throw new Error(found);
      module = bytes;
    }
  }
  if (typeOf(module) !== "WebAssembly.Module") module = await WebAssembly.compile(module);
  // The glue works only with the module of the same build.
  if (!WebAssembly.Module.customSections(module, BUILD).length)
    throw new Error(`expected the module of ${BUILD}, found another one`);
  return module;
}
