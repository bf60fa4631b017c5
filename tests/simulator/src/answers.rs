//! The service's answers, word for word in the forms it is known to use.

use crate::key::KeyError;
use crate::scenario::ScenarioError;
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// The flat Kling form of an error: `{code, message, request_id}`.
pub fn kling_error(status: StatusCode, code: u32, message: &str) -> Response {
    let body = json!({ "code": code, "message": message, "request_id": request_id() });
    (status, Json(body)).into_response()
}

/// An accepted submission, as the provider's page has it: without a request id.
pub fn accepted(data: &Value) -> Response {
    Json(json!({ "code": 0, "message": "SUCCEED", "data": data })).into_response()
}

/// The state of a task. The message says that the query succeeded, not the task.
pub fn state(data: &Value) -> Response {
    let body = json!({ "code": 0, "message": "SUCCEED", "request_id": request_id(), "data": data });
    Json(body).into_response()
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

/// What a look-up of an unknown id gets: HTTP 400 with a word for a code.
pub fn task_not_exist() -> Response {
    let body = json!({ "code": "task_not_exist", "message": "task_not_exist", "data": null });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
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

/// A message of the simulator itself, about how it is being used.
pub fn simulator_error(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}

/// What an edge in front of a service sends when it answers in its place.
pub fn edge_page(status: StatusCode) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\
         <body><h1>{status}</h1><p>edge</p></body></html>\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Unique within this process, and by its look never to be taken for a task id.
fn request_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("sim-request-{:08}", COUNT.fetch_add(1, Ordering::Relaxed))
}
