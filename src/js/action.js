// What the module is asked for, as its enumeration numbers it; the type checker compares them. Not the glue's own object,
// which names each the other way round too.

/** @type {{ readonly [Name in keyof Glue["Action"]]: Glue["Action"][Name] }} */
export const Action = {
  Inspect: 0,
  Encode: 1,
  Validate: 2,
  Build: 3,
  CheckSubmit: 4,
  CheckGenerate: 5,
  Submit: 6,
  Task: 7,
  Reconcile: 8,
  Adopt: 9,
  Wait: 10,
  WaitForAccepted: 11,
  Watch: 12,
  Download: 13,
  Keep: 14,
  Kept: 15,
  Records: 16,
  Forget: 17,
  Storage: 18,
  Base: 19,
};

/** @typedef {typeof import("./kling_multi_image2video.js")} Glue */
