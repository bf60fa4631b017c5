//! Sending the paid request.

use std::mem;

use super::super::{Host, is_throttled, no_data};
use super::{End, Submission};
use crate::error::{Error, ErrorCode};
use crate::progress::{Progress, WaitingReason};
use crate::race::{First, both, race};
use crate::record::{Attempt, Change, RecordState, TaskRecord};
use crate::submission::Outcome;
use crate::task::Task;

impl<H: Host> Submission<'_, H> {
    /// Looks the id up while the body is prepared, sends the paid request, and looks the id up again if the response is unclear.
    /// Sends again only if the service throttles the request.
    pub(super) async fn send_and_find(
        &mut self,
        encode: impl Future<Output = Result<u64, Error>>,
    ) -> Result<Box<Task>, End> {
        let total = both(self.look_up_before_paying(), encode).await?;
        let host = &self.flow.host;
        let limit = self.backoff.max_silence_ms(total);
        let (began, began_at) = (host.now(), host.wall());
        let (mut sent, mut throttled, mut is_looked_up) = (0_u32, None, false);
        loop {
            let pass = host.gate().enter().await;
            // A look-up that succeeds proves that the service is reachable although the browser reports offline: it may run on
            // this machine or behind a tunnel. And a request that was throttled may be one that the browser or a gateway had
            // repeated by itself, whose first copy has created the task.
            if !mem::replace(&mut is_looked_up, true) && (sent > 0 || !host.is_online()) {
                drop(pass);
                match self.look_up_before_paying().await {
                    Ok(()) => continue,
                    Err(End::Failed(_)) => return Err(throttled.unwrap_or_else(offline).into()),
                    Err(end @ (End::TaskExists(_) | End::ClaimLost)) => return Err(end),
                }
            }
            let record = host.load(self.call.id.as_str()).await?;
            if let Some(over) = self.check_claim(record)? {
                self.claim(Some(over)).await?;
            }
            host.report(&Progress::Uploading { external_task_id: self.call.id.as_str().to_owned(), total });
            let before = self.on_drop.borrow().clone();
            self.write_state_on_drop(RecordState::Unknown);
            sent = sent.saturating_add(1);
            let reply = match race(host.send(self.service.create()), host.sleep(limit)).await {
                First::Left(reply) => reply,
                First::Right(()) => Err(no_data()),
            };
            drop(pass);
            let error = match Outcome::of(reply, &self.call.id) {
                Outcome::Accepted(task) => return Ok(task),
                Outcome::Unknown(error) => return Ok(self.find_task(began, error).await?),
                Outcome::NotSent(error) => {
                    self.on_drop.replace(before);
                    return Err(error.into());
                }
                Outcome::Rejected(error) => error,
            };
            if self.may_exist {
                self.write_state_on_drop(RecordState::Unknown);
            } else {
                let mut rejected = self.call.record.in_state(RecordState::Rejected, host.wall());
                rejected.status_message = Some(error.message().to_owned());
                self.write_on_drop(Change::Settle(rejected));
            }
            let elapsed = host.now().saturating_sub(began);
            let delay = self.backoff.delay(sent, host.random()).max(error.details().retry_after.unwrap_or(0));
            let is_within_budget = elapsed.saturating_add(delay) <= self.backoff.budget_ms;
            if !is_throttled(&error) || !error.is_retryable() || !is_within_budget {
                return Err(error.into());
            }
            throttled = self.report_waiting(WaitingReason::RateLimited, elapsed, delay, Some(error));
            host.sleep(delay).await;
            // After a night of sleep, the user has moved on. The clock of `now` may stand still meanwhile.
            let slept = host.now().saturating_sub(began).max(host.wall().saturating_sub(began_at));
            if slept > self.backoff.budget_ms {
                return Err(throttled.unwrap_or_else(offline).into());
            }
            is_looked_up = false;
        }
    }

    /// Checks right before each paid request that this attempt still holds the claim on the id. Where the browser has no locks,
    /// another tab may have claimed the id, or may have marked this attempt as abandoned. Returns the attempt to claim the id
    /// from.
    fn check_claim(&mut self, record: Option<Box<TaskRecord>>) -> Result<Option<Attempt>, End> {
        let Some(record) = record else { return Err(End::ClaimLost) };
        if let Some(task) = record.task() {
            return Err(End::TaskExists(task));
        }
        if record.attempt != self.call.record.attempt {
            return Err(End::ClaimLost);
        }
        if record.state == RecordState::Submitting {
            return Ok(None);
        }
        // Later callers read this attempt as one of unknown outcome, and may send: so this call goes on as a new attempt.
        self.call.record.attempt.renew();
        if let Some(Change::Withdraw { attempt, .. }) = &mut *self.on_drop.borrow_mut() {
            attempt.clone_from(&self.call.record.attempt);
        }
        Ok(Some(record.attempt))
    }
}

/// Offline, a submission fails at once: a paid request must not leave later, when the user has moved on.
fn offline() -> Error {
    let message = "this browser is offline; nothing was sent: submit again when it is online";
    Error::new(ErrorCode::Network, message).retryable(true)
}
