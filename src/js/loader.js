// Loads the WebAssembly module, once, when it is first needed. Nothing runs at import.

import instantiate, * as glue from "./kling_multi_image2video.js";
import { KlingError } from "./error.js";
import { guarded } from "./fault.js";

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
  return guarded(() => call(glue), glue.discardInstance);
}

/** @param {import("./index.js").WasmSource | Promise<import("./index.js").WasmSource>} [source] */
async function load(source) {
  try {
    const given = (await source) ?? new URL("./kling_multi_image2video_bg.wasm", import.meta.url);
    await instantiate({ module_or_path: await answered(given) });
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const message = `the WebAssembly module of kling-multi-image2video could not be loaded: ${words}`;
    throw new KlingError(message, { code: "wasm_load", retryable: true }, { cause });
  }
}

/**
 * A source, fetched where it is an address.
 * @param {import("./index.js").WasmSource} source
 */
async function answered(source) {
  const isAddress = typeof source === "string" || source instanceof URL || source instanceof Request;
  const response = isAddress ? await fetch(source) : source;
  if (response instanceof Response && !response.ok) {
    throw new Error(`expected the .wasm file, found HTTP ${response.status} at ${response.url}`);
  }
  return response;
}
