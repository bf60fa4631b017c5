//! How far a call is, as a listener is told.

use crate::error::Error;
use crate::plain::{Members, Plain, Show, count};
use crate::task::{Task, TaskStatus};

/// How far a call is. Times in ms, `loaded` and `total` in bytes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The header of that image is being read.
    Preparing {
        /// Counted from 0.
        image: usize,
    },
    /// The images are being read and encoded.
    Encoding {
        /// Read so far.
        loaded: u64,
        /// All images together.
        total: u64,
    },
    /// The paid request is under way.
    Uploading {
        /// The id under which it is sent.
        external_task_id: String,
        /// The size of the body.
        total: u64,
    },
    /// The task is being watched.
    Watching {
        /// As last seen.
        task: Box<Task>,
        /// Since the task was created.
        elapsed: u64,
        /// Until the next question.
        next_poll_in: u64,
    },
    /// The last question brought no task.
    Waiting {
        /// Why.
        reason: WaitingReason,
        /// Since the task was created.
        elapsed: u64,
        /// Until the next question; nobody knows that while there is no network.
        next_poll_in: Option<u64>,
        /// What was seen.
        error: Option<Error>,
    },
    /// The video is on its way.
    Downloading {
        /// Read so far.
        loaded: u64,
        /// As announced.
        total: Option<u64>,
    },
}

impl Show for Progress {
    /// Without the task, and without the error.
    fn show(&self) -> Plain {
        let members = Members::default().text("phase", self.phase());
        match self {
            Self::Preparing { image } => members.number("image", count(*image)),
            Self::Encoding { loaded, total } => members.number("loaded", *loaded).number("total", *total),
            Self::Uploading { external_task_id, total } => {
                members.text("externalTaskId", external_task_id).number("total", *total)
            }
            Self::Watching { elapsed, next_poll_in, .. } => {
                members.number("elapsed", *elapsed).number("nextPollIn", *next_poll_in)
            }
            Self::Waiting { reason, elapsed, next_poll_in, .. } => members
                .text("reason", reason.as_str())
                .number("elapsed", *elapsed)
                .some_number("nextPollIn", *next_poll_in),
            Self::Downloading { loaded, total } => members.number("loaded", *loaded).some_number("total", *total),
        }
        .into()
    }
}

impl Progress {
    fn phase(&self) -> &'static str {
        match self {
            Self::Preparing { .. } => "preparing",
            Self::Encoding { .. } => "encoding",
            Self::Uploading { .. } => "uploading",
            Self::Watching { task, .. } if task.status == TaskStatus::Submitted => "submitted",
            Self::Watching { .. } => "processing",
            Self::Waiting { .. } => "waiting",
            Self::Downloading { .. } => "downloading",
        }
    }
}

/// Why the last question brought no task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitingReason {
    /// The browser has no network.
    Offline,
    /// No answer, or none that can be understood.
    Unreachable,
    /// The service does not know the task yet.
    NotFoundYet,
    /// The service asks to slow down.
    RateLimited,
}

impl WaitingReason {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Unreachable => "unreachable",
            Self::NotFoundYet => "not_found_yet",
            Self::RateLimited => "rate_limited",
        }
    }
}
