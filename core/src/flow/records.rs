//! The records of one base URL as a whole: listing, pruning, forgetting.

use super::{Flow, Host};
use crate::error::Error;
use crate::record::{Change, RecordState, TaskRecord, Write};

/// How many records of finished submissions are stored; older ones are pruned. Records of requests under way or of unknown
/// outcome are never pruned, and neither are records with a kept video.
pub const MAX_FINISHED: usize = 200;

impl<H: Host> Flow<H> {
    /// Returns all records, newest first. A record in state `submitting` becomes `unknown` if the call that sends its request has
    /// ended without a result. The oldest finished records are pruned if there are more than [`MAX_FINISHED`].
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`](crate::error::ErrorCode::Storage) when they cannot be read.
    pub async fn records(&self) -> Result<Vec<Box<TaskRecord>>, Error> {
        let mut listed = Vec::new();
        let mut finished = 0_usize;
        for mut record in self.host.list().await? {
            let state = record.state;
            let is_prunable = state.is_finished() && !record.kept;
            finished = finished.saturating_add(usize::from(is_prunable));
            let mut change = (is_prunable && finished > MAX_FINISHED).then(|| forget(&record));
            // If another call holds the lock, it sends the request, or may still need the record.
            let held = match state {
                RecordState::Submitting | RecordState::Withdrawn => {
                    self.host.lock(&record.external_task_id, false).await
                }
                RecordState::Unknown
                | RecordState::Rejected
                | RecordState::Submitted
                | RecordState::Processing
                | RecordState::Succeed
                | RecordState::Failed => None,
            };
            if held.is_some() && state == RecordState::Withdrawn {
                change = Some(forget(&record));
            } else if held.is_some() {
                // The sender may have written the result just before it released the lock.
                let Some(current) = self.host.load(&record.external_task_id).await? else { continue };
                record = current;
                let (id, attempt) = (record.external_task_id.clone(), record.attempt.clone());
                change = Some(Change::Abandon { id, attempt });
            }
            if let Some(change) = change {
                let saved = self.host.save(change.clone()).await;
                if state == RecordState::Submitting {
                    match (saved, change.apply(Some(&record))) {
                        (Ok(None), _) => continue,
                        // If the write fails (disk full), the returned list is still correct.
                        (Ok(Some(changed)), _) | (Err(_), Write::Put(changed)) => record = changed,
                        (Err(_), Write::Nothing | Write::Remove) => {}
                    }
                }
            }
            if state != RecordState::Withdrawn {
                listed.push(record);
            }
        }
        Ok(listed)
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
