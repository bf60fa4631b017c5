//! Downloading a finished video, in spite of a delivery host that breaks off, expires its URL, blocks pages or counts wrongly.
//!
//! ```text
//!   delivery URL ────────── complete ─────────────┐
//!     │ failed                                    │
//!   new URL of the task ─── complete ─────────────┼──► the video
//!     │ no new URL, or it failed                  │
//!   gateway, with the key ─ complete ─────────────┘
//!     │ failed
//!     └──► the error of the delivery host
//! ```
//!
//! A task without a URL begins at the gateway. From each of these sources:
//!
//! ```text
//!   attempt ◄──────────────────────────────────────────────────────────────────────────┐
//!     ├── body ended ──► the boxes of the file ── whole ──► the video                  │
//!     │                    ├── no MP4 file ──► `not_a_video`                           │
//!     │                    ├── cut, three times at the same byte ──► `network`         │
//!     │                    └── cut ───────────────┐                                    │
//!     ├── broken off, stalled, HTTP 429 or 5xx ───┴── backoff ── resume ───────────────┤
//!     │                        └── outage budget spent ──► the error                   │
//!     ├── not the missing part ── backoff ── restart at the first byte ────────────────┤
//!     ├── no response, the first time ── 1 s ──────────────────────────────────────────┘
//!     ├── no response, the second time ──► `download_blocked`
//!     └── any other status ──► `url_expired` or `not_a_video`
//! ```
//!
//! The file itself says whether it is whole ([`crate::video`]): a length in a header may count compressed bytes or a part.

mod attempt;

use std::future::Future;
use std::ops::Range;

use self::attempt::Cause;
use super::{Flow, Host, STALL_MS};
use crate::endpoint::{HttpRequest, Service, Status, TransportError};
use crate::error::Error;
use crate::gate::Gate;
use crate::retry::{Backoff, Budget};
use crate::task::{TaskId, Video};
use crate::video::{Announced, Arrived, broken_stream, cut_video, not_a_video, refused, unreachable_host};

/// The transfer of one video: receives its bytes and holds them. One response at a time.
pub trait Transfer {
    /// Limits how many videos are received at once.
    fn download_gate(&self) -> &Gate;
    /// Requests the video from byte `from` on. Ends the response before it.
    fn open(&self, source: &Source, from: u64) -> impl Future<Output = Result<ResponseHead, TransportError>>;
    /// Receives and holds the next bytes, and returns their number; `None` after the last.
    fn receive(&self) -> impl Future<Output = Result<Option<u64>, TransportError>>;
    /// Drops the bytes that it holds, except the first `length`.
    ///
    /// # Errors
    ///
    /// When the browser cannot.
    fn truncate(&self, length: u64) -> Result<(), TransportError>;
    /// Whether the bytes received since the last [`truncate`](Self::truncate) begin with the bytes that it dropped.
    fn is_repeated(&self) -> impl Future<Output = Result<bool, TransportError>>;
    /// These of the bytes that it holds.
    fn read(&self, range: Range<u64>) -> impl Future<Output = Result<Vec<u8>, TransportError>>;
}

/// Where a video is downloaded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A URL of the delivery host, which gets no key.
    Delivery(String),
    /// The gateway's content route.
    Gateway(HttpRequest),
}

/// The head of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// Its status.
    pub status: Status,
    /// What its headers say about the bytes in its body.
    pub announced: Announced,
}

/// The video of a task that is the same as an earlier one: the one with its id, or the only one.
fn counterpart<'a>(earlier: &Video, videos: &'a [Video]) -> Option<&'a Video> {
    let named = videos.iter().find(|video| video.id == earlier.id && earlier.id.is_some());
    named.or_else(|| videos.first().filter(|_| videos.len() == 1))
}

/// The pause before the one retry that tells a short loss of the network from a host that blocks pages, in ms.
const NETWORK_BLIP_MS: u64 = 1_000;
/// How many attempts to resume may fail in a row, before the download restarts at the first byte.
const MAX_FAILED_RESUMES: u32 = 3;

impl Source {
    fn url(&self) -> &str {
        match self {
            Self::Delivery(url) => url,
            Self::Gateway(request) => &request.url,
        }
    }
}

