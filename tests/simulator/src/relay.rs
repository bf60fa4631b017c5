//! The relay to the real service: the same endpoint under `/relay/kling`, with the key added here, so
//! that the page never has it. The route to a video is at the origin of a base URL, so here at the origin
//! of this server: it is forwarded too, unless the task is the simulator's.
//!
//! Each call spends the key's money. So only this server's own page and programs on this machine may
//! call it: no other site (by `Origin` and `Sec-Fetch-Site`), and no other host name (by `Host`), which
//! a hostile DNS server may resolve to this machine.

use crate::answers;
use crate::content;
use crate::log::WithoutCors;
use crate::service::Service;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use futures_util::StreamExt;
use reqwest::{Client, Url, redirect};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Responses are a few kilobytes of JSON; the web page of a proxy may be larger.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// The service to forward to, and the key.
#[derive(Clone)]
pub struct Relay {
    endpoint: Url,
    key: Arc<str>,
    authorization: HeaderValue,
    client: Client,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("endpoint", &self.endpoint.as_str()).finish_non_exhaustive()
    }
}

/// Why a relay cannot be made.
#[derive(Debug)]
pub struct RelayError(String);

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RelayError {}

impl Relay {
    /// A relay to the service at `base`, which is everything before `/v1/videos/…`.
    pub fn new(base: &str, key: &str) -> Result<Self, RelayError> {
        let endpoint = format!("{}/v1/videos/multi-image2video", base.trim_end_matches('/'));
        let endpoint = Url::parse(&endpoint)
            .map_err(|error| RelayError(format!("expected a base url, found '{base}': {error}")))?;
        let local = endpoint.host_str().is_some_and(is_loopback);
        match endpoint.scheme() {
            "https" => {}
            "http" if local => {}
            other => {
                return Err(RelayError(format!(
                    "expected an https base url (http only on this machine), found {other}"
                )));
            }
        }
        let key = key.trim();
        let mut authorization = HeaderValue::try_from(format!("Bearer {key}"))
            .ok()
            .filter(|_| !key.is_empty())
            .ok_or_else(|| RelayError("expected a key of visible characters".to_owned()))?;
        authorization.set_sensitive(true);
        // Fails if there is a provider already, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            // A followed redirect would send the key elsewhere.
            .redirect(redirect::Policy::none())
            // A paid request is not sent twice.
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(30));
        if local {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| RelayError(format!("no http client: {error}")))?;
        Ok(Self { endpoint, key: key.into(), authorization, client })
    }
}

/// The two routes of the endpoint.
pub fn routes(relay: Relay) -> Router {
    let endpoint = "/relay/kling/v1/videos/multi-image2video";
    Router::new()
        .route(endpoint, post(submit))
        .route(&format!("{endpoint}/{{id}}"), get(query))
        .with_state(Arc::new(relay))
}

async fn submit(State(relay): State<Arc<Relay>>, request: Request) -> Response {
    forward(&relay, relay.endpoint.clone(), request).await
}

async fn query(State(relay): State<Arc<Relay>>, Path(id): Path<String>, request: Request) -> Response {
    if !is_path_segment(&id) {
        return bad_id();
    }
    let mut url = relay.endpoint.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(&id);
    }
    forward(&relay, url, request).await
}

/// The state of [`content`].
#[derive(Clone, Debug)]
struct Origin {
    service: Arc<Service>,
    relay: Relay,
}

/// The gateway's own route to a video, at the origin of the real service.
pub fn content_route(service: Arc<Service>, relay: Relay) -> MethodRouter {
    get(content).with_state(Origin { service, relay })
}

async fn content(State(origin): State<Origin>, Path(id): Path<String>, request: Request) -> Response {
    let Origin { service, relay } = origin;
    if service.ledger.task(&id).is_some() {
        return content::at_origin(State(service), Path(id), request.headers().clone()).await;
    }
    let mut response = if is_path_segment(&id) {
        let mut url = relay.endpoint.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(["v1", "videos", &id, "content"]);
        }
        forward(&relay, url, request).await
    } else {
        bad_id()
    };
    // Not below `/relay`, but also for this server's own page only.
    response.extensions_mut().insert(WithoutCors);
    response
}

/// Whether an id, which is encoded, stays one segment of a path, however often a proxy decodes it.
fn is_path_segment(id: &str) -> bool {
    let mut text = id.to_owned();
    loop {
        let leads_elsewhere = text.split(['/', '\\', ';', '?', '#']).any(|part| matches!(part, "." | ".."));
        if text.is_empty() || text.len() > MAX_ID_BYTES || text.chars().any(char::is_control) || leads_elsewhere {
            return false;
        }
        let decoded = percent_decoded(&text);
        if decoded == text {
            return true;
        }
        text = decoded;
    }
}

/// The length of an id, in bytes.
const MAX_ID_BYTES: usize = 8_192;

/// The text with each `%xx` decoded once.
fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let escaped =
            if *first == b'%' { after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()) } else { None };
        let decoded = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn bad_id() -> Response {
    answers::simulator_error(StatusCode::BAD_REQUEST, "bad_id", "expected an id that is one segment of a path")
}

