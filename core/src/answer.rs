//! What one HTTP answer says: a task, a refusal, or nothing that can be understood.

pub mod meaning;
mod refusal;

pub use refusal::Refusal;

use crate::endpoint::{HttpResponse, Status};
use crate::error::{Error, ErrorCode};
use crate::json::Json;
use crate::task::Task;

/// What one HTTP answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A task, whatever its status.
    Task(Box<Task>),
    /// A readable error.
    Refused(Box<Refusal>),
    /// A redirect, a web page, an empty, a broken or too large a body, or JSON of no known form.
    Odd(Odd),
}

/// An answer that is none of the documented ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    status: Status,
    seen: &'static str,
    is_json: bool,
}

impl Answer {
    /// Reads an answer.
    pub fn read(response: &HttpResponse) -> Self {
        let odd = |seen, is_json| Self::Odd(Odd { status: response.status, seen, is_json });
        let Status::Code(status) = response.status else {
            return odd("a redirect, which is not followed because the key would go with it", false);
        };
        let Some(body) = response.body.as_text() else { return odd("an answer of more than 1 MiB", false) };
        let Some(json) = Json::parse(body) else { return odd(describe(body), false) };
        let is_success = (200..300).contains(&status);
        if let Some(task) = is_success.then(|| Task::read(&json, body)).flatten() {
            return Self::Task(task);
        }
        match Refusal::read(&json, status, response.retry_after.as_deref()) {
            Some(refusal) if !is_success || refusal.is_error() => Self::Refused(Box::new(refusal)),
            _ if is_success => odd("JSON without a task", true),
            _ => odd("JSON without a message", true),
        }
    }
}

impl Odd {
    /// Its status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether it is JSON at all: the address answers like a service, though not with what was asked for.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// As the error of a question.
    pub fn into_query_error(self) -> Error {
        let code = if self.is_of_server() { ErrorCode::ServerError } else { ErrorCode::Protocol };
        // A page of an edge or of a hotel's network passes; an address that leads elsewhere does not.
        let passes = self.status != Status::Redirect;
        self.into_error(code).retryable(passes)
    }

    /// As the error of a submission that created nothing.
    pub fn into_submission_error(self) -> Error {
        if self.status != Status::Code(413) {
            return self.into_error(ErrorCode::Protocol);
        }
        // Any web server on the way says that, in a page of its own.
        let message = format!("{} (HTTP 413 with {})", meaning::TOO_LARGE.advice, self.seen);
        Error::new(meaning::TOO_LARGE.code, message).detailed(|details| details.status = Some(413))
    }

    fn is_of_server(&self) -> bool {
        matches!(self.status, Status::Code(500..))
    }

    /// As an error. What a repetition would mean depends on what was asked.
    pub fn into_error(self, code: ErrorCode) -> Error {
        let found = match self.status {
            Status::Redirect => self.seen.to_owned(),
            Status::Code(code) => format!("HTTP {code} with {}", self.seen),
        };
        // From 500 on it is an edge that cannot reach the service, not another place.
        let advice = if self.is_of_server() { "" } else { "; check the base address" };
        let message = format!("expected an answer of the service, found {found}{advice}");
        Error::new(code, message).detailed(|details| details.status = self.status.code())
    }
}

fn describe(body: &str) -> &'static str {
    let start = body.trim_start();
    if start.is_empty() {
        "an empty body"
    } else if start.starts_with('<') {
        "a web page"
    } else {
        "a body that is not JSON"
    }
}
