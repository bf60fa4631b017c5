//! A readable error of the service or of the gateway before it.

use super::meaning::{Meaning, RequestKind};
use crate::error::{Details, Error, ErrorCode, ServiceCode};
use crate::json::{Json, MAX_SAFE_INTEGER};

/// A readable error of the service or of the gateway before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    code: Option<ServiceCode>,
    message: String,
    request_id: Option<String>,
    retry_after: Option<u64>,
    /// The id of the task that it names.
    task_id: Option<String>,
    /// Whether it suggests that there is a task with the external task id.
    suggests_task: bool,
}

/// Words of a refusal that suggest that a task with the external task id exists: in lower case, without separators, with a space
/// between two. The name of the id is enough, also where a refusal quotes the request: how a service words it is unknown.
pub(super) const TAKEN: &str = "externaltask externalid duplicate alreadyexist alreadyused 已存在 重复";

impl Refusal {
    /// Reads `{code, message, request_id}` of Kling and of the gateway, and `{error: {code, message}}` of CometAPI. `task_id`:
    /// that of the task that it names.
    pub(super) fn read(json: &Json, status: u16, retry_after: Option<u64>, task_id: Option<String>) -> Option<Self> {
        let (mut code, mut message, mut request_id) = error_fields(json);
        if matches!(&code, Some(ServiceCode::Word(word)) if word == "fail_to_fetch_task") {
            // The message of the gateway contains the error of the service as JSON.
            if let Some(upstream) = message.as_deref().and_then(Json::parse) {
                let inner = error_fields(&upstream);
                code = inner.0.or(code);
                message = inner.1.or(message);
                request_id = inner.2.or(request_id);
            }
        }
        // The content policy may quote the prompt.
        let may_quote = matches!(code, Some(ServiceCode::Number(1300 | 1301)));
        let says_taken = || !may_quote && json.mentions(TAKEN);
        let suggests_task = (400..500).contains(&status) && (task_id.is_some() || says_taken());
        if code.is_none() && message.is_none() && !suggests_task {
            return None;
        }
        let message = message.unwrap_or_default();
        let request_id = request_id.or_else(|| request_id_in(&message));
        Some(Self { status, code, message, request_id, retry_after, task_id, suggests_task })
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the code is one of an error. A 2xx may contain an error, too.
    pub(super) fn is_error(&self) -> bool {
        match &self.code {
            Some(ServiceCode::Number(number)) => *number != 0 && *number != 200,
            Some(ServiceCode::Word(word)) => word != "success",
            None => false,
        }
    }

    /// Whether the task is unknown to the service: code 1203 of Kling, or HTTP 400 with a word of the gateway.
    pub fn is_task_not_found(&self) -> bool {
        self.meaning(RequestKind::Query).code == ErrorCode::TaskNotFound
    }

    /// Whether it is unknown if a submission with this response created a task. A status below 400 or of a timeout does not say
    /// what the service did before. An external task id that is taken belongs to an earlier submission, or to this one if it
    /// was repeated on the way.
    pub fn is_unclear(&self) -> bool {
        // In spite of HTTP 500, the service refused the request as invalid.
        let is_refused =
            self.status == 500 && matches!(&self.code, Some(ServiceCode::Word(word)) if word == "invalid_request");
        let is_problem = matches!(self.status, ..400 | 408 | 409 | 499..)
            || self.meaning(RequestKind::Submission).code == ErrorCode::ServerError;
        is_problem && !is_refused || self.suggests_task || self.task_id.is_some()
    }

    /// The error of a look-up or a poll.
    pub fn into_query_error(self) -> Error {
        let meaning = self.meaning(RequestKind::Query);
        // A query costs nothing, so it may also be repeated after a 429 of unknown cause.
        let is_temporary = meaning.is_temporary || meaning.code == ErrorCode::RateLimited;
        self.into_error(meaning).retryable(is_temporary)
    }

    /// The error of a submission that created no task.
    pub fn into_submission_error(self) -> Error {
        let meaning = self.meaning(RequestKind::Submission);
        self.into_error(meaning).retryable(meaning.is_temporary)
    }

    /// The error of a submission of unknown outcome. It leaves out the advice of the [`Meaning`]: to try again could be paid
    /// for twice.
    pub fn into_unclear_error(self) -> Error {
        let advice = if self.suggests_task {
            "the service says that this external task id is taken, so its task probably exists"
        } else {
            "the service answered with an error of its own"
        };
        self.into_error(Meaning { code: ErrorCode::SubmissionUnknown, advice, is_temporary: false })
    }

    fn meaning(&self, kind: RequestKind) -> Meaning {
        Meaning::of(kind, self.status, self.code.as_ref(), &self.message)
    }

    fn into_error(self, meaning: Meaning) -> Error {
        let mut message = format!("{} (HTTP {}", meaning.advice, self.status);
        if let Some(code) = &self.code {
            message.push_str(", code ");
            message.push_str(&code.to_string());
        }
        let reason: String = self.message.chars().take(MAX_QUOTED_CHARACTERS).collect();
        if !reason.is_empty() {
            message.push_str(": ");
            message.push_str(&reason);
        }
        if let Some(id) = &self.task_id {
            message.push_str("; task ");
            message.push_str(id);
        }
        message.push(')');
        let details = Details {
            status: Some(self.status),
            service_code: self.code,
            request_id: self.request_id,
            retry_after: self.retry_after,
            ..Details::default()
        };
        Error::new(meaning.code, message).with_details(details).with_reason(&reason)
    }
}

/// How much of a message of the service is quoted: enough to recognise it, too little to flood a log.
const MAX_QUOTED_CHARACTERS: usize = 500;

/// The code, the message and the request id of an error object.
fn error_fields(json: &Json) -> (Option<ServiceCode>, Option<String>, Option<String>) {
    let inner = json.get("error").unwrap_or(json);
    let code =
        if let Some(Json::Number(code) | Json::Text(code)) = inner.get("code") { parse_code(code) } else { None };
    // A gateway may send `{"error": "…"}` with the message alone.
    let named = || inner.text("message").or_else(|| inner.text("msg"));
    let message = if let Json::Text(message) = inner { Some(message.as_str()) } else { named() };
    (code, message.map(str::to_owned), json.id("request_id").or_else(|| inner.id("request_id")))
}

/// Parses a code: a number or a word.
fn parse_code(text: &str) -> Option<ServiceCode> {
    if text.is_empty() {
        return None;
    }
    let number = text.parse::<i64>().ok().filter(|number| number.unsigned_abs() <= MAX_SAFE_INTEGER);
    Some(number.map_or_else(|| ServiceCode::Word(text.to_owned()), ServiceCode::Number))
}

/// The request id in a message like `… (request id: 20260322…)`.
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
