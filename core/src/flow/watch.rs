//! Polling one task until it has ended, together with the other tabs that watch it.
//!
//! ```text
//!            ┌────────────────────────────────────────────────────────────────┐
//!            ▼                                                                │
//!          rest ───────────── timeout passed ────────────► error `timeout`    │
//!            │                                                                │
//!     ┌──────┴───────────────┐                                                │
//!   due                another tab sent its result                            │
//!     │                      │                                                │
//!   poll                     │                                                │
//!     └──────┬───────────────┘                                                │
//!            ▼                                                                │
//!          judge ── cannot pass, or budget spent ────────► its error          │
//!            │                                                                │
//!            ├── trouble that may pass, or task unchanged ────────────────────┤
//!            │                                                                │
//!          report the changed task ── not final ──────────────────────────────┘
//!            │
//!            └── final ──► end
//! ```
//!
//! | Step | Struct |
//! |---|---|
//! | rest | `Schedule`: when to poll next; `Connectivity`: whether to believe a browser that reports offline |
//! | judge | `Budgets`: how long each kind of trouble is tolerated |
//! | report | `Reporting`: what the caller and its listener have not received yet |
//! | poll | `Freshness`: whether a cache of the site answers in place of the service |
//!
//! Tabs that watch the same task announce each poll and send each other its result. A tab that receives a result uses it, and
//! waits slightly longer than the sender announced for its next poll; if no message comes, it polls itself. A visible tab takes
//! over from a hidden one. No tab needs to know which others there are.

mod budgets;
mod freshness;
mod reporting;
mod schedule;

use self::budgets::{Budgets, Poll, PollResult};
use self::freshness::Freshness;
use self::reporting::Reporting;
pub use self::schedule::timed_out;
use self::schedule::{MIN_GAP_MS, Schedule};
use super::connectivity::Connectivity;
use super::tabs::{POLL_TIMEOUT_MS, TabMessage};
use super::{Flow, Host, Reply, Wake};
use crate::endpoint::Service;
use crate::error::Error;
use crate::poll::Polling;
use crate::task::{Task, TaskId};

/// Polls one task; [`next`](Self::next) returns each change.
#[derive(Debug)]
pub struct Watch {
    service: Service,
    id: TaskId,
    has_ended: bool,
    schedule: Schedule,
    connectivity: Connectivity,
    budgets: Budgets,
    freshness: Freshness,
    reporting: Reporting,
}

/// What ends a rest.
enum Step {
    /// It is time to poll.
    Poll,
    /// Another tab has polled, and will poll again; this tab waits for `pause` ms.
    Use { reply: Reply, pause: u64 },
}

impl Watch {
    /// Watches a task of unknown state: polls at once.
    pub fn new(service: Service, id: TaskId, polling: Polling, now: u64) -> Self {
        Self {
            service,
            id,
            has_ended: false,
            schedule: Schedule::new(polling, now),
            connectivity: Connectivity::unproven(),
            budgets: Budgets::new(&polling),
            freshness: Freshness::default(),
            reporting: Reporting::default(),
        }
    }

    /// For a task that was just accepted: polls after the first delay.
    #[must_use]
    pub fn accepted(mut self, task: Option<Box<Task>>, random: u32) -> Self {
        self.schedule.delay_first_poll(random);
        self.reporting = Reporting::accepted(task);
        self
    }

    /// Gives up `timeout` ms after `now`.
    #[must_use]
    pub fn within(mut self, now: u64, timeout: Option<u64>) -> Self {
        self.schedule.give_up_after(now, timeout);
        self
    }

