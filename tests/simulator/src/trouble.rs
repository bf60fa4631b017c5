//! What can go wrong with one response: the same list for a submission, a query and a look-up.

use crate::answers::{self, JsonResponse};
use crate::log::{Lost, WithoutCors};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::Duration;

/// What follows `submit-`, `query-` or `probe-`, with what it does.
pub const TROUBLES: &[(&str, &str)] = &[
    ("code", "a Kling error; code=N (5000), its own status"),
    ("error", "an error in CometAPI's envelope; status=N (500), word=W (empty)"),
    ("word", "an error in the gateway's envelope; word=W (task_not_exist), status=N (400); fail_to_fetch_task: code=N"),
    ("balance", "CometAPI's 403 insufficient_user_quota"),
    ("400", "Kling's error 1201"),
    ("401", "CometAPI's 401 invalid_api_key"),
    ("429", "Kling's error 1303"),
    ("500", "Kling's error 5000"),
    ("flaky", "Kling's error 5000; times=N (3)"),
    ("html", "a web page from a proxy in front; status=N (502)"),
    ("empty", "an empty body; status=N (200)"),
    ("broken", "200, and the JSON ends in the middle"),
    ("no-id", "200, and the JSON has no task id"),
    ("redirect", "307 to a URL that must not be followed"),
    ("no-cors", "the correct response, without a CORS header"),
    ("preflight", "403 for the preflight, and only for it"),
    ("slow", "the correct response, after ms=N (1000)"),
    ("stall", "no response at all"),
    ("stall-body", "200 and the first half of the correct body, then silence"),
    ("cut", "the correct head and the first half of the body, then the connection closes"),
    ("lost", "the connection closes without a byte"),
];

/// The kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{code, message, request_id}`.
    Code,
    /// `{error: {message, type, param, code}}`.
    Error,
    /// `{code: word, message, data: null}`.
    Word,
    /// A page instead of JSON.
    Html,
    /// No body.
    Empty,
    /// JSON that ends too early, in a complete HTTP message.
    Broken,
    /// 200 with JSON that has no task id.
    NoId,
    /// 307.
    Redirect,
    /// The correct response without a CORS header.
    NoCors,
    /// Only the preflight is refused.
    Preflight,
    /// The correct response, late.
    Slow,
    /// Neither head nor body.
    Stall,
    /// A head and the beginning of the body.
    StallBody,
    /// The same, and then the connection closes.
    Cut,
    /// The connection closes without a byte.
    Lost,
    /// 400/1201, because the gateway itself sent the submission twice.
    Repeat,
}

/// One trouble with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which trouble.
    pub kind: Kind,
    /// Kling's code.
    pub code: Option<u32>,
    /// The HTTP status, if it is not the default of the kind.
    pub status: Option<StatusCode>,
    /// The word in place of a code.
    pub word: Option<String>,
    /// The delay of the slow kinds.
    pub delay: Duration,
    /// `Retry-After` of an error, in seconds.
    pub retry_after: Option<u32>,
}

impl Trouble {
    /// A trouble without parameters.
    pub fn new(kind: Kind) -> Self {
        Self { kind, code: None, status: None, word: None, delay: Duration::from_secs(1), retry_after: None }
    }

    /// One of [`TROUBLES`].
    pub fn named(name: &str) -> Option<Self> {
        let code = |code| Self { code: Some(code), ..Self::new(Kind::Code) };
        let error =
            |status, word: &str| Self { status: Some(status), word: Some(word.to_owned()), ..Self::new(Kind::Error) };
        Some(match name {
            "code" => Self::new(Kind::Code),
            "error" => Self::new(Kind::Error),
            "word" => Self::new(Kind::Word),
            "balance" => error(StatusCode::FORBIDDEN, "insufficient_user_quota"),
            "400" => code(1201),
            "401" => error(StatusCode::UNAUTHORIZED, "invalid_api_key"),
            "429" => code(1303),
            "500" | "flaky" => code(5000),
            "html" => Self::new(Kind::Html),
            "empty" => Self::new(Kind::Empty),
            "broken" => Self::new(Kind::Broken),
            "no-id" => Self::new(Kind::NoId),
            "redirect" => Self::new(Kind::Redirect),
            "no-cors" => Self::new(Kind::NoCors),
            "preflight" => Self::new(Kind::Preflight),
            "slow" => Self::new(Kind::Slow),
            "stall" => Self::new(Kind::Stall),
            "stall-body" => Self::new(Kind::StallBody),
            "cut" => Self::new(Kind::Cut),
            "lost" => Self::new(Kind::Lost),
            _ => return None,
        })
    }

