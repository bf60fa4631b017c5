//! The clocks and timers of the host.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::number::{float, whole};
use kling_core::delay::MAX_TIME_MS;

#[wasm_bindgen(module = "/src/js/timer.js")]
extern "C" {
    type Timer;

    #[wasm_bindgen(constructor)]
    fn new(milliseconds: f64) -> Timer;

    #[wasm_bindgen(method, getter)]
    fn over(this: &Timer) -> Promise;

    #[wasm_bindgen(method)]
    fn stop(this: &Timer);

    #[wasm_bindgen(js_name = monotonic)]
    fn js_monotonic() -> f64;

    #[wasm_bindgen(js_name = wall)]
    fn js_wall() -> f64;
}

/// The longest timer of a browser, in ms. A longer one would overflow 32 bits and fire at once; it never fires here.
pub(super) const MAX_TIMER_MS: u64 = MAX_TIME_MS;

/// A timer. Dropping it clears the browser's timer.
pub(super) struct Sleep(Option<(Timer, JsFuture)>);

/// Sleeps for `milliseconds`.
pub(super) fn sleep(milliseconds: u64) -> Sleep {
    let start = || {
        let timer = Timer::new(float(milliseconds));
        let over = JsFuture::from(timer.over());
        (timer, over)
    };
    Sleep((milliseconds <= MAX_TIMER_MS).then(start))
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some((_, over)) => Pin::new(over).poll(context).map(|_| ()),
            None => Poll::Pending,
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((timer, _)) = &self.0 {
            timer.stop();
        }
    }
}

/// ms, by a clock that only goes forward.
pub(super) fn now() -> u64 {
    whole(js_monotonic())
}

/// ms since 1970, by the wall clock; 0 where that is not a number.
pub(super) fn wall() -> u64 {
    whole(js_wall())
}
