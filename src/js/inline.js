// The entry that contains the module: one script, without a `.wasm` file.

import base64 from "./wasm.inline.js";
import { include } from "./loader.js";

include(base64);

export * from "./index.js";
export { default } from "./index.js";
