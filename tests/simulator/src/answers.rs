//! The service's responses, in the exact forms that it is known to use.

use crate::key::KeyError;
use crate::scenario::ScenarioError;
use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Kling's codes, each with its HTTP status and a message.
pub const CODES: &[(u32, u16, &str)] = &[
    (1000, 401, "authentication failed"),
    (1001, 401, "authorization is empty"),
    (1002, 401, "authorization is invalid"),
    (1003, 401, "authorization is not yet valid"),
    (1004, 401, "authorization has expired"),
    (1100, 429, "account exception"),
    (1101, 429, "account in arrears"),
    (1102, 429, "account balance not enough"),
    (1103, 403, "no permission to access the requested resource"),
    (1200, 400, "invalid request parameters"),
    (1201, 400, "invalid key or value"),
    (1202, 404, "the requested method is invalid"),
    (1203, 404, "The model is discontinued"),
    (1300, 400, "the request triggered the platform's policy"),
    (1301, 400, "Failure to pass the risk control system"),
    (1302, 429, "the API request is too fast"),
    (1303, 429, "parallel task over resource pack limit"),
    (1304, 429, "the request triggered the IP whitelist policy"),
    (5000, 500, "internal error"),
    (5001, 503, "server is temporarily unavailable"),
    (5002, 504, "server internal timeout"),
];

/// A correct response, before a trouble is applied to it.
#[derive(Clone, Debug)]
pub struct JsonResponse {
    /// HTTP status.
    pub status: StatusCode,
    /// What is sent as JSON.
    pub body: Value,
}

impl IntoResponse for JsonResponse {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// JSON as text; the body may be shorter than the announced length.
pub fn json_text(status: StatusCode, length: usize, body: Body) -> Response {
    let json = HeaderValue::from_static("application/json");
    let headers = [(header::CONTENT_TYPE, json), (header::CONTENT_LENGTH, length.into())];
    (status, headers, body).into_response()
}

/// The flat Kling form of an error: `{code, message, request_id}`.
pub fn kling_error(status: StatusCode, code: u32, message: &str) -> Response {
    let body = json!({ "code": code, "message": message, "request_id": request_id() });
    (status, Json(body)).into_response()
}

/// One of [`CODES`], with its own status unless another is given.
pub fn kling(code: u32, status: Option<StatusCode>) -> Response {
    let (usual, message) = known(code);
    kling_error(status.unwrap_or(usual), code, message)
}

fn known(code: u32) -> (StatusCode, &'static str) {
    let found = CODES.iter().find(|(known, ..)| *known == code);
    let (status, message) = found.map_or((500, "internal error"), |(_, status, message)| (*status, *message));
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), message)
}

/// The gateway's own envelope, with the request id inside the message.
pub fn gateway_error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "error": {
        "message": format!("{message} (request id: {})", request_id()),
        "type": "comet_api_error",
        "param": "",
        "code": code,
    }});
    (status, Json(body)).into_response()
}

/// The same, with the usual message for the word or the status.
pub fn gateway_error_of(status: StatusCode, word: &str) -> Response {
    let message = match (word, status.as_u16()) {
        ("insufficient_user_quota", _) => "user quota is not enough",
        ("invalid_api_key", _) | (_, 401) => "invalid token",
        ("invalid_request", _) => "invalid request",
        (_, 403) => "This token has no access to model kling-v1-6",
        (_, 408 | 504 | 524) => "upstream request timeout",
        (_, 413) => "request body too large",
        (_, 429) => "too many requests",
        (_, 500) => "internal server error",
        (_, 502 | 503) => "upstream service unavailable",
        _ => status.canonical_reason().unwrap_or("request failed"),
    };
    gateway_error(status, word, message)
}

/// The gateway's envelope for tasks: a word as code. 400 unless another status is given; a refusal
/// from upstream is passed on as text, with its status.
pub fn word(word: &str, status: Option<StatusCode>, code: Option<u32>) -> Response {
    let (usual, message) = match word {
        "fail_to_fetch_task" => {
            let code = code.unwrap_or(1201);
            let (status, message) = known(code);
            let upstream = json!({ "code": code, "message": message, "request_id": request_id() });
            (status, upstream.to_string())
        }
        "do_request_failed" => (StatusCode::BAD_REQUEST, "do request failed".to_owned()),
        other => (StatusCode::BAD_REQUEST, other.to_owned()),
    };
    let body = json!({ "code": word, "message": message, "data": null });
    (status.unwrap_or(usual), Json(body)).into_response()
}

/// The response to a look-up of an unknown id: HTTP 400 with a word as code.
pub fn task_not_exist() -> JsonResponse {
    let body = json!({ "code": "task_not_exist", "message": "task_not_exist", "data": null });
    JsonResponse { status: StatusCode::BAD_REQUEST, body }
}

/// The refusal of an external id that was used before.
pub fn id_taken(id: &str) -> Response {
    let message = format!("external_task_id: expected one not used before, found '{id}'");
    kling_error(StatusCode::BAD_REQUEST, 1201, &message)
}

/// The same refusal from upstream, to a gateway that sent a submission twice.
pub fn id_taken_upstream(id: Option<&str>) -> Response {
    let named = id.map(|id| format!(" '{id}'")).unwrap_or_default();
    kling_error(StatusCode::BAD_REQUEST, 1201, &format!("external_task_id{named} already exists"))
}

/// The response without any id of a task. For an error, a success without an id.
pub fn without_ids(response: JsonResponse) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for name in ["id", "task_id", "task_info"] {
                    fields.remove(name);
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    if !response.status.is_success() {
        return json!({ "code": 0, "message": "SUCCEED", "data": { "task_status": "submitted" } });
    }
    let mut body = response.body;
    strip(&mut body);
    body
}

impl From<KeyError> for Response {
    fn from(error: KeyError) -> Self {
        let (code, message) = match error {
            KeyError::Missing => (1001, "Authorization is empty"),
            KeyError::Malformed => (1002, "Authorization is invalid, expected 'Bearer' and a key"),
            KeyError::Wrong => (1000, "authentication failed, expected a key that starts with sk-sim-"),
        };
        kling_error(StatusCode::UNAUTHORIZED, code, message)
    }
}

impl From<ScenarioError> for Response {
    fn from(error: ScenarioError) -> Self {
        simulator_error(StatusCode::NOT_FOUND, "unknown_scenario", &error.to_string())
    }
}

/// An error of the simulator itself: it was called in a wrong way.
pub fn simulator_error(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}

/// The web page of a proxy in front of the service that responds in its place.
pub fn edge_page(status: StatusCode) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\
         <body><h1>{status}</h1><p>edge</p></body></html>\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Unique within this process, and of another form than a task id.
pub fn request_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("sim-request-{:08}", COUNT.fetch_add(1, Ordering::Relaxed))
}
