//! The delivery host and the content route of the gateway, and a download from them.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use kling_core::endpoint::TransportError;
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::Flow;
use kling_core::flow::download::{ResponseHead, Source, Transfer};
use kling_core::gate::Gate;
use kling_core::retry::Backoff;
use kling_core::task::{TaskId, Video};

use super::browser::{Browser, Tab};
use super::call::Call;
use super::provider::{Provider, no_network};
use super::schedule::DeliveryFault;
use crate::download::hosts::{Answer, LENGTH, MOVIE};
use crate::download::received::{End, Received};
use crate::script::{SECOND, service};

/// A download of one tab.
struct Download<'a> {
    provider: &'a Provider,
    gate: &'a Gate,
    received: Received,
    /// The time between two pieces, in ms.
    pause_ms: Cell<u64>,
}

impl Provider {
    /// The response to a request for the video from byte `from` on, and the time between its pieces in ms.
    fn delivery(&self, source: &Source, from: u64) -> Option<(Answer, u64)> {
        let right = Answer::right(&MOVIE, from);
        if matches!(source, Source::Gateway(_)) {
            return Some((right, 1));
        }
        if self.is_blocked() {
            return None;
        }
        let fault = self.deliveries.borrow_mut().pop_front().unwrap_or(DeliveryFault::Fine);
        let mut pause_ms = 5;
        let answer = match fault {
            DeliveryFault::Lost => return None,
            DeliveryFault::Refused(status) => Answer::new(status, b"no"),
            DeliveryFault::Cut(length) => right.unannounced().cut(length, End::Clean),
            DeliveryFault::Broken(length) => right.cut(length, End::Broken),
            DeliveryFault::Stalled(length) => right.cut(length, End::Hang),
            DeliveryFault::Slow(pause) => {
                pause_ms = pause;
                right
            }
            // Ranges are of the video, and not of its compressed bytes.
            DeliveryFault::Packed(length) if from == 0 => right.length(length).encoding("gzip"),
            DeliveryFault::Part(length) if from == 0 => {
                let range = format!("bytes 0-{}/{LENGTH}", length.max(1) - 1);
                Answer::new(206, &MOVIE[..length.max(1)]).length(length.max(1)).range(&range)
            }
            DeliveryFault::Fine | DeliveryFault::Packed(_) | DeliveryFault::Part(_) => right,
            DeliveryFault::OtherPart(first) => Answer::new(206, &MOVIE[first..]).length(LENGTH - first),
        };
        // Half of the pages have another origin than their delivery host.
        Some((if self.random.below(2) == 0 { answer.elsewhere() } else { answer }, pause_ms))
    }
}

impl Transfer for Download<'_> {
    fn download_gate(&self) -> &Gate {
        self.gate
    }

    async fn open(&self, source: &Source, from: u64) -> Result<ResponseHead, TransportError> {
        self.provider.executor.sleep(20).await;
        if !self.provider.is_online() {
            return Err(no_network());
        }
        let lost = || TransportError::new("TypeError: Failed to fetch");
        let (answer, pause_ms) = self.provider.delivery(source, from).ok_or_else(lost)?;
        self.pause_ms.set(pause_ms);
        Ok(self.received.begin(&answer, 90))
    }

    async fn receive(&self) -> Result<Option<u64>, TransportError> {
        self.provider.executor.sleep(self.pause_ms.get()).await;
        if !self.provider.is_online() {
            return Err(no_network());
        }
        self.received.receive().await
    }

    fn truncate(&self, length: u64) -> Result<(), TransportError> {
        self.received.truncate(length);
        Ok(())
    }

    async fn is_repeated(&self) -> Result<bool, TransportError> {
        Ok(self.received.is_repeated())
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, TransportError> {
        Ok(self.received.read(range))
    }
}

/// Downloads as the root crate does.
async fn download(call: &Call, video: &Video) -> Result<Vec<u8>, Error> {
    let transfer = Download {
        provider: &call.browser.provider,
        gate: &call.tab.downloads,
        received: Received::default(),
        pause_ms: Cell::default(),
    };
    let (flow, backoff) = (Flow::new(call), Backoff::default());
    if let Err(error) = flow.download(&backoff, &transfer, &video.url).await {
        flow.download_otherwise(&service(), &backoff, &transfer, video, error).await?;
    }
    Ok(transfer.received.bytes())
}

