//! What a delivery host sent, judged.

mod boxes;

pub use boxes::{FileEnd, file_end};

use crate::endpoint::{Status, TransportError};
use crate::error::{Error, ErrorCode};

/// How many first bytes tell an MP4 file.
pub const START: u64 = 12;

/// How much of a video has arrived, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// So much.
    pub loaded: u64,
    /// As announced.
    pub total: Option<u64>,
}

impl Arrived {
    /// Whether the end is missing. More than announced is an answer that was compressed on the way.
    pub fn is_short(&self) -> bool {
        self.total.is_some_and(|total| self.loaded < total)
    }

    /// From which byte on the rest may be asked for: from the first, if it could not be told where an answer fits on.
    pub fn resumes_at(&self) -> u64 {
        if self.is_short() { self.loaded } else { 0 }
    }

    /// Whether an answer of that length is the rest. Its range would say so, which a page of another origin mostly cannot read.
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
    let found = if start.is_empty() { "an empty body" } else { "something else" };
    let message = format!("expected an MP4 file from the delivery host, found {found}; get the task again");
    Err(at(url, Error::new(ErrorCode::NotAVideo, message)))
}

/// The answer of a delivery host that brings no video.
///
/// [`ErrorCode::UrlExpired`], [`ErrorCode::ServerError`] or [`ErrorCode::NotAVideo`].
pub fn refused(url: &str, status: Status) -> Error {
    let (code, message, retryable) = match status {
        Status::Code(401 | 403 | 404 | 410) => {
            (ErrorCode::UrlExpired, "the URL of the video has expired; get the task again", false)
        }
        Status::Code(429 | 500..) => {
            (ErrorCode::ServerError, "the delivery host has a problem of its own; try again later", true)
        }
        Status::Code(_) | Status::Redirect => {
            (ErrorCode::NotAVideo, "expected a video from the delivery host, found another answer", false)
        }
    };
    let found = status.code().map_or_else(|| "a redirect".to_owned(), |code| format!("HTTP {code}"));
    let error = Error::new(code, format!("{message} ({found})")).retryable(retryable);
    at(url, error.detailed(|details| details.status = status.code()))
}

/// The host did not answer this page. Mostly it does not allow pages to read from it, while a player or a link may.
pub fn unreachable_host(url: &str, error: &TransportError) -> Error {
    let message = format!(
        "this page cannot read the video ({}); the network may be down, or the host serves only players and links: offer \
         the URL as a link",
        error.message
    );
    at(url, Error::new(ErrorCode::DownloadBlocked, message).retryable(true))
}

/// The video stopped arriving.
pub fn broken_stream(url: &str, what: &str) -> Error {
    let message = format!("the download of the video broke off ({what}); try again");
    at(url, Error::new(ErrorCode::Network, message).retryable(true))
}

fn at(url: &str, error: Error) -> Error {
    error.detailed(|details| details.url = Some(url.to_owned()))
}
