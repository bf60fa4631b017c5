//! Keeping the video of a finished task in the store, because its URL expires.

use super::{Flow, Host, succeeded};
use crate::endpoint::Service;
use crate::error::Error;
use crate::task::{Task, TaskId, Video};

impl<H: Host> Flow<H> {
    /// Returns the kept video of a task that has succeeded; if there is none, downloads and keeps it.
    ///
    /// `known` is the task as its record has it. If it has no video, the service is asked for the task. A task without a record
    /// gets one, because a kept video belongs to a record.
    ///
    /// # Errors
    ///
    /// `InvalidOption` while the task is running, `TaskFailed`, `Storage`, and those of [`Flow::adopt`] and of `download`.
    pub async fn keep_video<E: From<Error>>(
        &self,
        service: &Service,
        id: &TaskId,
        known: Option<Box<Task>>,
        download: impl AsyncFnOnce(&Video) -> Result<H::Video, E>,
    ) -> Result<H::Video, E> {
        if let Some(kept) = self.host.kept_video(id.as_str()).await? {
            return Ok(kept);
        }
        let task = match known.filter(|task| !task.videos.is_empty()) {
            Some(task) => task,
            None => self.adopt(service, id).await?,
        };
        if !task.status.is_final() {
            let message = "expected a task that has succeeded, found one that is still running; wait for it";
            return Err(Error::invalid_option("id", message).into());
        }
        let task = succeeded(Some(task))?;
        let video = download(task.videos.first().ok_or_else(super::no_video_url)?).await?;
        self.host.keep_video(id.as_str(), &video).await?;
        Ok(video)
    }
}
