//! The caller's progress listener.

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::fault::js_error;
use super::number::{count, float};
use super::object::{object, task};
use crate::progress::Progress;
use crate::task::TaskStatus;

#[wasm_bindgen(raw_module = "./fault.js")]
extern "C" {
    /// Reports what a listener threw as uncaught.
    #[wasm_bindgen(js_name = reportUncaught)]
    fn report_uncaught(error: &JsValue);
}

/// Calls the caller's function, if there is one. What it throws disturbs nothing.
#[derive(Clone, Debug)]
pub(super) struct Listener(Option<Function>);

impl Listener {
    pub(super) fn new(function: Option<Function>) -> Self {
        Self(function)
    }

    pub(super) fn tell(&self, progress: &Progress) {
        let Some(function) = &self.0 else { return };
        if let Err(error) = function.call1(&JsValue::UNDEFINED, &js_progress(progress)) {
            report_uncaught(&error);
        }
    }
}

fn js_progress(progress: &Progress) -> JsValue {
    let phase = |phase: &str| ("phase", JsValue::from_str(phase));
    let number = |name, value: u64| (name, JsValue::from_f64(float(value)));
    match progress {
        Progress::Preparing { image } => object(&[phase("preparing"), number("image", count(*image))]),
        Progress::Encoding { loaded, total } => {
            object(&[phase("encoding"), number("loaded", *loaded), number("total", *total)])
        }
        Progress::Uploading { external_task_id, total } => {
            object(&[phase("uploading"), ("externalTaskId", external_task_id.into()), number("total", *total)])
        }
        Progress::Watching { task: seen, elapsed, next_poll_in } => {
            let word = if seen.status == TaskStatus::Submitted { "submitted" } else { "processing" };
            object(&[
                phase(word),
                ("task", task(seen)),
                number("elapsed", *elapsed),
                number("nextPollIn", *next_poll_in),
            ])
        }
        Progress::Waiting { reason, elapsed, next_poll_in, error } => {
            let mut members = vec![phase("waiting"), ("reason", reason.as_str().into()), number("elapsed", *elapsed)];
            members.extend(next_poll_in.map(|next| number("nextPollIn", next)));
            members.extend(error.as_ref().map(|error| ("error", js_error(error))));
            object(&members)
        }
        Progress::Downloading { loaded, total } => {
            let mut members = vec![phase("downloading"), number("loaded", *loaded)];
            members.extend(total.map(|total| number("total", total)));
            object(&members)
        }
    }
}
