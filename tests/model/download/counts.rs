//! Downloads from hosts that count something else than the bytes of the video, or send another part of it.

use kling_core::error::ErrorCode;
use kling_core::progress::Progress;
use proptest::prelude::*;

use super::hosts::{Answer, Behaviour, FRAGMENTS, Hosts, LENGTH, MOVIE, OVERLAP, always};
use super::received::End;
use crate::script::{MINUTE, SECOND, Script, service};

/// Downloads a video from a delivery host alone. Returns the first byte of each request.
fn whole_from(what: &str, movie: &[u8], delivery: impl IntoIterator<Item = Behaviour>) -> Vec<u64> {
    let hosts = Hosts::new(delivery, Behaviour::Silence).of(movie);
    let script = Script::new([]);
    let found = hosts.download(&script).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(found == movie, "{what}: {} bytes", found.len());
    assert!(script.now.get() < 2 * MINUTE, "{what} took {} ms", script.now.get());
    let is_plausible = |progress: &Progress| !matches!(progress, Progress::Downloading { loaded, total: Some(total) } if loaded > total);
    assert!(script.reports.borrow().iter().all(is_plausible), "{what}: more than all");
    hosts.froms()
}

#[test]
fn a_compressed_video_is_whole_at_the_first_attempt() {
    for encoding in ["gzip", "br", "deflate", "zstd", "gzip, br", "x-gzip", "identity, gzip", "GZIP"] {
        for length in ["1", "500", "999", "1001", "1200", "99999999999"] {
            for movie in [&MOVIE, &FRAGMENTS] {
                let what = format!("{encoding} {length}");
                let packed = Answer::new(200, movie).encoding(encoding).length(length);
                assert_eq!(whole_from(&what, movie, [always(packed)]), [0], "{what}");
            }
            let packed = Answer::new(200, &MOVIE).length(length);
            assert_eq!(whole_from("elsewhere", &MOVIE, [always(packed)]), [0], "elsewhere, {length}");
        }
    }
}

#[test]
fn a_wrong_length_costs_no_video() {
    for (length, requests) in [("1", 1), ("999", 1), ("1001", 2), ("5000", 2), ("none", 1)] {
        for end in [End::Clean, End::Broken, End::Hang] {
            let answer = Answer::new(200, &MOVIE).length(length).cut(LENGTH, end);
            let requests = match end {
                End::Clean => 1,
                // The browser may report an error at the end of a body that has another length.
                End::Broken | End::Hang => 2,
            };
            assert_eq!(whole_from(length, &MOVIE, [always(answer)]).len(), requests, "{length} {end:?}");
        }
        // The boxes do not say whether more follows. The second response ends at the same byte.
        let answer = Answer::new(200, &FRAGMENTS).length(length);
        assert_eq!(whole_from(length, &FRAGMENTS, [always(answer)]).len(), requests, "{length}");
    }
}

#[test]
fn a_part_is_completed() {
    let part = |range: &str| Answer::new(206, &MOVIE[..400]).length(400).range(range);
    let firsts = [
        ("an end without a length", Answer::new(200, &MOVIE[..400])),
        ("an end before the announced one", Answer::new(200, &MOVIE[..400]).length(1000)),
        ("an end at a wrong length", Answer::new(200, &MOVIE[..400]).length(400)),
        ("an end of a compressed body", Answer::new(200, &MOVIE[..400]).length(300).encoding("gzip")),
        ("an unrequested part", part("bytes 0-399/1000")),
        ("an unrequested part of unknown total", part("bytes 0-399/*")),
        ("an unrequested part of a wrong total", part("bytes 0-399/400")),
        ("an unrequested part in other units", part("items 0-3/10")),
        ("an unrequested part, as another origin sees it", part("").elsewhere()),
        ("an unrequested part of no length", part("").unannounced()),
        ("a broken body without a length", Answer::new(200, &MOVIE).unannounced().cut(400, End::Broken)),
        ("a broken compressed body", Answer::new(200, &MOVIE).length(700).cut(400, End::Broken)),
    ];
    let rest = 400 - OVERLAP;
    let right = || Answer::right(&MOVIE, rest);
    let seconds: [(&str, Answer, bool); 13] = [
        ("the rest", right(), true),
        ("the rest, as another origin sees it", right().elsewhere(), true),
        ("the rest without a length", right().unannounced(), true),
        ("the rest with a length below what is held", right().elsewhere().length(34), true),
        ("the rest of unknown total", right().range("bytes 336-999/*"), true),
        ("the whole video", Answer::right(&MOVIE, 0), true),
        ("the whole video as a part", Answer::new(206, &MOVIE).length(1000), false),
        ("a later part", Answer::right(&MOVIE, 500), false),
        ("a later part, as another origin sees it", Answer::right(&MOVIE, 500).elsewhere(), false),
        ("other units", right().range("items 336-999/1000"), false),
        ("a range that makes no sense", right().range("bytes 999-336/1000"), false),
        ("a compressed part", right().encoding("gzip"), false),
        ("no such range", Answer::new(416, b"").range("bytes */1000"), false),
    ];
    for (first, answer) in &firsts {
        for (second, next, fits) in &seconds {
            let what = format!("{first}, then {second}");
            let delivery = [always(answer.clone()), always(next.clone()), always(Answer::right(&MOVIE, 0))];
            let expected: &[u64] = if *fits { &[0, rest] } else { &[0, rest, 0] };
            assert_eq!(whole_from(&what, &MOVIE, delivery), expected, "{what}");
        }
    }
}

