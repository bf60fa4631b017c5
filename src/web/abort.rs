//! The caller's `AbortSignal`: whatever a call awaits, an abort ends it at once.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::Promise;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::future_to_promise;
use web_sys::AbortSignal;

use super::fault::Failure;
use crate::race::{First, race};

/// A call under way. All have one type, because the machinery around a future is compiled once for each type of it.
pub(super) type Call = Pin<Box<dyn Future<Output = Result<JsValue, Failure>>>>;

/// The promise of a call that ends when the call ends or a signal fires, whichever is first. An abort drops the call, and
/// with it its requests, timers and listeners.
pub(super) fn promise(signals: Vec<AbortSignal>, mut call: Call) -> Promise {
    for signal in signals {
        call = Box::pin(abortable(signal, call));
    }
    future_to_promise(async { Ok(call.await?) })
}

async fn abortable(signal: AbortSignal, call: Call) -> Result<JsValue, Failure> {
    match race(aborted(&signal), call).await {
        First::Left(reason) => Err(Failure::aborted(reason)),
        First::Right(result) => result,
    }
}

/// Ends with the signal's reason when it fires.
async fn aborted(signal: &AbortSignal) -> JsValue {
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
    let woken = Rc::clone(&waker);
    let listener = Listener {
        signal,
        callback: Closure::new(move || {
            if let Some(waker) = woken.borrow_mut().take() {
                waker.wake();
            }
        }),
    };
    let function = listener.callback.as_ref().unchecked_ref();
    let added = signal.add_event_listener_with_callback("abort", function);
    poll_fn(|context| {
        if signal.aborted() || added.is_err() {
            return Poll::Ready(());
        }
        *waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
    signal.reason()
}

struct Listener<'a> {
    signal: &'a AbortSignal,
    callback: Closure<dyn FnMut()>,
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let function = self.callback.as_ref().unchecked_ref();
        // A signal that could not take the listener has none to remove.
        let _ = self.signal.remove_event_listener_with_callback("abort", function);
    }
}
