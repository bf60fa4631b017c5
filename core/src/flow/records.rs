//! The records of one base URL as a whole: listing, pruning, forgetting.

use super::{Flow, Host};
use crate::error::Error;
use crate::record::{Change, RecordState, TaskRecord, Write};

/// How many finished submissions are remembered; older ones are pruned. Records of requests under way or of unknown outcome
/// always stay, and so do those with a kept video.
pub const MAX_FINISHED: usize = 200;

impl<H: Host> Flow<H> {
    /// All records, newest first. A record that a sender left in state `submitting` becomes `unknown` once that sender is gone;
    /// the oldest finished records are pruned if there are more than [`MAX_FINISHED`].
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`](crate::error::ErrorCode::Storage) when they cannot be read.
    pub async fn records(&self) -> Result<Vec<Box<TaskRecord>>, Error> {
        let mut listed = Vec::new();
        let mut finished = 0_usize;
        for record in self.0.list().await? {
            if record.state == RecordState::Submitting {
                listed.extend(self.settled(record).await?);
                continue;
            }
            if record.state == RecordState::Withdrawn {
                // While another call holds the lock, it may still need it.
                if let Some(_held) = self.0.lock(&record.external_task_id, false).await {
                    let _ = self.0.save(forget(&record)).await;
                }
                continue;
            }
            if record.state.is_finished() && !record.kept {
                finished = finished.saturating_add(1);
            }
            if finished > MAX_FINISHED && record.state.is_finished() && !record.kept {
                // A failure changes nothing of what is listed; the next call tries again.
                let _ = self.0.save(forget(&record)).await;
            }
            listed.push(record);
        }
        Ok(listed)
    }

    /// A record in state `submitting`, as it stands once its sender is known to be gone or still there.
    async fn settled(&self, record: Box<TaskRecord>) -> Result<Option<Box<TaskRecord>>, Error> {
        // Held until the change is written. While another call holds it, the request is being sent.
        let Some(_held) = self.0.lock(&record.external_task_id, false).await else { return Ok(Some(record)) };
        // The sender may have settled it just before it released the lock.
        let Some(current) = self.0.load(&record.external_task_id).await? else { return Ok(None) };
        let change = Change::Abandon { id: current.external_task_id.clone(), attempt: current.attempt.clone() };
        match self.0.save(change.clone()).await {
            Ok(stands) => Ok(stands),
            // Without room to write it, what is listed is true all the same.
            Err(_) => Ok(Some(match change.apply(Some(&current)) {
                Write::Put(changed) => changed,
                Write::Nothing | Write::Remove => current,
            })),
        }
    }

    /// Removes the record with this id, ours or the service's, and the video kept for it.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`](crate::error::ErrorCode::InvalidOption) while its request is being sent;
    /// [`ErrorCode::Storage`](crate::error::ErrorCode::Storage).
    pub async fn forget(&self, id: &str) -> Result<(), Error> {
        // As it is listed: there may be no room to write that its sender is gone.
        let is_it = |record: &&TaskRecord| record.external_task_id == id || record.task_id.as_deref() == Some(id);
        match self.records().await?.iter().map(AsRef::as_ref).find(is_it) {
            Some(record) if record.state == RecordState::Submitting => {
                Err(Error::invalid_option("id", "its request is being sent; abort it or wait for its end"))
            }
            Some(record) => self.0.save(forget(record)).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

fn forget(record: &TaskRecord) -> Change {
    Change::Forget { id: record.external_task_id.clone(), attempt: record.attempt.clone() }
}
