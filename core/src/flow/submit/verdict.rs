//! Whether a call may send under an id that was sent before.

use crate::record::{Attempt, RecordState, TaskRecord};
use crate::task::Task;

/// What a caller could know of an id: its record at the moment of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its state.
    pub state: RecordState,
    /// Its attempt.
    pub attempt: Attempt,
}

/// Whether a call may send under an id.
pub(super) enum Verdict {
    /// The task exists.
    Accepted(Box<Task>),
    /// The request may be sent. `may_exist`: an earlier request may have created a task, and the caller knew it.
    Send { may_exist: bool },
    /// An earlier request may have created a task, and the caller could not know it.
    Undecided,
}

impl Verdict {
    /// Compares the record as it is with the record at the moment of the call. `was_contended`: another call held the lock on
    /// the id at that moment.
    pub(super) fn of(earlier: Option<&TaskRecord>, known: Option<&Known>, was_contended: bool) -> Self {
        let was_being_sent = was_contended || known.is_some_and(|known| known.state == RecordState::Submitting);
        let Some(earlier) = earlier else {
            // The record was removed since then, or is in the memory of another tab.
            return if was_being_sent { Self::Undecided } else { Self::Send { may_exist: false } };
        };
        if let Some(task) = earlier.task() {
            return Self::Accepted(task);
        }
        match earlier.state {
            RecordState::Unknown => {
                let is_known = |known: &Known| known.state == RecordState::Unknown && known.attempt == earlier.attempt;
                if known.is_some_and(is_known) { Self::Send { may_exist: true } } else { Self::Undecided }
            }
            RecordState::Submitting => Self::Undecided,
            RecordState::Rejected
            | RecordState::Withdrawn
            | RecordState::Submitted
            | RecordState::Processing
            | RecordState::Succeed
            | RecordState::Failed => Self::Send { may_exist: false },
        }
    }
}
