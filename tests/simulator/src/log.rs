//! Done for every request: the response to its preflight, the CORS header, the ledger, and a
//! line on standard error.

use crate::connection::AbortHandle;
use crate::key::{key, misplaced_keys};
use crate::ledger::Call;
use crate::policy::{Target, asked_for, is_for_range};
use crate::service::{self, Service};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// The state of [`observe`].
#[derive(Clone, Debug)]
pub struct Observer {
    /// Records the requests.
    pub service: Arc<Service>,
    /// Whether each request prints a line on standard error.
    pub lines: bool,
}

/// Marks a response without a CORS header.
#[derive(Clone, Copy, Debug)]
pub struct WithoutCors;

/// Marks a response that is never sent: its connection closes instead.
#[derive(Clone, Copy, Debug)]
pub struct Lost;

/// Wraps every route.
pub async fn observe(
    State(observer): State<Observer>,
    ConnectInfo(abort): ConnectInfo<AbortHandle>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // The relay is for this server's own page: no other page may read its responses.
    let relayed = path == "/relay" || path.starts_with("/relay/");
    let target = Target::of(&path);
    let call = target.map(|target| enter(&observer.service, target, &method, request.uri(), request.headers()));

    let mut response = if method == Method::OPTIONS && !relayed {
        preflight(&observer.service, target, &path, request.headers())
    } else {
        next.run(request).await
    };

    if !relayed && response.extensions().get::<WithoutCors>().is_none() {
        let everyone = HeaderValue::from_static("*");
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, everyone);
    }
    let lost = response.extensions().get::<Lost>().is_some();
    if lost {
        abort.abort();
    }
    let status = if lost { 0 } else { response.status().as_u16() };
    if let Some(call) = call {
        call.answered(status);
    }
    if observer.lines {
        eprintln!("{method} {path} {status} {} ms", started.elapsed().as_millis());
    }
    response
}

/// Records a request before the response, so that a request that its caller aborts is in the ledger too.
fn enter(service: &Service, target: Target, method: &Method, uri: &Uri, headers: &HeaderMap) -> Arc<Call> {
    let path = uri.path();
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let call = Arc::new(Call {
        method: method.to_string(),
        path: path.to_owned(),
        preflight_headers: asked_for(headers).map(str::to_owned),
        authorization: headers.contains_key(header::AUTHORIZATION),
        content_type: content_type.map(str::to_owned),
        ..Call::default()
    });
    let violations = target.violations(method, headers).into_iter().chain(misplaced_keys(uri, headers));
    let violations = violations.map(|what| format!("{method} {path}: {what}")).collect();
    service.ledger.enter(key(headers).ok(), target.id(), &call, violations);
    call
}

fn preflight(service: &Service, target: Option<Target>, path: &str, headers: &HeaderMap) -> Response {
    let names = match target {
        Some(Target::Video(_)) if is_for_range(headers) => "range",
        // A delivery host allows no other preflight: a request that needs one fails there.
        Some(Target::Video(_)) => return StatusCode::FORBIDDEN.into_response(),
        _ => "authorization, content-type",
    };
    if target.is_some_and(|target| service::refuses_preflight(service, target, path, headers)) {
        let mut response = StatusCode::FORBIDDEN.into_response();
        response.extensions_mut().insert(WithoutCors);
        return response;
    }
    let allowed = [(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"), (header::ACCESS_CONTROL_ALLOW_HEADERS, names)];
    (StatusCode::NO_CONTENT, allowed).into_response()
}
