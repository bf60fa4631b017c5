//! The endpoint: a submission, a query, and the account of a key.

use crate::answers::{self, JsonResponse};
use crate::hold::{Hold, Holds};
use crate::inspector::Inspector;
use crate::key::{self, key};
use crate::ledger::{Ledger, Taken};
use crate::movie::Renderer;
use crate::pictures;
use crate::policy::{self, Target};
use crate::request::{self, Submission};
use crate::scenario::{Place, Scenario};
use crate::task::{Inspection, Task};
use crate::trouble::{Kind, Trouble};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Four images at the limit are 56 MB of base64; the rest is for the prompts.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// How many submissions are decoded at a time. Each image may need 500 MB.
const MAX_CONCURRENT_DECODES: usize = 2;

/// The state behind all routes.
#[derive(Debug)]
pub struct Service {
    /// The submissions, charges and requests.
    pub ledger: Ledger,
    /// The videos.
    pub renderer: Renderer,
    inspector: Inspector,
    /// The responses that wait for a release.
    pub holds: Holds,
    decoding: Semaphore,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            ledger: Ledger::default(),
            renderer: Renderer::default(),
            inspector: Inspector::default(),
            holds: Holds::default(),
            decoding: Semaphore::new(MAX_CONCURRENT_DECODES),
        }
    }
}

/// `POST …/multi-image2video`
pub async fn submit(
    State(service): State<Arc<Service>>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let upload = segment.parse().map_or(Duration::ZERO, |scenario: Scenario| scenario.upload);
    // Reads the whole body before any response: a browser whose upload is cut off sees no response.
    let body = match read(body, &headers, upload).await {
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
    if key::is_in_body(&body) {
        service.ledger.add_violation(&key, format!("POST /s/{segment}: the key in the body"));
    }
    let body = Arc::new(body);
    let trouble = submit_trouble(service, &scenario, &key, &body).await?;
    if let Some(trouble) = trouble.as_ref().filter(|trouble| !scenario.creates(trouble)) {
        if scenario.held {
            let external = external_id(&body).await?;
            service.holds.wait(&key, external.as_deref().unwrap_or_default()).await;
        }
        if let Some(answer) = trouble.replacement(segment, None).await {
            return Err(answer);
        }
    }
    if !policy::is_json(headers) {
        return Err(answers::kling_error(StatusCode::BAD_REQUEST, 1200, "expected content-type application/json"));
    }
    let body_bytes = body.len();
    let parsed = tokio::task::spawn_blocking(move || Submission::parse(&body)).await;
    let submission = parsed.map_err(|e| panicked(&e))?.map_err(|refusal| {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        answers::kling_error(status, refusal.code, &refusal.message)
    })?;
    let task = Arc::new(Task::new(&submission, body_bytes, scenario));
    let external = task.external_task_id.as_deref();
    let scenario = &task.scenario;
    let response = JsonResponse { status: StatusCode::OK, body: scenario.family.accepted(&task.beginning()) };
    if trouble.as_ref().is_none_or(|trouble| scenario.creates(trouble)) {
        service.ledger.charge(&key, &task).map_err(|Taken| answers::id_taken(external.unwrap_or_default()))?;
        tokio::spawn(examine(Arc::clone(service), Arc::clone(&task), submission));
        if scenario.held && trouble.is_some() {
            service.holds.wait(&key, external.unwrap_or_default()).await;
        }
        task.pass(Hold::Answer).await;
        if let Some(trouble) = &trouble
            && let Some(answer) = trouble.replacement(segment, external).await
        {
            return Err(answer);
        }
    }
    Ok(finish(response, trouble.as_ref()))
}

/// The trouble of this submission. Counts the submission if only the first ones have the trouble.
async fn submit_trouble(
    service: &Service,
    scenario: &Scenario,
    key: &str,
    body: &Arc<Vec<u8>>,
) -> Result<Option<Trouble>, Response> {
    let Some(trouble) = scenario.trouble(Place::Submit).filter(|trouble| trouble.kind != Kind::Preflight) else {
        return Ok(None);
    };
    if scenario.times == u32::MAX {
        return Ok(Some(trouble.clone()));
    }
    let external = external_id(body).await?;
    let met = meets(service, scenario, Place::Submit, key, external.as_deref().unwrap_or_default());
    Ok(met.then(|| trouble.clone()))
}

async fn external_id(body: &Arc<Vec<u8>>) -> Result<Option<String>, Response> {
    let body = Arc::clone(body);
    tokio::task::spawn_blocking(move || request::external_id(&body)).await.map_err(|e| panicked(&e))
}

/// Counts the requests for the same task or id; whether this one still has the trouble.
fn meets(service: &Service, scenario: &Scenario, place: Place, key: &str, what: &str) -> bool {
    let times = scenario.times;
    times == u32::MAX || service.ledger.count(format!("{place:?} {key} {} {what}", scenario.segment)) <= times
}

fn finish(response: JsonResponse, trouble: Option<&Trouble>) -> Response {
    match trouble {
        Some(trouble) => trouble.apply_to(response),
        None => response.into_response(),
    }
}

/// Inspects the images after the response, as the real service does.
async fn examine(service: Arc<Service>, task: Arc<Task>, submission: Submission) {
    let Ok(_turn) = service.decoding.acquire().await else { return };
    let for_thread = Arc::clone(&service);
    let examined = tokio::task::spawn_blocking(move || {
        let pictures = submission.pictures.into_iter();
        let inspect = |picture| for_thread.inspector.inspect(picture, submission.aspect, &for_thread.renderer);
        pictures.map(inspect).collect::<Vec<_>>()
    });
    let mut inspection = Inspection { findings: Vec::new(), frames: Vec::new() };
    for (finding, frame) in examined.await.unwrap_or_else(|_| vec![pictures::undecodable()]) {
        inspection.findings.push(finding);
        inspection.frames.extend(frame);
    }
    task.set_inspection(inspection);
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
    let key = key(headers)?;
    let task = service.ledger.find(key, id).filter(|task| visible(&scenario, task, id));
    let trouble = query_trouble(&scenario, task.as_deref(), id);
    let what = task.as_ref().map_or(id, |task| &task.id);
    let trouble = trouble
        .filter(|(_, trouble)| trouble.kind != Kind::Preflight)
        .filter(|_| is_troubled(&scenario, task.as_deref()))
        .filter(|(place, _)| meets(service, &scenario, *place, key, what))
        .map(|(_, trouble)| trouble);
    if let Some(trouble) = trouble
        && let Some(answer) = trouble.replacement(segment, None).await
    {
        return Err(answer);
    }
    let response = match task {
        Some(task) => {
            JsonResponse { status: StatusCode::OK, body: scenario.family.state(&task.snapshot(&origin(headers)).await) }
        }
        None => answers::task_not_exist(),
    };
    Ok(finish(response, trouble))
}

/// Whether this id, the service's or the caller's, finds the task.
fn visible(scenario: &Scenario, task: &Task, id: &str) -> bool {
    id == task.id || scenario.lookup && task.age() >= scenario.lookup_after && !task.is_held(Hold::Lookup)
}

/// Whether the trouble of a scenario still lasts for this task.
fn is_troubled(scenario: &Scenario, task: Option<&Task>) -> bool {
    !scenario.holds.contains(&Hold::Trouble) || task.is_none_or(|task| task.is_held(Hold::Trouble))
}

/// The trouble of a query, and whether the query is of a task or a look-up.
fn query_trouble<'a>(scenario: &'a Scenario, task: Option<&Task>, id: &str) -> Option<(Place, &'a Trouble)> {
    let at = |place| scenario.trouble(place).map(|trouble| (place, trouble));
    if task.is_some() {
        return at(Place::Query);
    }
    // It has the form of a task id, though not of ours: treated as a query of a task, if the trouble has no end.
    let like_a_task = id.len() >= 10 && id.bytes().all(|b| b.is_ascii_digit()) && scenario.times == u32::MAX;
    // Otherwise it is a look-up by external id before the submission.
    at(Place::Query).filter(|_| like_a_task).or_else(|| at(Place::Probe))
}