    /// Whether a submission with this trouble creates its task; the scenario may override it.
    pub fn creates(&self) -> bool {
        match self.kind {
            Kind::Empty => self.status.is_none_or(|status| status == StatusCode::OK),
            Kind::Code | Kind::Error | Kind::Word | Kind::Html | Kind::Redirect | Kind::Preflight | Kind::Stall => {
                false
            }
            _ => true,
        }
    }

    /// The response that replaces the correct one; `None` if this trouble changes the correct one instead.
    /// `segment` is the scenario's, `external` the external id of a submission.
    pub async fn replacement(&self, segment: &str, external: Option<&str>) -> Option<Response> {
        let status = |usual| self.status.unwrap_or(usual);
        let mut response = match self.kind {
            Kind::Code => answers::kling(self.code.unwrap_or(5000), self.status),
            Kind::Error => {
                let word = self.word.as_deref().unwrap_or_default();
                answers::gateway_error_of(status(StatusCode::INTERNAL_SERVER_ERROR), word)
            }
            Kind::Word => answers::word(self.word.as_deref().unwrap_or("task_not_exist"), self.status, self.code),
            Kind::Html => answers::edge_page(status(StatusCode::BAD_GATEWAY)),
            Kind::Empty => status(StatusCode::OK).into_response(),
            Kind::Redirect => {
                let place = HeaderValue::from_bytes(format!("/s/{segment}/elsewhere").as_bytes()).ok();
                let place = place.unwrap_or_else(|| HeaderValue::from_static("/s/ok/elsewhere"));
                (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response()
            }
            Kind::Repeat => answers::id_taken_upstream(external),
            Kind::Stall => pending().await,
            Kind::Lost => {
                let mut response = StatusCode::BAD_GATEWAY.into_response();
                response.extensions_mut().insert(Lost);
                response
            }
            Kind::Slow => {
                tokio::time::sleep(self.delay).await;
                return None;
            }
            Kind::Broken | Kind::NoId | Kind::NoCors | Kind::Preflight | Kind::StallBody | Kind::Cut => return None,
        };
        self.add_retry_after(&mut response);
        Some(response)
    }

    /// The correct response with this trouble applied.
    pub fn apply_to(&self, response: JsonResponse) -> Response {
        let text = Bytes::from(response.body.to_string());
        let half = text.slice(..text.len() / 2);
        match self.kind {
            Kind::Broken => answers::json_text(StatusCode::OK, text.len() / 2, half.into()),
            Kind::NoId => JsonResponse { status: StatusCode::OK, body: answers::without_ids(response) }.into_response(),
            Kind::NoCors => {
                let mut response = response.into_response();
                response.extensions_mut().insert(WithoutCors);
                response
            }
            Kind::StallBody => answers::json_text(StatusCode::OK, text.len(), stalled(half)),
            Kind::Cut => answers::json_text(response.status, text.len(), cut(half)),
            _ => response.into_response(),
        }
    }

    fn add_retry_after(&self, response: &mut Response) {
        let status = response.status();
        if let Some(seconds) = self.retry_after.filter(|_| status.is_client_error() || status.is_server_error()) {
            let exposed = HeaderValue::from_name(header::RETRY_AFTER);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
}

/// A body that begins and never continues.
pub fn stalled(beginning: Bytes) -> Body {
    Body::from_stream(stream::iter([Ok::<_, Infallible>(beginning)]).chain(stream::pending()))
}

/// A body that begins; then the connection closes.
pub fn cut(beginning: Bytes) -> Body {
    let end = stream::once(async {
        // The server flushes what it has only when it must wait; an immediate error would discard that.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Body::from_stream(stream::iter([Ok(beginning)]).chain(end))
}

#[cfg(test)]
mod tests {
    use super::{TROUBLES, Trouble};

    #[test]
    fn every_trouble_in_the_list_is_known() {
        for (name, _) in TROUBLES {
            assert!(Trouble::named(name).is_some(), "{name}");
        }
    }
}
