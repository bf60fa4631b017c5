//! The one entry of the module: each of its own would weigh half a kB.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

use super::abort::{Call, promise};
use super::action::Action;
use super::options::{CALL, CallOptions, PROGRESS, WAIT};
use super::settings::Settings;
use super::{api, client};

/// Does what needs neither key nor network. Every problem rejects the promise.
#[wasm_bindgen]
pub fn call(action: Action, subject: JsValue, options: JsValue) -> Promise {
    begin(None, action, subject, options, JsValue::UNDEFINED, JsValue::UNDEFINED)
}

/// Takes the options of `createClient`, and a signal that fires when the client is closed. Gives a function that does what a
/// client is asked for: like `call`, and for a watch it takes a signal that ends it and a function, which each change goes to
/// and which is waited for.
///
/// # Errors
///
/// `invalid_option`
#[wasm_bindgen(js_name = openClient)]
pub fn open_client(options: JsValue, closed: AbortSignal) -> Result<JsValue, JsValue> {
    let settings = Rc::new(Settings::read(options, closed)?);
    let call: Closure<dyn FnMut(Action, JsValue, JsValue, JsValue, JsValue) -> Promise> =
        Closure::new(move |action, subject, options, left, seen| {
            begin(Some(Rc::clone(&settings)), action, subject, options, left, seen)
        });
    Ok(call.into_js_value())
}

fn begin(
    client: Option<Rc<Settings>>,
    action: Action,
    subject: JsValue,
    options: JsValue,
    left: JsValue,
    seen: JsValue,
) -> Promise {
    let known = match action {
        Action::Submit | Action::Download | Action::Keep | Action::CheckSubmit => PROGRESS,
        Action::Wait | Action::WaitForAccepted | Action::Watch | Action::CheckGenerate => WAIT,
        _ => CALL,
    };
    let options = match CallOptions::read(options, known) {
        Ok(options) => options,
        Err(failure) => return Promise::reject(&failure.into()),
    };
    let closed = client.as_ref().map(|settings| settings.closed.clone());
    let left = (!left.is_undefined()).then(|| left.unchecked_into());
    let signals = options.signal.clone().into_iter().chain(closed).chain(left).collect();
    let call: Call = match client {
        Some(settings) => {
            Box::pin(client::answer(settings, action, subject, options, seen.dyn_into::<Function>().ok()))
        }
        None => Box::pin(api::answer(action, subject)),
    };
    promise(signals, call)
}
