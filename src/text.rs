//! Texts of JavaScript, read as the standards do.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/js/text.js")]
extern "C" {
    #[wasm_bindgen(js_name = parsedUrl)]
    fn js_address(text: &JsValue, is_relative: bool) -> JsValue;

    /// Whether it is an object with names and values: no list, map, date, blob or promise.
    #[wasm_bindgen(js_name = isRecord)]
    pub(super) fn is_record(value: &JsValue) -> bool;

    /// Whether no half of a surrogate pair stands alone in it.
    #[wasm_bindgen(js_name = isWellFormed)]
    pub(super) fn is_whole(text: &JsValue) -> bool;
}

#[wasm_bindgen]
extern "C" {
    /// Written by JavaScript: Rust's own code for it weighs several kB.
    #[wasm_bindgen(js_name = String)]
    pub(super) fn words_of_number(number: &JsValue) -> JsValue;
}

/// An address as the URL standard writes it, unless it is broken. A relative one is one of the page's own.
pub(super) fn address(text: &JsValue, is_relative: bool) -> Option<String> {
    js_address(text, is_relative).as_string()
}
