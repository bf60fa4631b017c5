//! The events and messages that a call receives while it rests, and the messages that it sends to other tabs.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::number::{float, whole};
use super::settled::settled;
use super::timer::MAX_TIMER_MS;
use kling_core::answer::retry_after;
use kling_core::endpoint::{Body, HttpResponse, Status, TransportError};
use kling_core::flow::Wake;
use kling_core::flow::tabs::TabMessage;

#[wasm_bindgen(module = "/src/js/tab.js")]
extern "C" {
    #[wasm_bindgen(js_name = TabListener)]
    type JsTabListener;

    #[wasm_bindgen(constructor, js_class = "TabListener")]
    fn new() -> JsTabListener;

    #[wasm_bindgen(method, js_class = "TabListener")]
    fn subscribe(this: &JsTabListener, topic: &str);

    #[wasm_bindgen(method, js_class = "TabListener")]
    fn rest(this: &JsTabListener, milliseconds: f64) -> Promise;

    #[wasm_bindgen(method, js_class = "TabListener")]
    fn broadcast(this: &JsTabListener, message: &JsValue);

    #[wasm_bindgen(method, js_class = "TabListener")]
    fn close(this: &JsTabListener);

    #[wasm_bindgen(js_name = isOnline)]
    pub(super) fn is_online() -> bool;

    #[wasm_bindgen(js_name = isVisible)]
    pub(super) fn is_visible() -> bool;
}

/// Listens to the page, and on request to other tabs, during one call. Closed when it is dropped.
pub(super) struct TabListener(JsTabListener);

impl Drop for TabListener {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl TabListener {
    pub(super) fn new() -> Self {
        Self(JsTabListener::new())
    }

    /// From now on, it receives the messages of other tabs on this topic, and sends messages to them.
    pub(super) fn subscribe(&self, topic: &str) {
        self.0.subscribe(topic);
    }

    /// Sleeps for `milliseconds`, or until an event of the page or a message of another tab.
    pub(super) fn rest(&self, milliseconds: u64) -> impl Future<Output = Wake> {
        settled(self.0.rest(float(milliseconds.min(MAX_TIMER_MS))), |event| match event {
            Ok(event) if !event.is_undefined() => read_message(&event).map_or(Wake::PageEvent, Wake::Message),
            _ => Wake::TimePassed,
        })
    }

    /// Sends a message to the other tabs.
    pub(super) fn broadcast(&self, message: TabMessage) {
        let array = Array::new();
        array.push(&float(message.next_poll_in).into());
        array.push(&message.is_visible.into());
        match message.reply {
            None => {}
            Some(Ok(response)) => {
                array.push(&response.body.as_text().into());
                array.push(&response.status.to_fetch().into());
                array.push(&response.retry_after.map(float).into());
            }
            Some(Err(error)) => {
                array.push(&error.message.into());
            }
        }
        self.0.broadcast(&array);
    }
}

/// Reads the message of another tab; `None` if it is not one of ours.
fn read_message(message: &JsValue) -> Option<TabMessage> {
    let message: &Array = message.dyn_ref()?;
    let reply = match (message.get(2).as_string(), message.get(3).as_f64()) {
        (None, None) => None,
        (Some(message), None) => Some(Err(TransportError::new(message))),
        (body, Some(status)) => {
            let status = Status::from_fetch(u16::try_from(whole(status)).ok()?);
            let retry_after = message.get(4).as_f64().and_then(retry_after);
            let body = body.map_or(Body::TooLarge, Body::Text);
            Some(Ok(HttpResponse { status, body, retry_after }))
        }
    };
    Some(TabMessage { reply, next_poll_in: whole(message.get(0).as_f64()?), is_visible: message.get(1).as_bool()? })
}
