//! Whether a delivery host sent a whole video.

mod arrived;
mod boxes;
mod headers;

pub use arrived::{Arrived, Verdict};
pub use boxes::{Boxes, FileEnd};
pub use headers::{Announced, LengthHeaders};

use crate::endpoint::{Status, TransportError};
use crate::error::{Error, ErrorCode};

/// The error of a response that is not an MP4 file.
pub fn not_a_video(url: &str, loaded: u64) -> Error {
    let found = if loaded == 0 { "an empty body" } else { "another file" };
    let message = format!("expected an MP4 file from the delivery host, found {found}; get the task again");
    Error::new(ErrorCode::NotAVideo, message).with_url(url)
}

/// The error of a host that always ends after the same part of the video.
pub fn cut_video(url: &str, loaded: u64) -> Error {
    let message = format!("the delivery host sends only {loaded} bytes of the video; try again later");
    Error::new(ErrorCode::Network, message).retryable(true).with("actual", loaded).with_url(url)
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
