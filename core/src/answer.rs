//! What one HTTP response says: a task, an error of the service, or none of these.

pub mod meaning;
mod refusal;
mod retry_after;

pub use refusal::Refusal;
pub use retry_after::retry_after;

use crate::endpoint::{Body, HttpResponse, Status};
use crate::error::{Error, ErrorCode};
use crate::json::Json;
use crate::spelling::contains_any;
use crate::task::{Task, TaskStatus};

/// What one HTTP response says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A task, in any status.
    Task(Box<Task>),
    /// A readable error.
    Refused(Box<Refusal>),
    /// None of these.
    Unrecognized(Unrecognized),
}

/// A response in none of the known forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unrecognized {
    status: Status,
    content: Content,
}

/// What a response in none of the known forms contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Nothing that a page may read: a redirect that was not followed.
    Redirect,
    /// More than [`Body::MAX_BYTES`].
    TooLarge,
    Empty,
    Html,
    NotJson,
    /// A text that is not JSON and says that the external task id is taken.
    Taken,
    JsonWithoutTask,
    JsonWithoutMessage,
}

impl Answer {
    /// Reads a response.
    pub fn read(response: &HttpResponse) -> Self {
        let unrecognized = |content| Self::Unrecognized(Unrecognized { status: response.status, content });
        let Status::Code(status) = response.status else { return unrecognized(Content::Redirect) };
        let Some(body) = response.body.as_text() else { return unrecognized(Content::TooLarge) };
        let is_success = (200..300).contains(&status);
        let Some(mut json) = Json::parse(body) else { return unrecognized(Content::of_text(body)) };
        json.expand_results();
        let task = Task::read(&json, body);
        let refusal =
            Refusal::read(&json, status, response.retry_after, task.as_ref().map(|task| task.task_id.clone()));
        let counts = |task: &Task| {
            // It may repeat the id that was asked for.
            let is_unknown =
                task.status == TaskStatus::Submitted && refusal.as_ref().is_some_and(Refusal::is_task_not_found);
            is_success && !is_unknown
        };
        if let Some(task) = task.filter(|task| counts(task)) {
            return Self::Task(task);
        }
        match refusal {
            Some(refusal) if !is_success || refusal.is_error() => Self::Refused(Box::new(refusal)),
            Some(_) | None if is_success => unrecognized(Content::JsonWithoutTask),
            Some(_) | None => unrecognized(Content::JsonWithoutMessage),
        }
    }
}

impl Unrecognized {
    /// Its status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether it is JSON: then it may come from the service, although it does not contain what was requested.
    pub fn is_json(&self) -> bool {
        match self.content {
            Content::JsonWithoutTask | Content::JsonWithoutMessage => true,
            Content::Redirect
            | Content::TooLarge
            | Content::Empty
            | Content::Html
            | Content::NotJson
            | Content::Taken => false,
        }
    }

    /// Whether it suggests that there is a task with the external task id.
    pub fn suggests_task(&self) -> bool {
        self.content == Content::Taken
    }

    /// The error of a look-up or a poll.
    pub fn into_query_error(self) -> Error {
        let code = if self.is_server_error() { ErrorCode::ServerError } else { ErrorCode::Protocol };
        // The page of a proxy or of a hotel's network is temporary; a redirect is not.
        let is_temporary = self.status != Status::Redirect;
        self.into_error(code).retryable(is_temporary)
    }

    /// The error of a submission that created no task.
    pub fn into_submission_error(self) -> Error {
        if self.status != Status::Code(413) {
            return self.into_error(ErrorCode::Protocol);
        }
        // Any web server on the way may send this status, with a page of its own.
        let message = format!("{} (HTTP 413 with {})", meaning::TOO_LARGE.advice, self.content.description());
        Error::new(meaning::TOO_LARGE.code, message).with_status(self.status)
    }

    /// The error with that code. Whether the call may be repeated depends on the request.
    pub fn into_error(self, code: ErrorCode) -> Error {
        let content = self.content.description();
        let found = match self.status {
            Status::Redirect => content.to_owned(),
            Status::Code(code) => format!("HTTP {code} with {content}"),
        };
        // A proxy that cannot reach the service has a status from 500; any other response may come from another server.
        let advice = if self.is_server_error() { "" } else { "; check the base URL" };
        Error::new(code, format!("expected a response of the service, found {found}{advice}")).with_status(self.status)
    }

    fn is_server_error(self) -> bool {
        matches!(self.status, Status::Code(500..))
    }
}

impl Content {
    fn of_text(body: &str) -> Self {
        let start = body.trim_start();
        if start.is_empty() {
            Self::Empty
        } else if start.starts_with('<') {
            Self::Html
        } else if contains_any(body, refusal::TAKEN) {
            Self::Taken
        } else {
            Self::NotJson
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Redirect => "a redirect, which is not followed because the key would go with it",
            Self::TooLarge => "a body of more than 1 MiB",
            Self::Empty => "an empty body",
            Self::Html => "a web page",
            Self::NotJson | Self::Taken => "a body that is not JSON",
            Self::JsonWithoutTask => "JSON without a task",
            Self::JsonWithoutMessage => "JSON without a message",
        }
    }
}

const _: () = assert!(Body::MAX_BYTES == 1 << 20, "the description of a body that is too large states the limit");
