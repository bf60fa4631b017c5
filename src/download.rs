//! A finished video, streamed into a blob.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Blob, Response};

use super::fault::Failure;
use super::fetch::Arriving;
use super::files;
use super::host::Browser;
use super::number::{float, whole};
use super::settings::Settings;
use super::settled::settled;
use kling_core::endpoint::{Status, TransportError};
use kling_core::flow::download::{ResponseHead, Source, Transfer};
use kling_core::flow::{Flow, no_video_url};
use kling_core::gate::Gate;
use kling_core::task::Video;
use kling_core::video::LengthHeaders;

#[wasm_bindgen(module = "/src/js/bytes.js")]
extern "C" {
    /// The bytes of one response, or of several that continue each other.
    type Received;

    #[wasm_bindgen(constructor)]
    fn new() -> Received;

    #[wasm_bindgen(method, catch)]
    fn truncate(this: &Received, length: f64) -> Result<(), JsValue>;

    #[wasm_bindgen(method, js_name = isRepeated)]
    fn is_repeated(this: &Received) -> Promise;

    #[wasm_bindgen(method)]
    fn next(this: &Received, response: &Response, is_new: bool) -> Promise;

    #[wasm_bindgen(method, catch)]
    fn blob(this: &Received) -> Result<Blob, JsValue>;
}

/// The bytes received so far, and the response that is arriving.
struct Stream<'a> {
    settings: &'a Settings,
    received: Received,
    arriving: RefCell<Option<Arriving>>,
    is_new: Cell<bool>,
}

impl Transfer for Stream<'_> {
    fn download_gate(&self) -> &Gate {
        &self.settings.downloads
    }

    async fn open(&self, source: &Source, from: u64) -> Result<ResponseHead, TransportError> {
        self.arriving.take();
        let response = self.settings.fetcher.fetch_video(source, from).await?;
        let headers = LengthHeaders {
            content_length: response.header("Content-Length"),
            content_encoding: response.header("Content-Encoding"),
            content_range: response.header("Content-Range"),
        };
        let status = Status::from_fetch(response.response.status());
        *self.arriving.borrow_mut() = Some(response);
        self.is_new.set(true);
        Ok(ResponseHead { status, announced: headers.announced() })
    }

    fn receive(&self) -> impl Future<Output = Result<Option<u64>, TransportError>> {
        let next = match &*self.arriving.borrow() {
            Some(arriving) => self.received.next(&arriving.response, self.is_new.take()),
            None => Promise::resolve(&JsValue::UNDEFINED),
        };
        settled(next, |length| match length {
            Ok(length) => Ok(length.as_f64().map(whole)),
            Err(error) => Err(self.settings.fetcher.failure(&error)),
        })
    }

    fn truncate(&self, length: u64) -> Result<(), TransportError> {
        self.received.truncate(float(length)).map_err(|error| self.settings.fetcher.failure(&error))
    }

    fn is_repeated(&self) -> impl Future<Output = Result<bool, TransportError>> {
        settled(self.received.is_repeated(), |answer| match answer {
            Ok(answer) => Ok(answer.is_truthy()),
            Err(error) => Err(self.settings.fetcher.failure(&error)),
        })
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, TransportError> {
        let held = self.received.blob().map_err(|error| self.settings.fetcher.failure(&error))?;
        let bytes = files::read(&held, range).await;
        bytes.map(|bytes| bytes.to_vec()).map_err(|error| TransportError::new(error.0))
    }
}

/// Downloads a video, and checks that it is a whole MP4 file. If it has an empty URL, only the gateway is asked.
pub(super) async fn video(browser: &Browser<'_>, video: &Video) -> Result<Blob, Failure> {
    let settings = browser.settings;
    let transfer =
        Stream { settings, received: Received::new(), arriving: RefCell::default(), is_new: Cell::default() };
    let flow = Flow::new(browser);
    settings.fetcher.permit_url(&video.url)?;
    let result = if video.url.is_empty() {
        Err(no_video_url())
    } else {
        flow.download(&settings.backoff, &transfer, &video.url).await
    };
    if let Err(error) = result {
        // The key is needed only from here on: the caller's function may ask a person for it.
        let Ok(service) = settings.service().await else { return Err(error.into()) };
        // Checked again, because the key may be known only now, and the error contains the URL.
        settings.fetcher.permit_url(&video.url)?;
        service.permit_id("video", video.task_id.as_deref().unwrap_or_default())?;
        flow.download_otherwise(&service, &settings.backoff, &transfer, video, error).await?;
    }
    Ok(transfer.received.blob()?)
}
