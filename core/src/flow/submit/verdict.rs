//! Whether a call may send under an id that was sent before.

use crate::record::{Attempt, RecordState, TaskRecord};
use crate::task::Task;

/// The record of an id at the moment of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its state.
    pub state: RecordState,
    /// Its attempt.
    pub attempt: Attempt,
}

/// What the record of an id means for a call that wants to send under it.
pub(super) enum Verdict {
    /// The task exists.
    Accepted(Box<Task>),
    /// The request may be sent. `may_exist`: an earlier one may have created its task, and the caller knew.
    Send { may_exist: bool },
    /// An earlier request may have created its task, and the caller could not know.
    Undecided,
}

impl Verdict {
    /// Judges by the record as it is and as it was when the caller called. `was_contended`: another call held the lock on the
    /// id then.
    pub(super) fn of(earlier: Option<&TaskRecord>, known: Option<&Known>, was_contended: bool) -> Self {
        let was_being_sent = was_contended || known.is_some_and(|known| known.state == RecordState::Submitting);
        let Some(earlier) = earlier else {
            // Gone since then: forgotten, or in the memory of another tab.
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
