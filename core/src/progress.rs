//! The progress of a call, as its listener receives it.

use crate::error::Error;
use crate::plain::{PlainObject, PlainValue, ToPlain, count};
use crate::task::{Task, TaskStatus};
use crate::words::words;

/// The progress of a call. Times in ms, `loaded` and `total` in bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// The header of this image is being read.
    Preparing {
        /// Counted from 0.
        image: usize,
    },
    /// The images are being read and encoded.
    Encoding {
        /// The bytes read so far.
        loaded: u64,
        /// The bytes of all images.
        total: u64,
    },
    /// The paid request is being sent.
    Uploading {
        /// The external task id of the request.
        external_task_id: String,
        /// The size of the body.
        total: u64,
    },
    /// The last poll found the task.
    Watching {
        /// The task as the last poll found it.
        task: Box<Task>,
        /// The time since the task was created.
        elapsed: u64,
        /// The time until the next poll.
        next_poll_in: u64,
    },
    /// The last request for the task failed, and will be repeated.
    Waiting {
        /// Why.
        reason: WaitingReason,
        /// The time since the task was created.
        elapsed: u64,
        /// The time until the next request; unknown while the browser is offline.
        next_poll_in: Option<u64>,
        /// What went wrong; `None` while the browser is offline.
        error: Option<Error>,
    },
    /// The video is being downloaded.
    Downloading {
        /// The bytes received so far.
        loaded: u64,
        /// The announced length, if the host announces one.
        total: Option<u64>,
    },
}

impl ToPlain for Progress {
    /// Without the task, and without the error.
    fn to_plain(&self) -> PlainValue {
        let members = PlainObject::default().string("phase", self.phase());
        match self {
            Self::Preparing { image } => members.number("image", count(*image)),
            Self::Encoding { loaded, total } => members.number("loaded", *loaded).number("total", *total),
            Self::Uploading { external_task_id, total } => {
                members.string("externalTaskId", external_task_id).number("total", *total)
            }
            Self::Watching { elapsed, next_poll_in, .. } => {
                members.number("elapsed", *elapsed).number("nextPollIn", *next_poll_in)
            }
            Self::Waiting { reason, elapsed, next_poll_in, .. } => members
                .string("reason", reason.as_str())
                .number("elapsed", *elapsed)
                .optional_number("nextPollIn", *next_poll_in),
            Self::Downloading { loaded, total } => members.number("loaded", *loaded).optional_number("total", *total),
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

words! {
    /// Why a call waits.
    WaitingReason {
        /// The browser reports no network.
        Offline = "offline",
        /// There was no response, an unreadable one, or an error of the server.
        Unreachable = "unreachable",
        /// The service does not find the task yet.
        NotFoundYet = "not_found_yet",
        /// The service throttles requests.
        RateLimited = "rate_limited",
    }
}
