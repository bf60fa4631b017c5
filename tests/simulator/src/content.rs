//! The gateway's own route to a finished video: with the key, and always whole.
//!
//! It lies at the origin of the service, beside the path of a base URL. At the origin no path names a
//! scenario, so the task's scenario counts.

use crate::answers;
use crate::key::key;
use crate::scenario::Scenario;
use crate::service::Service;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What the route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// It streams the video.
    Fine,
    /// It does not exist.
    Missing,
    /// It fails to get the video from upstream.
    Unavailable,
}

/// Every value of the key `content`.
pub const CONTENTS: &[(&str, Content)] =
    &[("1", Content::Fine), ("0", Content::Missing), ("502", Content::Unavailable)];

/// `GET /s/{scenario}/v1/videos/{task id}/content`
pub async fn of_scenario(
    State(service): State<Arc<Service>>,
    Path((segment, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match segment.parse::<Scenario>() {
        Ok(scenario) => answer(&service, Some(&scenario), &id, &headers).await,
        Err(error) => error.into(),
    }
}

/// `GET /v1/videos/{task id}/content`
pub async fn at_origin(State(service): State<Arc<Service>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(&service, None, &id, &headers).await
}

/// The response in this scenario, else in the task's.
async fn answer(service: &Service, scenario: Option<&Scenario>, id: &str, headers: &HeaderMap) -> Response {
    match try_answer(service, scenario, id, headers).await {
        Ok(response) | Err(response) => response,
    }
}

async fn try_answer(
    service: &Service,
    scenario: Option<&Scenario>,
    id: &str,
    headers: &HeaderMap,
) -> Result<Response, Response> {
    let named = service.ledger.task(id);
    let content =
        scenario.or(named.as_ref().map(|task| &task.scenario)).map_or(Content::Fine, |scenario| scenario.content);
    if content == Content::Missing {
        let message = format!("Invalid URL (GET /v1/videos/{id}/content)");
        return Err(answers::gateway_error(StatusCode::NOT_FOUND, "", &message));
    }
    let key = key(headers)?;
    // The gateway accepts only its own id, and each key only its own tasks.
    let task = service.ledger.find(key, id).filter(|task| task.id == id).ok_or_else(|| {
        let message = format!("expected the id of a task of this key, found '{id}'");
        answers::gateway_error(StatusCode::NOT_FOUND, "task_not_found", &message)
    })?;
    let script = task.script().await.ok_or_else(|| {
        let message = format!("expected a task that has succeeded, found '{id}', which has not");
        answers::gateway_error(StatusCode::BAD_REQUEST, "task_not_completed", &message)
    })?;
    if content == Content::Unavailable {
        return Err(answers::gateway_error_of(StatusCode::BAD_GATEWAY, ""));
    }
    let movie = service.renderer.movie(script).await.map_err(|error| {
        let message = format!("rendering failed: {error}");
        answers::simulator_error(StatusCode::INTERNAL_SERVER_ERROR, "rendering_failed", &message)
    })?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("video/mp4")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_LENGTH, HeaderValue::from(movie.len())),
    ];
    Ok((headers, movie).into_response())
}
