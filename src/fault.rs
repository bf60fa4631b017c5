//! How a failure reaches JavaScript.

use js_sys::Object;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Blob;

use super::object::{set, to_js};
use kling_core::error::{Error, ErrorCode};

#[wasm_bindgen(module = "/src/js/error.js")]
extern "C" {
    /// The `Error` subclass of the package, which Rust cannot define.
    type KlingError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, known: &JsValue, options: &JsValue) -> KlingError;
}

// Exported by the module too, and never called from here. A class can be exported only as if it were a function.
#[wasm_bindgen(module = "/src/js/error.js")]
extern "C" {
    #[wasm_bindgen(reexport, skip_typescript, js_name = KlingError)]
    fn kling_error();

    #[wasm_bindgen(reexport, skip_typescript, js_name = isKlingError)]
    fn is_kling_error();
}

/// Why a call rejects.
#[derive(Clone, Debug)]
pub(super) struct Failure(JsValue);

impl Failure {
    /// With an error of ours, and what the caller's own code threw.
    pub(super) fn caused(error: &Error, cause: &JsValue) -> Self {
        let options = Object::new();
        set(&options, "cause", cause);
        Self(KlingError::new(error.message(), &to_js(error), &options).into())
    }

    /// With an error of the store, and the video that it did not keep.
    pub(super) fn with_video(error: &Error, video: &Blob) -> Self {
        let error = js_error(error);
        set(&error, "video", video);
        Self(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(js_error(&error))
    }
}

impl From<JsValue> for Failure {
    /// The browser refused something that every supported one does.
    fn from(error: JsValue) -> Self {
        Error::new(ErrorCode::Internal, words_of(&error)).into()
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

/// The error as JavaScript throws it.
pub(super) fn js_error(error: &Error) -> JsValue {
    KlingError::new(error.message(), &to_js(error), &JsValue::UNDEFINED).into()
}

/// What the browser says of an error of its own.
pub(super) fn words_of(error: &JsValue) -> String {
    let text = |name| super::object::member(error, name).ok().and_then(|value| value.as_string());
    match (text("name"), text("message")) {
        (Some(name), Some(message)) if !message.is_empty() => format!("{name}: {message}"),
        (Some(name), _) => name,
        _ => "no reason given".into(),
    }
}

/// Makes the next call start with a fresh instance: this one has trapped.
#[wasm_bindgen(js_name = discardInstance)]
pub fn discard_instance() {
    wasm_bindgen::handler::schedule_reinit();
}

/// The browser lacks something that every supported one has.
pub(super) fn missing(what: &str) -> Error {
    Error::new(ErrorCode::Internal, format!("this environment has no {what}; a test has to supply what a browser has"))
}
