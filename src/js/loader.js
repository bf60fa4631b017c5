// Loads the WebAssembly module, once, when it is first needed. Nothing runs at import.

import { discardInstance, initSync } from "./kling_multi_image2video.js";
import { KlingError } from "./error.js";
import { guarded } from "./fault.js";

/** @type {Promise<void> | undefined} */
let loading;

/** The module as base64, in the entry that has it inside. @type {string} */
let inside;

/** @param {string} base64 */
export function include(base64) {
  inside = base64;
}

/**
 * @param {import("./index.js").WasmSource | Promise<import("./index.js").WasmSource>} [source]
 * @returns {Promise<void>}
 */
export function init(source) {
  // Also when it is loaded already: a source of the wrong type must not vanish.
  if (!isSource(source)) {
    const message =
      "source: expected a URL, a Request, a Response, bytes or a WebAssembly.Module, found something else";
    return Promise.reject(new KlingError(message, { code: "invalid_option" }));
  }
  loading ??= load(source).catch((error) => {
    // A failure is not remembered: the network may be back.
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

/** @param {import("./index.js").WasmSource | Promise<import("./index.js").WasmSource>} [source] */
async function load(source) {
  try {
    const given = await source;
    initSync({ module: given === undefined ? await own() : await compiled(given) });
  } catch (cause) {
    const obstacle = obstacleTo(cause);
    const words = obstacle ?? (cause instanceof Error ? cause.message : "no reason given");
    const message = `the WebAssembly module of kling-multi-image2video could not be loaded: ${words}`;
    throw new KlingError(message, { code: "wasm_load", retryable: !obstacle }, { cause });
  }
}

/** Of whatever realm. @param {any} source */
function isSource(source) {
  if (source === undefined || typeof source === "string" || ArrayBuffer.isView(source)) return true;
  const type = Object.prototype.toString.call(source).slice(8, -1);
  return (
    SOURCES.includes(type) || (typeof source === "object" && typeof source?.then === "function")
  );
}

const SOURCES = [
  "URL",
  "Request",
  "Response",
  "ArrayBuffer",
  "SharedArrayBuffer",
  "WebAssembly.Module",
];

/** What no later attempt passes either. @param {unknown} cause */
function obstacleTo(cause) {
  if (typeof WebAssembly === "undefined")
    return "this browser has no WebAssembly; use another one, or end its lockdown mode";
  try {
    // The shortest of all modules. Some refuse to compile it, some to make an instance.
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
 * The module of this package: the file beside this script, and what lies in the package where a
 * bundler or a server has not put it there.
 */
async function own() {
  if (IS_INSIDE) return decoded(inside);
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
 * The code of a source, fetched where it is an address.
 * @param {import("./index.js").WasmSource} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compiled(source) {
  const isAddress =
    typeof source === "string" || source instanceof URL || source instanceof Request;
  const given = isAddress ? await fetch(source) : source;
  let module = given;
  if (given instanceof Response) {
    const type = given.headers.get("Content-Type");
    const found = `expected the .wasm file, found HTTP ${given.status} (${type}) at ${given.url}`;
    if (!given.ok) throw new Error(found);
    // Compiled while it arrives, where the server says what it is.
    if (type === "application/wasm") {
      module = await WebAssembly.compileStreaming(given);
    } else {
      const bytes = await given.arrayBuffer();
      // A web page, for example, in place of a file that is not there.
      if (String(new Uint8Array(bytes).subarray(0, 4)) !== "0,97,115,109") throw new Error(found);
      module = bytes;
    }
  }
  if (!(module instanceof WebAssembly.Module))
    module = await WebAssembly.compile(/** @type {BufferSource} */ (module));
  // Another one would be taken by the glue for what it is not.
  if (!WebAssembly.Module.customSections(module, BUILD).length)
    throw new Error(`expected the module of ${BUILD}, found another one`);
  return module;
}
