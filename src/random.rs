//! Random numbers.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::fault::missing;
use super::number::whole;
use kling_core::error::Error;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &Uint8Array) -> Result<(), JsValue>;
}

/// A random number, for spreading polls; not for ids.
pub(super) fn random() -> u32 {
    u32::try_from(whole(js_sys::Math::random() * f64::from(u32::MAX))).unwrap_or(0)
}

/// Sixteen unpredictable bytes.
pub(super) fn random_bytes() -> Result<[u8; 16], Error> {
    let bytes = Uint8Array::new_with_length(16);
    get_random_values(&bytes).map_err(|_| missing("crypto.getRandomValues"))?;
    let mut random = [0; 16];
    bytes.copy_to(&mut random);
    Ok(random)
}
