//! The base URL, the key, requests and responses.

use std::fmt;

use crate::error::{Error, ErrorCode};
use crate::redact::Redactor;
pub use crate::status::Status;
use crate::task_id::TaskId;
use crate::url::{HttpUrl, Network, encoded_segment};

/// The default base URL.
pub const DEFAULT_BASE_URL: &str = "https://api.cometapi.com/kling";

/// The path to create a task, and the start of the path to query one. The service finds a task only under the path that
/// created it.
const MULTI_IMAGE_TO_VIDEO: &str = "/v1/videos/multi-image2video";

/// Everything before `/v1/videos/…`: an absolute `http:` or `https:` URL without query, fragment and user name.
#[derive(Clone, Debug)]
pub struct BaseUrl(HttpUrl);

impl BaseUrl {
    /// Parses a URL that a browser has normalised, as `new URL(text).href` does.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`] for another scheme, a query, a fragment, or a user name in it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let found = match HttpUrl::parse(text.to_owned()) {
            Ok(url) if url.has_credentials => "a user name or password",
            Ok(url) if url.has_query_or_fragment() => "a query or fragment",
            Ok(url) => return Ok(Self(url)),
            Err(found) => found,
        };
        let message = format!("expected an absolute http(s): URL without query, fragment and user name, found {found}");
        Err(Error::invalid_option("baseUrl", &message))
    }

    /// Checks that a key may be sent there.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`] over unencrypted `http:`, loopback excepted.
    pub fn permit(&self, key: Option<&ApiKey>) -> Result<(), Error> {
        let is_readable_on_the_way = !self.0.is_https && self.0.network != Network::Loopback;
        if key.is_some() && is_readable_on_the_way {
            let message = "expected https: (or loopback) because a key is sent there, found http:; \
                           leave the key out if a relay adds it";
            return Err(Error::invalid_option("baseUrl", message));
        }
        Ok(())
    }

    /// The URL as a string, without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Makes a relative URL absolute. It is relative to the origin of the base URL.
    pub(crate) fn resolve(&self, url: &mut String) {
        url.insert_str(0, self.0.start_of(url));
    }
}

/// A CometAPI key. Its `Debug` output does not contain it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Parses a key. White space around it is dropped, because keys are pasted.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`] when it is empty, starts with the word `Bearer`, or contains other than visible ASCII
    /// characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let key = text.trim();
        let problem = if key.is_empty() {
            "expected a key, found an empty string; leave it out where a relay adds it"
        } else if key.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
            "expected the bare key, found 'Bearer' before it"
        } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            "expected only visible ASCII characters in the key"
        } else {
            return Ok(Self(key.to_owned()));
        };
        Err(Error::invalid_option("apiKey", problem))
    }

    /// The value of the `Authorization` header.
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Whether the text contains the key in any spelling. A key shorter than 8 characters does
    /// not count: it may be part of any word.
    pub fn is_in(&self, text: &str) -> bool {
        Redactor::default().with(&self.0).finds(text)
    }

    /// The text with `[key]` in place of the key, in any spelling.
    pub fn redact(&self, text: &str) -> String {
        Redactor::default().with(&self.0).redact(text.to_owned())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The keys that one client has used so far, in memory only. A key function may supply another key for each call, and a
/// response may contain an earlier one.
#[derive(Clone, Debug, Default)]
pub struct KnownKeys(Vec<ApiKey>);

impl KnownKeys {
    /// The maximum number of keys. After that the oldest is dropped.
    pub const MAX: usize = 32;

    /// Remembers a key.
    pub fn add(&mut self, key: &ApiKey) {
        if self.0.contains(key) {
            return;
        }
        if self.0.len() >= Self::MAX {
            self.0.remove(0);
        }
        self.0.push(key.clone());
    }

    /// Whether the text contains one of the keys in any spelling.
    pub fn are_in(&self, text: &str) -> bool {
        self.redactor().finds(text)
    }

    /// The text with `[key]` in place of each key, in any spelling.
    pub fn redact(&self, text: String) -> String {
        self.redactor().redact(text)
    }

    fn redactor(&self) -> Redactor {
        self.0.iter().fold(Redactor::default(), |redactor, key| redactor.with(&key.0))
    }
}

/// A request without its body, which stays with the sender: it is large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// Its method.
    pub method: Method,
    /// Its absolute URL.
    pub url: String,
    /// The key for its `Authorization` header.
    pub key: Option<ApiKey>,
}

