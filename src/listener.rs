//! The caller's progress listener.

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::fault::js_error;
use super::object::{set, task, to_js};
use kling_core::progress::Progress;

#[wasm_bindgen(module = "/src/js/fault.js")]
extern "C" {
    /// Reports an error that a listener threw as uncaught.
    #[wasm_bindgen(js_name = reportUncaught)]
    fn report_uncaught(error: &JsValue);
}

/// Calls the caller's function, if there is one. An error that it throws does not end the call.
#[derive(Clone, Debug)]
pub(super) struct Listener(Option<Function>);

impl Listener {
    pub(super) fn new(function: Option<Function>) -> Self {
        Self(function)
    }

    pub(super) fn report(&self, progress: &Progress) {
        let Some(function) = &self.0 else { return };
        if let Err(error) = function.call1(&JsValue::UNDEFINED, &js_progress(progress)) {
            report_uncaught(&error);
        }
    }
}

fn js_progress(progress: &Progress) -> JsValue {
    let value = to_js(progress);
    match progress {
        Progress::Watching { task: watched, .. } => set(&value, "task", &task(watched)),
        Progress::Waiting { error: Some(error), .. } => set(&value, "error", &js_error(error)),
        Progress::Preparing { .. }
        | Progress::Encoding { .. }
        | Progress::Uploading { .. }
        | Progress::Waiting { error: None, .. }
        | Progress::Downloading { .. } => {}
    }
    value
}
