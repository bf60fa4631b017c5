//! `fetch`, with a guard that ends the request when it is dropped.
//!
//! Of gloo-net only the headers: its builder and its reader of texts panic on errors that are not of this realm.

use std::cell::RefCell;
use std::iter;

use gloo_net::http::Headers;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

use super::fault::words_of;
use super::number::float;
use super::text::address;
use kling_core::endpoint::{ApiKey, Body, HttpRequest, HttpResponse, KnownKeys, Status, TransportError};
use kling_core::error::Error;
use kling_core::flow::download::Source;

#[wasm_bindgen(module = "/src/js/exchange.js")]
extern "C" {
    /// One request and its answer.
    type Exchange;

    #[wasm_bindgen(constructor)]
    fn new() -> Exchange;

    #[wasm_bindgen(method)]
    fn begin(
        this: &Exchange,
        site: Option<&Function>,
        url: &str,
        is_service: bool,
        authorization: Option<&str>,
        body: Option<&Blob>,
        from: f64,
    ) -> Promise;

    /// Whether `fetch` was called.
    #[wasm_bindgen(method, getter, js_name = isSent)]
    fn is_sent(this: &Exchange) -> bool;

    #[wasm_bindgen(method)]
    fn text(this: &Exchange, response: &Response, max_bytes: u32) -> Promise;

    #[wasm_bindgen(method)]
    fn abort(this: &Exchange);
}

/// Sends requests, through the site's own function where it gave one. What it brings contains no key that it knows.
pub(super) struct Fetcher {
    site: Option<Function>,
    keys: RefCell<KnownKeys>,
}

/// Ends its request when it is dropped. After the answer has been read that does nothing.
struct Guard(Exchange);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An answer that is still arriving.
pub(super) struct Arriving {
    pub(super) response: Response,
    guard: Guard,
}

impl Fetcher {
    pub(super) fn new(site: Option<Function>) -> Self {
        Self { site, keys: RefCell::default() }
    }

    /// Remembers a key, which no response may repeat from now on.
    pub(super) fn know(&self, key: &ApiKey) {
        self.keys.borrow_mut().add(key);
    }

    /// Checks that a URL of the caller's contains no key: it would go to the delivery host.
    pub(super) fn permit_url(&self, url: &str) -> Result<(), Error> {
        // Also as the browser requests it: white space within it is dropped.
        let requested = address(&url.into(), false);
        if iter::once(url).chain(requested.as_deref()).any(|url| self.keys.borrow().are_in(url)) {
            return Err(Error::invalid_option("video", "expected the URL of a video, found the API key in it"));
        }
        Ok(())
    }

    /// What the browser, a stream or the site's own function says of a failure. It may repeat the header.
    pub(super) fn failure(&self, error: &JsValue) -> TransportError {
        TransportError::new(self.keys.borrow().redact(words_of(error)))
    }

    /// Sends a request to the service; one with a body is a POST.
    pub(super) async fn send(
        &self,
        request: &HttpRequest,
        body: Option<&Blob>,
    ) -> Result<HttpResponse, TransportError> {
        let arriving = self.begin(&request.url, Some(request), body, 0).await?;
        let text = JsFuture::from(arriving.guard.0.text(&arriving.response, Body::MAX_BYTES)).await;
        let text = text.map_err(|error| self.failure(&error))?.as_string();
        let keys = self.keys.borrow();
        Ok(HttpResponse {
            status: Status::from_fetch(arriving.response.status()),
            retry_after: arriving.header("Retry-After").map(|text| keys.redact(text)),
            body: text.map_or(Body::TooLarge, |text| Body::Text(keys.redact(text))),
        })
    }

    /// Begins to fetch a video, from that byte on. Only the gateway gets the key.
    pub(super) async fn fetch_video(&self, source: &Source, from: u64) -> Result<Arriving, TransportError> {
        match source {
            Source::Gateway(request) => self.begin(&request.url, Some(request), None, from).await,
            Source::Delivery(url) => self.begin(url, None, None, from).await,
        }
    }

    /// The key stands in one header, of a request to the service, and nowhere else.
    async fn begin(
        &self,
        url: &str,
        service: Option<&HttpRequest>,
        body: Option<&Blob>,
        from: u64,
    ) -> Result<Arriving, TransportError> {
        let guard = Guard(Exchange::new());
        let key = service.and_then(|request| Some(request.key.as_ref()?.authorization()));
        let promise = guard.0.begin(self.site.as_ref(), url, service.is_some(), key.as_deref(), body, float(from));
        let response = JsFuture::from(promise).await.map_err(|error| {
            let failure = self.failure(&error);
            if guard.0.is_sent() { failure } else { failure.not_sent() }
        })?;
        let response = response.unchecked_into();
        Ok(Arriving { response, guard })
    }
}

impl Arriving {
    /// A header, where the server lets a page read it.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        Headers::from_raw(self.response.headers()).get(name)
    }
}