impl<H: Host> Flow<H> {
    /// Downloads the video from this URL.
    ///
    /// # Errors
    ///
    /// [`DownloadBlocked`], [`UrlExpired`], [`NotAVideo`]; [`Network`] from a host that sends only a part of the video; beyond
    /// the outage budget [`Network`] and [`ServerError`].
    ///
    /// [`DownloadBlocked`]: crate::error::ErrorCode::DownloadBlocked
    /// [`UrlExpired`]: crate::error::ErrorCode::UrlExpired
    /// [`NotAVideo`]: crate::error::ErrorCode::NotAVideo
    /// [`Network`]: crate::error::ErrorCode::Network
    /// [`ServerError`]: crate::error::ErrorCode::ServerError
    pub fn download(
        &self,
        backoff: &Backoff,
        transfer: &impl Transfer,
        url: &str,
    ) -> impl Future<Output = Result<(), Error>> {
        self.download_from(backoff, transfer, Source::Delivery(url.to_owned()))
    }

    /// Downloads the video another way, after its URL failed with `error`: from a new URL, or through the gateway. A video without a
    /// URL is requested through the gateway at once.
    ///
    /// # Errors
    ///
    /// The error of the delivery host. For a video without a URL one that may pass, or `error`.
    pub async fn download_otherwise(
        &self,
        service: &Service,
        backoff: &Backoff,
        transfer: &impl Transfer,
        video: &Video,
        mut error: Error,
    ) -> Result<(), Error> {
        let Some(Ok(id)) = video.task_id.as_deref().map(TaskId::parse) else { return Err(error) };
        let has_url = !video.url.is_empty();
        // Also where this page may not read why the URL failed: it may have expired.
        if has_url
            && let Ok(task) = self.task(service, &id).await
            && let Some(fresh) = counterpart(video, &task.videos).filter(|fresh| fresh.url != video.url)
        {
            match self.download(backoff, transfer, &fresh.url).await {
                Ok(()) => return Ok(()),
                Err(error_of_fresh) => error = error_of_fresh,
            }
        }
        let result = self.download_from(backoff, transfer, Source::Gateway(service.content(&id))).await;
        result.map_err(|error_of_gateway| {
            if has_url {
                return error;
            }
            // The URL of the gateway is no link: it needs the key.
            let error = if error_of_gateway.is_retryable() { error_of_gateway.without_url() } else { error };
            error.with_task_ids(id.as_str(), None)
        })
    }

    /// Downloads the whole video from one source, in as many attempts as the outage budget allows.
    async fn download_from(&self, backoff: &Backoff, transfer: &impl Transfer, source: Source) -> Result<(), Error> {
        let url = source.url();
        let mut arrived = Arrived::default();
        let (mut failed, mut max_loaded, mut may_resume, mut has_answered) = (0_u32, 0, true, false);
        let mut outage = Budget::new(backoff.budget_ms);
        loop {
            let Err((cause, reason)) = self.attempt(transfer, &source, &mut arrived, may_resume).await else {
                return Ok(());
            };
            has_answered |= cause != Cause::NoResponse;
            if arrived.loaded > max_loaded && cause != Cause::DoesNotFit {
                (max_loaded, failed) = (arrived.loaded, 0);
                outage.restore();
            }
            failed = failed.saturating_add(1);
            let is_online = self.host.is_online();
            let is_silent = !has_answered && is_online;
            let error = match cause {
                Cause::Refused(status) => refused(url, status),
                Cause::NotAVideo => not_a_video(url, arrived.loaded),
                Cause::GivenUp => cut_video(url, arrived.loaded),
                Cause::NoResponse if !reason.is_sent => reason.to_error().with_url(url),
                Cause::NoResponse if is_silent => unreachable_host(url, &reason),
                Cause::NoResponse | Cause::BrokenOff | Cause::DoesNotFit => broken_stream(url, &reason.message),
            };
            let may_pass = match cause {
                Cause::Refused(status) => {
                    matches!(status, Status::Code(429 | 500..)) && matches!(source, Source::Delivery(_))
                }
                Cause::NotAVideo | Cause::GivenUp => false,
                Cause::NoResponse => reason.is_sent && !(is_silent && failed > 1),
                Cause::BrokenOff | Cause::DoesNotFit => true,
            };
            if !may_pass {
                return Err(error);
            }
            may_resume &= match cause {
                Cause::DoesNotFit => false,
                // A host may answer pages, but not their requests for a range.
                Cause::NoResponse => !is_online || arrived.loaded == 0,
                // A part may be compressed where the video was not.
                Cause::BrokenOff => !is_online || !arrived.is_stuck() && failed <= MAX_FAILED_RESUMES,
                Cause::Refused(_) | Cause::NotAVideo | Cause::GivenUp => true,
            };
            let delay = if is_silent { NETWORK_BLIP_MS } else { backoff.delay(failed, self.host.random()) };
            if is_online || matches!(cause, Cause::Refused(_) | Cause::DoesNotFit) {
                outage.spend(self.host.now(), delay.saturating_add(STALL_MS), error)?;
            } else {
                outage.suspend();
            }
            self.pause(delay, 0).await;
        }
    }
}