#[test]
fn a_video_in_many_parts_is_completed() {
    fn part(from: u64) -> Answer {
        let (from, end) = (from as usize, (from as usize + 250).min(LENGTH));
        Answer::new(206, &MOVIE[from..end]).length(end - from).range(&format!("bytes {from}-{}/{LENGTH}", end - 1))
    }
    assert_eq!(whole_from("parts", &MOVIE, [Behaviour::To(part)]), [0, 186, 372, 558, 744, 930]);
    let elsewhere = |from| part(from).elsewhere();
    assert_eq!(whole_from("elsewhere", &MOVIE, [Behaviour::To(elsewhere)]), [0, 186, 372, 558, 744, 930]);
}

#[test]
fn half_a_video_is_an_error() {
    for (what, movie, answer) in [
        ("no length", &MOVIE, Answer::new(200, &MOVIE[..400])),
        ("a right length", &MOVIE, Answer::new(200, &MOVIE[..400]).length(400)),
        ("a longer length", &MOVIE, Answer::new(200, &MOVIE[..400]).length(1000)),
        ("compressed", &MOVIE, Answer::new(200, &MOVIE[..400]).length(400).encoding("br")),
        ("a part", &MOVIE, Answer::new(206, &MOVIE[..400]).length(400).range("bytes 0-399/1000")),
        ("a part that denies it", &MOVIE, Answer::new(206, &MOVIE[..400]).length(400).range("bytes 0-399/400")),
        ("a part, elsewhere", &MOVIE, Answer::new(206, &MOVIE[..400]).length(400)),
        ("a later part", &MOVIE, Answer::right(&MOVIE, 500)),
        ("a later part, elsewhere", &MOVIE, Answer::right(&MOVIE, 500).elsewhere()),
        ("a part of unknown end", &FRAGMENTS, Answer::new(206, &FRAGMENTS[..484]).length(484)),
        ("the same with a range", &FRAGMENTS, Answer::new(206, &FRAGMENTS[..484]).range("bytes 0-483/1000")),
        ("only the first bytes", &MOVIE, Answer::new(200, &MOVIE[..10])),
    ] {
        let hosts = Hosts::new([always(answer)], Behaviour::Status(404)).of(movie);
        let script = Script::new([]).then_always(crate::script::unreachable());
        let error = hosts.download(&script).unwrap_err();
        let is_later = what.starts_with("a later part");
        assert_eq!(error.code(), if is_later { ErrorCode::NotAVideo } else { ErrorCode::Network }, "{what}");
        assert!(script.now.get() < 40 * SECOND, "{what} took {} ms", script.now.get());
        if !is_later {
            assert!(error.message().contains("bytes of the video"), "{what}: {error}");
        }
    }
}

