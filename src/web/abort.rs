//! The caller's `AbortSignal`: whatever a call awaits, an abort ends it at once.

use std::future::Future;
use std::pin::Pin;

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

use super::fault::Failure;
use crate::race::{First, race};

#[wasm_bindgen(raw_module = "./abort.js")]
extern "C" {
    /// Listens to signals.
    type Aborts;

    #[wasm_bindgen(constructor)]
    fn new(signals: Vec<AbortSignal>) -> Aborts;

    /// Resolves when one of them fires, with its reason in a list.
    #[wasm_bindgen(method, getter)]
    fn fired(this: &Aborts) -> Promise;

    /// That list, if one has fired.
    #[wasm_bindgen(method)]
    fn now(this: &Aborts) -> Option<Array>;

    #[wasm_bindgen(method)]
    fn leave(this: &Aborts);
}

/// A call under way. All have one type, because the machinery around a future is compiled once for each type of it.
pub(super) type Call = Pin<Box<dyn Future<Output = Result<JsValue, Failure>>>>;

/// The promise of a call that ends when the call ends or a signal fires, whichever is first. An abort drops the call, and
/// with it its requests, timers and listeners.
pub(super) fn promise(signals: Vec<AbortSignal>, call: Call) -> Promise {
    future_to_promise(async {
        let listening = Listening(Aborts::new(signals));
        // Nothing of a call begins whose signal has fired already.
        if let Some(reasons) = listening.0.now() {
            return Err(reasons.get(0));
        }
        match race(JsFuture::from(listening.0.fired()), call).await {
            First::Left(reasons) => Err(Array::from(&reasons?).get(0)),
            First::Right(result) => Ok(result?),
        }
    })
}

/// Listens until it is dropped.
struct Listening(Aborts);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.leave();
    }
}
