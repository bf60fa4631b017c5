//! Downloading a finished video, in spite of a delivery host that breaks off, expires its URL or blocks pages.
//!
//! ```text
//!   delivery URL ────────── complete ─────────────┐
//!     │ expired, blocked or not a video           │
//!   new URL of the task ─── complete ─────────────┼──► the video
//!     │ no new URL, or it failed                  │
//!   gateway, with the key ─ complete ─────────────┘
//!     │ failed
//!     └──► the error of the delivery host
//! ```
//!
//! From each of these sources:
//!
//! ```text
//!   attempt ◄─────────────────────────────────────────────────────────────┐
//!     ├── complete ──► check the first bytes ──► the video, or `not_a_video`
//!     ├── broken off, stalled, HTTP 429 or 5xx ── backoff ── resume ──────┤
//!     │            └── outage budget spent ──► the error                  │
//!     ├── not the requested range ── restart at the first byte ───────────┤
//!     ├── no response, the first time ── 1 s ─────────────────────────────┘
//!     ├── no response, the second time ──► `download_blocked`
//!     └── any other status ──► `url_expired` or `not_a_video`
//! ```

use std::future::Future;

use super::{Flow, Host, STALL_MS, no_data};
use crate::endpoint::{HttpRequest, Service, Status, TransportError};
use crate::error::{Error, ErrorCode};
use crate::gate::Gate;
use crate::progress::Progress;
use crate::race::{First, race};
use crate::retry::{Backoff, Budget};
use crate::task::{TaskId, Video};
use crate::video::{Arrived, broken_stream, check_start, refused, unreachable_host};

/// The transfer of one video: receives its bytes and holds them. One response at a time.
pub trait Transfer {
    /// Limits how many videos are received at once.
    fn download_gate(&self) -> &Gate;
    /// Requests the video from byte `from` on. Ends the response before it.
    fn open(&self, source: &Source, from: u64) -> impl Future<Output = Result<ResponseHead, TransportError>>;
    /// Receives and holds the next bytes, and returns their number; `None` after the last.
    fn receive(&self) -> impl Future<Output = Result<Option<u64>, TransportError>>;
    /// Drops all bytes that it holds.
    fn clear(&self);
    /// The first bytes that it holds: [`START_BYTES`](crate::video::START_BYTES), or all if there are fewer.
    fn first_bytes(&self) -> impl Future<Output = Result<Vec<u8>, TransportError>>;
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
    /// The announced length of the body, in bytes.
    pub length: Option<u64>,
}

/// Why one attempt failed.
enum AttemptError {
    /// No response came.
    NoResponse(TransportError),
    /// A response without a video came, with this status.
    Refused(Status),
    /// The body ended early.
    BrokenOff(TransportError),
    /// The response is not the requested range.
    WrongRange,
}

