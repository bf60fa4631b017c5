//! A finished video, streamed into a blob and checked.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader};

use super::fault::{Failure, missing, words_of};
use super::fetch::Fetcher;
use super::files::blob_of;
use super::listener::Listener;
use super::object::member;
use crate::error::{Error, ErrorCode};
use crate::progress::Progress;
use crate::video::{self, Arrived};

/// Downloads what is at the address, and checks that it is a whole MP4 file.
pub(super) async fn video(fetcher: &Fetcher, url: &str, listener: &Listener) -> Result<Blob, Failure> {
    let arriving = fetcher.fetch_video(url).await.map_err(|error| video::unreachable_host(url, &error))?;
    let response = &arriving.response;
    video::check_status(url, response.status())?;
    let total = response.headers().get("Content-Length").and_then(|length| length.trim().parse().ok());
    let stream = response.body().ok_or_else(|| missing("body of an answer"))?;
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let chunks = Array::new();
    let mut arrived = Arrived::new(total);
    listener.tell(&Progress::Downloading { loaded: 0, total });
    loop {
        let read = JsFuture::from(reader.read()).await;
        let read = read.map_err(|error| video::broken_stream(url, &words_of(&error)))?;
        if member(&read, "done").is_ok_and(|done| done.is_truthy()) {
            break;
        }
        let Ok(chunk) = Reflect::get(&read, &JsValue::from_str("value")).and_then(JsCast::dyn_into::<Uint8Array>)
        else {
            return Err(Error::new(ErrorCode::Internal, "the stream brought something that is no bytes").into());
        };
        if arrived.needs_start() {
            arrived.begin(&chunk.subarray(0, chunk.length().min(Arrived::START)).to_vec());
        }
        arrived.add(chunk.length().into());
        chunks.push(&chunk);
        listener.tell(&Progress::Downloading { loaded: arrived.loaded(), total });
    }
    arrived.check(url)?;
    blob_of(&chunks, "video/mp4").map_err(|error| {
        Error::new(ErrorCode::Internal, format!("the browser could not hold the video ({})", words_of(&error))).into()
    })
}
