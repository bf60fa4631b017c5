//! The endpoint: a submission, a query, and what one key has done so far.

use crate::answers;
use crate::key::key;
use crate::ledger::{Ledger, Taken};
use crate::movie::Studio;
use crate::pictures;
use crate::policy;
use crate::request::Submission;
use crate::scenario::{Scenario, Trouble};
use crate::task::{Gallery, Task};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Four pictures at the limit are 56 MB of base64, and this leaves room for the prompts.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// The pictures of so many submissions are decoded at a time, each of which may need 500 MB.
const DECODING: usize = 2;

/// The state behind all routes.
#[derive(Debug)]
pub struct Service {
    /// The books.
    pub ledger: Ledger,
    /// The videos.
    pub studio: Studio,
    decoding: Semaphore,
}

impl Default for Service {
    fn default() -> Self {
        Self { ledger: Ledger::default(), studio: Studio::default(), decoding: Semaphore::new(DECODING) }
    }
}

/// `POST …/multi-image2video`
pub async fn submit(
    State(service): State<Arc<Service>>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // To the end before any answer: a browser whose upload is cut off sees no answer at all.
    let body = match read(body).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    match try_submit(&service, &segment, &headers, body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn try_submit(
    service: &Arc<Service>,
    segment: &str,
    headers: &HeaderMap,
    body: Vec<u8>,
) -> Result<Response, Response> {
    let scenario: Scenario = segment.parse()?;
    let key = key(headers)?.to_owned();
    let trouble = scenario.submit;
    if let Some(answer) = trouble.filter(|_| !scenario.created).and_then(|t| refuse(t, &scenario)) {
        return Err(answer);
    }
    if !policy::is_json(headers) {
        return Err(answers::kling_error(StatusCode::BAD_REQUEST, 1200, "expected content-type application/json"));
    }
    let parsed = tokio::task::spawn_blocking(move || Submission::parse(&body)).await;
    let submission = parsed.map_err(|e| panicked(&e))?.map_err(|refusal| {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        answers::kling_error(status, refusal.code, &refusal.message)
    })?;
    let task = Arc::new(Task::new(&submission, scenario));
    service.ledger.charge(&key, &task).map_err(|Taken| {
        let id = task.external_task_id.as_deref().unwrap_or_default();
        let message = format!("external_task_id: expected one not used before, found '{id}'");
        answers::kling_error(StatusCode::BAD_REQUEST, 1201, &message)
    })?;
    tokio::spawn(examine(Arc::clone(service), Arc::clone(&task), submission));
    if trouble == Some(Trouble::Slow) {
        tokio::time::sleep(task.scenario.delay).await;
    }
    let answer = trouble.and_then(|trouble| refuse(trouble, &task.scenario));
    Ok(answer.unwrap_or_else(|| answers::accepted(&task.acceptance())))
}

/// Looks at the pictures after the answer, as the real service does.
async fn examine(service: Arc<Service>, task: Arc<Task>, submission: Submission) {
    let Ok(_turn) = service.decoding.acquire().await else { return };
    let examined = tokio::task::spawn_blocking(move || {
        let pictures = submission.pictures.iter();
        pictures.map(|picture| pictures::inspect(picture, submission.aspect)).collect::<Vec<_>>()
    });
    let mut gallery = Gallery { findings: Vec::new(), frames: Vec::new() };
    for (finding, frame) in examined.await.unwrap_or_else(|_| vec![pictures::undecodable()]) {
        gallery.findings.push(finding);
        gallery.frames.extend(frame.map(|frame| service.studio.share(frame)));
    }
    task.hang(gallery);
}

/// `GET …/multi-image2video/{id}`
pub async fn query(
    State(service): State<Arc<Service>>,
    Path((segment, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match try_query(&service, &segment, &id, &headers).await {
        Ok(response) | Err(response) => response,
    }
}

async fn try_query(service: &Service, segment: &str, id: &str, headers: &HeaderMap) -> Result<Response, Response> {
    let scenario: Scenario = segment.parse()?;
    let task = service.ledger.find(key(headers)?, id);
    let trouble = match &task {
        Some(task) => scenario.query_trouble(task.count_query()),
        // By its look the id of a task, though not one of ours: as a query of a task, if always.
        None if id.len() >= 10 && id.bytes().all(|b| b.is_ascii_digit()) => {
            scenario.query.filter(|_| scenario.times == u32::MAX)
        }
        // A look-up by external id before anything was submitted.
        None => scenario.probe,
    };
    if trouble == Some(Trouble::Slow) {
        tokio::time::sleep(scenario.delay).await;
    }
    if let Some(answer) = trouble.and_then(|trouble| refuse(trouble, &scenario)) {
        return Err(answer);
    }
    let task = task.ok_or_else(answers::task_not_exist)?;
    Ok(answers::state(&task.state(&origin(headers)).await))
}

/// `GET …/multi-image2video` and other methods, which the route does not have.
pub async fn wrong_method() -> Response {
    answers::kling_error(StatusCode::NOT_FOUND, 1202, "wrong method, expected POST without or GET with a task id")
}

/// `GET /account`
pub async fn account(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    match key(&headers) {
        Ok(key) => Json(service.ledger.account(key).await).into_response(),
        Err(error) => error.into(),
    }
}

/// `GET /requests`
pub async fn requests(State(service): State<Arc<Service>>) -> Response {
    Json(service.ledger.strangers()).into_response()
}

/// Anything below a scenario that is no route.
pub async fn wrong_path(Path(segment): Path<String>) -> Response {
    if let Err(error) = segment.parse::<Scenario>() {
        return error.into();
    }
    answers::simulator_error(
        StatusCode::NOT_FOUND,
        "wrong_path",
        "expected /s/<scenario>/kling/v1/videos/multi-image2video or /s/<scenario>/delivery/<task id>.mp4",
    )
}

/// The answer in place of the right one, unless the trouble is only a delay.
fn refuse(trouble: Trouble, scenario: &Scenario) -> Option<Response> {
    Some(match trouble {
        Trouble::Unauthorized => answers::gateway_error(StatusCode::UNAUTHORIZED, "invalid_api_key", "invalid token"),
        Trouble::BadRequest => answers::kling_error(StatusCode::BAD_REQUEST, 1201, "invalid key or value"),
        Trouble::TooMany => {
            answers::kling_error(StatusCode::TOO_MANY_REQUESTS, 1303, "parallel task over resource pack limit")
        }
        Trouble::Internal => answers::kling_error(StatusCode::INTERNAL_SERVER_ERROR, 5000, "internal error"),
        Trouble::Html => {
            let status = StatusCode::from_u16(scenario.page_status);
            answers::edge_page(status.unwrap_or(StatusCode::BAD_GATEWAY))
        }
        Trouble::NoId => answers::accepted(&serde_json::json!({ "task_status": "submitted" })),
        Trouble::NotFound => answers::task_not_exist(),
        Trouble::Slow => return None,
    })
}

/// The whole body. What is too much is read too, and dropped, so that the answer gets through.
async fn read(body: Body) -> Result<Vec<u8>, Response> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(chunk) = stream.next().await {
        let chunk =
            chunk.map_err(|_| answers::kling_error(StatusCode::BAD_REQUEST, 1200, "the body ended too early"))?;
        length += chunk.len();
        if length <= MAX_BODY {
            bytes.extend_from_slice(&chunk);
        }
    }
    if length > MAX_BODY {
        let message = format!("expected a body of at most {MAX_BODY} bytes, found {length}");
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(answers::gateway_error(status, "invalid_request", &message));
    }
    Ok(bytes)
}

/// This server as the caller sees it.
fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("127.0.0.1"))
}

fn panicked(error: &tokio::task::JoinError) -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    answers::simulator_error(status, "simulator_panicked", &error.to_string())
}
