//! Scripts that only other scripts import: wasm-bindgen copies only scripts that Rust imports, so this imports each of them.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/js/changes.js")]
extern "C" {
    #[wasm_bindgen(js_name = newestFirst)]
    fn newest_first();
}

#[wasm_bindgen(module = "/src/js/database.js")]
extern "C" {
    type DatabaseStore;
}

#[wasm_bindgen(module = "/src/js/fault.js")]
extern "C" {
    #[wasm_bindgen(js_name = guardExports)]
    fn guard_exports();
}

// The module exports it too. wasm-bindgen can export a constant only as if it were a function.
#[wasm_bindgen(module = "/src/js/limits.js")]
extern "C" {
    #[wasm_bindgen(reexport, skip_typescript, js_name = limits)]
    fn limits();
}

#[wasm_bindgen(module = "/src/js/utf8.js")]
extern "C" {
    #[wasm_bindgen(js_name = encodeText)]
    fn encode_text();
}

#[wasm_bindgen(module = "/src/js/memory.js")]
extern "C" {
    type MemoryStore;
}
