//! Submitting and waiting, as async functions over what the host lends: `send`, `sleep`, a clock, chance, an ear.
//!
//! Nothing here knows a browser. In a test the host is a script, and a wait of 37 minutes runs in microseconds.

pub mod watch;

use crate::answer::Answer;
use crate::endpoint::{HttpRequest, HttpResponse, Method, Service, TransportError};
use crate::error::{Error, ErrorCode};
use crate::poll::STALL;
use crate::progress::Progress;
use crate::race::{First, race};
use crate::request::ExternalTaskId;
use crate::submission::Outcome;
use crate::task::{Task, TaskId, TaskStatus};
use watch::Watch;

/// What the host lends to a flow. Dropping a flow drops what it has borrowed, and so ends every request and timer.
#[derive(Clone, Copy, Debug)]
pub struct Host<Send, Sleep, Now, Chance, Report> {
    /// Sends a request and brings its answer, or says that none came.
    pub send: Send,
    /// Sleeps for so many ms.
    pub sleep: Sleep,
    /// ms since 1970, by the wall clock.
    pub now: Now,
    /// Any number, evenly spread.
    pub chance: Chance,
    /// Is told how far a flow is.
    pub report: Report,
}

impl<Send, Sleep, Now, Chance, Report> Host<Send, Sleep, Now, Chance, Report>
where
    Send: AsyncFn(&HttpRequest) -> Result<HttpResponse, TransportError>,
    Sleep: AsyncFn(u64),
    Now: Fn() -> u64,
    Chance: Fn() -> u32,
    Report: Fn(Progress),
{
    /// Sends the paid request, once, and judges its outcome.
    ///
    /// # Errors
    ///
    /// What the service refused, or [`ErrorCode::SubmissionUnknown`].
    pub async fn submit(
        &self,
        service: &Service,
        external_task_id: &ExternalTaskId,
        total: u64,
    ) -> Result<Task, Error> {
        (self.report)(Progress::Uploading { external_task_id: external_task_id.to_string(), total });
        let result = (self.send)(&service.create()).await;
        match Outcome::of(result, external_task_id) {
            Outcome::Accepted(mut task) => {
                task.external_task_id.get_or_insert_with(|| external_task_id.to_string());
                Ok(*task)
            }
            Outcome::Rejected(error) | Outcome::Unknown(error) => Err(error),
        }
    }

    /// Asks for a task once.
    ///
    /// # Errors
    ///
    /// What went wrong, with the id of the task. A failed task is an answer, not an error.
    pub async fn task(&self, service: &Service, id: &TaskId) -> Result<Task, Error> {
        let named = |error: Error| error.detailed(|details| details.task_id = Some(id.as_str().to_owned()));
        match self.ask(service, id, STALL).await {
            Err(error) => Err(named(error.into_error())),
            Ok(Answer::Task(task)) => Ok(*task),
            Ok(Answer::Refused(refusal)) => Err(named(refusal.into_query_error())),
            Ok(Answer::Odd(odd)) => {
                let code = if odd.status() >= 500 { ErrorCode::ServerError } else { ErrorCode::Protocol };
                Err(named(odd.into_error(code).retryable(true)))
            }
        }
    }

    /// Waits until the task has succeeded.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::TaskFailed`], and what ends a [`Watch`].
    pub async fn wait(&self, mut watch: Watch) -> Result<Task, Error> {
        let mut last = None;
        while let Some(task) = watch.next(self).await? {
            last = Some(task);
        }
        match last {
            Some(task) if task.status == TaskStatus::Succeed => Ok(task),
            Some(task) => Err(failed(&task)),
            None => Err(Error::new(ErrorCode::Internal, "the watch ended without a task")),
        }
    }

    async fn ask(&self, service: &Service, id: &TaskId, within: u64) -> Result<Answer, TransportError> {
        let request = service.query(id);
        debug_assert_eq!(request.method, Method::Get, "a repeated question must cost nothing");
        match race((self.send)(&request), (self.sleep)(within)).await {
            First::Left(result) => result.map(|response| Answer::read(&response)),
            First::Right(()) => Err(TransportError { message: "nothing came within the time for one question".into() }),
        }
    }
}

fn failed(task: &Task) -> Error {
    let reason = task.status_message.as_deref().unwrap_or("without a reason");
    Error::new(ErrorCode::TaskFailed, format!("the service reports that the task failed: {reason}")).detailed(
        |details| {
            details.task_id = Some(task.task_id.clone());
            details.external_task_id.clone_from(&task.external_task_id);
        },
    )
}
