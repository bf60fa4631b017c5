//! The body of the paid request: blobs of base64 between strings of JSON.

use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::Blob;

use super::draft::Ready;
use super::encode::Encoder;
use super::fault::words_of;
use super::files::{blob_of, size};
use super::listener::Listener;
use super::random::random_bytes;
use kling_core::error::{Error, ErrorCode};
use kling_core::progress::Progress;
use kling_core::request::{BodyPart, ExternalTaskId, VideoRequest};

/// Encodes the images of a request, and assembles its body.
pub(super) async fn build(ready: &Ready, id: &ExternalTaskId, listener: &Listener) -> Result<Blob, Error> {
    let total = ready.files.iter().flatten().map(size).fold(0, u64::saturating_add);
    let mut loaded = 0_u64;
    let mut read = |bytes| {
        loaded = u64::saturating_add(loaded, bytes);
        listener.report(&Progress::Encoding { loaded, total });
    };
    let images = Encoder::new()?.encode(&ready.files, &mut read).await;
    let images = images.map_err(|(index, unreadable)| unreadable.into_error(&format!("images[{index}]")))?;
    assemble(&ready.request, id, &images).map_err(|error| {
        Error::new(ErrorCode::Internal, format!("the browser could not hold the body ({})", words_of(&error)))
    })
}

/// The external task id of the caller, or a new one.
pub(super) fn id_of(request: &VideoRequest) -> Result<ExternalTaskId, Error> {
    match request.external_task_id() {
        Some(id) => Ok(id.clone()),
        None => Ok(ExternalTaskId::from_random(random_bytes()?)),
    }
}

/// The body as one blob, which can be sent again.
fn assemble(request: &VideoRequest, id: &ExternalTaskId, images: &[Vec<Blob>]) -> Result<Blob, JsValue> {
    let parts = Array::new();
    for part in request.body(id) {
        match part {
            BodyPart::Text(text) => {
                parts.push(&text.into());
            }
            BodyPart::Image(index) => {
                for blob in images.get(index).into_iter().flatten() {
                    parts.push(blob);
                }
            }
        }
    }
    blob_of(&parts, "application/json")
}
