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
use kling_core::flow::download::{ResponseHead, Source, Transfer};
use kling_core::gate::Gate;
use kling_core::task::Video;
use kling_core::video::START_BYTES;

#[wasm_bindgen(module = "/src/js/bytes.js")]
extern "C" {
    /// The bytes of one response, or of several that continue each other.
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

/// The bytes received so far, and the response that is arriving.
struct Stream<'a> {
    settings: &'a Settings,
    received: Received,
    arriving: RefCell<Option<Rc<Arriving>>>,
    is_new: Cell<bool>,
}

impl Transfer for Stream<'_> {
    fn download_gate(&self) -> &Gate {
        &self.settings.downloads
    }

    async fn open(&self, source: &Source, from: u64) -> Result<ResponseHead, TransportError> {
        self.arriving.take();
        let response = self.settings.fetcher.fetch_video(source, from).await?;
        let (status, length) = (Status::from_fetch(response.response.status()), response.header("Content-Length"));
        *self.arriving.borrow_mut() = Some(Rc::new(response));
        self.is_new.set(true);
        Ok(ResponseHead { status, length: length.and_then(|length| length.trim().parse().ok()) })
    }

    async fn receive(&self) -> Result<Option<u64>, TransportError> {
        let Some(arriving) = self.arriving.borrow().clone() else { return Ok(None) };
        let next = JsFuture::from(self.received.next(&arriving.response, self.is_new.take())).await;
        let more = next.map_err(|error| self.settings.fetcher.failure(&error))?;
        Ok(more.as_f64().map(whole))
    }

    fn clear(&self) {
        self.received.clear();
    }

    async fn first_bytes(&self) -> Result<Vec<u8>, TransportError> {
        let bytes = files::read(&self.blob()?, 0..START_BYTES).await;
        bytes.map(|bytes| bytes.to_vec()).map_err(|error| TransportError::new(error.0))
    }
}

impl Stream<'_> {
    /// All bytes received.
    fn blob(&self) -> Result<Blob, TransportError> {
        self.received.blob().map_err(|error| self.settings.fetcher.failure(&error))
    }
}

/// Downloads a video, and checks that it is a whole MP4 file.
pub(super) async fn video(settings: &Settings, video: &Video, listener: &Listener) -> Result<Blob, Failure> {
    let transfer =
        Stream { settings, received: Received::new(), arriving: RefCell::default(), is_new: Cell::default() };
    let browser = Browser::new(settings, listener, None);
    let flow = Flow::new(&browser);
    settings.fetcher.permit_url(&video.url)?;
    if let Err(error) = flow.download(&settings.backoff, &transfer, &video.url).await {
        // The key is needed only from here on: the caller's function may ask a person for it.
        let Ok(service) = settings.service().await else { return Err(error.into()) };
        // Checked again, because the key may be known only now, and the error contains the URL.
        settings.fetcher.permit_url(&video.url)?;
        flow.download_otherwise(&service, &settings.backoff, &transfer, video, error).await?;
    }
    Ok(transfer.received.blob()?)
}
