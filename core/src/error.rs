//! The one error of this crate.

use std::borrow::Cow;
use std::fmt;

use crate::issue::Issue;
use crate::plain::{Members, Plain, Show, float};
use crate::words::words;

/// Why a call failed: a [code](ErrorCode) to decide on, a message to read, and what is known of the answer.
///
/// It never holds the key nor image data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

/// Behind one pointer, because almost everything here may fail and hands its error on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: ErrorCode,
    message: Cow<'static, str>,
    retryable: bool,
    details: Details,
}

/// What is known beside the code and the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// Every problem of an invalid request.
    pub issues: Vec<Issue>,
    /// The task that the call was about, where there is one.
    pub task_id: Option<String>,
    /// The caller's own id of that task.
    pub external_task_id: Option<String>,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The service's own code.
    pub service_code: Option<ServiceCode>,
    /// What the service's support wants to be told.
    pub request_id: Option<String>,
    /// How long the service asks to wait, in ms.
    pub retry_after: Option<u64>,
    /// The address of a video that could not be downloaded.
    pub url: Option<String>,
}

/// The service's own code: a number at Kling, a word at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceCode {
    /// For example 1303.
    Number(i64),
    /// For example `task_not_exist`.
    Word(String),
}

impl Show for Error {
    /// Without the message.
    fn show(&self) -> Plain {
        self.0.details.show(
            Members::default().text("code", self.0.code.as_str()).with("retryable", Plain::Flag(self.0.retryable)),
        )
    }
}

impl Details {
    fn show(&self, mut members: Members) -> Plain {
        if !self.issues.is_empty() {
            members = members.list("issues", &self.issues);
        }
        members = members
            .some_text("taskId", self.task_id.as_ref())
            .some_text("externalTaskId", self.external_task_id.as_ref())
            .some_number("status", self.status.map(u64::from));
        members = match &self.service_code {
            None => members,
            Some(ServiceCode::Word(word)) => members.text("serviceCode", word),
            Some(ServiceCode::Number(number)) => {
                let size = float(number.unsigned_abs());
                members.with("serviceCode", Plain::Number(if *number < 0 { -size } else { size }))
            }
        };
        members
            .some_text("requestId", self.request_id.as_ref())
            .some_number("retryAfter", self.retry_after)
            .some_text("url", self.url.as_ref())
            .into()
    }
}

impl fmt::Display for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

words! {
    /// What a program decides on.
    #[non_exhaustive]
    ErrorCode {
        /// An option of the client or of a call is unknown or out of range.
        InvalidOption = "invalid_option",
        /// The request has problems, all of them in [`Details::issues`]; nothing was sent.
        InvalidRequest = "invalid_request",
        /// A file could not be read to its end, though its header could; nothing was sent.
        ImageUnreadable = "image_unreadable",
        /// HTTP 401: the key is missing, wrong or expired.
        Unauthorized = "unauthorized",
        /// The key or the account may not do this; HTTP 403, where the service does not say more.
        Forbidden = "forbidden",
        /// The balance, the resource pack or the quota of the key is used up.
        InsufficientBalance = "insufficient_balance",
        /// Too much at once; HTTP 429, where the service does not say more.
        RateLimited = "rate_limited",
        /// As many tasks as the account allows are under way.
        ConcurrencyLimited = "concurrency_limited",
        /// The service refused the request; no task was created.
        Rejected = "rejected",
        /// The content policy refused prompt or pictures.
        ContentPolicy = "content_policy",
        /// The model, or this route of it, is not available.
        ModelUnavailable = "model_unavailable",
        /// HTTP 413: the request is too large for the service.
        PayloadTooLarge = "payload_too_large",
        /// HTTP 5xx to a question that may be asked again.
        ServerError = "server_error",
        /// No answer came.
        Network = "network",
        /// An answer that is none of the documented ones.
        Protocol = "protocol",
        /// Unknown whether the submission created a task.
        SubmissionUnknown = "submission_unknown",
        /// The caller's own time limit passed; the task goes on.
        Timeout = "timeout",
        /// The service reports that the task failed.
        TaskFailed = "task_failed",
        /// The service knows no such task.
        TaskNotFound = "task_not_found",
        /// The delivery host did not let this page read the video; a link to it may work.
        DownloadBlocked = "download_blocked",
        /// The delivery address is no longer valid.
        UrlExpired = "url_expired",
        /// What was delivered is not an MP4 file.
        NotAVideo = "not_a_video",
        /// The browser's storage failed; without a record nothing is sent.
        Storage = "storage",
        /// A defect of this package.
        Internal = "internal",
    }
}

impl Error {
    /// An error that is not worth repeating as it is.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { code, message: message.into(), retryable: false, details: Details::default() }))
    }

    /// The request has these problems.
    pub fn invalid_request(issues: Vec<Issue>) -> Self {
        let mut message = String::from("the request was not sent:");
        for (index, issue) in issues.iter().filter(|issue| issue.is_error()).enumerate() {
            message.push_str(if index == 0 { " " } else { "; " });
            message.push_str(&issue.path);
            message.push_str(": ");
            message.push_str(&issue.message);
        }
        Self::new(ErrorCode::InvalidRequest, message).detailed(|details| details.issues = issues)
    }

    /// An option has a problem.
    pub fn invalid_option(path: &str, message: &str) -> Self {
        Self::new(ErrorCode::InvalidOption, format!("{path}: {message}"))
    }

    /// Adds what is known.
    #[must_use]
    pub fn detailed(mut self, add: impl FnOnce(&mut Details)) -> Self {
        add(&mut self.0.details);
        self
    }

    /// Another error, of which the same is known as of this one.
    #[must_use]
    pub(crate) fn into_other(self, mut other: Self) -> Self {
        other.0.details = self.0.details;
        other
    }

    /// The same, of which there has been too much for too long.
    #[must_use]
    pub(crate) fn into_outage(self) -> Self {
        if matches!(self.code(), ErrorCode::RateLimited | ErrorCode::ConcurrencyLimited) {
            return self;
        }
        let message =
            format!("{}; this has lasted longer than the outage budget, while the task goes on", self.message());
        self.into_other(Self::new(ErrorCode::Network, message).retryable(true))
    }

    /// Says whether the same call may sensibly be made again, without creating or charging a second task.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// What a program decides on.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What a person reads.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether making the same call again is sensible and can neither create nor charge a second task.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// What is known beside the code and the message.
    pub fn details(&self) -> &Details {
        &self.0.details
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}