    /// Returns the task as the first poll finds it, then whenever its status, message or videos change; `None` after its end.
    ///
    /// May be dropped at any await and called again.
    ///
    /// # Errors
    ///
    /// Trouble that cannot pass (`Unauthorized`, `Forbidden`, …), trouble whose budget is spent (`Network`, `TaskNotFound`, …),
    /// or `Timeout`.
    pub async fn next(&mut self, flow: &Flow<impl Host>) -> Result<Option<Box<Task>>, Error> {
        while !self.has_ended {
            let step = self.rest(flow).await.map_err(|error| self.with_ids(error))?;
            let began = flow.host.now();
            let (reply, pause) = match step {
                Step::Poll => (self.poll(flow).await, None),
                Step::Use { reply, pause } => (reply, Some(pause)),
            };
            let now = flow.host.now();
            let result = self.judge(&reply, began, now, flow.host.is_online());
            if self.freshness.is_refused(&reply, &result, pause.is_none()) {
                self.schedule.poll_after(now, MIN_GAP_MS);
                continue;
            }
            let result = result.map_err(|error| self.with_ids(error))?;
            let delay = self.schedule.next_delay(now, flow.host.random());
            self.schedule.poll_after(now, pause.unwrap_or(delay));
            if pause.is_none() {
                flow.host.broadcast(TabMessage::result(reply, delay, flow.host.is_visible()));
            }
            if let Some(task) = self.reporting.record(result, self.schedule.was_first_poll()) {
                self.has_ended = task.status.is_final();
                // A failing storage ends no watch.
                let _ = flow.record_task(self.id.as_str(), &task, false).await;
                return Ok(Some(task));
            }
        }
        Ok(None)
    }

    /// Waits until it is time to poll, or until another tab sends the result of its poll.
    async fn rest(&mut self, flow: &Flow<impl Host>) -> Result<Step, Error> {
        let host = &flow.host;
        loop {
            let now = host.now();
            self.schedule.check_deadline(now)?;
            let watched_for = self.schedule.watched_for(now);
            let was_offline = self.connectivity.was_offline();
            let reporting = &self.reporting;
            let doubt = self.connectivity.offline_doubt(host, now, || reporting.elapsed(host, watched_for));
            if self.connectivity.was_offline() {
                self.budgets.suspend();
                self.reporting.skip();
            } else if was_offline {
                self.schedule.bring_forward();
            }
            let until_poll = self.schedule.until_poll(now);
            // Even if it is time to poll: writing a record may take longer than the shortest intervals.
            self.reporting.report(host, watched_for, until_poll);
            let left = until_poll.max(doubt);
            if left == 0 {
                return Ok(Step::Poll);
            }
            match host.rest(self.schedule.until_deadline(left, now)).await {
                Wake::TimePassed => {}
                Wake::PageEvent => self.schedule.bring_forward(),
                Wake::Message(message) => {
                    if let Some(step) = self.receive(message, host) {
                        return Ok(step);
                    }
                }
            }
        }
    }

    /// Takes a message of another tab: the announcement of a poll, or its result.
    fn receive(&mut self, mut message: TabMessage, host: &impl Host) -> Option<Step> {
        let now = host.now();
        // However rarely that tab polls: it may be gone long before its next poll.
        let max_delay = self.schedule.max_next_delay(now).max(POLL_TIMEOUT_MS);
        message.next_poll_in = message.next_poll_in.min(max_delay);
        let pause = message.pause(host.is_visible(), host.random());
        if let Some(reply) = message.reply {
            return Some(Step::Use { reply, pause });
        }
        self.schedule.poll_after(now, pause);
        None
    }

    /// Announces a poll to the other tabs, and polls.
    fn poll(&self, flow: &Flow<impl Host>) -> impl Future<Output = Reply> {
        flow.host.broadcast(TabMessage::announcement(flow.host.is_visible()));
        let mut request = self.service.query(&self.id);
        if self.freshness.is_doubtful() {
            request.distinguish(flow.host.random());
        }
        flow.query(request, self.schedule.deadline())
    }

    /// Judges the result of a poll that was sent at `began`.
    fn judge(&mut self, reply: &Reply, began: u64, now: u64, is_online: bool) -> Result<PollResult, Error> {
        let max_gap = self.schedule.count_poll(now.saturating_sub(began));
        self.connectivity.update(reply.is_ok(), is_online);
        let is_offline = reply.is_err() && !is_online;
        let mut result = self.budgets.judge(reply, Poll { now, max_gap, is_offline })?;
        if let PollResult::Task(task) = &mut result {
            task.found_under(self.id.as_str(), &self.service.base);
        }
        Ok(result)
    }

    fn with_ids(&self, error: Error) -> Error {
        self.reporting.with_ids(&self.id, error)
    }
}
