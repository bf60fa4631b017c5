//! Downloads, for every behaviour of a delivery host.

mod counts;
pub(crate) mod hosts;
pub(crate) mod received;

use kling_core::endpoint::{HttpRequest, Method};
use kling_core::error::ErrorCode;
use kling_core::flow::download::Source;
use kling_core::progress::{Progress, WaitingReason};
use kling_core::retry::Backoff;

use self::hosts::{Answer, Behaviour, Hosts, LENGTH, MOVIE, OVERLAP, URL, always};
use self::received::End;
use crate::script::{MINUTE, SECOND, Script, answer, service, unreachable};

const CUT: Behaviour = Behaviour::Cut(400, End::Broken);
const RESUMED: u64 = 400 - OVERLAP;

fn first_bytes_requested(delivery: impl IntoIterator<Item = Behaviour>) -> Vec<u64> {
    let (hosts, script) = (Hosts::new(delivery, Behaviour::Silence), Script::new([]));
    assert_eq!(hosts.download(&script).unwrap(), *MOVIE);
    hosts.froms()
}

fn succeeded_at(url: &str) -> kling_core::flow::Reply {
    let body = format!(
        r#"{{"data":{{"task_id":"1","task_status":"succeed","task_result":{{"videos":[{{"url":"{url}"}}]}}}}}}"#
    );
    answer(200, &body)
}

/// A host that ignores ranges, and ends in the middle of the video.
fn cut_whole() -> Behaviour {
    always(Answer::right(&MOVIE, 0).cut(400, End::Broken))
}

fn whole() -> Behaviour {
    always(Answer::right(&MOVIE, 0))
}

#[test]
fn a_video_is_complete_at_the_first_attempt() {
    assert_eq!(first_bytes_requested([Behaviour::Fine]), [0]);
    assert_eq!(first_bytes_requested([always(Answer::right(&MOVIE, 0).unannounced())]), [0]);
}

#[test]
fn a_broken_download_resumes_where_it_broke_off() {
    let second = RESUMED + 300 - OVERLAP;
    let broken = Behaviour::Cut(300, End::Broken);
    assert_eq!(first_bytes_requested([CUT, broken, Behaviour::Fine]), [0, RESUMED, second]);
    for delivery in [
        vec![CUT, Behaviour::Fine],
        vec![Behaviour::Cut(400, End::Clean), Behaviour::Fine],
        vec![Behaviour::Cut(400, End::Hang), Behaviour::Fine],
        vec![CUT, Behaviour::Status(503), Behaviour::Fine],
        vec![CUT, Behaviour::Status(429), Behaviour::Status(500), Behaviour::Fine],
    ] {
        let mut expected = vec![RESUMED; delivery.len()];
        expected[0] = 0;
        assert_eq!(first_bytes_requested(delivery.clone()), expected, "{delivery:?}");
    }
}

#[test]
fn a_download_that_cannot_resume_restarts() {
    assert_eq!(first_bytes_requested([cut_whole(), whole()]), [0, RESUMED], "ranges are ignored");
    for (what, second) in [
        ("another part", always(Answer::new(206, &MOVIE[500..]).length(500))),
        ("another part of the right length", always(Answer::new(206, &MOVIE[..664]).length(664))),
        ("another part, as its header says", always(Answer::right(&MOVIE, 500))),
        ("another part, against its header", always(Answer::right(&MOVIE, RESUMED).shifted())),
        ("no such range", Behaviour::Status(416)),
        ("a range needs a preflight", Behaviour::Silence),
    ] {
        assert_eq!(first_bytes_requested([CUT, second, whole()]), [0, RESUMED, 0], "{what}");
    }
}

#[test]
fn a_host_in_trouble_is_waited_for() {
    assert_eq!(first_bytes_requested([Behaviour::Status(503), Behaviour::Status(429), Behaviour::Fine]), [0, 0, 0]);
    assert_eq!(first_bytes_requested([Behaviour::Silence, Behaviour::Fine]), [0, 0], "a blip");
    assert_eq!(first_bytes_requested([Behaviour::Stall, Behaviour::Fine]), [0, 0]);
}

#[test]
fn a_video_that_its_host_does_not_deliver_comes_through_the_gateway_with_the_key() {
    for behaviour in [Behaviour::Silence, Behaviour::Status(403), page(), empty(), Behaviour::Status(503), cut_whole()]
    {
        let hosts = Hosts::new([behaviour.clone()], Behaviour::Fine);
        let script = Script::new([]).then_always(succeeded_at(URL));
        assert_eq!(hosts.download(&script).unwrap(), *MOVIE, "{behaviour:?}");
        let requests = hosts.requests.borrow();
        let Some((Source::Gateway(HttpRequest { method: Method::Get, url, key }), 0)) = requests.last() else {
            panic!("{requests:?}")
        };
        assert_eq!((url.as_str(), key), ("https://relay.example/v1/videos/1/content", &service().key));
        let others = requests.iter().filter(|(source, _)| matches!(source, Source::Delivery(url) if url == URL));
        assert_eq!(others.count(), requests.len() - 1);
    }
}

fn page() -> Behaviour {
    always(Answer::new(200, b"<html>...... a page").length(19))
}

