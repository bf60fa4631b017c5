//! The records of submissions in the store, and how they change.

mod change;

pub use change::{Change, Write};

use crate::endpoint::ApiKey;
use crate::plain::{PlainObject, PlainValue, ToPlain};
use crate::request::{ExternalTaskId, VideoRequest};
use crate::task::{Task, TaskStatus, Video};
use crate::words::words;

/// The record of one submission. It contains no key and no image.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRecord {
    /// The id under which it was sent.
    pub external_task_id: String,
    /// The service's id, once it is known.
    pub task_id: Option<String>,
    /// Its state.
    pub state: RecordState,
    /// The service's reason, mostly of a failure; of a rejected submission, why it was rejected.
    pub status_message: Option<String>,
    /// As it was sent.
    pub prompt: Option<String>,
    /// The number of images of the request; 0 if there was none, because the task was created elsewhere.
    pub image_count: u32,
    /// As it was sent.
    pub negative_prompt: Option<String>,
    /// As it was sent.
    pub mode: Option<String>,
    /// As it was sent.
    pub duration: Option<String>,
    /// As it was sent.
    pub aspect_ratio: Option<String>,
    /// As it was sent.
    pub model_name: Option<String>,
    /// ms since 1970.
    pub created_at: u64,
    /// ms since 1970.
    pub updated_at: u64,
    /// Empty until the task has succeeded.
    pub videos: Vec<Video>,
    /// Whether the store has its video.
    pub kept: bool,
    /// Which attempt to send the request this record is about. Callers do not see it.
    pub attempt: Attempt,
}

/// The attempt to send the request that a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// An attempt of this package. Its name is random, and new for each attempt.
    Named(String),
    /// None: the task was created elsewhere.
    Elsewhere,
}

impl Attempt {
    /// Makes it another attempt.
    pub(crate) fn renew(&mut self) {
        match self {
            Self::Named(name) => name.push('+'),
            Self::Elsewhere => {}
        }
    }
}

impl<T: Into<String>> From<T> for Attempt {
    fn from(name: T) -> Self {
        Self::Named(name.into())
    }
}

words! {
    /// The state of a submission. The last four are the statuses of a task.
    RecordState {
        /// The request is being sent.
        Submitting = "submitting",
        /// The request was sent; unknown whether a task was created.
        Unknown = "unknown",
        /// The service refused it; no task was created.
        Rejected = "rejected",
        /// Nothing was sent. The record stays in the store until the records are listed, for calls that saw it as `submitting`.
        Withdrawn = "withdrawn",
        /// See [`TaskStatus::Submitted`].
        Submitted = "submitted",
        /// See [`TaskStatus::Processing`].
        Processing = "processing",
        /// See [`TaskStatus::Succeed`].
        Succeed = "succeed",
        /// See [`TaskStatus::Failed`].
        Failed = "failed",
    }
}

impl RecordState {
    /// The status of the task, once the service has accepted it.
    pub fn status(self) -> Option<TaskStatus> {
        match self {
            Self::Submitting | Self::Unknown | Self::Rejected | Self::Withdrawn => None,
            Self::Submitted => Some(TaskStatus::Submitted),
            Self::Processing => Some(TaskStatus::Processing),
            Self::Succeed => Some(TaskStatus::Succeed),
            Self::Failed => Some(TaskStatus::Failed),
        }
    }

    /// Whether it is final, so that the record may be pruned.
    pub fn is_finished(self) -> bool {
        match self {
            Self::Rejected | Self::Succeed | Self::Failed => true,
            Self::Submitting | Self::Unknown | Self::Withdrawn | Self::Submitted | Self::Processing => false,
        }
    }
}

impl From<TaskStatus> for RecordState {
    fn from(status: TaskStatus) -> Self {
        match status {
            TaskStatus::Submitted => Self::Submitted,
            TaskStatus::Processing => Self::Processing,
            TaskStatus::Succeed => Self::Succeed,
            TaskStatus::Failed => Self::Failed,
        }
    }
}

impl TaskRecord {
    /// The record of a request that will be sent. A key that was pasted into a field is redacted.
    pub fn submitting(
        request: &VideoRequest,
        id: &ExternalTaskId,
        attempt: String,
        key: Option<&ApiKey>,
        now: u64,
    ) -> Self {
        let clean = |text: Option<&str>| text.map(|text| key.map_or_else(|| text.to_owned(), |key| key.redact(text)));
        Self {
            external_task_id: id.to_string(),
            task_id: None,
            state: RecordState::Submitting,
            status_message: None,
            prompt: clean(request.prompt()),
            image_count: request.image_count(),
            negative_prompt: clean(request.negative_prompt()),
            mode: clean(request.mode()),
            duration: clean(request.duration()),
            aspect_ratio: clean(request.aspect_ratio()),
            model_name: clean(request.model_name()),
            created_at: now,
            updated_at: now,
            videos: Vec::new(),
            kept: false,
            attempt: Attempt::Named(attempt),
        }
    }

