//! Blobs, read in slices.

use std::ops::Range;

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::fault::words_of;
use super::number::{float, whole};
use super::object::{is_object, member};
use crate::error::{Error, ErrorCode};
use crate::issue::{Issue, IssueCode};

/// The browser could not read a file.
#[derive(Debug)]
pub(super) struct Unreadable(String);

impl Unreadable {
    fn message(&self) -> String {
        format!(
            "the browser cannot read this file ({}); it was moved, changed or deleted after it was picked, or is a folder: pick it again",
            self.0
        )
    }

    /// As a problem of a request.
    pub(super) fn issue(&self, path: &str) -> Issue {
        Issue::error(IssueCode::ImageEmpty, path, self.message()).with("reason", "unreadable")
    }

    /// As the error of a file that could be read a moment ago.
    pub(super) fn into_error(self, path: &str) -> Error {
        Error::new(ErrorCode::ImageUnreadable, format!("{path}: {}", self.message()))
    }
}

impl From<JsValue> for Unreadable {
    fn from(error: JsValue) -> Self {
        Self(words_of(&error))
    }
}

/// The value as a blob. One of another realm is taken too, which `instanceof` would not know.
pub(super) fn as_blob(value: &JsValue) -> Option<&Blob> {
    let has = |name: &str| member(value, name).unwrap_or(JsValue::UNDEFINED);
    let is_blob = value.is_instance_of::<Blob>()
        || is_object(value)
            && has("size").as_f64().is_some()
            && has("slice").is_function()
            && has("arrayBuffer").is_function();
    is_blob.then(|| value.unchecked_ref())
}

/// Its length in bytes.
pub(super) fn size(blob: &Blob) -> u64 {
    whole(blob.size())
}

/// A slice on its way, begun before it is needed.
pub(super) struct Slice {
    promise: Result<Promise, JsValue>,
    length: u64,
}

/// Begins to read a slice.
pub(super) fn begin(blob: &Blob, range: Range<u64>) -> Slice {
    let end = range.end.min(size(blob));
    let promise =
        blob.slice_with_f64_and_f64(float(range.start), float(end)).map(|slice| slice.array_buffer().unchecked_into());
    Slice { promise, length: end.saturating_sub(range.start) }
}

impl Slice {
    /// The bytes, on JavaScript's side of the boundary. All of them: a file that has shrunk is not the one that was picked.
    pub(super) async fn bytes(self) -> Result<Uint8Array, Unreadable> {
        let buffer: ArrayBuffer = JsFuture::from(self.promise?).await?.unchecked_into();
        if u64::from(buffer.byte_length()) == self.length {
            Ok(Uint8Array::new(&buffer))
        } else {
            Err(Unreadable("it has another length than before".into()))
        }
    }
}

/// A blob of these parts: strings, blobs, typed arrays.
pub(super) fn blob_of(parts: &Array, content_type: &str) -> Result<Blob, JsValue> {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(content_type);
    Blob::new_with_blob_sequence_and_options(parts, &options)
}
