//! The one error type of this crate.

use std::borrow::Cow;
use std::fmt;

use crate::issue::{Issue, Param, Params};
use crate::plain::{PlainObject, PlainValue, ToPlain, float};
use crate::status::Status;
use crate::words::words;

/// Why a call failed: a [code](ErrorCode) for programs, a message for people, and details.
///
/// It contains neither the key nor image data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

/// Behind one pointer, so that a `Result` stays small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: ErrorCode,
    message: Cow<'static, str>,
    retryable: bool,
    details: Details,
}

/// The details of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// All problems of an invalid request.
    pub issues: Vec<Issue>,
    /// The service's id of the task.
    pub task_id: Option<String>,
    /// The caller's id of the task.
    pub external_task_id: Option<String>,
    /// The HTTP status of the response.
    pub status: Option<u16>,
    /// The service's own code.
    pub service_code: Option<ServiceCode>,
    /// The service's id of the request, for its support.
    pub request_id: Option<String>,
    /// The time after which the service allows the next request, in ms.
    pub retry_after: Option<u64>,
    /// The URL of a video that could not be downloaded.
    pub url: Option<String>,
    /// The figures of the message, by name.
    pub params: Params,
}

/// A code of the service: a number of Kling, or a word of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceCode {
    /// For example 1303.
    Number(i64),
    /// For example `task_not_exist`.
    Word(String),
}

impl ToPlain for Error {
    /// All but the message, which the constructor of the JavaScript class takes.
    fn to_plain(&self) -> PlainValue {
        self.0.details.show(
            PlainObject::default()
                .string("code", self.0.code.as_str())
                .with("retryable", PlainValue::Bool(self.0.retryable)),
        )
    }
}

impl Details {
    fn show(&self, mut members: PlainObject) -> PlainValue {
        if !self.issues.is_empty() {
            members = members.array("issues", &self.issues);
        }
        members = members
            .optional_string("taskId", self.task_id.as_ref())
            .optional_string("externalTaskId", self.external_task_id.as_ref())
            .optional_number("status", self.status.map(u64::from));
        members = match &self.service_code {
            None => members,
            Some(ServiceCode::Word(word)) => members.string("serviceCode", word),
            Some(ServiceCode::Number(number)) => {
                let size = float(number.unsigned_abs());
                members.with("serviceCode", PlainValue::Number(if *number < 0 { -size } else { size }))
            }
        };
        members = members
            .optional_string("requestId", self.request_id.as_ref())
            .optional_number("retryAfter", self.retry_after)
            .optional_string("url", self.url.as_ref());
        self.params.show(members).into()
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
    /// The kind of an error, for programs.
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
        /// The key or the account has no permission; HTTP 403 without a more specific code.
        Forbidden = "forbidden",
        /// The balance, the resource pack or the quota of the key is used up.
        InsufficientBalance = "insufficient_balance",
        /// Too many requests; HTTP 429 without a more specific code.
        RateLimited = "rate_limited",
        /// The account has too many tasks under way.
        ConcurrencyLimited = "concurrency_limited",
        /// The service refused the request; no task was created.
        Rejected = "rejected",
        /// The content policy refused the prompt or the images.
        ContentPolicy = "content_policy",
        /// The model, or this route of it, is not available.
        ModelUnavailable = "model_unavailable",
        /// HTTP 413: the request is too large for the service.
        PayloadTooLarge = "payload_too_large",
        /// HTTP 5xx, to a request that may be repeated.
        ServerError = "server_error",
        /// There was no response.
        Network = "network",
        /// A response in none of the known forms.
        Protocol = "protocol",
        /// Unknown whether the submission created a task.
        SubmissionUnknown = "submission_unknown",
        /// The time limit of the call passed; the task goes on.
        Timeout = "timeout",
        /// The service reports that the task failed.
        TaskFailed = "task_failed",
        /// The task is unknown to the service.
        TaskNotFound = "task_not_found",
        /// The delivery host did not let this page read the video; a link to it may work.
        DownloadBlocked = "download_blocked",
        /// The URL of the video has expired.
        UrlExpired = "url_expired",
        /// The downloaded file is not an MP4 file.
        NotAVideo = "not_a_video",
        /// The browser's storage failed; without a record nothing is sent.
        Storage = "storage",
        /// A defect of this package.
        Internal = "internal",
    }
}

impl Error {
    /// An error of a call that should not be repeated as it is.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { code, message: message.into(), retryable: false, details: Details::default() }))
    }

    /// The error of a request with these problems.
    pub fn invalid_request(issues: Vec<Issue>) -> Self {
        let mut message = String::from("the request was not sent:");
        for (index, issue) in issues.iter().filter(|issue| issue.is_error()).enumerate() {
            message.push_str(if index == 0 { " " } else { "; " });
            message.push_str(&issue.path);
            message.push_str(": ");
            message.push_str(&issue.message);
        }
        let mut error = Self::new(ErrorCode::InvalidRequest, message);
        error.0.details.issues = issues;
        error
    }

    /// The error of the option at that path.
    pub fn invalid_option(path: &str, message: &str) -> Self {
        Self::new(ErrorCode::InvalidOption, format!("{path}: {message}")).with("path", path.to_owned())
    }

    /// Adds a figure of the message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Param>) -> Self {
        self.0.details.params.add(name, value);
        self
    }

    /// Adds what the service says, unless that is nothing.
    #[must_use]
    pub(crate) fn with_reason(self, reason: &str) -> Self {
        if reason.is_empty() { self } else { self.with("reason", reason.to_owned()) }
    }

    /// This error with these details.
    #[must_use]
    pub(crate) fn with_details(mut self, details: Details) -> Self {
        self.0.details = details;
        self
    }

    /// This error with the details of another one.
    #[must_use]
    pub(crate) fn with_details_of(mut self, other: Self) -> Self {
        self.0.details = other.0.details;
        self
    }

    /// This error with the service's id of the task, and with the caller's if it is known.
    #[must_use]
    pub(crate) fn with_task_ids(mut self, task_id: &str, external_task_id: Option<&str>) -> Self {
        self.0.details.task_id = Some(task_id.to_owned());
        self.0.details.external_task_id = external_task_id.map(str::to_owned);
        self
    }

    /// This error with the caller's id of the task.
    #[must_use]
    pub(crate) fn with_external_task_id(mut self, id: &str) -> Self {
        self.0.details.external_task_id = Some(id.to_owned());
        self
    }

    /// This error with the status of the response.
    #[must_use]
    pub(crate) fn with_status(mut self, status: Status) -> Self {
        self.0.details.status = status.code();
        self
    }

    /// This error with the URL of the video.
    #[must_use]
    pub(crate) fn with_url(mut self, url: &str) -> Self {
        self.0.details.url = Some(url.to_owned());
        self
    }

    /// This error without the URL of a video.
    #[must_use]
    pub(crate) fn without_url(mut self) -> Self {
        self.0.details.url = None;
        self
    }

    /// This error, after the outage budget is spent.
    #[must_use]
    pub(crate) fn into_outage(self) -> Self {
        if matches!(self.code(), ErrorCode::RateLimited | ErrorCode::ConcurrencyLimited) {
            return self;
        }
        let message =
            format!("{}; this has lasted longer than the outage budget, while the task goes on", self.message());
        Self::new(ErrorCode::Network, message).retryable(true).with_details_of(self)
    }

    /// This error, with whether the call may be repeated.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Its kind, for programs.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Its message, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the call may be repeated, without creating or charging a second task.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Its details.
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
