//! Whether a delivery host sent a whole video.

mod boxes;

pub use boxes::{FileEnd, file_end};

use crate::endpoint::{Status, TransportError};
use crate::error::{Error, ErrorCode};

/// The number of first bytes by which [`check_start`] recognises an MP4 file.
pub const START_BYTES: u64 = 12;

/// How much of a video has arrived, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// The number of bytes that have arrived.
    pub loaded: u64,
    /// The number of bytes of the whole video, as announced.
    pub total: Option<u64>,
}

impl Arrived {
    /// Whether the end is missing. A response that was compressed on the way is longer than announced.
    pub fn is_short(&self) -> bool {
        self.total.is_some_and(|total| self.loaded < total)
    }

    /// The first byte to request next: 0 if the length of the video is unknown, because a rest could not be recognised.
    pub fn resumes_at(&self) -> u64 {
        if self.is_short() { self.loaded } else { 0 }
    }

    /// Whether a response of that length is the rest. Mostly a page cannot read its `Content-Range`.
    pub fn is_completed_by(&self, length: Option<u64>) -> bool {
        let whole = length.and_then(|length| self.loaded.checked_add(length));
        whole.is_some() && whole == self.total
    }
}

/// Checks by its first bytes that what has arrived is an MP4 file.
///
/// # Errors
///
/// [`ErrorCode::NotAVideo`]
pub fn check_start(url: &str, start: &[u8]) -> Result<(), Error> {
    if start.get(4..8) == Some(b"ftyp") {
        return Ok(());
    }
    let found = if start.is_empty() { "an empty body" } else { "another file" };
    let message = format!("expected an MP4 file from the delivery host, found {found}; get the task again");
    Err(at(url, Error::new(ErrorCode::NotAVideo, message)))
}

/// The error of a response without a video.
///
/// [`ErrorCode::UrlExpired`], [`ErrorCode::ServerError`] or [`ErrorCode::NotAVideo`].
pub fn refused(url: &str, status: Status) -> Error {
    let (code, message, retryable) = match status {
        Status::Code(401 | 403 | 404 | 410) => {
            (ErrorCode::UrlExpired, "the URL of the video has expired; get the task again", false)
        }
        Status::Code(429 | 500..) => (ErrorCode::ServerError, "the delivery host has a problem; try again later", true),
        Status::Code(_) | Status::Redirect => {
            (ErrorCode::NotAVideo, "expected a video from the delivery host, found another response", false)
        }
    };
    let found = status.code().map_or_else(|| "a redirect".to_owned(), |code| format!("HTTP {code}"));
    let error = Error::new(code, format!("{message} ({found})")).retryable(retryable);
    at(url, error.with_status(status))
}

/// The error of a request without a response. Most such hosts allow players and links, but no reading by pages (CORS).
pub fn unreachable_host(url: &str, error: &TransportError) -> Error {
    let message = format!(
        "this page cannot read the video ({}); the network may be down, or the host serves only players and links: offer \
         the URL as a link",
        error.message
    );
    at(url, Error::new(ErrorCode::DownloadBlocked, message).retryable(true))
}

/// The error of a download that stopped.
pub fn broken_stream(url: &str, reason: &str) -> Error {
    let message = format!("the download of the video stopped ({reason}); try again");
    at(url, Error::new(ErrorCode::Network, message).retryable(true))
}

fn at(url: &str, error: Error) -> Error {
    error.with_url(url)
}
