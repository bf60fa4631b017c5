//! A readable error of the service, or of the gateway before it.

use super::meaning::{Asked, Meaning, mentions};
use crate::error::{Error, ErrorCode, ServiceCode};
use crate::json::{Json, LARGEST};

/// A readable error of the service or of the gateway before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    code: Option<ServiceCode>,
    message: String,
    request_id: Option<String>,
    retry_after: Option<u64>,
}

impl Refusal {
    /// Reads `{code, message, request_id}` of Kling and of the gateway, and `{error: {code, message}}` of CometAPI.
    pub(super) fn read(json: &Json, status: u16, retry_after: Option<&str>) -> Option<Self> {
        let (mut code, mut message, mut request_id) = said(json);
        if matches!(&code, Some(ServiceCode::Word(word)) if word == "fail_to_fetch_task") {
            // The gateway passes on what the service said, as text.
            if let Some(upstream) = message.as_deref().and_then(Json::parse) {
                let inner = said(&upstream);
                code = inner.0.or(code);
                message = inner.1.or(message);
                request_id = inner.2.or(request_id);
            }
        }
        if code.is_none() && message.is_none() {
            return None;
        }
        let message = message.unwrap_or_default();
        Some(Self {
            status,
            code,
            request_id: request_id.or_else(|| request_id_in(&message)),
            message,
            retry_after: retry_after
                .and_then(|text| text.trim().parse::<u64>().ok()?.checked_mul(1000))
                .filter(|time| *time <= LARGEST),
        })
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the code says that something is wrong, which a 2xx alone does not rule out.
    pub(super) fn is_error(&self) -> bool {
        match &self.code {
            Some(ServiceCode::Number(number)) => *number != 0 && *number != 200,
            Some(ServiceCode::Word(word)) => word != "success",
            None => false,
        }
    }

    /// Whether it says that there is no such task: 1203 at Kling, a word at the gateway, which answers 400.
    pub fn is_task_not_found(&self) -> bool {
        self.meaning(Asked::Query).code == ErrorCode::TaskNotFound
    }

    /// Whether it is about the caller's own id. The documented case is that the id is taken, so that a task exists under it.
    pub fn says_id_is_taken(&self) -> bool {
        (400..500).contains(&self.status)
            && ["external_task_id", "externaltaskid", "external task id", "external id"]
                .iter()
                .any(|name| mentions(&self.message, name))
    }

    /// Whether it is a problem of the service's own, of which it cannot be told what was done before.
    pub fn is_server_error(&self) -> bool {
        self.status >= 500 || self.meaning(Asked::Submission).code == ErrorCode::ServerError
    }

    /// Whether a status of 500 hides a refusal of the request itself.
    pub fn is_invalid_request(&self) -> bool {
        matches!(&self.code, Some(ServiceCode::Word(word)) if word == "invalid_request")
    }

    /// As the error of a question about a task.
    pub fn into_query_error(self) -> Error {
        let meaning = self.meaning(Asked::Query);
        // A question costs nothing: whatever may pass may be asked again, a 429 of unknown cause too.
        let passes = meaning.passes || meaning.code == ErrorCode::RateLimited;
        self.into_error(meaning).retryable(passes)
    }

    /// As the error of a submission that created nothing.
    pub fn into_submission_error(self) -> Error {
        let meaning = self.meaning(Asked::Submission);
        self.into_error(meaning).retryable(meaning.passes)
    }

    /// As the error of a submission of which it cannot be told whether it created a task. Only what was said goes in:
    /// the advice that comes with a refusal, to try again, could be paid for twice here.
    pub fn into_unclear_error(self) -> Error {
        let advice = if self.says_id_is_taken() {
            "the service says that this external task id is taken, so its task very likely exists"
        } else {
            "the service answered with an error of its own"
        };
        self.into_error(Meaning { code: ErrorCode::SubmissionUnknown, advice, passes: false })
    }

    fn meaning(&self, asked: Asked) -> Meaning {
        Meaning::of(asked, self.status, self.code.as_ref(), &self.message)
    }

    fn into_error(self, meaning: Meaning) -> Error {
        let mut message = format!("{} (HTTP {}", meaning.advice, self.status);
        if let Some(code) = &self.code {
            message.push_str(", code ");
            message.push_str(&code.to_string());
        }
        if !self.message.is_empty() {
            message.push_str(": ");
            message.extend(self.message.chars().take(LONGEST_QUOTE));
        }
        message.push(')');
        Error::new(meaning.code, message).detailed(|details| {
            details.status = Some(self.status);
            details.service_code = self.code;
            details.request_id = self.request_id;
            details.retry_after = self.retry_after;
        })
    }
}

/// In characters: enough of a message to recognise it, too little to flood a log.
const LONGEST_QUOTE: usize = 500;

/// The code, the message and the request id of an error object.
fn said(json: &Json) -> (Option<ServiceCode>, Option<String>, Option<String>) {
    let inner = json.get("error").unwrap_or(json);
    let code = match inner.get("code") {
        Some(Json::Number(word) | Json::Text(word)) => code_in(word),
        _ => None,
    };
    // A gateway may say all of it in one text: {"error": "…"}.
    let message = match inner {
        Json::Text(message) => Some(message.as_str()),
        inner => inner.text("message"),
    };
    (code, message.map(str::to_owned), json.id("request_id").or_else(|| inner.id("request_id")))
}

/// A code written as a text: a word, or the digits of a number.
fn code_in(text: &str) -> Option<ServiceCode> {
    if text.is_empty() {
        return None;
    }
    let number = text.parse::<i64>().ok().filter(|number| number.unsigned_abs() <= LARGEST);
    Some(number.map_or_else(|| ServiceCode::Word(text.to_owned()), ServiceCode::Number))
}

/// The id in `… (request id: 20260322…)`.
fn request_id_in(message: &str) -> Option<String> {
    const MARK: &str = "(request id:";
    let start = (0..message.len()).find(|start| {
        let end = start.saturating_add(MARK.len());
        message.as_bytes().get(*start..end).is_some_and(|part| part.eq_ignore_ascii_case(MARK.as_bytes()))
    })?;
    let rest = message.get(start.saturating_add(MARK.len())..)?;
    let id = rest.split(')').next()?.trim();
    (!id.is_empty()).then(|| id.to_owned())
}
