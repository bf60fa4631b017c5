// The entry with the module inside: one script and no file beside it.

import base64 from "./wasm.inline.js";
import { include } from "./loader.js";

include(base64);

export * from "./index.js";
export { default } from "./index.js";
