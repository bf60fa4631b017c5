//! What a promise settles to.

use std::future::{Future, poll_fn};
use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Converts what a promise settles to. `convert` is called once.
///
/// Not an `async fn`: each of those is compiled to a state machine of its own, here for a single state.
pub(super) fn settled<T>(
    promise: Promise,
    convert: impl Fn(Result<JsValue, JsValue>) -> T + Unpin,
) -> impl Future<Output = T> + Unpin {
    let mut settled = JsFuture::from(promise);
    poll_fn(move |context| Pin::new(&mut settled).poll(context).map(&convert))
}
