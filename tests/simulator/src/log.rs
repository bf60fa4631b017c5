//! What happens around every request: the preflight's answer, the CORS header, the books, and a
//! line on standard error.

use crate::key::{key, strays};
use crate::ledger::Call;
use crate::line::Hook;
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
    /// Where requests are entered.
    pub service: Arc<Service>,
    /// Whether there are lines on standard error.
    pub lines: bool,
}

/// Marks a response that no page may read.
#[derive(Clone, Copy, Debug)]
pub struct WithoutCors;

/// Marks a response that is never sent: its connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub struct Lost;

/// Wraps every route.
pub async fn observe(
    State(observer): State<Observer>,
    ConnectInfo(hook): ConnectInfo<Hook>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // The relay is for this server's own page, so that no other page shall read its answers.
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
        hook.hang_up();
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

/// Enters a request before it is answered, so that one whose caller hangs up is in the books too.
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
    let violations = target.violations(method, headers).into_iter().chain(strays(uri, headers));
    let violations = violations.map(|what| format!("{method} {path}: {what}")).collect();
    service.ledger.enter(key(headers).ok(), target.id(), &call, violations);
    call
}

fn preflight(service: &Service, target: Option<Target>, path: &str, headers: &HeaderMap) -> Response {
    let names = match target {
        Some(Target::Video(_)) if is_for_range(headers) => "range",
        // A delivery host knows no other preflight: whatever needs one fails there.
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
