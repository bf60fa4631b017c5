//! The records of one base URL as a whole: listing, pruning, forgetting.

use super::{Flow, Host};
use crate::error::Error;
use crate::record::{Change, RecordState, TaskRecord, Write};

/// How many records of submissions that were rejected or whose task failed are stored; older ones are pruned. Records of
/// requests under way or of unknown outcome are never pruned, and neither are records with a kept video.
pub const MAX_UNSUCCESSFUL: usize = 200;

/// How many records of tasks that succeeded are stored although their video is not kept: it may still be at the service.
pub const MAX_UNKEPT: usize = 1_000;

impl<H: Host> Flow<H> {
    /// Returns all records, newest first. A record in state `submitting` becomes `unknown` if the call that sends its request has
    /// ended without a result. The oldest finished records are pruned if there are more than [`MAX_UNSUCCESSFUL`] or
    /// [`MAX_UNKEPT`].
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`](crate::error::ErrorCode::Storage) when they cannot be read.
    pub async fn records(&self) -> Result<Vec<Box<TaskRecord>>, Error> {
        let mut listed = Vec::new();
        let (mut unsuccessful, mut unkept) = (0_usize, 0_usize);
        for record in self.host.list().await? {
            if record.state == RecordState::Submitting {
                listed.extend(self.without_sender(record).await?);
                continue;
            }
            if record.state == RecordState::Withdrawn {
                // A call that holds the lock may still need the record.
                if let Some(_held) = self.host.lock(&record.external_task_id, false).await {
                    let _ = self.host.save(forget(&record)).await;
                }
                continue;
            }
            let (count, max) = if record.state == RecordState::Succeed {
                (&mut unkept, MAX_UNKEPT)
            } else {
                (&mut unsuccessful, MAX_UNSUCCESSFUL)
            };
            if record.state.is_finished() && !record.kept {
                *count = count.saturating_add(1);
                if *count > max {
                    // If that fails, the next call tries again.
                    let _ = self.host.save(forget(&record)).await;
                }
            }
            listed.push(record);
        }
        Ok(listed)
    }

    /// Returns a record in state `submitting` unchanged while its request is being sent, and as `unknown` if that call has ended.
    async fn without_sender(&self, record: Box<TaskRecord>) -> Result<Option<Box<TaskRecord>>, Error> {
        // Held until the change is written. If another call holds the lock, the request is being sent.
        let Some(_held) = self.host.lock(&record.external_task_id, false).await else { return Ok(Some(record)) };
        // The sender may have written the result just before it released the lock.
        let Some(current) = self.host.load(&record.external_task_id).await? else { return Ok(None) };
        let change = Change::Abandon { id: current.external_task_id.clone(), attempt: current.attempt.clone() };
        match self.host.save(change.clone()).await {
            Ok(stored) => Ok(stored),
            // If the write fails (disk full), the returned list is still correct.
            Err(_) => Ok(Some(match change.apply(Some(&current)) {
                Write::Put(changed) => changed,
                Write::Nothing | Write::Remove => current,
            })),
        }
    }

    /// Removes the record with this id, ours or the service's, and its kept video.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`](crate::error::ErrorCode::InvalidOption) while its request is being sent;
    /// [`ErrorCode::Storage`](crate::error::ErrorCode::Storage).
    pub async fn forget(&self, id: &str) -> Result<(), Error> {
        // By its listed state: if the disk is full, the stored state may still be `submitting`.
        let has_id = |record: &&TaskRecord| record.external_task_id == id || record.task_id.as_deref() == Some(id);
        match self.records().await?.iter().map(AsRef::as_ref).find(has_id) {
            Some(record) if record.state == RecordState::Submitting => {
                Err(Error::invalid_option("id", "its request is being sent; abort it, or wait until it ends"))
            }
            Some(record) => self.host.save(forget(record)).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

fn forget(record: &TaskRecord) -> Change {
    Change::Forget { id: record.external_task_id.clone(), attempt: record.attempt.clone() }
}
