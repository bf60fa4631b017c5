//! What a delivery host sent.

use kling_core::endpoint::Status;
use kling_core::error::ErrorCode;
use kling_core::video::FileEnd::{self, Cut, NotMp4, Unindexed, Unknown, Whole};
use kling_core::video::{Announced, Arrived, LengthHeaders, Verdict, cut_video, not_a_video, refused};

const URL: &str = "https://cdn.example/v.mp4";

fn headers(length: &str, encoding: &str, range: &str) -> Announced {
    let header = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let headers = LengthHeaders {
        content_length: header(length),
        content_encoding: header(encoding),
        content_range: header(range),
    };
    headers.announced()
}

#[test]
fn a_length_counts_unless_the_body_is_compressed() {
    for (length, encoding, expected) in [
        ("100", "", Some(100)),
        (" 100 ", "identity", Some(100)),
        ("0", " Identity ", Some(0)),
        ("7", "  ", Some(7)),
        ("", "", None),
        ("-1", "", None),
        ("100, 100", "", None),
        ("1e3", "", None),
        ("99999999999999999999", "", None),
        ("100", "gzip", None),
        ("100", "br", None),
        ("100", "deflate", None),
        ("100", "zstd", None),
        ("100", "GZIP", None),
        ("100", "identity, gzip", None),
        ("100", "gzip, br", None),
        ("100", "x-unknown", None),
    ] {
        assert_eq!(headers(length, encoding, "").length, expected, "{length} {encoding}");
    }
}

#[test]
fn a_range_names_its_first_byte_and_the_total() {
    for (range, expected) in [
        ("bytes 0-99/300", Some((0, Some(300)))),
        ("bytes 100-299/300", Some((100, Some(300)))),
        (" bytes 100-299 / 300", Some((100, Some(300)))),
        ("bytes 100-199/*", Some((100, None))),
        ("bytes */300", None),
        ("items 0-99/300", None),
        ("bytes=0-99/300", None),
        ("bytes 0-99", None),
        ("bytes -99/300", None),
        ("bytes 0x0-99/300", None),
        ("bytes 18446744073709551616-1/*", None),
        ("bytes 0-99/many", Some((0, None))),
        ("0-99/300", None),
    ] {
        let announced = headers("100", "", range);
        assert_eq!(announced.first.map(|first| (first, announced.total)), expected, "{range}");
        assert_eq!(announced.is_no_part, expected.is_none(), "{range}");
    }
}

#[test]
fn a_part_may_begin_where_its_headers_do_not_deny_it() {
    for (encoding, range, expected) in [
        ("", "", true),
        ("", "bytes 40-99/100", true),
        ("", "bytes 40-99/*", true),
        ("identity", "bytes 40-59/100", true),
        ("", "bytes 0-99/100", false),
        ("", "bytes 41-99/100", false),
        ("", "bytes */100", false),
        ("", "items 40-99/100", false),
        ("gzip", "", false),
        ("gzip", "bytes 40-99/100", false),
    ] {
        assert_eq!(headers("60", encoding, range).may_begin_at(40), expected, "{encoding} {range}");
    }
}

/// A response: the first byte that it adds, whether it is partial, `Content-Length` and `Content-Range`, the bytes held at its
/// end, what the boxes say, and whether it ended cleanly.
type Response = (u64, bool, &'static str, &'static str, u64, FileEnd, bool);

fn verdict_of(responses: &[Response]) -> Verdict {
    let mut arrived = Arrived::default();
    let mut last = Verdict::Missing;
    for (number, (from, is_partial, length, range, loaded, end, is_clean)) in responses.iter().enumerate() {
        assert_eq!(last, Verdict::Missing, "response {number} of {responses:?}");
        arrived.begin(*from, *is_partial, &headers(length, "", range));
        arrived.loaded = *loaded;
        last = arrived.judge(*end, *is_clean);
    }
    last
}