    /// The record of a task that was created elsewhere.
    pub fn adopted(task: &Task, now: u64) -> Self {
        Self {
            external_task_id: task.external_task_id.as_ref().unwrap_or(&task.task_id).clone(),
            task_id: Some(task.task_id.clone()),
            state: task.status.into(),
            status_message: task.status_message.clone(),
            prompt: None,
            image_count: 0,
            negative_prompt: None,
            mode: None,
            duration: None,
            aspect_ratio: None,
            model_name: None,
            created_at: task.created_at.unwrap_or(now),
            updated_at: now,
            videos: task.videos.clone(),
            kept: false,
            attempt: Attempt::Elsewhere,
        }
    }

    /// The record in another state.
    #[must_use]
    pub fn in_state(&self, state: RecordState, now: u64) -> Box<Self> {
        let mut record = Box::new(self.clone());
        (record.state, record.updated_at) = (state, now);
        record
    }

    /// Updates the record with what the service reports of the task. Returns whether the record has changed.
    ///
    /// Responses may overtake each other, and a gateway may have an older state. So a final state stays, except that a failed
    /// task may later be reported as succeeded.
    pub fn observe(&mut self, task: &Task, now: u64) -> bool {
        // The service may have created two tasks under one external task id, or that id may be the task id of another account.
        let is_other = match &self.task_id {
            Some(id) => *id != task.task_id,
            None => task.external_task_id.as_ref().is_some_and(|id| *id != self.external_task_id),
        };
        if is_other {
            return false;
        }
        let state = RecordState::from(task.status);
        let is_stale = match self.state {
            RecordState::Succeed => state != RecordState::Succeed || task.videos.is_empty(),
            RecordState::Failed => !task.status.is_final(),
            RecordState::Submitting
            | RecordState::Unknown
            | RecordState::Rejected
            | RecordState::Withdrawn
            | RecordState::Submitted
            | RecordState::Processing => false,
        };
        let is_news = self.task_id.is_none()
            || (state, &task.status_message, &task.videos) != (self.state, &self.status_message, &self.videos);
        if is_stale || !is_news {
            return false;
        }
        self.task_id.get_or_insert_with(|| task.task_id.clone());
        self.state = state;
        self.status_message.clone_from(&task.status_message);
        self.videos.clone_from(&task.videos);
        self.updated_at = now;
        true
    }

    /// The task, once the service has accepted it, without the raw response.
    pub fn task(&self) -> Option<Box<Task>> {
        Some(Box::new(Task {
            task_id: self.task_id.clone()?,
            external_task_id: Some(self.external_task_id.clone()),
            status: self.state.status()?,
            status_message: self.status_message.clone(),
            videos: self.videos.clone(),
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
            raw: None,
        }))
    }

    /// The record as it is stored: with its attempt.
    pub fn stored(&self) -> PlainValue {
        match &self.attempt {
            Attempt::Named(name) => self.members().string("attempt", name),
            Attempt::Elsewhere => self.members(),
        }
        .into()
    }

    fn members(&self) -> PlainObject {
        PlainObject::default()
            .string("externalTaskId", &self.external_task_id)
            .optional_string("taskId", self.task_id.as_ref())
            .string("state", self.state.as_str())
            .optional_string("statusMessage", self.status_message.as_ref())
            .optional_string("prompt", self.prompt.as_ref())
            .number("imageCount", self.image_count.into())
            .optional_string("negativePrompt", self.negative_prompt.as_ref())
            .optional_string("mode", self.mode.as_ref())
            .optional_string("duration", self.duration.as_ref())
            .optional_string("aspectRatio", self.aspect_ratio.as_ref())
            .optional_string("modelName", self.model_name.as_ref())
            .number("createdAt", self.created_at)
            .number("updatedAt", self.updated_at)
            .array("videos", &self.videos)
            .with("kept", PlainValue::Bool(self.kept))
    }
}

impl ToPlain for TaskRecord {
    /// The record as callers see it.
    fn to_plain(&self) -> PlainValue {
        self.members().into()
    }
}
