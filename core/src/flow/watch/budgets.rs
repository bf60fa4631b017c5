//! What one poll means, and how long each kind of trouble is tolerated.

use super::super::{Reply, is_throttled};
use crate::answer::Answer;
use crate::error::{Error, ErrorCode};
use crate::poll::Polling;
use crate::progress::WaitingReason;
use crate::retry::Budget;
use crate::task::{Task, TaskStatus};

/// How long after its success a task may wait for the URL of its video, in ms. Many gateways have none.
const MAX_URL_DELAY_MS: u64 = 15_000;

/// The result of one poll.
pub(super) enum PollResult {
    /// The task as it stands.
    Task(Box<Task>),
    /// Trouble that may pass: it is reported, and the watch goes on.
    Trouble(WaitingReason, Error),
}

/// One poll, as far as budgets count it.
#[derive(Clone, Copy)]
pub(super) struct Poll {
    /// When its result came.
    pub(super) now: u64,
    /// The longest time since the last result that is not explained by sleep, in ms.
    pub(super) max_gap: u64,
    /// Whether no response came while the browser reported offline.
    pub(super) is_offline: bool,
}

/// One budget for each kind of trouble.
#[derive(Debug)]
pub(super) struct Budgets {
    /// No response, an unreadable one, an error of the server, or throttling.
    outage: Budget,
    /// The service does not know the task.
    not_found: Budget,
    /// The task has succeeded, but has no URL of a video.
    no_video: Budget,
}

impl Budgets {
    pub(super) fn new(polling: &Polling) -> Self {
        Self {
            outage: Budget::new(polling.outage_budget_ms),
            not_found: Budget::new(polling.not_found_grace_ms),
            no_video: Budget::new(polling.not_found_grace_ms.min(MAX_URL_DELAY_MS)),
        }
    }

    /// Pauses all budgets while there is no network.
    pub(super) fn suspend(&mut self) {
        for budget in [&mut self.outage, &mut self.not_found, &mut self.no_video] {
            budget.suspend();
        }
    }

    /// Judges the result of a poll.
    ///
    /// # Errors
    ///
    /// Trouble that cannot pass, or whose budget is spent.
    pub(super) fn judge(&mut self, reply: &Reply, poll: Poll) -> Result<PollResult, Error> {
        let error = match reply.as_ref().map(Answer::read) {
            Ok(Answer::Task(mut task)) => {
                self.judge_task(&mut task, poll);
                return Ok(PollResult::Task(task));
            }
            Ok(Answer::Refused(refusal)) if refusal.is_task_not_found() => {
                let error = self.not_found.spend(poll.now, poll.max_gap, refusal.into_query_error())?;
                return Ok(PollResult::Trouble(WaitingReason::NotFoundYet, error));
            }
            Ok(Answer::Refused(refusal)) => return self.judge_refusal(refusal.into_query_error(), poll),
            Ok(Answer::Unrecognized(response)) => response.into_query_error(),
            // The next request could not be made either.
            Err(error) if !error.is_sent => return Err(error.to_error()),
            Err(error) => {
                let error = error.to_error();
                if poll.is_offline {
                    return Ok(PollResult::Trouble(WaitingReason::Offline, error));
                }
                error
            }
        };
        self.spend_outage(WaitingReason::Unreachable, error, poll)
    }

    fn judge_task(&mut self, task: &mut Task, poll: Poll) {
        self.outage.restore();
        self.not_found.restore();
        // The URL may follow. If it does not, the gateway's content route has the video.
        if task.status == TaskStatus::Succeed
            && task.videos.is_empty()
            && !self.no_video.is_spent(poll.now, poll.max_gap)
        {
            task.status = TaskStatus::Processing;
        }
    }

    fn judge_refusal(&mut self, error: Error, poll: Poll) -> Result<PollResult, Error> {
        let reason = match error.code() {
            // The next poll would say the same.
            ErrorCode::Unauthorized
            | ErrorCode::Forbidden
            | ErrorCode::InsufficientBalance
            | ErrorCode::ContentPolicy => return Err(error),
            _ if is_throttled(&error) => WaitingReason::RateLimited,
            // Also what would be a refusal of the paid request: this one only asks for its task.
            _ => WaitingReason::Unreachable,
        };
        self.spend_outage(reason, error, poll)
    }

    fn spend_outage(&mut self, reason: WaitingReason, error: Error, poll: Poll) -> Result<PollResult, Error> {
        let error = self.outage.spend(poll.now, poll.max_gap, error);
        error.map(|error| PollResult::Trouble(reason, error)).map_err(Error::into_outage)
    }
}
