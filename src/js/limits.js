// The service's limits, available before the module is loaded. The core checks with its own copy:
// `tests/model/limits.rs` fails if one differs.

/** @type {typeof import("./index.js").limits} */
export const limits = Object.freeze({
  minImages: 1,
  maxImages: 4,
  maxImageBytes: 10_485_760,
  minImageEdge: 300,
  maxAspectRatio: 2.5,
  maxPromptLength: 2500,
});
