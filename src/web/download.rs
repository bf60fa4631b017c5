//! A finished video, streamed into a blob and checked.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::fault::{Failure, words_of};
use super::fetch::Fetcher;
use super::files::blob_of;
use super::listener::Listener;
use crate::error::{Error, ErrorCode};
use crate::progress::Progress;
use crate::video::{self, Arrived};

#[wasm_bindgen(raw_module = "./bytes.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = readerOf)]
    fn reader_of(response: &web_sys::Response) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = nextChunk)]
    fn next_chunk(reader: &JsValue) -> Promise;
}

/// Downloads what is at the address, and checks that it is a whole MP4 file.
pub(super) async fn video(fetcher: &Fetcher, url: &str, listener: &Listener) -> Result<Blob, Failure> {
    let arriving = fetcher.fetch_video(url).await.map_err(|error| video::unreachable_host(url, &error))?;
    let response = &arriving.response;
    video::check_status(url, response.status())?;
    let total = arriving.header("Content-Length").and_then(|length| length.trim().parse().ok());
    let broken = |error: JsValue| video::broken_stream(url, &words_of(&error));
    let reader = reader_of(response).map_err(broken)?;
    let chunks = Array::new();
    let mut arrived = Arrived::new(total);
    listener.tell(&Progress::Downloading { loaded: 0, total });
    loop {
        let chunk = JsFuture::from(next_chunk(&reader)).await.map_err(broken)?;
        if chunk.is_undefined() {
            break;
        }
        let chunk: Uint8Array = chunk.unchecked_into();
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
