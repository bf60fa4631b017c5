//! What the caller and its listener learn of the polls.

use std::mem;

use super::super::Host;
use super::budgets::PollResult;
use crate::error::Error;
use crate::progress::{Progress, WaitingReason};
use crate::task::{Task, TaskId};

/// The last results, and what the listener has not received yet.
#[derive(Debug, Default)]
pub(super) struct Reporting {
    /// The task as a poll last found it.
    task: Option<Box<Task>>,
    /// When the task was created, by the service's clock.
    created: Option<u64>,
    /// What was wrong with the last poll.
    trouble: Option<(WaitingReason, Error)>,
    /// Whether the listener has not received the last result yet.
    is_due: bool,
}

impl Reporting {
    /// Begins with the task that a submission returned.
    pub(super) fn accepted(task: Option<Box<Task>>) -> Self {
        Self { is_due: task.is_some(), task, ..Self::default() }
    }

    /// Takes the result of a poll. Returns the task if the caller should see it: the first time, after each change, and at its
    /// end.
    pub(super) fn record(&mut self, result: PollResult, is_first_poll: bool) -> Option<Box<Task>> {
        self.is_due = true;
        let task = match result {
            PollResult::Task(task) => task,
            PollResult::Trouble(reason, error) => {
                self.trouble = Some((reason, error));
                return None;
            }
        };
        self.trouble = None;
        self.created = task.created_at.or(self.created);
        let is_news =
            is_first_poll || task.status.is_final() || self.task.as_ref().is_none_or(|last| task.differs_from(last));
        let news = is_news.then(|| task.clone());
        self.task = Some(task);
        news
    }

    /// Calls the listener with the last result, unless it has received it.
    pub(super) fn report(&mut self, host: &impl Host, watched_for: u64, next_poll_in: u64) {
        if !mem::take(&mut self.is_due) {
            return;
        }
        let elapsed = self.elapsed(host, watched_for);
        let progress = match (self.trouble.take(), &self.task) {
            (Some((reason, error)), _) => {
                Progress::Waiting { reason, elapsed, next_poll_in: Some(next_poll_in), error: Some(error) }
            }
            (None, Some(task)) => Progress::Watching { task: task.clone(), elapsed, next_poll_in },
            (None, None) => return,
        };
        host.report(&progress);
    }

    /// Does not report the last result: the listener has received that the browser is offline.
    pub(super) fn skip(&mut self) {
        self.is_due = false;
    }

    /// The ms since the task was created, by the wall clock; since the watch began, where that is unknown or the clock is wrong.
    pub(super) fn elapsed(&self, host: &impl Host, watched_for: u64) -> u64 {
        self.created.map_or(watched_for, |created| host.wall().saturating_sub(created).max(watched_for))
    }

    /// The error with the ids of the task.
    pub(super) fn with_ids(&self, id: &TaskId, error: Error) -> Error {
        match &self.task {
            Some(task) => error.with_task_ids(&task.task_id, task.external_task_id.as_deref()),
            None => error.with_task_ids(id.as_str(), None),
        }
    }
}