fn empty() -> Behaviour {
    always(Answer::new(200, b"").length(0))
}

#[test]
fn an_expired_url_is_replaced() {
    let fresh = "https://cdn.example/v.mp4?sig=2";
    let hosts = Hosts::new([CUT, Behaviour::Status(403), Behaviour::Fine], Behaviour::Silence);
    assert_eq!(hosts.download(&Script::new([succeeded_at(fresh)])).unwrap(), *MOVIE);
    let requests: Vec<_> = hosts.requests.borrow().clone();
    let delivery = |url: &str| Source::Delivery(url.into());
    assert_eq!(requests, [(delivery(URL), 0), (delivery(URL), RESUMED), (delivery(fresh), 0)]);
}

#[test]
fn a_fresh_url_is_that_of_the_only_video_with_any_id() {
    let of = |videos: &str| {
        let body =
            format!(r#"{{"data":{{"task_id":"1","task_status":"succeed","task_result":{{"videos":[{videos}]}}}}}}"#);
        let hosts = Hosts::new([Behaviour::Status(403), Behaviour::Fine], Behaviour::Silence);
        let result = hosts.download(&Script::new([answer(200, &body)]));
        result.ok().and_then(|_| hosts.requests.borrow().last().map(|(source, _)| source.clone()))
    };
    let one = r#"{"id":"new","url":"https://cdn.example/new.mp4"}"#;
    assert_eq!(of(one), Some(Source::Delivery("https://cdn.example/new.mp4".into())));
    let other = r#"{"id":"other","url":"https://cdn.example/other.mp4"}"#;
    assert_eq!(of(&format!("{one},{other}")), None, "either may be another video");
}

#[test]
fn an_expired_url_that_no_page_can_read_is_replaced() {
    let fresh = "https://cdn.example/v.mp4?sig=2";
    let hosts = Hosts::new([Behaviour::Silence, Behaviour::Silence, Behaviour::Fine], Behaviour::Silence);
    assert_eq!(hosts.download(&Script::new([succeeded_at(fresh)])).unwrap(), *MOVIE);
    assert_eq!(hosts.requests.borrow().last(), Some(&(Source::Delivery(fresh.into()), 0)));
}

#[test]
fn a_video_from_no_source_is_an_error_with_its_url() {
    for (behaviour, code) in [
        (Behaviour::Silence, ErrorCode::DownloadBlocked),
        (Behaviour::Status(403), ErrorCode::UrlExpired),
        (Behaviour::Status(404), ErrorCode::UrlExpired),
        (page(), ErrorCode::NotAVideo),
        (empty(), ErrorCode::NotAVideo),
        (Behaviour::Status(0), ErrorCode::NotAVideo),
        (Behaviour::Status(503), ErrorCode::ServerError),
        (Behaviour::Cut(400, End::Hang), ErrorCode::Network),
        (cut_whole(), ErrorCode::Network),
    ] {
        for gateway in [
            Behaviour::Silence,
            Behaviour::Status(404),
            Behaviour::Status(502),
            Behaviour::Status(0),
            always(Answer::new(200, b"{}").length(2)),
        ] {
            // The second stream breaks off where the first did.
            let hosts = Hosts::new(
                [
                    behaviour.clone(),
                    if let Behaviour::Cut(..) = behaviour { Behaviour::Stall } else { behaviour.clone() },
                ],
                gateway,
            );
            let script = Script::new([]).then_always(unreachable());
            let error = hosts.download(&script).unwrap_err();
            assert_eq!((error.code(), error.details().url.as_deref()), (code, Some(URL)), "{behaviour:?}: {error}");
            assert!(script.now.get() < 9 * MINUTE, "{behaviour:?} took {} ms", script.now.get());
            if !matches!(behaviour, Behaviour::Status(503) | Behaviour::Cut(..)) && code != ErrorCode::Network {
                assert!(script.now.get() <= 2 * SECOND, "{behaviour:?} took {} ms", script.now.get());
            }
        }
    }
}

#[test]
fn offline_a_download_waits() {
    let silent = (0..20).map(|_| Behaviour::Silence);
    let hosts = Hosts::new([CUT].into_iter().chain(silent).chain([Behaviour::Fine]), Behaviour::Silence);
    let script = Script { offline: 0..60 * MINUTE, ..Script::new([]) };
    assert_eq!(hosts.download(&script).unwrap(), *MOVIE);
    assert!(script.now.get() > 15 * MINUTE, "longer than any budget");
    assert!(script.reasons().iter().all(|reason| *reason == WaitingReason::Offline), "{:?}", script.reasons());
}

#[test]
fn progress_is_reported_from_the_first_byte_to_the_last() {
    let hosts = Hosts::new([CUT, Behaviour::Fine], Behaviour::Silence);
    let script = Script::new([]);
    hosts.download(&script).unwrap();
    let reports = script.reports.borrow();
    let loaded: Vec<u64> = reports
        .iter()
        .map(|progress| match progress {
            Progress::Downloading { loaded, total: Some(total) } if *total == LENGTH as u64 => *loaded,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(loaded.is_sorted() && loaded.first() == Some(&0) && loaded.last() == Some(&(LENGTH as u64)), "{loaded:?}");
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
