//! How a record changes. Each change is decided on the record that stands at that moment, within one transaction of the
//! store, so that no tab undoes what another one wrote.

use super::{Attempt, RecordState, TaskRecord};
use crate::task::Task;

/// A change of the record of one external task id.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Takes the id for a request about to be sent, unless the record is another one by now than the one that was read:
    /// `over` is the attempt of that one, `None` if there was no record.
    Claim {
        /// The record to write. Its [`attempt`](TaskRecord::attempt) is new.
        record: Box<TaskRecord>,
        /// The attempt that was read.
        over: Option<Attempt>,
    },
    /// Writes what an attempt came to, unless another attempt has taken the id since.
    Settle(Box<TaskRecord>),
    /// Takes a claim back, because nothing was sent: the record is again what it was before, or `withdrawn` if there was none.
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
    /// Updates a record with what the service says of its task, at that time in ms since 1970.
    Observe {
        /// The external task id.
        id: String,
        /// The task.
        task: Box<Task>,
        /// ms since 1970.
        now: u64,
    },
    /// Records a task that was created elsewhere. A record that already has another task stays as it is.
    Adopt(Box<TaskRecord>),
    /// Removes the record of this attempt.
    Forget {
        /// The external task id.
        id: String,
        /// The attempt of the record that was read.
        attempt: Attempt,
    },
}

/// What a change does to the record that stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// It stays as it is.
    Nothing,
    /// This record is written, under its own external task id.
    Put(Box<TaskRecord>),
    /// It is removed.
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

    /// Decides what is written, given the record that stands.
    pub fn apply(&self, current: Option<&TaskRecord>) -> Write {
        match self {
            Self::Claim { record, over } => claim(record, over.as_ref(), current),
            Self::Settle(record) => settle(record, current),
            Self::Withdraw { attempt, earlier, .. } => match (current, earlier) {
                (Some(current), Some(earlier)) if current.attempt == *attempt => Write::Put(earlier.clone()),
                (Some(current), None) if current.attempt == *attempt => {
                    Write::Put(current.in_state(RecordState::Withdrawn, current.updated_at))
                }
                _ => Write::Nothing,
            },
            Self::Abandon { attempt, .. } => match current {
                Some(current) if current.state == RecordState::Submitting && current.attempt == *attempt => {
                    Write::Put(current.in_state(RecordState::Unknown, current.updated_at))
                }
                _ => Write::Nothing,
            },
            Self::Observe { task, now, .. } => observe(task, *now, current),
            Self::Adopt(record) => match (current, record.task()) {
                (Some(current), _) if current.is_of_another_task(record) => Write::Put(record.under_its_task_id()),
                (Some(current), Some(task)) => observe(&task, record.updated_at, Some(current)),
                _ => Write::Put(record.clone()),
            },
            Self::Forget { attempt, .. } => match current {
                Some(current) if current.attempt == *attempt => Write::Remove,
                _ => Write::Nothing,
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
        // The service created two tasks under one external id: both have been paid for, and neither may get lost.
        return Write::Put(record.under_its_task_id());
    }
    // The service may have said more of the task meanwhile.
    let is_outdated = match record.task_id {
        None => current.task_id.is_some() || current.attempt != record.attempt,
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
