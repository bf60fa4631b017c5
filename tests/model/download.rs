//! Videos that come home, whatever their delivery host does.

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

/// What a host does when it is asked.
#[derive(Clone, Debug)]
enum Deed {
    /// No answer, as where a page may not read.
    Silence,
    /// Not even that, for ever.
    Stall,
    Status(u16),
    /// All bytes that were asked for, of this.
    All(&'static [u8]),
    /// The same, without an announced length.
    Unannounced(&'static [u8]),
    /// The head of all, so many bytes, and the end of the connection.
    Cut(usize),
    /// The head of all, so many bytes, and an end like any other.
    Short(usize),
    /// So many bytes, and then nothing.
    Hang(usize),
    /// The same, where ranges are ignored.
    CutWhole(usize),
    Whole,
    /// Another part than was asked for.
    WrongPart,
}

/// A host that does one deed after the other, the last of them for ever.
struct Hosts {
    delivery: RefCell<VecDeque<Deed>>,
    gateway: Deed,
    asked: RefCell<Vec<(Source, u64)>>,
    coming: RefCell<VecDeque<Option<&'static [u8]>>>,
    hangs: Cell<bool>,
    held: RefCell<Vec<u8>>,
    gate: Gate,
}

impl Hosts {
    fn new(delivery: impl IntoIterator<Item = Deed>, gateway: Deed) -> Self {
        Self {
            delivery: RefCell::new(delivery.into_iter().collect()),
            gateway,
            asked: RefCell::default(),
            coming: RefCell::default(),
            hangs: Cell::default(),
            held: RefCell::default(),
            gate: Gate::new(2),
        }
    }

    async fn opened(&self, source: Source, from: u64) -> Result<ResponseHead, TransportError> {
        let deed = match source {
            Source::Gateway(_) => self.gateway.clone(),
            Source::Delivery(_) => {
                let mut delivery = self.delivery.borrow_mut();
                if delivery.len() > 1 { delivery.pop_front().unwrap() } else { delivery[0].clone() }
            }
        };
        self.asked.borrow_mut().push((source, from));
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
        let (status, length) = match deed {
            Deed::Silence => return Err(TransportError::new("TypeError: Failed to fetch")),
            Deed::Stall => pending().await,
            Deed::Status(status) => (status, None),
            Deed::All(movie) => {
                send(rest(movie), &[]);
                (status, Some(rest(movie).len() as u64))
            }
            Deed::Unannounced(movie) => {
                send(rest(movie), &[]);
                (status, None)
            }
            Deed::Cut(length) => {
                send(&rest(MOVIE)[..length], &[None]);
                (status, announced)
            }
            Deed::Short(length) => {
                send(&rest(MOVIE)[..length], &[]);
                (status, announced)
            }
            Deed::Hang(length) => {
                send(&rest(MOVIE)[..length], &[]);
                self.hangs.set(true);
                (status, announced)
            }
            Deed::CutWhole(length) => {
                send(&MOVIE[..length], &[None]);
                (200, Some(100))
            }
            Deed::Whole => {
                send(MOVIE, &[]);
                (200, Some(100))
            }
            Deed::WrongPart => {
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

    /// As the shell does it.
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
        self.asked.borrow().iter().map(|(_, from)| *from).collect()
    }
}

impl Transfer for Hosts {
    fn gate(&self) -> &Gate {
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

fn fetched(delivery: impl IntoIterator<Item = Deed>) -> Vec<u64> {
    let (hosts, script) = (Hosts::new(delivery, Deed::Silence), Script::new([]));
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
fn a_video_comes_whole_at_the_first_attempt() {
    assert_eq!(fetched([Deed::All(MOVIE)]), [0]);
    assert_eq!(fetched([Deed::Unannounced(MOVIE)]), [0]);
}

#[test]
fn what_breaks_off_is_taken_up_where_it_was() {
    assert_eq!(fetched([Deed::Cut(40), Deed::Cut(30), Deed::All(MOVIE)]), [0, 40, 70]);
    assert_eq!(fetched([Deed::Hang(40), Deed::All(MOVIE)]), [0, 40]);
    assert_eq!(fetched([Deed::Cut(40), Deed::Status(503), Deed::All(MOVIE)]), [0, 40, 40]);
}

#[test]
fn or_begun_again_where_that_cannot_be() {
    assert_eq!(fetched([Deed::CutWhole(40), Deed::Whole]), [0, 40], "ranges are ignored");
    assert_eq!(fetched([Deed::Cut(40), Deed::WrongPart, Deed::Whole]), [0, 40, 0], "another part");
    assert_eq!(fetched([Deed::Cut(40), Deed::Status(416), Deed::Whole]), [0, 40, 0], "no such part");
    assert_eq!(fetched([Deed::Cut(40), Deed::Silence, Deed::Whole]), [0, 40, 0], "a range needs a preflight");
}

#[test]
fn a_host_in_trouble_is_waited_for() {
    assert_eq!(fetched([Deed::Status(503), Deed::Status(429), Deed::All(MOVIE)]), [0, 0, 0]);
    assert_eq!(fetched([Deed::Silence, Deed::All(MOVIE)]), [0, 0], "a blip");
    assert_eq!(fetched([Deed::Stall, Deed::All(MOVIE)]), [0, 0]);
}

#[test]
fn what_cannot_be_had_there_comes_through_the_gateway_with_the_key() {
    for deed in [Deed::Silence, Deed::Status(403), Deed::All(b"<html>...... a page"), Deed::All(b"")] {
        let hosts = Hosts::new([deed.clone()], Deed::All(MOVIE));
        let script = Script::new([]).then_always(succeeded_at(URL));
        assert_eq!(hosts.download(&script).unwrap(), MOVIE, "{deed:?}");
        let asked = hosts.asked.borrow();
        let Some((Source::Gateway(HttpRequest { method: Method::Get, url, key }), 0)) = asked.last() else {
            panic!("{asked:?}")
        };
        assert_eq!((url.as_str(), key), ("https://relay.example/v1/videos/1/content", &service().key));
        let others = asked.iter().filter(|(source, _)| matches!(source, Source::Delivery(url) if url == URL));
        assert_eq!(others.count(), asked.len() - 1);
    }
}

#[test]
fn what_ends_before_its_announced_length_is_not_whole() {
    let hosts = Hosts::new([Deed::Short(40), Deed::All(MOVIE)], Deed::Silence);
    assert_eq!(hosts.download(&Script::new([])).unwrap(), MOVIE);
    assert_eq!(hosts.asked.borrow().last(), Some(&(Source::Delivery(URL.into()), 40)));
}

#[test]
fn an_address_that_expired_is_asked_for_anew() {
    let fresh = "https://cdn.example/v.mp4?sig=2";
    let hosts = Hosts::new([Deed::Cut(40), Deed::Status(403), Deed::All(MOVIE)], Deed::Silence);
    assert_eq!(hosts.download(&Script::new([succeeded_at(fresh)])).unwrap(), MOVIE);
    let asked: Vec<_> = hosts.asked.borrow().clone();
    let delivery = |url: &str| Source::Delivery(url.into());
    assert_eq!(asked, [(delivery(URL), 0), (delivery(URL), 40), (delivery(fresh), 0)]);
}

#[test]
fn so_is_one_whose_host_lets_no_page_read_that_it_has_expired() {
    let fresh = "https://cdn.example/v.mp4?sig=2";
    let hosts = Hosts::new([Deed::Silence, Deed::Silence, Deed::All(MOVIE)], Deed::Silence);
    assert_eq!(hosts.download(&Script::new([succeeded_at(fresh)])).unwrap(), MOVIE);
    assert_eq!(hosts.asked.borrow().last(), Some(&(Source::Delivery(fresh.into()), 0)));
}

#[test]
fn what_cannot_be_had_at_all_is_told_with_its_address() {
    for (deed, code) in [
        (Deed::Silence, ErrorCode::DownloadBlocked),
        (Deed::Status(403), ErrorCode::UrlExpired),
        (Deed::Status(404), ErrorCode::UrlExpired),
        (Deed::All(b"<html>...... a page"), ErrorCode::NotAVideo),
        (Deed::All(b""), ErrorCode::NotAVideo),
        (Deed::Status(0), ErrorCode::NotAVideo),
        (Deed::Status(503), ErrorCode::ServerError),
        (Deed::Hang(40), ErrorCode::Network),
        (Deed::CutWhole(40), ErrorCode::Network),
    ] {
        for gateway in [Deed::Silence, Deed::Status(404), Deed::Status(502), Deed::Status(0), Deed::All(b"{}")] {
            // The second stream breaks off where the first did.
            let hosts =
                Hosts::new([deed.clone(), if let Deed::Hang(_) = deed { Deed::Stall } else { deed.clone() }], gateway);
            let script = Script::new([]).then_always(unreachable());
            let error = hosts.download(&script).unwrap_err();
            assert_eq!((error.code(), error.details().url.as_deref()), (code, Some(URL)), "{deed:?}: {error}");
            assert!(script.now.get() < 9 * MINUTE, "{deed:?} took {} ms", script.now.get());
            if deed.is_final() {
                assert!(script.now.get() <= 2 * SECOND, "{deed:?} took {} ms", script.now.get());
            }
        }
    }
}

impl Deed {
    fn is_final(&self) -> bool {
        !matches!(self, Self::Status(503) | Self::Hang(_) | Self::CutWhole(_))
    }
}

#[test]
fn without_a_network_it_waits() {
    let silent = (0..20).map(|_| Deed::Silence);
    let hosts = Hosts::new([Deed::Cut(40)].into_iter().chain(silent).chain([Deed::All(MOVIE)]), Deed::Silence);
    let script = Script { offline: 0..60 * MINUTE, ..Script::new([]) };
    assert_eq!(hosts.download(&script).unwrap(), MOVIE);
    assert!(script.now.get() > 15 * MINUTE, "longer than any budget");
    assert!(script.reasons().iter().all(|reason| *reason == WaitingReason::Offline), "{:?}", script.reasons());
}

#[test]
fn progress_is_told_from_the_first_byte_to_the_last() {
    let hosts = Hosts::new([Deed::Cut(40), Deed::All(MOVIE)], Deed::Silence);
    let script = Script::new([]);
    hosts.download(&script).unwrap();
    let told = script.told.borrow();
    let loaded: Vec<u64> = told
        .iter()
        .map(|progress| match progress {
            Progress::Downloading { loaded, total: Some(100) } => *loaded,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(loaded.is_sorted() && loaded.first() == Some(&0) && loaded.last() == Some(&100), "{loaded:?}");
}

#[test]
fn no_more_than_two_at_once() {
    let hosts = Hosts::new([Deed::Stall], Deed::Silence);
    let script = Script { halt: None, ..Script::new([]) };
    script.is_halted.set(true);
    let (flow, backoff) = (script.flow(), Backoff::default());
    let mut all: Vec<_> = (0..5).map(|_| Box::pin(flow.download(&backoff, &hosts, URL))).collect();
    for one in &mut all {
        assert!(crate::script::poll_once(one.as_mut()).is_none());
    }
    assert_eq!(hosts.asked.borrow().len(), 2);
    drop(all.remove(0));
    for one in &mut all {
        assert!(crate::script::poll_once(one.as_mut()).is_none());
    }
    assert_eq!(hosts.asked.borrow().len(), 3);
}
