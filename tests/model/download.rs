//! Downloads, for every behaviour of a delivery host.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::pending;

use kling_core::endpoint::{HttpRequest, Method, Status, TransportError};
use kling_core::error::{Error, ErrorCode};

use kling_core::flow::download::{ResponseHead, Source, Transfer};
use kling_core::gate::Gate;
use kling_core::progress::{Progress, WaitingReason};
use kling_core::retry::Backoff;
use kling_core::task::Video;

use crate::script::{MINUTE, SECOND, Script, answer, service, unreachable};

const URL: &str = "https://cdn.example/v.mp4";
const MOVIE: &[u8; 100] =
    b"\0\0\0\x20ftypisom....................................................................................mdat";

/// How a host answers a request.
#[derive(Clone, Debug)]
enum Behaviour {
    /// No response, as from a host that blocks pages.
    Silence,
    /// No response and no error.
    Stall,
    Status(u16),
    /// All requested bytes of this file.
    All(&'static [u8]),
    /// The same without an announced length.
    Unannounced(&'static [u8]),
    /// The head of the response, this many bytes, and a broken connection.
    Cut(usize),
    /// The head of the response, this many bytes, and a normal end.
    Short(usize),
    /// This many bytes, and no more.
    Hang(usize),
    /// This many bytes and a broken connection, from a host that ignores ranges.
    CutWhole(usize),
    /// The whole file, even if a range was requested.
    Whole,
    /// Another range than the requested one.
    WrongPart,
}

/// A delivery host with a list of behaviours, the last of which repeats, and a gateway.
struct Hosts {
    delivery: RefCell<VecDeque<Behaviour>>,
    gateway: Behaviour,
    requests: RefCell<Vec<(Source, u64)>>,
    coming: RefCell<VecDeque<Option<&'static [u8]>>>,
    hangs: Cell<bool>,
    held: RefCell<Vec<u8>>,
    gate: Gate,
}

impl Hosts {
    fn new(delivery: impl IntoIterator<Item = Behaviour>, gateway: Behaviour) -> Self {
        Self {
            delivery: RefCell::new(delivery.into_iter().collect()),
            gateway,
            requests: RefCell::default(),
            coming: RefCell::default(),
            hangs: Cell::default(),
            held: RefCell::default(),
            gate: Gate::new(2),
        }
    }

    async fn opened(&self, source: Source, from: u64) -> Result<ResponseHead, TransportError> {
        let behaviour = match source {
            Source::Gateway(_) => self.gateway.clone(),
            Source::Delivery(_) => {
                let mut delivery = self.delivery.borrow_mut();
                if delivery.len() > 1 { delivery.pop_front().unwrap() } else { delivery[0].clone() }
            }
        };
        self.requests.borrow_mut().push((source, from));
        let from = from as usize;
        self.hangs.set(false);
        let send = |bytes: &'static [u8], end: &[Option<&'static [u8]>]| {
            let mut coming = self.coming.borrow_mut();
            coming.clear();
            coming.extend(bytes.chunks(7).map(Some));
            coming.extend(end);
        };
        let status = if from > 0 { 206 } else { 200 };
        let rest = |movie: &'static [u8]| &movie[from.min(movie.len())..];
        let announced = Some(rest(MOVIE).len() as u64);
        let (status, length) = match behaviour {
            Behaviour::Silence => return Err(TransportError::new("TypeError: Failed to fetch")),
            Behaviour::Stall => pending().await,
            Behaviour::Status(status) => (status, None),
            Behaviour::All(movie) => {
                send(rest(movie), &[]);
                (status, Some(rest(movie).len() as u64))
            }
            Behaviour::Unannounced(movie) => {
                send(rest(movie), &[]);
                (status, None)
            }
            Behaviour::Cut(length) => {
                send(&rest(MOVIE)[..length], &[None]);
                (status, announced)
            }
            Behaviour::Short(length) => {
                send(&rest(MOVIE)[..length], &[]);
                (status, announced)
            }
            Behaviour::Hang(length) => {
                send(&rest(MOVIE)[..length], &[]);
                self.hangs.set(true);
                (status, announced)
            }
            Behaviour::CutWhole(length) => {
                send(&MOVIE[..length], &[None]);
                (200, Some(100))
            }
            Behaviour::Whole => {
                send(MOVIE, &[]);
                (200, Some(100))
            }
            Behaviour::WrongPart => {
                send(&MOVIE[50..], &[]);
                (206, Some(50))
            }
        };
        Ok(ResponseHead { status: Status::Code(status), length })
    }

    async fn more(&self) -> Result<Option<u64>, TransportError> {
        let next = self.coming.borrow_mut().pop_front();
        match next {
            Some(Some(bytes)) => {
                self.held.borrow_mut().extend_from_slice(bytes);
                Ok(Some(bytes.len() as u64))
            }
            Some(None) => Err(TransportError::new("network error")),
            None if self.hangs.get() => pending().await,
            None => Ok(None),
        }
    }

    /// Downloads as the root crate does.
    fn download(&self, script: &Script) -> Result<Vec<u8>, Error> {
        let video = Video { task_id: Some("1".into()), id: None, url: URL.into(), duration: None };
        script.run(async |_| {
            let (flow, backoff) = (script.flow(), Backoff::default());
            if let Err(error) = flow.download(&backoff, self, URL).await {
                flow.download_otherwise(&service(), &backoff, self, &video, error).await?;
            }
            Ok(self.held.borrow().clone())
        })
    }

    fn froms(&self) -> Vec<u64> {
        self.requests.borrow().iter().map(|(_, from)| *from).collect()
    }
}

impl Transfer for Hosts {
    fn download_gate(&self) -> &Gate {
        &self.gate
    }

