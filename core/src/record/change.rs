//! Changes of records. Each change is decided on the record that the store has at that moment, within one transaction, so that
//! no tab overwrites what another one wrote.

use super::{Attempt, RecordState, TaskRecord};
use crate::task::Task;

/// A change of the record of one external task id.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Claims the id for a request that will be sent, unless the record has changed since it was read.
    Claim {
        /// The record to write. Its [`attempt`](TaskRecord::attempt) is new.
        record: Box<TaskRecord>,
        /// The attempt of the record that was read; `None` if there was no record.
        over: Option<Attempt>,
    },
    /// Writes the outcome of an attempt, unless another attempt has claimed the id since.
    Settle(Box<TaskRecord>),
    /// Withdraws a claim, because nothing was sent: restores the earlier record, or writes `withdrawn` if there was none.
    Withdraw {
        /// The external task id.
        id: String,
        /// The attempt that was claimed.
        attempt: Attempt,
        /// The record before the claim.
        earlier: Option<Box<TaskRecord>>,
    },
    /// The sender of an attempt is gone: a record still in state `submitting` becomes `unknown`.
    Abandon {
        /// The external task id.
        id: String,
        /// The attempt of the sender that is gone.
        attempt: Attempt,
    },
    /// Updates a record with what the service reports of its task.
    Observe {
        /// The external task id.
        id: String,
        /// The task.
        task: Box<Task>,
        /// ms since 1970.
        now: u64,
    },
    /// Records a task that was created elsewhere. A record of another task stays as it is.
    Adopt(Box<TaskRecord>),
    /// Removes the record of this attempt.
    Forget {
        /// The external task id.
        id: String,
        /// The attempt of the record that was read.
        attempt: Attempt,
    },
}

/// What a change writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// The record stays as it is.
    Nothing,
    /// Write this record, under its external task id.
    Put(Box<TaskRecord>),
    /// Remove the record.
    Remove,
}

impl Change {
    /// The external task id of the record that the change is about.
    pub fn id(&self) -> &str {
        match self {
            Self::Claim { record, .. } | Self::Settle(record) | Self::Adopt(record) => &record.external_task_id,
            Self::Withdraw { id, .. }
            | Self::Abandon { id, .. }
            | Self::Observe { id, .. }
            | Self::Forget { id, .. } => id,
        }
    }

    /// Decides what is written over the current record.
    pub fn apply(&self, current: Option<&TaskRecord>) -> Write {
        match self {
            Self::Claim { record, over } => claim(record, over.as_ref(), current),
            Self::Settle(record) => settle(record, current),
            Self::Withdraw { attempt, earlier, .. } => match (current, earlier) {
                (Some(current), _) if current.attempt != *attempt => Write::Nothing,
                (Some(_), Some(earlier)) => Write::Put(earlier.clone()),
                (Some(current), None) => Write::Put(current.in_state(RecordState::Withdrawn, current.updated_at)),
                (None, _) => Write::Nothing,
            },
            Self::Abandon { attempt, .. } => match current {
                Some(current) if current.state == RecordState::Submitting && current.attempt == *attempt => {
                    Write::Put(current.in_state(RecordState::Unknown, current.updated_at))
                }
                Some(_) | None => Write::Nothing,
            },
            Self::Observe { task, now, .. } => observe(task, *now, current),
            Self::Adopt(record) => match (current, record.task()) {
                (Some(current), _) if current.is_of_another_task(record) => Write::Put(record.under_its_task_id()),
                (Some(current), Some(task)) => observe(&task, record.updated_at, Some(current)),
                (None, _) | (_, None) => Write::Put(record.clone()),
            },
            Self::Forget { attempt, .. } => match current {
                Some(current) if current.attempt == *attempt => Write::Remove,
                Some(_) | None => Write::Nothing,
            },
        }
    }
}

fn claim(record: &TaskRecord, over: Option<&Attempt>, current: Option<&TaskRecord>) -> Write {
    let is_unchanged = current.map(|current| &current.attempt) == over;
    let has_task = current.is_some_and(|current| current.task_id.is_some());
    if is_unchanged && !has_task { Write::Put(Box::new(record.clone())) } else { Write::Nothing }
}

fn settle(record: &TaskRecord, current: Option<&TaskRecord>) -> Write {
    let Some(current) = current else { return Write::Put(Box::new(record.clone())) };
    if current.is_of_another_task(record) {
        // The service created two tasks under one external task id. Both are paid for, so both get a record.
        return Write::Put(record.under_its_task_id());
    }
    // The current record may have a later state of the task.
    let is_outdated = match record.task_id {
        // An outcome is written once: a call that is made during a second write of `unknown` would take it for the first, and
        // could not send.
        None => current.task_id.is_some() || current.attempt != record.attempt || current.state == record.state,
        Some(_) => current.state == RecordState::Succeed && record.state != RecordState::Succeed,
    };
    if is_outdated { Write::Nothing } else { Write::Put(Box::new(record.clone())) }
}

fn observe(task: &Task, now: u64, current: Option<&TaskRecord>) -> Write {
    let Some(current) = current else { return Write::Nothing };
    let mut record = Box::new(current.clone());
    if record.observe(task, now) { Write::Put(record) } else { Write::Nothing }
}

impl TaskRecord {
    fn is_of_another_task(&self, other: &Self) -> bool {
        self.task_id.is_some() && other.task_id.is_some() && self.task_id != other.task_id
    }

    fn under_its_task_id(&self) -> Box<Self> {
        let mut record = Box::new(self.clone());
        if let Some(id) = &self.task_id {
            record.external_task_id.clone_from(id);
        }
        record
    }
}