impl HttpRequest {
    /// Makes the URL differ from those of other requests for the same resource. For a cache of the site, which distinguishes
    /// requests by their URL; the service ignores the parameter. `random` is any number.
    pub(crate) fn distinguish(&mut self, random: u32) {
        self.url.push_str("?_=");
        self.url.push_str(&random.to_string());
    }
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A look-up, a poll or a download. It may be repeated.
    Get,
    /// The paid request. It is never repeated automatically.
    Post,
}

/// The service at one base URL, with one key.
#[derive(Clone, Debug)]
pub struct Service {
    /// Everything before `/v1/videos/…`.
    pub base: BaseUrl,
    /// The key; absent if a relay adds it.
    pub key: Option<ApiKey>,
}

impl Service {
    /// Checks that an id does not contain the key, pasted into the wrong field. Ids are part of URLs and records.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`]
    pub fn permit_id(&self, path: &str, id: &str) -> Result<(), Error> {
        if self.key.as_ref().is_some_and(|key| key.is_in(id)) {
            return Err(Error::invalid_option(path, "expected a task id, found the API key in it"));
        }
        Ok(())
    }

    /// The request that creates a task.
    pub fn create(&self) -> HttpRequest {
        self.request(Method::Post, format!("{}{MULTI_IMAGE_TO_VIDEO}", self.base.as_str()))
    }

    /// The request that queries a task.
    pub fn query(&self, id: &TaskId) -> HttpRequest {
        let id = encoded_segment(id.as_str());
        self.request(Method::Get, format!("{}{MULTI_IMAGE_TO_VIDEO}/{id}", self.base.as_str()))
    }

    /// The request for the video of a task, through the gateway.
    pub fn content(&self, id: &TaskId) -> HttpRequest {
        let id = encoded_segment(id.as_str());
        self.request(Method::Get, format!("{}/v1/videos/{id}/content", self.base.0.origin()))
    }

    fn request(&self, method: Method, url: String) -> HttpRequest {
        HttpRequest { method, url, key: self.key.clone() }
    }
}

/// A response of any status. It was redacted where it arrived, so that it contains no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// Its status.
    pub status: Status,
    /// The body.
    pub body: Body,
    /// The ms that the `Retry-After` header requests, where the server lets a page read it.
    pub retry_after: Option<u64>,
}

/// The body of a response that is not a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Text(String),
    /// It has more than [`Body::MAX_BYTES`]; the rest was not read.
    TooLarge,
}

impl Body {
    /// The maximum size: 1 MiB, many times any response of the service. To parse more would block the page.
    pub const MAX_BYTES: u32 = 1 << 20;

    /// The text, unless it is too large.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::TooLarge => None,
        }
    }
}

impl<T: Into<String>> From<T> for Body {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// The error of a request without a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// The message of the browser.
    pub message: String,
    /// Whether the request may have left this machine: `fetch` was called.
    pub is_sent: bool,
}

impl TransportError {
    /// The error of a request that may have been sent.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_sent: true }
    }

    /// This error, of a request that was not sent.
    #[must_use]
    pub fn not_sent(self) -> Self {
        Self { is_sent: false, ..self }
    }

    /// The error of a look-up, a poll or a download.
    pub fn to_error(&self) -> Error {
        if !self.is_sent {
            let message = format!("nothing was sent: this environment could not make the request ({})", self.message);
            return Error::new(ErrorCode::Internal, message);
        }
        let message = format!(
            "no response from the service ({}); the network may be down, the URL wrong, or requests from this page not allowed \
             (CORS)",
            self.message
        );
        Error::new(ErrorCode::Network, message).retryable(true)
    }
}
