//! Which part of a file a request gets.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::ops::RangeInclusive;

/// How a request for a range is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// With that part.
    Right,
    /// With the whole file.
    Whole,
    /// That there is no such range.
    Outside,
    /// With a part that begins elsewhere, and says so.
    Elsewhere,
    /// With another part, which says that it is the right one.
    Liar,
    /// With the right part, in another unit.
    Units,
    /// With the right part of a file of unknown length.
    Star,
    /// With the right part of a file of another length.
    Total,
    /// With the right part, without a header that says so.
    Silent,
}

/// Which headers of the video a page of another origin may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readable {
    /// The length, as it may of every response.
    Length,
    /// All that say something of lengths, as a page of the same origin may.
    Lengths,
}

/// Every value of the key `ranges`.
pub const RANGES: &[(&str, Ranges)] = &[
    ("right", Ranges::Right),
    ("whole", Ranges::Whole),
    ("416", Ranges::Outside),
    ("elsewhere", Ranges::Elsewhere),
    ("liar", Ranges::Liar),
    ("units", Ranges::Units),
    ("star", Ranges::Star),
    ("total", Ranges::Total),
    ("silent", Ranges::Silent),
];

/// All of it, or the part that was asked for. Several ranges at once are answered with the whole,
/// which RFC 9110 §14.2 allows, as it does for a header that makes no sense.
pub fn part(movie: &Bytes, headers: &HeaderMap, ranges: Ranges, body: impl FnOnce(Bytes) -> Body) -> Response {
    let total = movie.len();
    let asked = match (asked_for(headers, total), ranges) {
        (Asked::Part(..), Ranges::Whole) => Asked::Whole,
        (Asked::Part(..), Ranges::Outside) => Asked::Outside,
        (Asked::Part(from, to), Ranges::Elsewhere) => Asked::Part(from / 2, to),
        (asked, _) => asked,
    };
    let (status, bytes, range) = match asked {
        Asked::Whole => (StatusCode::OK, movie.clone(), None),
        Asked::Part(from, to) => {
            let range = match ranges {
                Ranges::Units => Some(format!("items {from}-{to}/{total}")),
                Ranges::Star => Some(format!("bytes {from}-{to}/*")),
                Ranges::Total => Some(format!("bytes {from}-{to}/{}", total * 2)),
                Ranges::Silent => None,
                _ => Some(format!("bytes {from}-{to}/{total}")),
            };
            let found = if ranges == Ranges::Liar { from / 2..=from / 2 + to - from } else { from..=to };
            (StatusCode::PARTIAL_CONTENT, movie.slice(found), range)
        }
        Asked::Outside => {
            let range = format!("bytes */{total}");
            (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new(), Some(range))
        }
    };
    let length = bytes.len();
    answer(status, range.as_deref(), Some(length), body(bytes))
}

/// The first bytes, as an unrequested part.
pub fn unrequested(movie: &Bytes, length: usize) -> Response {
    let range = format!("bytes 0-{}/{}", length.saturating_sub(1), movie.len());
    answer(StatusCode::PARTIAL_CONTENT, Some(&range), Some(length), Body::from(movie.slice(..length)))
}

/// A response of the delivery host.
pub fn answer(status: StatusCode, range: Option<&str>, length: Option<usize>, body: Body) -> Response {
    let mut response = (
        status,
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("video/mp4")),
            (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
        body,
    )
        .into_response();
    let headers = response.headers_mut();
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Some(range) = range.and_then(|range| HeaderValue::try_from(range).ok()) {
        headers.insert(header::CONTENT_RANGE, range);
    }
    response
}

enum Asked {
    Whole,
    Part(usize, usize),
    Outside,
}

fn asked_for(headers: &HeaderMap, total: usize) -> Asked {
    let header = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let Some(Ok(parsed)) = header.map(http_range_header::parse_range_header) else {
        return Asked::Whole;
    };
    let length = u64::try_from(total).unwrap_or(u64::MAX);
    match parsed.validate(length).as_deref() {
        Ok([one]) => place(one).map_or(Asked::Outside, |(from, to)| Asked::Part(from, to)),
        Ok(_) => Asked::Whole,
        Err(_) => Asked::Outside,
    }
}

fn place(range: &RangeInclusive<u64>) -> Option<(usize, usize)> {
    Some((usize::try_from(*range.start()).ok()?, usize::try_from(*range.end()).ok()?))
}
