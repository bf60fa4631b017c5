//! Bringing a finished video home, whatever its delivery host does.
//!
//! An address that has expired is asked for anew, and what the host lets no page read the gateway may stream.

use std::future::Future;

use super::{Flow, Host, STALL_MS};
use crate::endpoint::{HttpRequest, Service, Status, TransportError};
use crate::error::{Error, ErrorCode};
use crate::gate::Gate;
use crate::progress::Progress;
use crate::race::{First, race};
use crate::retry::{Backoff, Budget};
use crate::task::{TaskId, Video};
use crate::video::{Arrived, broken_stream, check_start, refused, unreachable_host};

/// What brings bytes and holds them. Only one answer is under way at a time.
pub trait Line {
    /// Lets only so many videos in at once.
    fn queue(&self) -> &Gate;
    /// Asks, from that byte on; what was under way before is over.
    fn open(&self, source: &Source, from: u64) -> impl Future<Output = Result<Opened, TransportError>>;
    /// Brings and holds the next bytes, and says how many; none after the last.
    fn next(&self) -> impl Future<Output = Result<Option<u64>, TransportError>>;
    /// Lets go of all that it holds.
    fn clear(&self);
    /// The first bytes of what it holds: [`START`](crate::video::START), or all if there are fewer.
    fn start(&self) -> impl Future<Output = Result<Vec<u8>, TransportError>>;
}

/// Who has the video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The delivery host, which gets no key.
    Delivery(String),
    /// The gateway's content route.
    Gateway(HttpRequest),
}

/// The head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its status.
    pub status: Status,
    /// Of the body that follows, in bytes.
    pub length: Option<u64>,
}

/// Why one attempt brought no video.
enum Trouble {
    /// No answer came.
    Silent(TransportError),
    /// This answer came.
    Refused(Status),
    /// It came without the end.
    Broken(TransportError),
    /// What came does not fit what there is.
    Unfit,
}

/// How long a blip of the network may last, in ms, that is told from a host which lets no page read.
const BLIP: u64 = 1_000;

impl Source {
    fn url(&self) -> &str {
        match self {
            Self::Delivery(url) => url,
            Self::Gateway(request) => &request.url,
        }
    }
}

impl<H: Host> Flow<H> {
    /// Brings the video at its address.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::DownloadBlocked`], [`ErrorCode::UrlExpired`], [`ErrorCode::NotAVideo`]; beyond the outage budget
    /// [`ErrorCode::Network`] and [`ErrorCode::ServerError`].
    pub async fn download(&self, backoff: &Backoff, line: &impl Line, url: &str) -> Result<(), Error> {
        self.bring(backoff, line, &Source::Delivery(url.to_owned())).await
    }

    /// Brings the video in another way, after it could not be had at its address: at a new one, or through the gateway.
    ///
    /// # Errors
    ///
    /// What was wrong with the delivery host.
    pub async fn download_otherwise(
        &self,
        service: &Service,
        backoff: &Backoff,
        line: &impl Line,
        video: &Video,
        mut error: Error,
    ) -> Result<(), Error> {
        let Some(Ok(id)) = video.task_id.as_deref().map(TaskId::parse) else { return Err(error) };
        // A refusal of what has expired, which no page may read, looks like a host that lets no page read anything.
        if matches!(error.code(), ErrorCode::UrlExpired | ErrorCode::NotAVideo | ErrorCode::DownloadBlocked)
            && let Ok(task) = self.task(service, &id).await
            && let Some(fresh) = task.videos.iter().find(|fresh| fresh.id == video.id && fresh.url != video.url)
        {
            match self.download(backoff, line, &fresh.url).await {
                Ok(()) => return Ok(()),
                Err(of_fresh) => error = of_fresh,
            }
        }
        self.bring(backoff, line, &Source::Gateway(service.content(&id))).await.map_err(|_| error)
    }

