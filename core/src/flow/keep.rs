//! Keeping the video of a finished task in the store, because its URL expires.

use super::{Flow, Host, succeeded};
use crate::endpoint::Service;
use crate::error::Error;
use crate::task::{Task, TaskId, Video};

/// The video that a task was asked for.
#[derive(Debug)]
pub struct Kept<V> {
    /// The video.
    pub video: V,
    /// Why the store does not have it, if it does not.
    pub problem: Option<Error>,
}

impl<H: Host> Flow<H> {
    /// Returns the kept video of a task that has succeeded; if there is none, downloads and keeps it.
    ///
    /// `known` is the task as its record has it. If it has no video, the service is asked for the task. A task without a record
    /// gets one, because a kept video belongs to a record. A store that fails costs no video: the result has both. The video of a
    /// task without any has an empty URL.
    ///
    /// # Errors
    ///
    /// `InvalidOption` while the task is running, `TaskFailed`, and those of [`Flow::task`] and of `download`.
    pub async fn keep_video<E: From<Error>>(
        &self,
        service: &Service,
        id: &TaskId,
        known: Option<Box<Task>>,
        download: impl AsyncFnOnce(&Video) -> Result<H::Video, E>,
    ) -> Result<Kept<H::Video>, E> {
        let found = self.host.kept_video(id.as_str()).await;
        if let Ok(Some(video)) = found {
            return Ok(Kept { video, problem: None });
        }
        let mut stored = found.map(|_| ());
        let task = if let Some(task) = known.filter(|task| !task.videos.is_empty()) {
            task
        } else {
            let task = self.task(service, id).await?;
            stored = stored.and(self.record_task(&task.task_id, &task, true).await);
            task
        };
        if !task.status.is_final() {
            let message = "expected a task that has succeeded, found one that is still running; wait for it";
            return Err(Error::invalid_option("id", message).into());
        }
        let Task { task_id, videos, .. } = *succeeded(Some(task))?;
        let without_url = || Video { task_id: Some(task_id), id: None, url: String::new(), duration: None };
        let video = download(&videos.into_iter().next().unwrap_or_else(without_url)).await?;
        if stored.is_ok() {
            stored = self.host.keep_video(id.as_str(), &video).await;
        }
        Ok(Kept { video, problem: stored.err() })
    }
}
