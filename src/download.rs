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
use super::host::Browser;
use super::listener::Listener;
use super::number::whole;
use super::settings::Settings;
use kling_core::endpoint::{Status, TransportError};
use kling_core::flow::Flow;
use kling_core::flow::download::{Line, Opened, Source};
use kling_core::gate::Gate;
use kling_core::task::Video;
use kling_core::video::START;

#[wasm_bindgen(module = "/src/js/bytes.js")]
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

/// What has been received, and the answer that is under way.
struct Stream<'a> {
    settings: &'a Settings,
    received: Received,
    arriving: RefCell<Option<Rc<Arriving>>>,
    is_new: Cell<bool>,
}

impl Line for Stream<'_> {
    fn queue(&self) -> &Gate {
        &self.settings.downloads
    }

    async fn open(&self, source: &Source, from: u64) -> Result<Opened, TransportError> {
        self.arriving.take();
        let begun = self.settings.fetcher.fetch_video(source, from).await?;
        let (status, length) = (Status::from_fetch(begun.response.status()), begun.header("Content-Length"));
        *self.arriving.borrow_mut() = Some(Rc::new(begun));
        self.is_new.set(true);
        Ok(Opened { status, length: length.and_then(|length| length.trim().parse().ok()) })
    }

    async fn next(&self) -> Result<Option<u64>, TransportError> {
        let Some(arriving) = self.arriving.borrow().clone() else { return Ok(None) };
        let next = JsFuture::from(self.received.next(&arriving.response, self.is_new.take())).await;
        let more = next.map_err(|error| self.settings.fetcher.failure(&error))?;
        Ok(more.as_f64().map(whole))
    }

    fn clear(&self) {
        self.received.clear();
    }

    async fn start(&self) -> Result<Vec<u8>, TransportError> {
        let bytes = files::begin(&self.blob()?, 0..START).bytes().await;
        bytes.map(|bytes| bytes.to_vec()).map_err(|error| TransportError::new(error.0))
    }
}

impl Stream<'_> {
    /// All that has been received.
    fn blob(&self) -> Result<Blob, TransportError> {
        self.received.blob().map_err(|error| self.settings.fetcher.failure(&error))
    }
}

/// Downloads a video, and checks that it is a whole MP4 file.
pub(super) async fn video(settings: &Settings, video: &Video, listener: &Listener) -> Result<Blob, Failure> {
    let line = Stream { settings, received: Received::new(), arriving: RefCell::default(), is_new: Cell::default() };
    let browser = Browser::new(settings, listener, None);
    let flow = Flow(&browser);
    settings.fetcher.permit_url(&video.url)?;
    if let Err(error) = flow.download(&settings.backoff, &line, &video.url).await {
        // Only now the key may be needed, for which the caller's function may ask a person.
        let Ok(service) = settings.service().await else { return Err(error.into()) };
        // The key may be known only now, and the error names the URL.
        settings.fetcher.permit_url(&video.url)?;
        flow.download_otherwise(&service, &settings.backoff, &line, video, error).await?;
    }
    Ok(line.received.blob()?)
}