    /// Brings all of it from one source, in as many attempts as it takes, within the outage budget.
    async fn bring(&self, backoff: &Backoff, line: &impl Line, source: &Source) -> Result<(), Error> {
        let url = source.url();
        let mut arrived = Arrived::default();
        let (mut failed, mut furthest, mut may_resume, mut has_answered) = (0_u32, 0, true, false);
        let mut outage = Budget::new(backoff.budget_ms);
        loop {
            let from = if may_resume { arrived.resumes_at() } else { 0 };
            let result = self.receive(line, source, &mut arrived, from).await;
            if arrived.loaded > furthest {
                (furthest, failed) = (arrived.loaded, 0);
                outage.restore();
            }
            has_answered |= !matches!(result, Err(Trouble::Silent(_)));
            failed = failed.saturating_add(1);
            let error = match result {
                Ok(start) => return check_start(url, &start),
                Err(Trouble::Silent(error)) if !error.is_sent => {
                    return Err(error.into_error().detailed(|details| details.url = Some(url.to_owned())));
                }
                Err(Trouble::Silent(error) | Trouble::Broken(error)) if !self.0.online() => {
                    outage.suspend();
                    broken_stream(url, &error.message)
                }
                Err(Trouble::Silent(error)) if !has_answered => {
                    if failed > 1 {
                        return Err(unreachable_host(url, &error));
                    }
                    self.pause(BLIP, 0).await;
                    continue;
                }
                Err(Trouble::Silent(error)) => {
                    // A host may answer pages, and yet not when they ask for a range.
                    may_resume &= from == 0;
                    broken_stream(url, &error.message)
                }
                Err(Trouble::Refused(status)) => {
                    let is_passing =
                        matches!(status, Status::Code(429 | 500..)) && matches!(source, Source::Delivery(_));
                    if !is_passing {
                        return Err(refused(url, status));
                    }
                    refused(url, status)
                }
                Err(Trouble::Broken(error)) => broken_stream(url, &error.message),
                Err(Trouble::Unfit) => {
                    may_resume = false;
                    continue;
                }
            };
            let delay = backoff.delay(failed, self.0.chance());
            outage.spend(self.0.now(), delay.saturating_add(STALL_MS), error)?;
            self.pause(delay, 0).await;
        }
    }

    /// One attempt: the first bytes of the whole.
    async fn receive(
        &self,
        line: &impl Line,
        source: &Source,
        arrived: &mut Arrived,
        from: u64,
    ) -> Result<Vec<u8>, Trouble> {
        let _pass = line.queue().enter().await;
        let stalled = || TransportError::new("nothing came for a long time");
        let opened = match race(line.open(source, from), self.0.sleep(STALL_MS)).await {
            First::Left(opened) => opened.map_err(Trouble::Silent)?,
            First::Right(()) => return Err(Trouble::Silent(stalled())),
        };
        match opened.status {
            Status::Code(206) if from > 0 && arrived.is_completed_by(opened.length) => {}
            Status::Code(206 | 416) if from > 0 => return Err(Trouble::Unfit),
            Status::Code(200..300) => {
                line.clear();
                *arrived = Arrived { loaded: 0, total: opened.length };
            }
            status => return Err(Trouble::Refused(status)),
        }
        loop {
            let Arrived { loaded, total } = *arrived;
            self.0.report(&Progress::Downloading { loaded, total });
            match race(line.next(), self.0.sleep(STALL_MS)).await {
                First::Left(Ok(Some(more))) => arrived.loaded = loaded.saturating_add(more),
                First::Left(Ok(None)) if arrived.is_short() => {
                    let message = format!("{loaded} of {} bytes came", total.unwrap_or(0));
                    return Err(Trouble::Broken(TransportError::new(message)));
                }
                First::Left(Ok(None)) => return line.start().await.map_err(Trouble::Broken),
                First::Left(Err(error)) => return Err(Trouble::Broken(error)),
                First::Right(()) => return Err(Trouble::Broken(stalled())),
            }
        }
    }
}
