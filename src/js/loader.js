// Loads the WebAssembly module, once, when it is first needed. Nothing runs at import.

import { call, discardInstance, initSync, openClient } from "./kling_multi_image2video.js";
import { KlingError } from "./error.js";
import { guarded } from "./fault.js";

/** What is called of the module; the rest of its glue is left out of the package. */
const glue = { call, openClient };

/** @typedef {typeof glue} Glue */

/** @type {Promise<void> | undefined} */
let loading;

/**
 * @param {import("./index.js").WasmSource | Promise<import("./index.js").WasmSource>} [source]
 * @returns {Promise<void>}
 */
export function init(source) {
  loading ??= load(source).catch((error) => {
    // A failure is not remembered: the network may be back.
    loading = undefined;
    throw error;
  });
  return loading;
}

/**
 * Runs a call in the loaded module.
 * @template T
 * @param {(module: typeof glue) => Promise<T>} call
 * @returns {Promise<T>}
 */
export async function run(call) {
  await init();
  return guarded(() => call(glue), discardInstance);
}

/**
 * Asks the loaded module for what needs no client.
 * @param {number} action
 * @param {unknown} subject
 * @param {unknown} [options]
 * @returns {Promise<any>}
 */
export const ask = (action, subject, options) => run(() => call(action, subject, options));

/** @param {import("./index.js").WasmSource | Promise<import("./index.js").WasmSource>} [source] */
async function load(source) {
  try {
    const given = (await source) ?? new URL("./kling_multi_image2video_bg.wasm", import.meta.url);
    const module = await compiled(given);
    // A foreign one would stay for good: the glue takes what it gets.
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === "openClient")) {
      throw new Error("expected the module of this package, found another one");
    }
    initSync({ module });
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : "no reason given";
    const message = `the WebAssembly module of kling-multi-image2video could not be loaded: ${words}`;
    throw new KlingError(message, { code: "wasm_load", retryable: true }, { cause });
  }
}

/**
 * The code of a source, fetched where it is an address.
 * @param {import("./index.js").WasmSource} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compiled(source) {
  if (source instanceof WebAssembly.Module) return source;
  const isAddress = typeof source === "string" || source instanceof URL || source instanceof Request;
  const given = isAddress ? await fetch(source) : source;
  if (!(given instanceof Response)) return WebAssembly.compile(given);
  if (!given.ok) throw new Error(`expected the .wasm file, found HTTP ${given.status} at ${given.url}`);
  // Compiled while it arrives, where the server says what it is.
  return given.headers.get("Content-Type") === "application/wasm"
    ? WebAssembly.compileStreaming(given)
    : WebAssembly.compile(await given.arrayBuffer());
}
