//! The delivery host: the finished video, without a key, whole or in ranges.

use crate::answers;
use crate::log::WithoutCors;
use crate::scenario::{Delivery, Scenario};
use crate::service::Service;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// Into how many pieces a slow delivery is cut.
const TRICKLES: u32 = 20;

/// `GET /s/{scenario}/delivery/{task id}.mp4`
pub async fn deliver(
    State(service): State<Arc<Service>>,
    Path((segment, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match try_deliver(&service, &segment, &file, &headers).await {
        Ok(response) | Err(response) => response,
    }
}

async fn try_deliver(service: &Service, segment: &str, file: &str, headers: &HeaderMap) -> Result<Response, Response> {
    let scenario: Scenario = segment.parse()?;
    if headers.contains_key(header::AUTHORIZATION) {
        let message = "expected no authorization header on the way to the delivery host";
        return Err(plain(StatusCode::BAD_REQUEST, message));
    }
    let missing = || plain(StatusCode::NOT_FOUND, "not found");
    let id = file.strip_suffix(".mp4").ok_or_else(missing)?;
    let task = service.ledger.task(id).ok_or_else(missing)?;
    let script = task.script().await.ok_or_else(missing)?;
    let movie = match scenario.delivery {
        Delivery::Missing => return Err(missing()),
        Delivery::Forbidden => return Err(plain(StatusCode::FORBIDDEN, "request has expired")),
        Delivery::Html => return Err(answers::edge_page(StatusCode::OK)),
        Delivery::Empty => Bytes::new(),
        Delivery::Fine | Delivery::NoCors | Delivery::Slow => service
            .studio
            .movie(script)
            .await
            .map_err(|error| plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("rendering failed: {error}")))?,
    };
    let mut response = match scenario.delivery {
        Delivery::Slow => {
            let pause = scenario.delay / TRICKLES;
            part(&movie, headers, |bytes| trickle(bytes, pause))
        }
        _ => part(&movie, headers, Body::from),
    };
    if scenario.delivery == Delivery::NoCors {
        response.extensions_mut().insert(WithoutCors);
    }
    Ok(response)
}

/// All of it, or the part that was asked for. Several ranges at once are answered with the whole,
/// which RFC 9110 §14.2 allows, as it does for a header that makes no sense.
fn part(movie: &Bytes, headers: &HeaderMap, body: impl FnOnce(Bytes) -> Body) -> Response {
    let total = movie.len();
    let (status, bytes, range) = match asked_for(headers, total) {
        Asked::Whole => (StatusCode::OK, movie.clone(), None),
        Asked::Part(from, to) => {
            let range = format!("bytes {from}-{to}/{total}");
            (StatusCode::PARTIAL_CONTENT, movie.slice(from..=to), Some(range))
        }
        Asked::Outside => {
            let range = format!("bytes */{total}");
            (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new(), Some(range))
        }
    };
    let mut response = (
        status,
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("video/mp4")),
            (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::CONTENT_LENGTH, HeaderValue::from(bytes.len())),
        ],
        body(bytes),
    )
        .into_response();
    if let Some(range) = range.and_then(|range| HeaderValue::try_from(range).ok()) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
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

fn trickle(bytes: Bytes, pause: Duration) -> Body {
    let piece = bytes.len().div_ceil(pieces()).max(1);
    Body::from_stream(stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let next = rest.split_to(piece.min(rest.len()));
        Some((Ok::<_, Infallible>(next), rest))
    }))
}

fn pieces() -> usize {
    usize::try_from(TRICKLES).unwrap_or(usize::MAX)
}

fn plain(status: StatusCode, message: &str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], format!("{message}\n")).into_response()
}