/// The pause before the one retry that tells a short loss of the network from a host that blocks pages, in ms.
const NETWORK_BLIP_MS: u64 = 1_000;

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
    /// [`ErrorCode::DownloadBlocked`], [`ErrorCode::UrlExpired`], [`ErrorCode::NotAVideo`]; beyond the outage budget
    /// [`ErrorCode::Network`] and [`ErrorCode::ServerError`].
    pub fn download(
        &self,
        backoff: &Backoff,
        transfer: &impl Transfer,
        url: &str,
    ) -> impl Future<Output = Result<(), Error>> {
        self.download_from(backoff, transfer, Source::Delivery(url.to_owned()))
    }

    /// Downloads the video another way, after its URL failed with `error`: from a new URL, or through the gateway.
    ///
    /// # Errors
    ///
    /// The error of the delivery host.
    pub async fn download_otherwise(
        &self,
        service: &Service,
        backoff: &Backoff,
        transfer: &impl Transfer,
        video: &Video,
        mut error: Error,
    ) -> Result<(), Error> {
        let Some(Ok(id)) = video.task_id.as_deref().map(TaskId::parse) else { return Err(error) };
        // A page that may not read the refusal of an expired URL sees the same as one whose host blocks all pages.
        if matches!(error.code(), ErrorCode::UrlExpired | ErrorCode::NotAVideo | ErrorCode::DownloadBlocked)
            && let Ok(task) = self.task(service, &id).await
            && let Some(fresh) = task.videos.iter().find(|fresh| fresh.id == video.id && fresh.url != video.url)
        {
            match self.download(backoff, transfer, &fresh.url).await {
                Ok(()) => return Ok(()),
                Err(error_of_fresh) => error = error_of_fresh,
            }
        }
        self.download_from(backoff, transfer, Source::Gateway(service.content(&id))).await.map_err(|_| error)
    }

    /// Downloads the whole video from one source, in as many attempts as the outage budget allows.
    async fn download_from(&self, backoff: &Backoff, transfer: &impl Transfer, source: Source) -> Result<(), Error> {
        let url = source.url();
        let mut arrived = Arrived::default();
        let (mut failed, mut max_loaded, mut may_resume, mut has_answered) = (0_u32, 0, true, false);
        let mut outage = Budget::new(backoff.budget_ms);
        loop {
            let from = if may_resume { arrived.resumes_at() } else { 0 };
            let result = self.attempt(transfer, &source, &mut arrived, from).await;
            if arrived.loaded > max_loaded {
                (max_loaded, failed) = (arrived.loaded, 0);
                outage.restore();
            }
            has_answered |= !matches!(result, Err(AttemptError::NoResponse(_)));
            failed = failed.saturating_add(1);
            let error = match result {
                Ok(start) => return check_start(url, &start),
                Err(AttemptError::NoResponse(error)) if !error.is_sent => {
                    return Err(error.into_error().with_url(url));
                }
                Err(AttemptError::NoResponse(error) | AttemptError::BrokenOff(error)) if !self.host.is_online() => {
                    outage.suspend();
                    broken_stream(url, &error.message)
                }
                Err(AttemptError::NoResponse(error)) if !has_answered => {
                    if failed > 1 {
                        return Err(unreachable_host(url, &error));
                    }
                    self.pause(NETWORK_BLIP_MS, 0).await;
                    continue;
                }
                Err(AttemptError::NoResponse(error)) => {
                    // A host may answer pages, but not their requests for a range.
                    may_resume &= from == 0;
                    broken_stream(url, &error.message)
                }
                Err(AttemptError::Refused(status)) => {
                    let may_pass = matches!(status, Status::Code(429 | 500..)) && matches!(source, Source::Delivery(_));
                    if !may_pass {
                        return Err(refused(url, status));
                    }
                    refused(url, status)
                }
                Err(AttemptError::BrokenOff(error)) => broken_stream(url, &error.message),
                Err(AttemptError::WrongRange) => {
                    may_resume = false;
                    continue;
                }
            };
            let delay = backoff.delay(failed, self.host.random());
            outage.spend(self.host.now(), delay.saturating_add(STALL_MS), error)?;
            self.pause(delay, 0).await;
        }
    }

    /// One attempt, from byte `from` on. Returns the first bytes of the whole video.
    async fn attempt(
        &self,
        transfer: &impl Transfer,
        source: &Source,
        arrived: &mut Arrived,
        from: u64,
    ) -> Result<Vec<u8>, AttemptError> {
        let _pass = transfer.download_gate().enter().await;
        let opened = match race(transfer.open(source, from), self.host.sleep(STALL_MS)).await {
            First::Left(opened) => opened.map_err(AttemptError::NoResponse)?,
            First::Right(()) => return Err(AttemptError::NoResponse(no_data())),
        };
        match opened.status {
            Status::Code(206) if from > 0 && arrived.is_completed_by(opened.length) => {}
            Status::Code(206 | 416) if from > 0 => return Err(AttemptError::WrongRange),
            Status::Code(200..300) => {
                transfer.clear();
                *arrived = Arrived { loaded: 0, total: opened.length };
            }
            status => return Err(AttemptError::Refused(status)),
        }
        loop {
            let Arrived { loaded, total } = *arrived;
            self.host.report(&Progress::Downloading { loaded, total });
            match race(transfer.receive(), self.host.sleep(STALL_MS)).await {
                First::Left(Ok(Some(more))) => arrived.loaded = loaded.saturating_add(more),
                First::Left(Ok(None)) if arrived.is_short() => {
                    let message = format!("{loaded} of {} bytes arrived", total.unwrap_or(0));
                    return Err(AttemptError::BrokenOff(TransportError::new(message)));
                }
                First::Left(Ok(None)) => return transfer.first_bytes().await.map_err(AttemptError::BrokenOff),
                First::Left(Err(error)) => return Err(AttemptError::BrokenOff(error)),
                First::Right(()) => return Err(AttemptError::BrokenOff(no_data())),
            }
        }
    }
}