#[test]
fn the_boxes_decide_and_then_the_announced_length() {
    let full = |length, loaded, end, is_clean| -> Response { (0, false, length, "", loaded, end, is_clean) };
    let part = |range, loaded, end| -> Response { (0, true, "100", range, loaded, end, true) };
    let rest = |length, range, loaded, end| -> Response { (36, true, length, range, loaded, end, true) };
    let cases: &[(&str, &[Response], Verdict)] = &[
        ("whole", &[full("300", 300, Whole, true)], Verdict::Whole),
        ("no length", &[full("", 300, Whole, true)], Verdict::Whole),
        ("packed, shorter", &[full("200", 300, Whole, true)], Verdict::Whole),
        ("packed, longer", &[full("400", 300, Whole, true)], Verdict::Whole),
        ("an unrequested part that is all", &[part("", 300, Whole)], Verdict::Whole),
        ("broken at its end", &[full("300", 300, Whole, false)], Verdict::Whole),
        ("broken before the announced end", &[full("400", 300, Whole, false)], Verdict::Missing),
        ("the same again", &[full("400", 300, Whole, false), full("400", 300, Whole, false)], Verdict::Whole),
        ("cut", &[full("300", 100, Cut, true)], Verdict::Missing),
        ("cut as announced", &[full("100", 100, Cut, true)], Verdict::Missing),
        ("cut without a length", &[full("", 100, Cut, true)], Verdict::Missing),
        ("cut twice", &[full("", 100, Cut, true); 2], Verdict::Missing),
        ("cut three times", &[full("", 100, Cut, true); 3], Verdict::GivenUp),
        ("broken off three times", &[full("", 100, Cut, false); 3], Verdict::Missing),
        ("unknown, as announced", &[full("300", 300, Unknown, true)], Verdict::Whole),
        ("unknown, more than announced", &[full("200", 300, Unknown, true)], Verdict::Whole),
        ("unknown, no length", &[full("", 300, Unknown, true)], Verdict::Whole),
        ("unknown, less", &[full("400", 300, Unknown, true)], Verdict::Missing),
        ("unknown, less twice", &[full("400", 300, Unknown, true); 2], Verdict::Whole),
        ("unknown, broken off twice", &[full("400", 300, Unknown, false); 2], Verdict::Missing),
        (
            "unknown, broken off and then clean",
            &[full("400", 300, Unknown, false), full("400", 300, Unknown, true)],
            Verdict::Missing,
        ),
        ("no index, as announced", &[full("300", 300, Unindexed, true)], Verdict::Whole),
        ("no index, packed, longer", &[full("400", 300, Unindexed, true)], Verdict::Whole),
        ("no index, no length", &[full("", 300, Unindexed, true)], Verdict::Whole),
        ("no index, broken off", &[full("400", 300, Unindexed, false)], Verdict::Missing),
        ("no index in a part", &[part("bytes 0-99/300", 100, Unindexed)], Verdict::Missing),
        (
            "no index after the rest",
            &[part("bytes 0-99/300", 100, Cut), rest("264", "", 300, Unindexed)],
            Verdict::Whole,
        ),
        ("an unrequested part", &[part("bytes 0-99/300", 100, Cut)], Verdict::Missing),
        ("an unrequested part, unknown", &[part("bytes 0-99/300", 100, Unknown)], Verdict::Missing),
        ("an unrequested part of unknown total", &[part("bytes 0-99/*", 100, Unknown)], Verdict::Missing),
        ("an unrequested part without a range", &[part("", 100, Unknown)], Verdict::Missing),
        ("always the same part", &[part("", 100, Unknown); 3], Verdict::GivenUp),
        ("a part and the rest", &[part("", 100, Cut), rest("264", "", 300, Whole)], Verdict::Whole),
        ("a part and no more", &[part("", 100, Unknown), rest("64", "", 100, Unknown)], Verdict::Whole),
        ("a part and a part", &[part("", 100, Unknown), rest("164", "", 200, Unknown)], Verdict::Missing),
        (
            "a total that contradicts",
            &[full("300", 100, Unknown, false), rest("64", "bytes 36-99/100", 100, Unknown)],
            Verdict::Missing,
        ),
        ("a rest of unknown total", &[full("", 100, Unknown, false), rest("264", "", 300, Unknown)], Verdict::Whole),
        ("a page", &[full("300", 300, NotMp4, true)], Verdict::NotAVideo),
        ("an empty body", &[full("0", 0, NotMp4, true)], Verdict::NotAVideo),
        ("an empty body without a length", &[full("", 0, NotMp4, true)], Verdict::NotAVideo),
        ("the start is missing", &[full("300", 0, NotMp4, true)], Verdict::Missing),
        ("the start is missing twice", &[full("300", 0, NotMp4, true); 2], Verdict::NotAVideo),
        ("half a page", &[full("300", 20, NotMp4, false)], Verdict::Missing),
    ];
    for (name, responses, expected) in cases {
        assert_eq!(verdict_of(responses), *expected, "{name}");
    }
}

#[test]
fn the_total_is_reported_while_it_is_plausible() {
    for (length, loaded, total) in
        [("300", 0, Some(300)), ("300", 300, Some(300)), ("300", 301, None), ("", 5, None), ("0", 1, None)]
    {
        let mut arrived = Arrived::default();
        arrived.begin(0, false, &headers(length, "", ""));
        assert_eq!(arrived.total(loaded), total, "{loaded} of {length}");
    }
}

#[test]
fn statuses() {
    for (status, code, retryable) in [
        (403, ErrorCode::UrlExpired, false),
        (404, ErrorCode::UrlExpired, false),
        (410, ErrorCode::UrlExpired, false),
        (503, ErrorCode::ServerError, true),
        (429, ErrorCode::ServerError, true),
        (418, ErrorCode::NotAVideo, false),
        (206, ErrorCode::NotAVideo, false),
    ] {
        let error = refused(URL, Status::Code(status));
        assert_eq!((error.code(), error.is_retryable()), (code, retryable), "{status}");
        assert_eq!((error.details().status, error.details().url.as_deref()), (Some(status), Some(URL)));
    }
}

#[test]
fn errors_name_the_url() {
    for (error, code, retryable, message) in [
        (not_a_video(URL, 0), ErrorCode::NotAVideo, false, "an empty body"),
        (not_a_video(URL, 9), ErrorCode::NotAVideo, false, "another file"),
        (cut_video(URL, 9), ErrorCode::Network, true, "sends only 9 bytes of the video"),
    ] {
        assert_eq!((error.code(), error.is_retryable()), (code, retryable));
        assert_eq!(error.details().url.as_deref(), Some(URL));
        assert!(error.message().contains(message), "{error}");
    }
}