    async fn open(&self, source: &Source, from: u64) -> Result<ResponseHead, TransportError> {
        self.opened(source.clone(), from).await
    }

    async fn receive(&self) -> Result<Option<u64>, TransportError> {
        self.more().await
    }

    fn clear(&self) {
        self.held.borrow_mut().clear();
    }

    async fn first_bytes(&self) -> Result<Vec<u8>, TransportError> {
        Ok(self.held.borrow().iter().copied().take(12).collect())
    }
}

fn first_bytes_requested(delivery: impl IntoIterator<Item = Behaviour>) -> Vec<u64> {
    let (hosts, script) = (Hosts::new(delivery, Behaviour::Silence), Script::new([]));
    assert_eq!(hosts.download(&script).unwrap(), MOVIE);
    hosts.froms()
}

fn succeeded_at(url: &str) -> kling_core::flow::Reply {
    let body = format!(
        r#"{{"data":{{"task_id":"1","task_status":"succeed","task_result":{{"videos":[{{"url":"{url}"}}]}}}}}}"#
    );
    answer(200, &body)
}

#[test]
fn a_video_is_complete_at_the_first_attempt() {
    assert_eq!(first_bytes_requested([Behaviour::All(MOVIE)]), [0]);
    assert_eq!(first_bytes_requested([Behaviour::Unannounced(MOVIE)]), [0]);
}

#[test]
fn a_broken_download_resumes_where_it_broke_off() {
    assert_eq!(first_bytes_requested([Behaviour::Cut(40), Behaviour::Cut(30), Behaviour::All(MOVIE)]), [0, 40, 70]);
    assert_eq!(first_bytes_requested([Behaviour::Hang(40), Behaviour::All(MOVIE)]), [0, 40]);
    assert_eq!(first_bytes_requested([Behaviour::Cut(40), Behaviour::Status(503), Behaviour::All(MOVIE)]), [0, 40, 40]);
}

#[test]
fn a_download_that_cannot_resume_restarts() {
    assert_eq!(first_bytes_requested([Behaviour::CutWhole(40), Behaviour::Whole]), [0, 40], "ranges are ignored");
    assert_eq!(
        first_bytes_requested([Behaviour::Cut(40), Behaviour::WrongPart, Behaviour::Whole]),
        [0, 40, 0],
        "another range"
    );
    assert_eq!(
        first_bytes_requested([Behaviour::Cut(40), Behaviour::Status(416), Behaviour::Whole]),
        [0, 40, 0],
        "no such range"
    );
    assert_eq!(
        first_bytes_requested([Behaviour::Cut(40), Behaviour::Silence, Behaviour::Whole]),
        [0, 40, 0],
        "a range needs a preflight"
    );
}

#[test]
fn a_host_in_trouble_is_waited_for() {
    assert_eq!(
        first_bytes_requested([Behaviour::Status(503), Behaviour::Status(429), Behaviour::All(MOVIE)]),
        [0, 0, 0]
    );
    assert_eq!(first_bytes_requested([Behaviour::Silence, Behaviour::All(MOVIE)]), [0, 0], "a blip");
    assert_eq!(first_bytes_requested([Behaviour::Stall, Behaviour::All(MOVIE)]), [0, 0]);
}

#[test]
fn a_video_that_its_host_does_not_deliver_comes_through_the_gateway_with_the_key() {
    for behaviour in
        [Behaviour::Silence, Behaviour::Status(403), Behaviour::All(b"<html>...... a page"), Behaviour::All(b"")]
    {
        let hosts = Hosts::new([behaviour.clone()], Behaviour::All(MOVIE));
        let script = Script::new([]).then_always(succeeded_at(URL));
        assert_eq!(hosts.download(&script).unwrap(), MOVIE, "{behaviour:?}");
        let requests = hosts.requests.borrow();
        let Some((Source::Gateway(HttpRequest { method: Method::Get, url, key }), 0)) = requests.last() else {
            panic!("{requests:?}")
        };
        assert_eq!((url.as_str(), key), ("https://relay.example/v1/videos/1/content", &service().key));
        let others = requests.iter().filter(|(source, _)| matches!(source, Source::Delivery(url) if url == URL));
        assert_eq!(others.count(), requests.len() - 1);
    }
}

#[test]
fn a_video_shorter_than_announced_is_not_complete() {
    let hosts = Hosts::new([Behaviour::Short(40), Behaviour::All(MOVIE)], Behaviour::Silence);
    assert_eq!(hosts.download(&Script::new([])).unwrap(), MOVIE);
    assert_eq!(hosts.requests.borrow().last(), Some(&(Source::Delivery(URL.into()), 40)));
}

#[test]
fn an_expired_url_is_replaced() {
    let fresh = "https://cdn.example/v.mp4?sig=2";
    let hosts = Hosts::new([Behaviour::Cut(40), Behaviour::Status(403), Behaviour::All(MOVIE)], Behaviour::Silence);
    assert_eq!(hosts.download(&Script::new([succeeded_at(fresh)])).unwrap(), MOVIE);
    let requests: Vec<_> = hosts.requests.borrow().clone();
    let delivery = |url: &str| Source::Delivery(url.into());
    assert_eq!(requests, [(delivery(URL), 0), (delivery(URL), 40), (delivery(fresh), 0)]);
}

#[test]
fn an_expired_url_that_no_page_can_read_is_replaced() {
    let fresh = "https://cdn.example/v.mp4?sig=2";
    let hosts = Hosts::new([Behaviour::Silence, Behaviour::Silence, Behaviour::All(MOVIE)], Behaviour::Silence);
    assert_eq!(hosts.download(&Script::new([succeeded_at(fresh)])).unwrap(), MOVIE);
    assert_eq!(hosts.requests.borrow().last(), Some(&(Source::Delivery(fresh.into()), 0)));
}

#[test]
fn a_video_from_no_source_is_an_error_with_its_url() {
    for (behaviour, code) in [
        (Behaviour::Silence, ErrorCode::DownloadBlocked),
        (Behaviour::Status(403), ErrorCode::UrlExpired),
        (Behaviour::Status(404), ErrorCode::UrlExpired),
        (Behaviour::All(b"<html>...... a page"), ErrorCode::NotAVideo),
        (Behaviour::All(b""), ErrorCode::NotAVideo),
        (Behaviour::Status(0), ErrorCode::NotAVideo),
        (Behaviour::Status(503), ErrorCode::ServerError),
        (Behaviour::Hang(40), ErrorCode::Network),
        (Behaviour::CutWhole(40), ErrorCode::Network),
    ] {
        for gateway in [
            Behaviour::Silence,
            Behaviour::Status(404),
            Behaviour::Status(502),
            Behaviour::Status(0),
            Behaviour::All(b"{}"),
        ] {
            // The second stream breaks off where the first did.
            let hosts = Hosts::new(
                [
                    behaviour.clone(),
                    if let Behaviour::Hang(_) = behaviour { Behaviour::Stall } else { behaviour.clone() },
                ],
                gateway,
            );
            let script = Script::new([]).then_always(unreachable());
            let error = hosts.download(&script).unwrap_err();
            assert_eq!((error.code(), error.details().url.as_deref()), (code, Some(URL)), "{behaviour:?}: {error}");
            assert!(script.now.get() < 9 * MINUTE, "{behaviour:?} took {} ms", script.now.get());
            if behaviour.is_final() {
                assert!(script.now.get() <= 2 * SECOND, "{behaviour:?} took {} ms", script.now.get());
            }
        }
    }
}

impl Behaviour {
    fn is_final(&self) -> bool {
        !matches!(self, Self::Status(503) | Self::Hang(_) | Self::CutWhole(_))
    }
}

#[test]
fn offline_a_download_waits() {
    let silent = (0..20).map(|_| Behaviour::Silence);
    let hosts =
        Hosts::new([Behaviour::Cut(40)].into_iter().chain(silent).chain([Behaviour::All(MOVIE)]), Behaviour::Silence);
    let script = Script { offline: 0..60 * MINUTE, ..Script::new([]) };
    assert_eq!(hosts.download(&script).unwrap(), MOVIE);
    assert!(script.now.get() > 15 * MINUTE, "longer than any budget");
    assert!(script.reasons().iter().all(|reason| *reason == WaitingReason::Offline), "{:?}", script.reasons());
}

#[test]
fn progress_is_reported_from_the_first_byte_to_the_last() {
    let hosts = Hosts::new([Behaviour::Cut(40), Behaviour::All(MOVIE)], Behaviour::Silence);
    let script = Script::new([]);
    hosts.download(&script).unwrap();
    let reports = script.reports.borrow();
    let loaded: Vec<u64> = reports
        .iter()
        .map(|progress| match progress {
            Progress::Downloading { loaded, total: Some(100) } => *loaded,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(loaded.is_sorted() && loaded.first() == Some(&0) && loaded.last() == Some(&100), "{loaded:?}");
}

#[test]
fn at_most_two_downloads_run_at_once() {
    let hosts = Hosts::new([Behaviour::Stall], Behaviour::Silence);
    let script = Script { halt: None, ..Script::new([]) };
    script.is_halted.set(true);
    let (flow, backoff) = (script.flow(), Backoff::default());
    let mut all: Vec<_> = (0..5).map(|_| Box::pin(flow.download(&backoff, &hosts, URL))).collect();
    for one in &mut all {
        assert!(crate::script::poll_once(one.as_mut()).is_none());
    }
    assert_eq!(hosts.requests.borrow().len(), 2);
    drop(all.remove(0));
    for one in &mut all {
        assert!(crate::script::poll_once(one.as_mut()).is_none());
    }
    assert_eq!(hosts.requests.borrow().len(), 3);
}
