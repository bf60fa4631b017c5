//! The outcome of one POST: accepted, rejected, unknown or not sent.

use crate::answer::Answer;
use crate::endpoint::{HttpResponse, Status, TransportError};
use crate::error::{Error, ErrorCode};
use crate::request::ExternalTaskId;
use crate::task::Task;

/// The outcome of one POST. It decides whether the submission may be charged. Each response has exactly one outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A task was created.
    Accepted(Box<Task>),
    /// No task was created.
    Rejected(Error),
    /// Unknown whether a task was created. Sending again could charge twice.
    Unknown(Error),
    /// The request was never sent.
    NotSent(Error),
}

impl Outcome {
    /// The outcome of a response, or of none.
    pub fn of(result: Result<HttpResponse, TransportError>, external_task_id: &ExternalTaskId) -> Self {
        let with_id = |error: Error| error.with_external_task_id(external_task_id.as_str());
        let response = match result {
            Ok(response) => response,
            Err(error) if !error.is_sent => return Self::NotSent(with_id(error.to_error())),
            Err(error) => {
                return Self::Unknown(with_id(Self::unknown(&format!("no response came ({})", error.message))));
            }
        };
        match Answer::read(&response) {
            Answer::Task(task) => Self::Accepted(task),
            Answer::Refused(refusal) if refusal.is_unclear() => {
                Self::Unknown(with_id(unknown_because(refusal.into_unclear_error())))
            }
            Answer::Refused(refusal) => Self::Rejected(with_id(refusal.into_submission_error())),
            Answer::Unrecognized(response) => match response.status() {
                Status::Redirect | Status::Code(400..=407 | 410..=498) if !response.suggests_task() => {
                    Self::Rejected(with_id(response.into_submission_error()))
                }
                Status::Redirect | Status::Code(_) => {
                    Self::Unknown(with_id(unknown_because(response.into_error(ErrorCode::SubmissionUnknown))))
                }
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

/// The error of a call whose client was closed. `interrupted`: the external task id of its submission, if it is unknown whether
/// the service created a task.
pub fn closed(interrupted: Option<&str>) -> Error {
    const CLOSED: &str = "this client was closed";
    match interrupted {
        None => Error::new(ErrorCode::InvalidOption, CLOSED),
        Some(id) => {
            let message = Outcome::unknown(CLOSED).message().to_owned();
            Error::new(ErrorCode::InvalidOption, message).with_external_task_id(id)
        }
    }
}

/// The error of a submission of unknown outcome, with the reason and the details of another error.
fn unknown_because(error: Error) -> Error {
    let unknown = Outcome::unknown(error.message());
    unknown.with_details_of(error)
}
