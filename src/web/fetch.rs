//! `fetch`, with a guard that ends the request when it is dropped.
//!
//! Of gloo-net only the headers: its builder and its reader of texts panic on errors that are not of this realm.

use gloo_net::http::Headers;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Blob, ReferrerPolicy, Request, RequestCache, RequestCredentials, RequestInit, RequestRedirect,
    Response, ResponseType,
};

use super::fault::words_of;
use super::object::member;
use crate::endpoint::{HttpRequest, HttpResponse, Method, TransportError};
use crate::flow::download::Source;

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

    /// Sends a request to the service.
    pub(super) async fn send(
        &self,
        request: &HttpRequest,
        body: Option<&Blob>,
    ) -> Result<HttpResponse, TransportError> {
        let init = RequestInit::new();
        let headers = to_service(&init, request);
        if request.method == Method::Post {
            init.set_method("POST");
            headers.set("Content-Type", "application/json");
            if let Some(body) = body {
                init.set_body(body);
            }
        }
        let arriving = self.begin(&request.url, &init, headers).await?;
        let body = JsFuture::from(arriving.response.text()?).await?.as_string().unwrap_or_default();
        let retry_after = arriving.header("Retry-After");
        Ok(HttpResponse { status: arriving.response.status(), retry_after, body, key: request.key.clone() })
    }

    /// Begins to fetch a video, from that byte on. Its host is not the service: it gets no key, no cookies and no referrer.
    pub(super) async fn fetch_video(&self, source: &Source, from: u64) -> Result<Arriving, TransportError> {
        let init = RequestInit::new();
        let (url, headers) = match source {
            Source::Gateway(request) => (&request.url, to_service(&init, request)),
            Source::Delivery(url) => {
                init.set_referrer_policy(ReferrerPolicy::NoReferrer);
                (url, Headers::new())
            }
        };
        if from > 0 {
            headers.set("Range", &format!("bytes={from}-"));
        }
        self.begin(url, &init, headers).await
    }

    async fn begin(&self, url: &str, init: &RequestInit, headers: Headers) -> Result<Arriving, TransportError> {
        init.set_headers(&headers.into_raw());
        let guard = Guard(AbortController::new()?);
        init.set_signal(Some(&guard.0.signal()));
        init.set_credentials(RequestCredentials::Omit);
        let request = Request::new_with_str_and_init(url, init)?;
        let promise = match &self.0 {
            None => global_fetch(&request)?,
            Some(function) => Promise::resolve(&function.call1(&JsValue::UNDEFINED, &request)?),
        };
        let value = JsFuture::from(promise).await?;
        let has = |name: &str| member(&value, name).unwrap_or(JsValue::UNDEFINED);
        // Of whatever realm it is.
        if has("status").as_f64().is_none() || !has("text").is_function() {
            return Err(TransportError {
                message: "the fetch option resolved to something that is no Response".into(),
            });
        }
        let response: Response = value.unchecked_into();
        // Only of a redirect a browser says nothing else: any other answer without a status may hide anything.
        if response.status() == 0 && response.type_() != ResponseType::Opaqueredirect {
            return Err(TransportError { message: "an answer of which nothing may be read".into() });
        }
        Ok(Arriving { response, _guard: guard })
    }
}

/// The key stands in one header and goes nowhere else: redirects are not followed.
fn to_service(init: &RequestInit, request: &HttpRequest) -> Headers {
    init.set_redirect(RequestRedirect::Manual);
    init.set_cache(RequestCache::NoStore);
    let headers = Headers::new();
    if let Some(key) = &request.key {
        headers.set("Authorization", &key.authorization());
    }
    headers
}

impl Arriving {
    /// A header, where the server lets a page read it.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        Headers::from_raw(self.response.headers()).get(name)
    }
}
