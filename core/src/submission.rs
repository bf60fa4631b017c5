//! What one POST came to: accepted, rejected, unknown, or never sent.

use crate::answer::Answer;
use crate::endpoint::{HttpResponse, Status, TransportError};
use crate::error::{Error, ErrorCode};
use crate::request::ExternalTaskId;
use crate::task::Task;

/// What one POST came to. It decides whether something may be charged, so every answer has exactly one.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A task was created.
    Accepted(Box<Task>),
    /// No task was created.
    Rejected(Error),
    /// It cannot be told. Sending again could charge twice.
    Unknown(Error),
    /// The request was never made, so that all is as before.
    NotSent(Error),
}

impl Outcome {
    /// Judges the answer to a submission, or its absence.
    pub fn of(result: Result<HttpResponse, TransportError>, external_task_id: &ExternalTaskId) -> Self {
        let named =
            |error: Error| error.detailed(|details| details.external_task_id = Some(external_task_id.to_string()));
        let response = match result {
            Ok(response) => response,
            Err(error) if !error.is_sent => return Self::NotSent(named(error.into_error())),
            Err(error) => return Self::Unknown(named(Self::unknown(&format!("no answer came ({})", error.message)))),
        };
        match Answer::read(&response) {
            Answer::Task(task) => Self::Accepted(task),
            Answer::Refused(refusal) => match refusal.status() {
                500 if refusal.is_invalid_request() => Self::Rejected(named(refusal.into_submission_error())),
                // An id of ours that is taken, for it is well formed: by an earlier submission, or by a repeat of this one on
                // the way. And an error inside an answer of success: what was done before it cannot be told.
                status if matches!(status, ..400 | 408) || refusal.says_id_is_taken() || refusal.is_server_error() => {
                    Self::Unknown(named(told_unknown(refusal.into_unclear_error())))
                }
                _ => Self::Rejected(named(refusal.into_submission_error())),
            },
            Answer::Odd(odd) => match odd.status() {
                Status::Redirect | Status::Code(400..=407 | 409..500) => {
                    Self::Rejected(named(odd.into_submission_error()))
                }
                Status::Code(_) => Self::Unknown(named(told_unknown(odd.into_error(ErrorCode::SubmissionUnknown)))),
            },
        }
    }

    /// The error of a submission of unknown outcome.
    pub(crate) fn unknown(reason: &str) -> Error {
        let message = format!(
            "unknown whether the task was created: {reason}; look it up by its external task id or in the provider's \
             console before sending again, or you may pay twice"
        );
        Error::new(ErrorCode::SubmissionUnknown, message)
    }
}

fn told_unknown(seen: Error) -> Error {
    let told = Outcome::unknown(seen.message());
    seen.into_other(told)
}
