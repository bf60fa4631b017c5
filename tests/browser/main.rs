//! The npm package as a page uses it, in a real browser, against the simulator.
//!
//! The cases are JavaScript, because users of the package write JavaScript. This file gives each case its name, so that the
//! runner counts it. The simulator's URL is compiled in, because a browser test cannot read the environment: start the
//! simulator first.
#![cfg(target_family = "wasm")]

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The simulator's URL; by default that of the demo.
const SIMULATOR: &str = match option_env!("KLING_SIMULATOR") {
    Some(url) => url,
    None => "http://127.0.0.1:8317",
};

// The one script that is put beside the test binary. The others come from the simulator: the runner's own server reliably
// serves only four connections at a time, and a page that waits for a fifth waits for ever.
#[wasm_bindgen(module = "/tests/browser/run.js")]
extern "C" {
    /// Runs one case of one module.
    #[wasm_bindgen(catch, js_name = runCase)]
    async fn run_case(simulator: &str, module: &str, name: &str) -> Result<JsValue, JsValue>;
}

/// The cases of one script.
macro_rules! cases {
    ($module:ident: $($name:ident),+ $(,)?) => {
        mod $module {
            use super::*;

            $(#[wasm_bindgen_test]
            async fn $name() -> Result<(), JsValue> {
                run_case(SIMULATOR, stringify!($module), stringify!($name)).await.map(|_| ())
            })+
        }
    };
}

include!("cases.rs");
