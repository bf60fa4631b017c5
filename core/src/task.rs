//! The task that a submission creates, and its video.

mod read;
pub mod status;
mod urls;

use crate::endpoint::BaseUrl;
use crate::plain::{PlainObject, PlainValue, ToPlain};
pub use crate::task_id::TaskId;
use crate::words::words;

words! {
    /// The status of a task, with the words of the service.
    TaskStatus {
        /// Accepted, but not started.
        Submitted = "submitted",
        /// In progress.
        Processing = "processing",
        /// Finished with a video.
        Succeed = "succeed",
        /// Finished without a video.
        Failed = "failed",
    }
}

impl TaskStatus {
    /// Whether it is final.
    pub fn is_final(self) -> bool {
        match self {
            Self::Succeed | Self::Failed => true,
            Self::Submitted | Self::Processing => false,
        }
    }
}

/// A task, as one response describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The service's id of it.
    pub task_id: String,
    /// The caller's id of it.
    pub external_task_id: Option<String>,
    /// Its status.
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
    /// Its URL, which expires.
    pub url: String,
    /// Its length, in seconds.
    pub duration: Option<f64>,
}

impl ToPlain for Task {
    /// All but the raw response, which the shell adds: `JSON.parse` reads it.
    fn to_plain(&self) -> PlainValue {
        PlainObject::default()
            .string("taskId", &self.task_id)
            .optional_string("externalTaskId", self.external_task_id.as_ref())
            .string("status", self.status.as_str())
            .optional_string("statusMessage", self.status_message.as_ref())
            .array("videos", &self.videos)
            .optional_number("createdAt", self.created_at)
            .optional_number("updatedAt", self.updated_at)
            .into()
    }
}

impl ToPlain for Video {
    fn to_plain(&self) -> PlainValue {
        let members = PlainObject::default()
            .optional_string("taskId", self.task_id.as_ref())
            .optional_string("id", self.id.as_ref())
            .string("url", &self.url);
        match self.duration {
            Some(duration) => members.with("duration", PlainValue::Number(duration)),
            None => members,
        }
        .into()
    }
}

impl Task {
    /// Resolves what depends on the query: a task id that no request may contain becomes the id of the query, and relative URLs of videos become URLs at the base URL.
    pub(crate) fn found_under(&mut self, id: &str, base: &BaseUrl) {
        let is_usable = TaskId::is_usable(&self.task_id);
        if !is_usable {
            id.clone_into(&mut self.task_id);
        }
        for video in &mut self.videos {
            base.resolve(&mut video.url);
            if !is_usable {
                video.task_id = Some(id.to_owned());
            }
        }
    }

    /// Whether the status, the message or the videos have changed since `earlier`.
    pub(crate) fn differs_from(&self, earlier: &Self) -> bool {
        (self.status, &self.status_message, &self.videos) != (earlier.status, &earlier.status_message, &earlier.videos)
    }
}
