//! The task that a submission creates, and its video.

mod read;

use std::fmt;

use crate::error::Error;
use crate::plain::{Members, Plain, Show};
use crate::redact::is_redacted;
use crate::words::words;

/// The id of a task in the path of a query: the service's own, or the caller's external one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskId(pub(crate) String);

impl TaskId {
    /// Takes an id of 1–128 letters, digits, `-` and `_`.
    ///
    /// # Errors
    ///
    /// [`InvalidOption`](crate::error::ErrorCode::InvalidOption) for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if is_id(text, 128) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid_option(
            "id",
            "expected a task id of 1–128 letters, digits, '-' and '_', found something else",
        ))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is an id that can stand in a path as it is.
pub(crate) fn is_id(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

words! {
    /// How far a task is, in the service's own words.
    TaskStatus {
        /// Accepted, not begun.
        Submitted = "submitted",
        /// Under way.
        Processing = "processing",
        /// Done; the video is there.
        Succeed = "succeed",
        /// Ended without a video.
        Failed = "failed",
    }
}

impl TaskStatus {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeed | Self::Failed)
    }
}

/// A task as one answer describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The service's id.
    pub task_id: String,
    /// The caller's id.
    pub external_task_id: Option<String>,
    /// How far it is.
    pub status: TaskStatus,
    /// The service's reason, mostly of a failure.
    pub status_message: Option<String>,
    /// Empty until the task has succeeded.
    pub videos: Vec<Video>,
    /// ms since 1970.
    pub created_at: Option<u64>,
    /// ms since 1970.
    pub updated_at: Option<u64>,
    /// The response as it came: JSON. Absent from a task that a record remembers.
    pub raw: Option<String>,
}

/// A finished video.
#[derive(Clone, Debug, PartialEq)]
pub struct Video {
    /// The task that made it; absent if the caller named only the URL.
    pub task_id: Option<String>,
    /// The service's id of the video.
    pub id: Option<String>,
    /// Where it can be fetched for a while.
    pub url: String,
    /// Seconds.
    pub duration: Option<f64>,
}

impl Show for Task {
    /// Without the answer as it came.
    fn show(&self) -> Plain {
        Members::default()
            .text("taskId", &self.task_id)
            .some_text("externalTaskId", self.external_task_id.as_ref())
            .text("status", self.status.as_str())
            .some_text("statusMessage", self.status_message.as_ref())
            .list("videos", &self.videos)
            .some_number("createdAt", self.created_at)
            .some_number("updatedAt", self.updated_at)
            .into()
    }
}

impl Show for Video {
    fn show(&self) -> Plain {
        let members = Members::default()
            .some_text("taskId", self.task_id.as_ref())
            .some_text("id", self.id.as_ref())
            .text("url", &self.url);
        match self.duration {
            Some(duration) => members.with("duration", Plain::Number(duration)),
            None => members,
        }
        .into()
    }
}

impl Task {
    /// Names the task by the id that it was found under, if its own id contained the key: no request may contain that.
    pub(crate) fn found_under(&mut self, id: &str) {
        if is_redacted(&self.task_id) {
            id.clone_into(&mut self.task_id);
            for video in &mut self.videos {
                video.task_id = Some(id.to_owned());
            }
        }
    }

    /// Whether a listener would want to be told.
    pub(crate) fn differs_from(&self, earlier: &Self) -> bool {
        (self.status, &self.status_message, &self.videos) != (earlier.status, &earlier.status_message, &earlier.videos)
    }
}