/// Whether the scenario refuses the preflight of this request. A preflight has no key.
pub fn refuses_preflight(service: &Service, target: Target, path: &str, headers: &HeaderMap) -> bool {
    let Some(Ok(scenario)) = Target::segment(path).map(str::parse::<Scenario>) else { return false };
    let method = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD).and_then(|method| method.to_str().ok());
    let found = match (target, method) {
        (Target::Endpoint, Some("POST")) => scenario.trouble(Place::Submit).map(|trouble| (Place::Submit, trouble)),
        (Target::Task(id), Some("GET")) => {
            let task = service.ledger.task(id).filter(|task| visible(&scenario, task, id));
            query_trouble(&scenario, task.as_deref(), id)
        }
        _ => None,
    };
    let Some((place, _)) = found.filter(|(_, trouble)| trouble.kind == Kind::Preflight) else { return false };
    meets(service, &scenario, place, "", target.id().unwrap_or_default())
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

/// `POST /account/release`
pub async fn release(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    let key = match key(&headers) {
        Ok(key) => key,
        Err(error) => return error.into(),
    };
    let released = service.ledger.release(key);
    if released.is_empty() {
        let message = "expected a task of this key that has reached a hold, found none";
        return answers::simulator_error(StatusCode::CONFLICT, "nothing_held", message);
    }
    Json(json!({ "released": released })).into_response()
}

/// `GET /requests`
pub async fn requests(State(service): State<Arc<Service>>) -> Response {
    Json(service.ledger.without_key()).into_response()
}

/// Any other path below a scenario.
pub async fn wrong_path(Path(segment): Path<String>) -> Response {
    if let Err(error) = segment.parse::<Scenario>() {
        return error.into();
    }
    answers::simulator_error(
        StatusCode::NOT_FOUND,
        "wrong_path",
        "expected, below /s/<scenario>, kling/v1/videos/multi-image2video, delivery/<task id>.mp4 or \
         v1/videos/<task id>/content",
    )
}

/// The whole body. A body that is too long is read to its end too, and dropped, so that the browser gets the response.
/// If its length is announced, reading takes this time.
async fn read(body: Body, headers: &HeaderMap, time: Duration) -> Result<Vec<u8>, Response> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(chunk) = stream.next().await {
        let chunk =
            chunk.map_err(|_| answers::kling_error(StatusCode::BAD_REQUEST, 1200, "the body ended too early"))?;
        length += chunk.len();
        if let (Some(total), false) = (announced, time.is_zero()) {
            let part = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            tokio::time::sleep(time * part / total.max(1)).await;
        }
        if length <= MAX_BODY_BYTES {
            bytes.extend_from_slice(&chunk);
        }
    }
    if length > MAX_BODY_BYTES {
        let message = format!("expected a body of at most {MAX_BODY_BYTES} bytes, found {length}");
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
