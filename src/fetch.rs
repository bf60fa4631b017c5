//! `fetch`, with a guard that ends the request when it is dropped.
//!
//! Of gloo-net only the headers are used: its request builder and its reader of bodies panic on errors of another realm.

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
use kling_core::answer::retry_after;
use kling_core::endpoint::{ApiKey, Body, HttpRequest, HttpResponse, KnownKeys, Status, TransportError};
use kling_core::error::Error;
use kling_core::flow::download::Source;

#[wasm_bindgen(module = "/src/js/exchange.js")]
extern "C" {
    /// One request and its response.
    type Exchange;

    #[wasm_bindgen(constructor)]
    fn new(fetch_option: Option<&Function>) -> Exchange;

    #[wasm_bindgen(method, js_name = fetchService)]
    fn fetch_service(
        this: &Exchange,
        url: &str,
        authorization: Option<&str>,
        body: Option<&Blob>,
        start: f64,
    ) -> Promise;

    #[wasm_bindgen(method, js_name = fetchDelivery)]
    fn fetch_delivery(this: &Exchange, url: &str, start: f64) -> Promise;

    /// Whether `fetch` was called.
    #[wasm_bindgen(method, getter, js_name = isSent)]
    fn is_sent(this: &Exchange) -> bool;

    #[wasm_bindgen(method)]
    fn text(this: &Exchange, response: &Response, max_bytes: u32) -> Promise;

    #[wasm_bindgen(method)]
    fn abort(this: &Exchange);

    /// The ms that the `Retry-After` header requests, or NaN.
    #[wasm_bindgen(js_name = requestedDelay)]
    fn requested_delay(response: &Response) -> f64;
}

/// Sends requests, through the client's `fetch` option if there is one. No response contains a key that it knows.
pub(super) struct Fetcher {
    fetch_option: Option<Function>,
    keys: RefCell<KnownKeys>,
}

/// Aborts its request when it is dropped. That has no effect once the response has been read.
struct Guard(Exchange);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A response whose body is still arriving.
pub(super) struct Arriving {
    pub(super) response: Response,
    guard: Guard,
}

impl Fetcher {
    pub(super) fn new(fetch_option: Option<Function>) -> Self {
        Self { fetch_option, keys: RefCell::default() }
    }

    /// Remembers a key, which is redacted from every later response.
    pub(super) fn know(&self, key: &ApiKey) {
        self.keys.borrow_mut().add(key);
    }

    /// Checks that a URL of the caller contains no key, which would go to the delivery host.
    pub(super) fn permit_url(&self, url: &str) -> Result<(), Error> {
        // Also in the form that the browser requests, without the white space in it.
        let requested = address(&url.into(), false);
        if iter::once(url).chain(requested.as_deref()).any(|url| self.keys.borrow().are_in(url)) {
            return Err(Error::invalid_option("video", "expected the URL of a video, found the API key in it"));
        }
        Ok(())
    }

    /// An error of the browser, a stream or the `fetch` option, without the key: it may quote the header.
    pub(super) fn failure(&self, error: &JsValue) -> TransportError {
        TransportError::new(self.keys.borrow().redact(words_of(error)))
    }

    /// Sends a request to the service: a POST if there is a body.
    pub(super) async fn send(&self, request: HttpRequest, body: Option<Blob>) -> Result<HttpResponse, TransportError> {
        let arriving = self.arriving(self.begin(&request, body.as_ref(), 0)).await?;
        let text = JsFuture::from(arriving.guard.0.text(&arriving.response, Body::MAX_BYTES)).await;
        let text = text.map_err(|error| self.failure(&error))?.as_string();
        let keys = self.keys.borrow();
        Ok(HttpResponse {
            status: Status::from_fetch(arriving.response.status()),
            retry_after: retry_after(requested_delay(&arriving.response)),
            body: text.map_or(Body::TooLarge, |text| Body::Text(keys.redact(text))),
        })
    }

    /// Fetches a video, from byte `start` on. Only the gateway gets the key.
    pub(super) fn fetch_video(
        &self,
        source: &Source,
        start: u64,
    ) -> impl Future<Output = Result<Arriving, TransportError>> {
        let begun = match source {
            Source::Gateway(request) => self.begin(request, None, start),
            Source::Delivery(url) => {
                let guard = self.guard();
                let response = guard.0.fetch_delivery(url, float(start));
                (guard, response)
            }
        };
        self.arriving(begun)
    }

    /// Starts a request to the service. The key is in one header of it, and in nothing else.
    fn begin(&self, request: &HttpRequest, body: Option<&Blob>, start: u64) -> (Guard, Promise) {
        let guard = self.guard();
        let key = request.key.as_ref().map(ApiKey::authorization);
        let response = guard.0.fetch_service(&request.url, key.as_deref(), body, float(start));
        (guard, response)
    }

    fn guard(&self) -> Guard {
        Guard(Exchange::new(self.fetch_option.as_ref()))
    }

    async fn arriving(&self, (guard, response): (Guard, Promise)) -> Result<Arriving, TransportError> {
        let response = JsFuture::from(response).await.map_err(|error| {
            let failure = self.failure(&error);
            if guard.0.is_sent() { failure } else { failure.not_sent() }
        })?;
        Ok(Arriving { response: response.unchecked_into(), guard })
    }
}

impl Arriving {
    /// A header, if the server lets a page read it.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        Headers::from_raw(self.response.headers()).get(name)
    }
}
