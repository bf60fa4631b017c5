/**
 * The same as `kling-multi-image2video`, with the WebAssembly module inside the script. For browser
 * extensions, single-file builds, and build tools that handle scripts only. A third larger, and not
 * compiled while it downloads.
 */
export * from "./index.js";
export { default } from "./index.js";
