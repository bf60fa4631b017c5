//! What a delivery host sent, judged.

use crate::endpoint::TransportError;
use crate::error::{Error, ErrorCode};

/// The bytes of a video as they arrive.
#[derive(Clone, Debug, Default)]
pub struct Arrived {
    start: Vec<u8>,
    loaded: u64,
    total: Option<u64>,
}

impl Arrived {
    /// How many first bytes tell an MP4 file.
    pub const START: u32 = 12;

    /// Nothing yet, of so many bytes as were announced.
    pub fn new(total: Option<u64>) -> Self {
        Self { total, ..Self::default() }
    }

    /// Whether the first bytes are not all known yet.
    pub fn needs_start(&self) -> bool {
        u32::try_from(self.start.len()).is_ok_and(|length| length < Self::START)
    }

    /// Adds first bytes, as many as there are.
    pub fn begin(&mut self, bytes: &[u8]) {
        self.start.extend_from_slice(bytes);
    }

    /// Counts bytes that have arrived.
    pub fn add(&mut self, bytes: u64) {
        self.loaded = self.loaded.saturating_add(bytes);
    }

    /// How many have arrived.
    pub fn loaded(&self) -> u64 {
        self.loaded
    }

    /// Checks that all has arrived, and that it is an MP4 file.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotAVideo`], or [`ErrorCode::Network`] when the end is missing.
    pub fn check(&self, url: &str) -> Result<(), Error> {
        // More than announced is an answer that was compressed on the way.
        if let Some(total) = self.total.filter(|total| self.loaded < *total) {
            return Err(broken_stream(url, &format!("{} of {total} bytes came", self.loaded)));
        }
        if self.start.get(4..8) == Some(b"ftyp") {
            return Ok(());
        }
        let found = if self.loaded == 0 { "an empty body" } else { "something else" };
        let message = format!(
            "expected an MP4 file from the delivery host, found {found}; ask for the task again for a new address"
        );
        Err(at(url, Error::new(ErrorCode::NotAVideo, message)))
    }
}

/// Judges the status of a delivery host.
///
/// # Errors
///
/// [`ErrorCode::UrlExpired`], [`ErrorCode::ServerError`] or [`ErrorCode::NotAVideo`] for all but a success.
pub fn check_status(url: &str, status: u16) -> Result<(), Error> {
    let (code, message, retryable) = match status {
        200..300 => return Ok(()),
        401 | 403 | 404 | 410 => (
            ErrorCode::UrlExpired,
            "the address of the video is no longer valid; ask for the task again for a new one",
            false,
        ),
        429 | 500.. => (ErrorCode::ServerError, "the delivery host has a problem of its own; try again later", true),
        _ => (ErrorCode::NotAVideo, "expected a video from the delivery host, found another answer", false),
    };
    let error = Error::new(code, format!("{message} (HTTP {status})")).retryable(retryable);
    Err(at(url, error.detailed(|details| details.status = Some(status))))
}

/// The host did not answer this page. Mostly it does not allow pages to read from it, while a player or a link may.
pub fn unreachable_host(url: &str, error: &TransportError) -> Error {
    let message = format!(
        "the delivery host did not let this page read the video ({}); the network may be down, or the host serves players \
         and links only: offer the address as a link",
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
