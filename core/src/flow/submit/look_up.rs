//! Looking up the task of a submission by its external task id.

use super::super::{Host, LookUp};
use super::{End, Submission};
use crate::error::{Error, ServiceCode};
use crate::progress::WaitingReason;
use crate::record::{Change, RecordState, TaskRecord};
use crate::submission::Outcome;
use crate::task::{Task, TaskId};

/// How many times to look up a task after an unclear response.
const MAX_LOOK_UPS: u32 = 5;

/// Whether a refusal of a look-up says that the paid request would fail too: the key is wrong, or the package's own relay
/// refuses the call or cannot reach the service.
fn is_refused_for_all(error: &Error) -> bool {
    let details = error.details();
    match (details.status, &details.service_code) {
        (Some(401), _) => true,
        (Some(502 | 504), Some(ServiceCode::Word(word))) if word == "do_request_failed" => true,
        (_, Some(ServiceCode::Word(word))) => word.starts_with("relay_"),
        _ => false,
    }
}

impl<H: Host> Submission<'_, H> {
    /// Looks up the id before a paid request. Fails if there is a task, or if the URL does not answer like the service.
    pub(super) async fn look_up_before_paying(&self) -> Result<(), End> {
        match self.flow.look_up(self.service, &TaskId::from(&self.call.id), false).await {
            Ok(LookUp::Found(task)) if self.has_created(&task) => Err(End::TaskExists(task)),
            // How the real gateway words "no such task" here is unknown, and a wrong guess must not stop the main job.
            Ok(LookUp::Refused(error)) if is_refused_for_all(&error) => Err(End::Failed(error)),
            Ok(LookUp::Found(_) | LookUp::NotFound(_) | LookUp::Refused(_)) => Ok(()),
            Err(error) => Err(End::Failed(error)),
        }
    }

    /// Looks up the task of a request without a clear response, a few times while online.
    pub(super) async fn find_task(&self, began: u64, unclear: Error) -> Result<Box<Task>, Error> {
        let (flow, host, id) = (self.flow, &self.flow.host, TaskId::from(&self.call.id));
        let (mut unclear, mut look_ups) = (Some(unclear), 0);
        while look_ups < MAX_LOOK_UPS {
            let elapsed = host.now().saturating_sub(began);
            let delay = self.backoff.delay(look_ups, host.random());
            unclear = self.report_waiting(WaitingReason::Unreachable, elapsed, delay, unclear);
            flow.pause(delay, elapsed).await;
            // Another call may have found it.
            if let Ok(Some(record)) = host.load(id.as_str()).await
                && let Some(task) = record.task()
            {
                return Ok(task);
            }
            match flow.look_up(self.service, &id, false).await {
                Ok(LookUp::Found(task)) if self.has_created(&task) => return Ok(task),
                Err(_) if !host.is_online() => {}
                Ok(LookUp::Found(_) | LookUp::NotFound(_) | LookUp::Refused(_)) | Err(_) => {
                    look_ups = look_ups.saturating_add(1);
                }
            }
        }
        Err(unclear.unwrap_or_else(|| Outcome::unknown("no task was found")))
    }

    /// The change that ends another submission under this id, whose outcome the caller could not know, as `unknown`.
    pub(super) fn abandonment(&self, other: Option<Box<TaskRecord>>) -> Change {
        if let Some(other) = other {
            return Change::Abandon { id: other.external_task_id, attempt: other.attempt };
        }
        // The next call reads this record, and may send.
        let record = self.call.record.in_state(RecordState::Unknown, self.flow.host.wall());
        Change::Claim { record, over: None }
    }

    /// Whether this submission created a task that was found under its id: the service's id of another account's task may equal
    /// our external task id.
    fn has_created(&self, task: &Task) -> bool {
        task.external_task_id.as_deref().is_none_or(|external| external == self.call.id.as_str())
    }
}
