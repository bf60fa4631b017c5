//! Where requests go and what goes with them, as plain values.

use std::fmt;

use crate::error::{Error, ErrorCode};
use crate::redact::Redactor;
use crate::task::TaskId;
use crate::url::{HttpUrl, Network};

/// The address used when no other is given.
pub const DEFAULT_BASE_URL: &str = "https://api.cometapi.com/kling";

/// The create path, and the stem of the query path. Both are built from it because the service finds a task only
/// under the path that created it.
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
        let message = format!("expected an absolute http(s) URL without query, fragment and user name, found {found}");
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
}

/// A CometAPI key. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key as it was pasted: white space around it is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`] when it is empty, starts with the word `Bearer`, or cannot stand in a header.
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
/// response may repeat an earlier one.
#[derive(Clone, Debug, Default)]
pub struct KnownKeys(Vec<ApiKey>);

impl KnownKeys {
    /// How many keys are remembered. After that the oldest is dropped.
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
    /// What is asked for.
    pub method: Method,
    /// The absolute address.
    pub url: String,
    /// What the `Authorization` header is made of.
    pub key: Option<ApiKey>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A question; may be repeated.
    Get,
    /// The paid request; never repeated by itself.
    Post,
}

/// The service at one address, with one key.
#[derive(Clone, Debug)]
pub struct Service {
    /// Everything before `/v1/videos/…`.
    pub base: BaseUrl,
    /// Left out where a relay adds it.
    pub key: Option<ApiKey>,
}

impl Service {
    /// Checks that an id is not the key, pasted into the wrong field: an id stands in addresses and records.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`]
    pub fn permit_id(&self, path: &str, id: &str) -> Result<(), Error> {
        match &self.key {
            Some(key) if key.is_in(id) => {
                Err(Error::invalid_option(path, "expected a task id, found the API key in it"))
            }
            _ => Ok(()),
        }
    }

    /// The request that creates a task.
    pub fn create(&self) -> HttpRequest {
        self.request(Method::Post, format!("{}{MULTI_IMAGE_TO_VIDEO}", self.base.as_str()))
    }

    /// The request that asks for a task.
    pub fn query(&self, id: &TaskId) -> HttpRequest {
        self.request(Method::Get, format!("{}{MULTI_IMAGE_TO_VIDEO}/{id}", self.base.as_str()))
    }

    /// The request that lets the gateway stream the video of a task.
    pub fn content(&self, id: &TaskId) -> HttpRequest {
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
    /// The `Retry-After` header, where the server lets a page read it.
    pub retry_after: Option<String>,
}

/// The status of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// An HTTP status code.
    Code(u16),
    /// A redirect that was not followed. A browser shows neither its status code nor its target.
    Redirect,
}

impl Status {
    /// The status from `Response.status` of `fetch`, where 0 stands for a redirect that was not followed.
    pub fn from_fetch(status: u16) -> Self {
        if status == 0 { Self::Redirect } else { Self::Code(status) }
    }

    /// The status as [`Status::from_fetch`] reads it.
    pub fn to_fetch(self) -> u16 {
        self.code().unwrap_or(0)
    }

    /// The HTTP status code, unless it is unknown.
    pub fn code(self) -> Option<u16> {
        match self {
            Self::Code(code) => Some(code),
            Self::Redirect => None,
        }
    }
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
    /// The size limit: 1 MiB, many times any answer of the service. To parse more would hold up the page.
    pub const MAX_BYTES: u32 = 1 << 20;

    /// The text, unless there is too much of it.
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

/// No answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// What the browser says of it.
    pub message: String,
    /// Whether the request may have left this machine: `fetch` was called.
    pub is_sent: bool,
}

impl TransportError {
    /// No answer came to a request that may have been sent.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_sent: true }
    }

    /// The same of a request that could not even be made.
    #[must_use]
    pub fn not_sent(self) -> Self {
        Self { is_sent: false, ..self }
    }

    /// As an error of a question that may be asked again, unless it could not be made at all.
    pub fn into_error(self) -> Error {
        if !self.is_sent {
            let message = format!("nothing was sent: this environment could not make the request ({})", self.message);
            return Error::new(ErrorCode::Internal, message);
        }
        let message = format!(
            "no answer from the service ({}); the network may be down, the URL wrong, or requests from this page not allowed \
             (CORS)",
            self.message
        );
        Error::new(ErrorCode::Network, message).retryable(true)
    }
}
