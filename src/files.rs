//! Blobs, read in slices.

use std::ops::Range;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::fault::words_of;
use super::number::{float, whole};
use super::object::{is_object, member, type_of};
use super::settled::settled;
use kling_core::error::{Error, ErrorCode};
use kling_core::issue::{Issue, IssueCode};

/// The browser could not read a file.
#[derive(Debug)]
pub(super) struct Unreadable(pub(super) String);

impl Unreadable {
    fn message(&self) -> String {
        format!(
            "the browser cannot read this file ({}); it was moved, changed or deleted, or is a folder: pick it again",
            self.0
        )
    }

    /// This as a problem of a request.
    pub(super) fn issue(&self, path: &str) -> Issue {
        Issue::error(IssueCode::ImageEmpty, path, self.message()).with("reason", "unreadable")
    }

    /// This as the error of a file that could be read when it was checked.
    pub(super) fn into_error(self, path: &str) -> Error {
        Error::new(ErrorCode::ImageUnreadable, format!("{path}: {}", self.message())).with("path", path.to_owned())
    }
}

impl From<JsValue> for Unreadable {
    fn from(error: JsValue) -> Self {
        Self(words_of(&error))
    }
}

#[wasm_bindgen(module = "/src/js/bytes.js")]
extern "C" {
    #[wasm_bindgen(js_name = readSlice)]
    fn read_slice(file: &Blob, start: f64, end: f64) -> Promise;

    #[wasm_bindgen(js_name = textOf)]
    pub(super) fn text_of(blob: &Blob) -> Promise;

    /// A blob that consists of these parts: strings, blobs, typed arrays.
    #[wasm_bindgen(catch, js_name = blobOf)]
    pub(super) fn blob_of(parts: &Array, content_type: &str) -> Result<Blob, JsValue>;

    /// A blob of these bytes of WebAssembly memory.
    #[wasm_bindgen(catch, js_name = blobOfBytes)]
    pub(super) fn blob_of_bytes(bytes: &[u8]) -> Result<Blob, JsValue>;
}

/// The value as a blob. Not checked by `instanceof`, because it may come from another realm. A proxy of a blob is no blob.
pub(super) fn as_blob(value: &JsValue) -> Option<&Blob> {
    let has = |name: &str| member(value, name).unwrap_or(JsValue::UNDEFINED);
    // jsdom's has no `arrayBuffer`.
    let is_blob = is_object(value)
        && has("size").as_f64().is_some()
        && has("slice").is_function()
        && (has("arrayBuffer").is_function() || has("type").is_string());
    is_blob.then(|| value.unchecked_ref())
}

/// The `image` that the caller passed.
pub(super) fn image(value: &JsValue) -> Result<&Blob, Error> {
    let invalid = || Error::invalid_option("image", &format!("expected a File or Blob, found {}", type_of(value)));
    as_blob(value).ok_or_else(invalid)
}

/// Its length in bytes. Not by the getter of `web-sys`, which would not catch an error of an object that is only like a blob: then it
/// is the largest number, which no read reaches.
pub(super) fn size(blob: &Blob) -> u64 {
    member(blob, "size").ok().and_then(|size| size.as_f64()).map_or(u64::MAX, whole)
}

/// Starts to read a slice at once. The bytes stay in JavaScript's memory. Fewer than requested are an error: the file has changed
/// since it was picked.
pub(super) fn read(
    blob: &Blob,
    range: Range<u64>,
) -> impl Future<Output = Result<Uint8Array, Unreadable>> + Unpin + use<> {
    let end = range.end.min(size(blob));
    let length = end.saturating_sub(range.start);
    settled(read_slice(blob, float(range.start), float(end)), move |result| {
        let bytes: Uint8Array = result?.unchecked_into();
        if u64::from(bytes.length()) == length { Ok(bytes) } else { Err(Unreadable("its length has changed".into())) }
    })
}