#[test]
fn a_task_without_a_url_comes_through_the_gateway() {
    for (what, gateway) in [
        ("fine", Behaviour::Fine),
        ("compressed", always(Answer::new(200, &MOVIE).length(700).encoding("gzip"))),
        ("no length", always(Answer::new(200, &MOVIE))),
        ("a wrong length", always(Answer::new(200, &MOVIE).length(7))),
        ("a part that is all", always(Answer::new(206, &MOVIE).range("bytes 0-999/1000"))),
    ] {
        let hosts = Hosts::new([Behaviour::Silence], gateway);
        assert_eq!(hosts.download_video(&Script::new([]), "").unwrap(), *MOVIE, "{what}");
        let requests = hosts.requests.borrow();
        let is_gateway = |source: &_| matches!(source, super::Source::Gateway(request) if request.key == service().key);
        assert!(requests.iter().all(|(source, _)| is_gateway(source)), "{what}: {requests:?}");
    }
    for (what, gateway, code) in [
        ("no such route", Behaviour::Status(404), ErrorCode::Protocol),
        ("a refused key", Behaviour::Status(401), ErrorCode::Protocol),
        ("a redirect", Behaviour::Status(0), ErrorCode::Protocol),
        ("JSON", always(Answer::new(200, b"{\"error\":\"no\"}")), ErrorCode::Protocol),
        ("an empty body", always(Answer::new(200, b"")), ErrorCode::Protocol),
        ("a bad gateway", Behaviour::Status(502), ErrorCode::ServerError),
        ("throttled", Behaviour::Status(429), ErrorCode::ServerError),
        ("half of it", always(Answer::new(200, &MOVIE[..400])), ErrorCode::Network),
        ("no response", Behaviour::Silence, ErrorCode::DownloadBlocked),
    ] {
        let error = Hosts::new([Behaviour::Silence], gateway).download_video(&Script::new([]), "").unwrap_err();
        assert_eq!(error.code(), code, "{what}: {error}");
        assert_eq!((error.details().task_id.as_deref(), &error.details().url), (Some("1"), &None), "{what}");
    }
}

fn any_answer(movie: &'static [u8]) -> impl Strategy<Value = Behaviour> {
    let length = prop_oneof![Just(None), Just(Some(LENGTH)), (0..2 * LENGTH).prop_map(Some),];
    let range = prop_oneof![
        3 => Just(None),
        2 => (0..LENGTH, 0..LENGTH, 0..2 * LENGTH).prop_map(|(one, other, total)| {
            Some(format!("bytes {}-{}/{total}", one.min(other), one.max(other)))
        }),
        1 => Just(Some("bytes 0-999/1000".to_owned())),
        1 => Just(Some("bytes 336-999/*".to_owned())),
    ];
    let end = prop::sample::select(&[End::Clean, End::Clean, End::Broken, End::Hang]);
    let body = prop_oneof![Just((0, LENGTH)), (Just(0), 0..=LENGTH), (0..LENGTH, 0..=LENGTH)];
    let status = prop::sample::select(&[200_u16, 200, 206, 206, 416, 503]);
    let odd = (status, body, length, range, end, any::<bool>()).prop_map(
        move |(status, (from, to), length, range, end, is_packed)| {
            let mut answer = Answer::new(status, &movie[from.min(to)..to]);
            answer.end = end;
            answer.headers.content_length = length.map(|length| length.to_string());
            answer.headers.content_range = range;
            answer.headers.content_encoding = is_packed.then(|| "gzip".to_owned());
            always(answer)
        },
    );
    // Either no new byte or many: every new byte renews the outage budget.
    let cut = (prop_oneof![0..=64_usize, 264..=LENGTH], end_of_cut());
    let cut = cut.prop_map(|(length, end)| Behaviour::Cut(length, end));
    prop_oneof![4 => odd, 3 => cut, 1 => Just(Behaviour::Stall), 1 => Just(Behaviour::Fine), 1 => Just(Behaviour::Silence)]
}

fn end_of_cut() -> impl Strategy<Value = End> {
    prop::sample::select(&[End::Clean, End::Broken, End::Hang])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// For every sequence of answers: the whole video or an error, in a bounded time.
    #[test]
    fn a_download_is_whole_or_an_error(delivery in prop::collection::vec(any_answer(&MOVIE), 1..8)) {
        let hosts = Hosts::new(delivery, Behaviour::Status(404));
        let script = Script::new([]).then_always(crate::script::unreachable());
        if let Ok(found) = hosts.download(&script) {
            prop_assert!(found == *MOVIE, "{} bytes", found.len());
        }
        prop_assert!(script.now.get() < 20 * MINUTE, "took {} ms", script.now.get());
        prop_assert!(hosts.froms().len() < 100, "{} requests", hosts.froms().len());
    }

    /// A host that recovers delivers the video.
    #[test]
    fn a_host_that_recovers_delivers_the_video(length in 0..=LENGTH, end in end_of_cut(), is_packed: bool, is_part: bool) {
        let status = if is_part { 206 } else { 200 };
        let mut first = Answer::new(status, &MOVIE).cut(length, end).length(if is_packed { 700 } else { LENGTH });
        if is_part {
            first = first.length(length);
        }
        let hosts = Hosts::new([always(first), Behaviour::Fine], Behaviour::Status(404));
        let found = hosts.download(&Script::new([]).then_always(crate::script::unreachable()));
        // Without a first byte, the response is not known to be a video.
        if length >= 8 || !is_part {
            prop_assert!(found.unwrap() == *MOVIE);
        }
    }
}
