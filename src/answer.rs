//! What one HTTP answer says: a task, a refusal, or nothing that can be understood.

use crate::endpoint::HttpResponse;
use crate::error::{Error, ErrorCode, ServiceCode};
use crate::json::Json;
use crate::task::Task;

/// What one HTTP answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A task, whatever its status.
    Task(Box<Task>),
    /// A readable error.
    Refused(Refusal),
    /// A redirect, a web page, an empty or a broken body, or JSON of no known form.
    Odd(Odd),
}

/// A readable error of the service or of the gateway before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    code: Option<ServiceCode>,
    message: String,
    request_id: Option<String>,
    retry_after: Option<u64>,
}

/// An answer that is none of the documented ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    status: u16,
    seen: String,
}

impl Answer {
    /// Reads an answer.
    pub fn read(response: &HttpResponse) -> Self {
        let odd = |seen: String| Self::Odd(Odd { status: response.status, seen });
        if response.status == 0 {
            return odd("a redirect, which is not followed because the key would go with it".into());
        }
        let Some(json) = Json::parse(&response.body) else {
            return odd(describe(&response.body));
        };
        if (200..300).contains(&response.status) {
            return match Task::read(&json, &response.body) {
                Some(task) => Self::Task(Box::new(task)),
                None => odd("JSON without a task".into()),
            };
        }
        Refusal::read(&json, response).map_or_else(|| odd("JSON without a message".into()), Self::Refused)
    }
}

impl Refusal {
    /// Reads `{code, message, request_id}` of Kling and of the gateway, and `{error: {code, message}}` of CometAPI.
    fn read(json: &Json, response: &HttpResponse) -> Option<Self> {
        let inner = json.get("error").unwrap_or(json);
        let code = match inner.get("code") {
            Some(Json::Number(number)) => number.parse().ok().map(ServiceCode::Number),
            Some(Json::Text(word)) if !word.is_empty() => Some(ServiceCode::Word(word.clone())),
            _ => None,
        };
        let message = inner.text("message").map(str::to_owned);
        if code.is_none() && message.is_none() {
            return None;
        }
        Some(Self {
            status: response.status,
            code,
            message: message.unwrap_or_default(),
            request_id: json.id("request_id"),
            retry_after: response
                .retry_after
                .as_deref()
                .and_then(|text| text.trim().parse::<u64>().ok()?.checked_mul(1000)),
        })
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether it says that there is no such task: 1203 at Kling, a word at the gateway, which answers 400.
    pub fn is_task_not_found(&self) -> bool {
        match &self.code {
            Some(ServiceCode::Number(1203)) => true,
            Some(ServiceCode::Word(word)) => word == "task_not_exist",
            _ => self.status == 404,
        }
    }

    /// Whether it is about the caller's own id. The documented case is that the id is taken, so that a task exists under it.
    pub fn is_about_external_id(&self) -> bool {
        self.message.as_bytes().windows(8).any(|word| word.eq_ignore_ascii_case(b"external"))
    }

    /// Whether a status of 500 hides a refusal of the request itself.
    pub fn is_invalid_request(&self) -> bool {
        matches!(&self.code, Some(ServiceCode::Word(word)) if word == "invalid_request")
    }

    /// As the error of a question about a task.
    pub fn into_query_error(self) -> Error {
        if self.is_task_not_found() {
            return self.into_error(ErrorCode::TaskNotFound, "the service knows no such task");
        }
        let (code, advice) = match self.status {
            401 => return self.unauthorized(),
            403 => return self.forbidden(),
            429 => (ErrorCode::RateLimited, "the service asks to slow down"),
            500.. => (ErrorCode::ServerError, "the service has a problem of its own"),
            _ => (ErrorCode::Rejected, "the service refused the question"),
        };
        let retryable = matches!(code, ErrorCode::RateLimited | ErrorCode::ServerError);
        self.into_error(code, advice).retryable(retryable)
    }

    /// As the error of a submission that created nothing.
    pub fn into_submission_error(self) -> Error {
        let (code, advice) = match self.status {
            401 => return self.unauthorized(),
            403 => return self.forbidden(),
            413 => (ErrorCode::PayloadTooLarge, "the request is too large for the service; use smaller pictures"),
            429 => {
                (ErrorCode::RateLimited, "the service takes no further task now, or a limit of the account is reached")
            }
            _ => (ErrorCode::Rejected, "the service refused the request; no task was created"),
        };
        self.into_error(code, advice)
    }

    fn unauthorized(self) -> Error {
        self.into_error(ErrorCode::Unauthorized, "the service refused the key; check the API key")
    }

    fn forbidden(self) -> Error {
        self.into_error(ErrorCode::Forbidden, "the key may not do this; check its rights and its model limits")
    }

    fn into_error(self, code: ErrorCode, advice: &str) -> Error {
        let mut message = format!("{advice} (HTTP {}", self.status);
        if let Some(code) = &self.code {
            message.push_str(", code ");
            message.push_str(&code.to_string());
        }
        if !self.message.is_empty() {
            message.push_str(": ");
            message.extend(self.message.chars().take(LONGEST_QUOTE));
        }
        message.push(')');
        Error::new(code, message).detailed(|details| {
            details.status = Some(self.status);
            details.service_code = self.code;
            details.request_id = self.request_id;
            details.retry_after = self.retry_after;
        })
    }
}

impl Odd {
    /// HTTP status; 0 for a redirect.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// As an error. What a repetition would mean depends on what was asked.
    pub fn into_error(self, code: ErrorCode) -> Error {
        let message = match self.status {
            0 => format!("expected an answer of the service, found {}; check the base address", self.seen),
            status => format!(
                "expected an answer of the service, found HTTP {status} with {}; check the base address",
                self.seen
            ),
        };
        Error::new(code, message).detailed(|details| details.status = (self.status != 0).then_some(self.status))
    }
}

/// In characters: enough of a message to recognise it, too little to flood a log.
const LONGEST_QUOTE: usize = 500;

fn describe(body: &str) -> String {
    let start = body.trim_start();
    if start.is_empty() {
        "an empty body".into()
    } else if start.starts_with('<') {
        "a web page".into()
    } else {
        "a body that is not JSON".into()
    }
}
