//! The delivery host: the finished video, without a key, whole or in ranges.

use crate::answers;
use crate::hold::Hold;
use crate::log::WithoutCors;
use crate::packing::{Packing, padded};
use crate::ranges::{self, Readable, part};
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
    /// At first, a proper end after a third of the bytes, without a length.
    Short,
    /// A third of the bytes, as an unrequested part.
    Part,
    /// Compressed, with the length of the compressed bytes.
    Packed,
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
    let movie = if scenario.delivery == Delivery::Packed { padded(&movie) } else { movie };
    let whole = HeaderMap::new();
    let ranges = scenario.delivery != Delivery::NoRange;
    let is_range = headers.contains_key(header::RANGE);
    let mut response = match scenario.delivery {
        Delivery::Short if troubled && !is_range => ends_early(&movie),
        Delivery::Part if troubled && !is_range => ranges::unrequested(&movie, movie.len() / 3),
        Delivery::Packed if !is_range => packed(scenario.packing.accepted(headers), &movie),
        delivery => part(&movie, if ranges { headers } else { &whole }, scenario.ranges, |bytes| match delivery {
            _ if task.is_held(Hold::Video) => held(&bytes, Arc::clone(&task)),
            Delivery::Slow => trickle(bytes, scenario.delay / SLOW_PIECES),
            Delivery::Cut | Delivery::NoRange if troubled => trouble::cut(third(&bytes)),
            Delivery::Stall if troubled => trouble::stalled(third(&bytes)),
            _ => Body::from(bytes),
        }),
    };
    if !ranges {
        response.headers_mut().remove(header::ACCEPT_RANGES);
    }
    if scenario.readable == Readable::Lengths {
        let names = HeaderValue::from_static("content-length, content-encoding, content-range");
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names);
    }
    if scenario.delivery == Delivery::NoCors {
        response.extensions_mut().insert(WithoutCors);
    }
    Ok(response)
}

/// Whether this download has the trouble. Counts the downloads of a task if only the first ones have it.
fn meets(service: &Service, scenario: &Scenario, task: &Task) -> bool {
    let counted = matches!(
        scenario.delivery,
        Delivery::Unavailable | Delivery::Cut | Delivery::Stall | Delivery::NoRange | Delivery::Short | Delivery::Part
    );
    let troubled = !scenario.holds.contains(&Hold::Trouble) || task.is_held(Hold::Trouble);
    troubled && counted && service.ledger.count(format!("delivery {}", task.id)) <= scenario.times
}

/// Whether a URL was issued, and is not one of the first, which have expired.
fn is_fresh(scenario: &Scenario, task: &Task, query: &str) -> bool {
    let signature = query.strip_prefix("sig=").and_then(|number| number.parse::<u32>().ok());
    signature.is_some_and(|number| number > scenario.times && number <= task.signatures())
}

/// A third of the bytes, and a proper end. Without a length, that looks like all of it.
fn ends_early(movie: &Bytes) -> Response {
    let body = Body::from_stream(stream::iter([Ok::<_, Infallible>(third(movie))]));
    ranges::answer(StatusCode::OK, None, None, body)
}

fn packed(packing: Packing, movie: &Bytes) -> Response {
    let body = match packing.pack(movie) {
        Ok(body) => body,
        Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("compressing failed: {error}")),
    };
    let mut response = ranges::answer(StatusCode::OK, None, Some(body.len()), Body::from(body));
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(packing.encoding()));
    response
}

fn third(bytes: &Bytes) -> Bytes {
    bytes.slice(..bytes.len() / 3)
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
