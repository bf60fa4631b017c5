//! What this tab notices while a flow rests, and what it tells the others.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::number::{float, whole};
use super::timer::LONGEST;
use kling_core::endpoint::{Body, HttpResponse, Status, TransportError};
use kling_core::flow::Wake;
use kling_core::flow::echo::Echo;

#[wasm_bindgen(module = "/src/js/tab.js")]
extern "C" {
    /// One call's ear.
    #[wasm_bindgen(js_name = Tab)]
    type Ear;

    #[wasm_bindgen(constructor, js_class = "Tab")]
    fn new(topic: Option<&str>) -> Ear;

    #[wasm_bindgen(method, js_class = "Tab")]
    fn rest(this: &Ear, milliseconds: f64) -> Promise;

    #[wasm_bindgen(method, js_class = "Tab")]
    fn tell(this: &Ear, message: &JsValue);

    #[wasm_bindgen(method, js_class = "Tab")]
    fn close(this: &Ear);

    #[wasm_bindgen(js_name = isOnline)]
    pub(super) fn is_online() -> bool;

    #[wasm_bindgen(js_name = isSeen)]
    pub(super) fn is_seen() -> bool;
}

/// One call's ear, closed when it is dropped.
pub(super) struct Tab(Ear);

impl Drop for Tab {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Tab {
    /// With a topic, it hears other tabs too.
    pub(super) fn new(topic: Option<&str>) -> Self {
        Self(Ear::new(topic))
    }

    /// Sleeps for so many ms, unless something happens.
    pub(super) async fn rest(&self, milliseconds: u64) -> Wake {
        let noticed = JsFuture::from(self.0.rest(float(milliseconds.min(LONGEST)))).await;
        match noticed.unwrap_or(JsValue::UNDEFINED) {
            nothing if nothing.is_undefined() => Wake::Time,
            event => heard(&event).map_or(Wake::Seen, Wake::Heard),
        }
    }

    /// Tells the other tabs.
    pub(super) fn tell(&self, echo: Echo) {
        let message = Array::new();
        message.push(&float(echo.next_poll_in).into());
        message.push(&echo.is_seen.into());
        match echo.reply {
            None => {}
            Some(Ok(response)) => {
                message.push(&response.body.as_text().into());
                message.push(&response.status.to_fetch().into());
                message.push(&response.retry_after.into());
            }
            Some(Err(error)) => {
                message.push(&error.message.into());
            }
        }
        self.0.tell(&message);
    }
}

/// What another tab told; nothing, should it not be one of ours.
fn heard(message: &JsValue) -> Option<Echo> {
    let message: &Array = message.dyn_ref()?;
    let reply = match (message.get(2).as_string(), message.get(3).as_f64()) {
        (None, None) => None,
        (Some(message), None) => Some(Err(TransportError::new(message))),
        (body, Some(status)) => {
            let status = Status::from_fetch(u16::try_from(whole(status)).ok()?);
            let retry_after = message.get(4).as_string();
            let body = body.map_or(Body::TooLarge, Body::Text);
            Some(Ok(HttpResponse { status, body, retry_after }))
        }
    };
    Some(Echo { reply, next_poll_in: whole(message.get(0).as_f64()?), is_seen: message.get(1).as_bool()? })
}
