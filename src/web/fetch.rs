//! `fetch`, through gloo-net's builder and a guard that ends the request when it is dropped.

use gloo_net::http::{Method, RequestBuilder, Response};
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Blob, ReferrerPolicy, RequestCache, RequestCredentials, RequestRedirect};

use super::fault::words_of;
use crate::endpoint::{self, HttpRequest, HttpResponse, TransportError};

#[wasm_bindgen]
extern "C" {
    // Looked up at each call: a site may wrap it at any time, and a worker has it too.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

/// Sends requests, through the site's own function where it gave one.
#[derive(Clone)]
pub(super) struct Fetcher(Option<Function>);

/// Ends its request when it is dropped. After the answer has been read that does nothing.
struct Guard(AbortController);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An answer that is still arriving.
pub(super) struct Arriving {
    pub(super) response: Response,
    _guard: Guard,
}

impl From<JsValue> for TransportError {
    fn from(error: JsValue) -> Self {
        Self { message: words_of(&error) }
    }
}

impl Fetcher {
    pub(super) fn new(function: Option<Function>) -> Self {
        Self(function)
    }

    /// Sends a request to the service. The key stands in one header and goes nowhere else: redirects are not followed.
    pub(super) async fn send(
        &self,
        request: &HttpRequest,
        body: Option<&Blob>,
    ) -> Result<HttpResponse, TransportError> {
        let mut builder = RequestBuilder::new(&request.url)
            .credentials(RequestCredentials::Omit)
            .redirect(RequestRedirect::Manual)
            .cache(RequestCache::NoStore);
        if let Some(key) = &request.key {
            builder = builder.header("Authorization", &key.authorization());
        }
        let arriving = match request.method {
            endpoint::Method::Get => self.begin(builder.method(Method::GET), None).await?,
            endpoint::Method::Post => {
                let builder = builder.method(Method::POST).header("Content-Type", "application/json");
                self.begin(builder, body).await?
            }
        };
        let response = &arriving.response;
        let body = response.text().await.map_err(|error| TransportError { message: error.to_string() })?;
        Ok(HttpResponse {
            status: response.status(),
            retry_after: response.headers().get("Retry-After"),
            body: match &request.key {
                Some(key) => key.redact(&body),
                None => body,
            },
        })
    }

    /// Begins to fetch a video: without key, cookies and referrer, because its host is not the service.
    pub(super) async fn fetch_video(&self, url: &str) -> Result<Arriving, TransportError> {
        let builder = RequestBuilder::new(url)
            .method(Method::GET)
            .credentials(RequestCredentials::Omit)
            .referrer_policy(ReferrerPolicy::NoReferrer);
        self.begin(builder, None).await
    }

    async fn begin(&self, builder: RequestBuilder, body: Option<&Blob>) -> Result<Arriving, TransportError> {
        let guard = Guard(AbortController::new()?);
        let builder = builder.abort_signal(Some(&guard.0.signal()));
        let request = match body {
            Some(body) => builder.body(body.clone()),
            None => builder.build(),
        };
        let request: web_sys::Request = request.map_err(|error| TransportError { message: error.to_string() })?.into();
        let promise = match &self.0 {
            None => global_fetch(&request)?,
            Some(function) => Promise::resolve(&function.call1(&JsValue::UNDEFINED, &request)?),
        };
        let response: web_sys::Response = JsFuture::from(promise).await?.dyn_into().map_err(|_| TransportError {
            message: "the fetch option resolved to something that is no Response".into(),
        })?;
        Ok(Arriving { response: response.into(), _guard: guard })
    }
}
