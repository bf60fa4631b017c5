//! A finished video, streamed into a blob.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

use super::fault::Failure;
use super::fetch::Arriving;
use super::files;
use super::host::host;
use super::listener::Listener;
use super::number::whole;
use super::settings::Settings;
use super::tab::Tab;
use crate::endpoint::TransportError;
use crate::flow::download::{Line, Opened};
use crate::task::Video;
use crate::video::START;

#[wasm_bindgen(raw_module = "./bytes.js")]
extern "C" {
    /// The bytes of an answer, or of several that follow each other.
    type Received;

    #[wasm_bindgen(constructor)]
    fn new() -> Received;

    #[wasm_bindgen(method)]
    fn clear(this: &Received);

    #[wasm_bindgen(method)]
    fn next(this: &Received, response: &Response, is_new: bool) -> Promise;

    #[wasm_bindgen(method, catch)]
    fn blob(this: &Received) -> Result<Blob, JsValue>;
}

/// Downloads a video, and checks that it is a whole MP4 file.
pub(super) async fn video(settings: &Settings, video: &Video, listener: &Listener) -> Result<Blob, Failure> {
    let received = Received::new();
    let (arriving, is_new) = (RefCell::new(None::<Rc<Arriving>>), Cell::new(false));
    let (arriving, is_new, held) = (&arriving, &is_new, &received);
    let line = Line {
        gate: &settings.downloads,
        open: Box::new(move |source, from| {
            arriving.take();
            Box::pin(async move {
                let begun = settings.fetcher.fetch_video(&source, from).await?;
                let (status, length) = (begun.response.status(), begun.header("Content-Length"));
                *arriving.borrow_mut() = Some(Rc::new(begun));
                is_new.set(true);
                Ok(Opened { status, length: length.and_then(|length| length.trim().parse().ok()) })
            })
        }),
        next: Box::new(move || {
            Box::pin(async move {
                let Some(arriving) = arriving.borrow().clone() else { return Ok(None) };
                let more = JsFuture::from(held.next(&arriving.response, is_new.take())).await?;
                Ok(more.as_f64().map(whole))
            })
        }),
        clear: Box::new(move || held.clear()),
        start: Box::new(move || {
            Box::pin(async move {
                let bytes = files::begin(&held.blob()?, 0..START).bytes().await;
                bytes.map(|bytes| bytes.to_vec()).map_err(|error| TransportError { message: error.0 })
            })
        }),
    };
    let tab = Tab::new(None);
    let host = host(settings, None, listener, &tab);
    if let Err(error) = host.download(&settings.polling, &line, &video.url).await {
        // Only now the key may be needed, for which the caller's function may ask a person.
        let Ok(service) = settings.service().await else { return Err(error.into()) };
        host.download_otherwise(&service, &settings.polling, &line, video, error).await?;
    }
    Ok(received.blob()?)
}