async fn forward(relay: &Relay, url: Url, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(message) = admit(&parts.headers) {
        return answers::simulator_error(StatusCode::FORBIDDEN, "not_for_you", &message);
    }
    let mut outgoing =
        relay.client.request(parts.method.clone(), url).header(header::AUTHORIZATION, relay.authorization.clone());
    if parts.method == Method::POST {
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
            if let Some(value) = parts.headers.get(&name) {
                outgoing = outgoing.header(name, value);
            }
        }
        outgoing = outgoing.body(reqwest::Body::wrap_stream(body.into_data_stream()));
    }
    match outgoing.send().await {
        Ok(answer) if is_video(&answer) => stream_back(answer),
        Ok(answer) => pass_back(relay, answer).await,
        Err(error) => {
            let message = format!("no response from the service: {}", causes(&error.without_url()));
            let message = message.replace(&*relay.key, "[key]");
            answers::simulator_error(StatusCode::BAD_GATEWAY, "do_request_failed", &message)
        }
    }
}

/// Whether the caller is this server's own page, or not a page.
fn admit(headers: &HeaderMap) -> Result<(), String> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let host = text("host").unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    if !is_loopback(name) {
        return Err(format!("expected a host of this machine, found '{host}'"));
    }
    if let Some(origin) = text("origin").filter(|origin| *origin != format!("http://{host}")) {
        return Err(format!("expected a page of http://{host}, found one of '{origin}'"));
    }
    if let Some(site) = text("sec-fetch-site").filter(|site| *site != "same-origin") {
        return Err(format!("expected a request of a page of this server, found a {site} one"));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The response with only the headers that the page needs. A redirect keeps its status, so that the
/// page knows that no task was created, and loses its target.
async fn pass_back(relay: &Relay, answer: reqwest::Response) -> Response {
    let status = answer.status();
    let kept = kept(&answer, &[header::CONTENT_TYPE, header::RETRY_AFTER]);
    if status.is_redirection() {
        let message = "the service responded with a redirect, expected another base url for --relay";
        return answers::simulator_error(status, "redirected", message);
    }
    let mut body = Vec::new();
    let mut stream = answer.bytes_stream();
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) if body.len() + chunk.len() <= MAX_RESPONSE_BYTES => body.extend_from_slice(&chunk),
            _ => {
                let message = "the service's response broke off, or was too long";
                let status = StatusCode::BAD_GATEWAY;
                return answers::simulator_error(status, "do_request_failed", message);
            }
        }
    }
    respond(status, kept, Body::from(without(&relay.key, body)))
}

fn is_video(answer: &reqwest::Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    answer.status().is_success() && (kind.starts_with("video/") || kind.starts_with("application/octet-stream"))
}

/// Streams a video of any length.
fn stream_back(answer: reqwest::Response) -> Response {
    let status = answer.status();
    let kept = kept(&answer, &[header::CONTENT_TYPE, header::CONTENT_LENGTH]);
    respond(status, kept, Body::from_stream(answer.bytes_stream()))
}

fn kept(answer: &reqwest::Response, names: &[HeaderName]) -> Vec<(HeaderName, HeaderValue)> {
    names.iter().filter_map(|name| Some((name.clone(), answer.headers().get(name)?.clone()))).collect()
}

fn respond(status: StatusCode, headers: Vec<(HeaderName, HeaderValue)>, body: Body) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().extend(headers);
    let volatile = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, volatile);
    response
}

/// Redacts the key: some services repeat a wrong key in their response.
fn without(key: &str, body: Vec<u8>) -> Vec<u8> {
    if memchr::memmem::find(&body, key.as_bytes()).is_none() {
        return body;
    }
    String::from_utf8_lossy(&body).replace(key, "[key]").into_bytes()
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Relay, admit};
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn only_safe_bases_and_keys_make_a_relay() {
        let made = |base, key| Relay::new(base, key).is_ok();
        assert!(made("https://api.example.com/kling", "sk-sim-a"));
        assert!(made("http://127.0.0.1:1/kling/", "sk-sim-a"));
        assert!(!made("http://api.example.com/kling", "sk-sim-a"));
        assert!(!made("api.example.com", "sk-sim-a"));
        assert!(!made("https://api.example.com/kling", " "));
        assert!(!made("https://api.example.com/kling", "sk-sim\na"));
    }

    #[test]
    fn the_key_is_not_shown() {
        let relay = Relay::new("https://api.example.com/kling", "sk-sim-secret").unwrap();
        assert!(!format!("{relay:?}").contains("secret"));
    }

    #[test]
    fn only_the_own_page_is_admitted() {
        let admitted = |headers: &[(&'static str, &'static str)]| {
            let pairs =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            admit(&pairs.collect::<HeaderMap>()).is_ok()
        };
        let host = ("host", "127.0.0.1:8317");
        assert!(admitted(&[host]));
        assert!(admitted(&[("host", "localhost:8317")]));
        assert!(admitted(&[("host", "[::1]:8317")]));
        assert!(admitted(&[host, ("origin", "http://127.0.0.1:8317")]));
        assert!(admitted(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(!admitted(&[]));
        assert!(!admitted(&[("host", "evil.example:8317")]));
        assert!(!admitted(&[("host", "127.0.0.1.evil.example")]));
        assert!(!admitted(&[("host", "evil.example"), ("origin", "http://evil.example")]));
        assert!(!admitted(&[host, ("origin", "http://127.0.0.1:9999")]));
        assert!(!admitted(&[host, ("origin", "http://localhost:8317")]));
        assert!(!admitted(&[host, ("origin", "null")]));
        assert!(!admitted(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(!admitted(&[host, ("sec-fetch-site", "same-site")]));
    }
}
