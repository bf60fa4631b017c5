//! The video of a finished task, kept in the store past the life of its URL.

use super::{Flow, Host, succeeded};
use crate::endpoint::Service;
use crate::error::Error;
use crate::task::{Task, TaskId, Video};

impl<H: Host> Flow<H> {
    /// The video of a task that has succeeded: the kept one, or else downloaded and then kept.
    ///
    /// `known` is the task as its record has it. The service is asked only if that has no video; a task without a record gets
    /// one, because a kept video belongs to a record.
    ///
    /// # Errors
    ///
    /// `InvalidOption` while the task is under way, `TaskFailed`, `Storage`, and those of [`Flow::adopt`] and of `download`.
    pub async fn keep_video<E: From<Error>>(
        &self,
        service: &Service,
        id: &TaskId,
        known: Option<Box<Task>>,
        download: impl AsyncFnOnce(&Video) -> Result<H::Video, E>,
    ) -> Result<H::Video, E> {
        if let Some(kept) = self.0.kept(id.as_str()).await? {
            return Ok(kept);
        }
        let task = match known {
            Some(task) if !task.videos.is_empty() => task,
            _ => self.adopt(service, id).await?,
        };
        if !task.status.is_final() {
            let message = "expected a task that has succeeded, found one under way; wait for it";
            return Err(Error::invalid_option("id", message).into());
        }
        let task = succeeded(Some(task))?;
        let video = download(task.videos.first().ok_or_else(super::no_url)?).await?;
        self.0.keep(id.as_str(), &video).await?;
        Ok(video)
    }
}