/// Keeps the video of a task that has succeeded, and tries again after an error.
pub(crate) async fn keep(browser: &Rc<Browser>, tab: &Rc<Tab>, id: &str) {
    let task_id = TaskId::parse(id).unwrap();
    loop {
        let call = Call::new(browser, tab, None, None);
        let known = browser.record(id).and_then(|record| record.task());
        let get = async |video: &Video| download(&call, video).await;
        match Flow::new(&call).keep_video(&service(), &task_id, known, get).await {
            Ok(kept) => {
                assert!(kept.video == *MOVIE, "a video of {} bytes instead of {LENGTH}", kept.video.len());
                match kept.problem {
                    None => return,
                    Some(problem) => assert_eq!(problem.code(), ErrorCode::Storage),
                }
            }
            Err(error) => assert!(may_pass(error.code()), "keeping a video ended as {error:?}"),
        }
        browser.executor().sleep(30 * SECOND).await;
    }
}

/// Errors of a delivery host or of the service that end with its faults.
fn may_pass(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Network
            | ErrorCode::ServerError
            | ErrorCode::DownloadBlocked
            | ErrorCode::UrlExpired
            | ErrorCode::NotAVideo
            | ErrorCode::RateLimited
            | ErrorCode::TaskNotFound
            | ErrorCode::Protocol
    )
}

/// A download from a host with this fault alone: how long it takes in virtual time, and how many requests it needs.
fn time_of(faults: &[DeliveryFault]) -> u64 {
    let mut schedule = super::calm();
    schedule.delivery.faults = faults.to_vec();
    let browser = Browser::new(Provider::new(schedule), true, 1);
    let (executor, tab) = (Rc::clone(browser.executor()), browser.tab(0));
    let id = browser.provider.make("task", 1);
    let (own, done) = (Rc::clone(&browser), Rc::new(Cell::new(None)));
    let end = Rc::clone(&done);
    executor.spawn(Some(0), async move {
        keep(&own, &tab, &id).await;
        end.set(Some(own.executor().now()));
    });
    executor.run(24 * 60 * 60 * SECOND, || done.get().is_some());
    done.get().expect("the video within a day")
}

#[test]
fn a_stall_ends_and_a_slow_video_does_not() {
    const PIECES: u64 = 12;
    let limit = 30 * SECOND;
    for (what, faults, at_least, at_most) in [
        ("fine", vec![DeliveryFault::Fine], 0, SECOND),
        ("slow", vec![DeliveryFault::Slow(5 * SECOND)], PIECES * 5 * SECOND, (PIECES + 2) * 5 * SECOND),
        ("very slow", vec![DeliveryFault::Slow(29 * SECOND)], PIECES * 29 * SECOND, (PIECES + 2) * 29 * SECOND),
        ("the limit", vec![DeliveryFault::Slow(limit - 1)], PIECES * (limit - 1), (PIECES + 2) * limit),
        ("slower than the limit", vec![DeliveryFault::Slow(limit + 1)], limit, limit + 8 * SECOND),
        ("no body", vec![DeliveryFault::Stalled(0)], limit, limit + 8 * SECOND),
        ("a body that stalls", vec![DeliveryFault::Stalled(400)], limit, limit + 8 * SECOND),
        ("a body that stalls before its end", vec![DeliveryFault::Stalled(999)], limit, limit + 8 * SECOND),
        ("a body that stalls twice", vec![DeliveryFault::Stalled(400); 2], 2 * limit, 2 * limit + 16 * SECOND),
        ("slow, then stalled", vec![DeliveryFault::Slow(29 * SECOND), DeliveryFault::Stalled(9)], 0, 400 * SECOND),
    ] {
        let time = time_of(&faults);
        assert!((at_least..=at_most).contains(&time), "{what}: {time} ms instead of {at_least} to {at_most}");
    }
}
