//! The caller's `AbortSignal`: an abort ends a call at once.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

use super::fault::Failure;
use super::settings::Settings;
use kling_core::race::{First, race};

#[wasm_bindgen(module = "/src/js/abort.js")]
extern "C" {
    /// Listens to signals.
    type Aborts;

    #[wasm_bindgen(constructor, catch)]
    fn new(signals: Vec<AbortSignal>) -> Result<Aborts, JsValue>;

    /// Rejects when a signal fires, with its reason.
    #[wasm_bindgen(method, getter)]
    fn fired(this: &Aborts) -> Promise;

    /// Whether a signal has fired.
    #[wasm_bindgen(method, getter, js_name = hasFired)]
    fn has_fired(this: &Aborts) -> bool;

    #[wasm_bindgen(method)]
    fn leave(this: &Aborts);
}

/// A call under way. All calls have one type, because the code around a future is compiled once for each type.
pub(super) type Call = Pin<Box<dyn Future<Output = Result<JsValue, Failure>>>>;

/// Runs a call until it ends or a signal fires. An abort drops the call, and with it its requests, timers and listeners.
/// `client`: the settings of the client of the call.
pub(super) fn promise(signals: Vec<AbortSignal>, client: Option<Rc<Settings>>, call: Call) -> Promise {
    future_to_promise(async {
        let listening = Listening(Aborts::new(signals).map_err(Failure::from)?);
        let fired = JsFuture::from(listening.0.fired());
        // A call whose signal has fired is never polled.
        let fired = if listening.0.has_fired() {
            fired.await
        } else {
            match race(fired, call).await {
                First::Left(fired) => fired,
                First::Right(result) => return Ok(result?),
            }
        };
        match client {
            Some(client) => fired.map_err(|reason| client.rejection(reason)),
            None => fired,
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
