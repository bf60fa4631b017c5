//! The caller's `AbortSignal`: whatever a call awaits, an abort ends it at once.

use std::future::Future;
use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

use super::fault::Failure;
use kling_core::race::{First, race};

#[wasm_bindgen(module = "/src/js/abort.js")]
extern "C" {
    /// Listens to signals.
    type Aborts;

    #[wasm_bindgen(constructor, catch)]
    fn new(signals: Vec<AbortSignal>) -> Result<Aborts, JsValue>;

    /// Rejects when one of them fires, with its reason.
    #[wasm_bindgen(method, getter)]
    fn fired(this: &Aborts) -> Promise;

    /// Whether one of them has fired.
    #[wasm_bindgen(method, getter, js_name = hasFired)]
    fn has_fired(this: &Aborts) -> bool;

    #[wasm_bindgen(method)]
    fn leave(this: &Aborts);
}

/// A call under way. All have one type, because the machinery around a future is compiled once for each type of it.
pub(super) type Call = Pin<Box<dyn Future<Output = Result<JsValue, Failure>>>>;

/// The promise of a call that ends when the call ends or a signal fires, whichever is first. An abort drops the call, and
/// with it its requests, timers and listeners.
pub(super) fn promise(signals: Vec<AbortSignal>, call: Call) -> Promise {
    future_to_promise(async {
        let listening = Listening(Aborts::new(signals).map_err(Failure::from)?);
        let fired = JsFuture::from(listening.0.fired());
        // Nothing of a call begins whose signal has fired already.
        if listening.0.has_fired() {
            return fired.await;
        }
        match race(fired, call).await {
            First::Left(fired) => fired,
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
