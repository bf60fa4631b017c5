//! The clock, timers and chance of the host.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::number::{float, whole};
use crate::poll::Polling;

#[wasm_bindgen]
extern "C" {
    // Bound directly, so that pages and workers are served alike.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &Uint8Array) -> Result<(), JsValue>;
}

/// A longer time would overflow the browser's 32 bits and fire at once; it counts as for ever.
pub(super) const LONGEST: u64 = Polling::LONGEST;

/// Ends after its time. Dropping it clears the timer.
pub(super) struct Sleep {
    timer: JsValue,
    done: JsFuture,
}

/// Sleeps for so many ms.
pub(super) fn sleep(milliseconds: u64) -> Sleep {
    let mut timer = JsValue::UNDEFINED;
    let promise = Promise::new(&mut |resolve, _| {
        if milliseconds <= LONGEST {
            timer = set_timeout(&resolve, float(milliseconds));
        }
    });
    Sleep { timer, done: JsFuture::from(promise) }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.done).poll(context).map(|_| ())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}

/// ms since 1970.
pub(super) fn now() -> u64 {
    whole(js_sys::Date::now())
}

/// Any number, for spreading polls; not for ids.
pub(super) fn chance() -> u32 {
    u32::try_from(whole(js_sys::Math::random() * f64::from(u32::MAX))).unwrap_or(0)
}

/// Sixteen unpredictable bytes.
pub(super) fn random_bytes() -> Result<[u8; 16], JsValue> {
    let bytes = Uint8Array::new_with_length(16);
    get_random_values(&bytes)?;
    let mut random = [0; 16];
    bytes.copy_to(&mut random);
    Ok(random)
}
