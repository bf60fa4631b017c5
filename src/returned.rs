//! Waiting for what a function of the caller returns.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/js/abort.js")]
extern "C" {
    /// A promise of the caller.
    type CallersPromise;

    #[wasm_bindgen(constructor)]
    fn new(promise: &JsValue) -> CallersPromise;

    #[wasm_bindgen(method, getter)]
    fn settled(this: &CallersPromise) -> Promise;

    #[wasm_bindgen(method)]
    fn leave(this: &CallersPromise);
}

/// What a function of the caller returned: its value, or that of its promise, which may never settle.
pub(super) struct Returned(CallersPromise, JsFuture);

impl Returned {
    pub(super) fn new(returned: &JsValue) -> Self {
        let promise = CallersPromise::new(returned);
        let settled = JsFuture::from(promise.settled());
        Self(promise, settled)
    }
}

impl Future for Returned {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.1).poll(context)
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        self.0.leave();
    }
}
