//! The delivery host: the finished video, without a key, whole or in ranges.

use crate::answers;
use crate::hold::Hold;
use crate::log::WithoutCors;
use crate::scenario::Scenario;
use crate::service::Service;
use crate::task::Task;
use crate::trouble;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// The number of pieces of a slow delivery.
const SLOW_PIECES: u32 = 20;

/// How the delivery of the video goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The correct response.
    Fine,
    /// 404.
    Missing,
    /// 403, as for an expired signature.
    Forbidden,
    /// The same for the first URLs, until a further query returns another.
    Expired,
    /// 503 at first.
    Unavailable,
    /// 200 with a web page.
    Html,
    /// 200 with no bytes.
    Empty,
    /// No CORS header.
    NoCors,
    /// All bytes, slowly.
    Slow,
    /// At first, the connection closes after a third of the bytes.
    Cut,
    /// At first, no more bytes after a third of them.
    Stall,
    /// As [`Delivery::Cut`], without ranges.
    NoRange,
}

/// `GET /s/{scenario}/delivery/{task id}.mp4`
pub async fn deliver(
    State(service): State<Arc<Service>>,
    method: Method,
    Path((segment, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.as_deref().unwrap_or_default();
    match try_deliver(&service, &method, &segment, &file, query, &headers).await {
        Ok(response) | Err(response) => response,
    }
}

async fn try_deliver(
    service: &Service,
    method: &Method,
    segment: &str,
    file: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Response, Response> {
    let scenario: Scenario = segment.parse()?;
    if headers.contains_key(header::AUTHORIZATION) {
        let message = "expected no authorization header in a request to the delivery host";
        return Err(plain(StatusCode::BAD_REQUEST, message));
    }
    let missing = || plain(StatusCode::NOT_FOUND, "not found");
    let expired = || plain(StatusCode::FORBIDDEN, "request has expired");
    let id = file.strip_suffix(".mp4").ok_or_else(missing)?;
    let task = service.ledger.task(id).ok_or_else(missing)?;
    let script = task.script().await.ok_or_else(missing)?;
    let troubled = *method == Method::GET && meets(service, &scenario, &task);
    let movie = match scenario.delivery {
        Delivery::Missing => return Err(missing()),
        Delivery::Forbidden => return Err(expired()),
        Delivery::Expired if !is_fresh(&scenario, &task, query) => return Err(expired()),
        Delivery::Unavailable if troubled => {
            return Err(plain(StatusCode::SERVICE_UNAVAILABLE, "service unavailable"));
        }
        Delivery::Html => return Err(answers::edge_page(StatusCode::OK)),
        Delivery::Empty => Bytes::new(),
        _ => service
            .renderer
            .movie(script)
            .await
            .map_err(|error| plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("rendering failed: {error}")))?,
    };
    let whole = HeaderMap::new();
    let ranges = scenario.delivery != Delivery::NoRange;
    let mut response = part(&movie, if ranges { headers } else { &whole }, |bytes| match scenario.delivery {
        _ if task.is_held(Hold::Video) => held(&bytes, Arc::clone(&task)),
        Delivery::Slow => trickle(bytes, scenario.delay / SLOW_PIECES),
        Delivery::Cut | Delivery::NoRange if troubled => trouble::cut(third(&bytes)),
        Delivery::Stall if troubled => trouble::stalled(third(&bytes)),
        _ => Body::from(bytes),
    });
    if !ranges {
        response.headers_mut().remove(header::ACCEPT_RANGES);
    }
    if scenario.delivery == Delivery::NoCors {
        response.extensions_mut().insert(WithoutCors);
    }
    Ok(response)
}

/// Whether this download has the trouble. Counts the downloads of a task if only the first ones have it.
fn meets(service: &Service, scenario: &Scenario, task: &Task) -> bool {
    let counted =
        matches!(scenario.delivery, Delivery::Unavailable | Delivery::Cut | Delivery::Stall | Delivery::NoRange);
    let troubled = !scenario.holds.contains(&Hold::Trouble) || task.is_held(Hold::Trouble);
    troubled && counted && service.ledger.count(format!("delivery {}", task.id)) <= scenario.times
}

/// Whether a URL was issued, and is not one of the first, which have expired.
fn is_fresh(scenario: &Scenario, task: &Task, query: &str) -> bool {
    let signature = query.strip_prefix("sig=").and_then(|number| number.parse::<u32>().ok());
    signature.is_some_and(|number| number > scenario.times && number <= task.signatures())
}

fn third(bytes: &Bytes) -> Bytes {
    bytes.slice(..bytes.len() / 3)
}

/// The whole video, or the requested range. For several ranges, or a range header that cannot be parsed,
/// the response is the whole video, which RFC 9110 §14.2 allows.
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

/// A third at once, and the rest when the task is released.
fn held(bytes: &Bytes, task: Arc<Task>) -> Body {
    let beginning = third(bytes);
    let rest = bytes.slice(beginning.len()..);
    let released = stream::once(async move {
        task.pass(Hold::Video).await;
        Ok::<_, Infallible>(rest)
    });
    Body::from_stream(stream::iter([Ok(beginning)]).chain(released))
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
    usize::try_from(SLOW_PIECES).unwrap_or(usize::MAX)
}

fn plain(status: StatusCode, message: &str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], format!("{message}\n")).into_response()
}
