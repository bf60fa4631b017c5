/**
 * The same as `kling-multi-image2video`, with the WebAssembly module inside the script: for browser
 * extensions, single-file builds, and asset pipelines that pass on nothing but scripts. A third
 * larger, and compiled only when all of it is there.
 */
export * from "./index.js";
export { default } from "./index.js";
