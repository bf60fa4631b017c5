//! One submission: claim the id, ask, send once, and find out what came of it.
//!
//! ```text
//!            lock, read the record
//!                     │
//!      ┌──────────────┼───────────────────────────────┐
//!  has a task   may be sent (again)        another submission under this id was
//!      │              │                    under way when the caller called
//!      │        claim: `submitting`                   │
//!      │              │                               │
//!      │   encode + look up ──── fails ──► as before  │
//!      │              │                               │
//!      │            POST ◄─── backoff ──┐             │
//!      │              ├── throttled ────┘             │
//!      │              ├── refused ──► `rejected`      │
//!      │              ├── unclear ──► `unknown` ──────┤
//!      │           accepted                      look up a few times
//!      │              │                    found ─────┴───── not found
//!      └─► the task ◄─┴──────────────────────┘              │
//!                                               `submission_unknown`
//! ```
//!
//! Whether a caller may send under an id that was sent before depends on what could be known when it called: on the record as
//! it was then ([`Known`]), and never on a clock, on who gets the lock, or on what another call writes meanwhile. Each attempt
//! to send has a random name, and a record names its attempt.

mod verdict;

use std::cell::RefCell;
use std::future::Future;
use std::mem;

pub use self::verdict::Known;
use self::verdict::Verdict;
use super::{Flow, Host, Look};
use crate::endpoint::{Service, TransportError};
use crate::error::{Error, ErrorCode};
use crate::progress::{Progress, WaitingReason};
use crate::race::{First, both, race};
use crate::record::{Attempt, Change, RecordState, TaskRecord};
use crate::request::ExternalTaskId;
use crate::retry::Backoff;
use crate::submission::Outcome;
use crate::task::{Task, TaskId};

/// A submission as the caller asked for it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The id to send it under.
    pub id: ExternalTaskId,
    /// Its record, in state `submitting`, with an attempt of its own.
    pub record: Box<TaskRecord>,
    /// The record of this id when the caller called; `None` if there was none.
    pub known: Option<Known>,
}

/// How many times to look up a task after an unclear response.
const LOOK_UPS: u32 = 5;

/// Bytes per ms: an upload this slow is not taken for a stall.
const SLOW_LINE_BYTES_PER_MS: u64 = 64;

/// Why the paid request is not sent.
enum Stop {
    /// Its task exists already.
    Found(Box<Task>),
    /// Another submission has taken the id.
    Taken,
    Failed(Error),
}

/// What the paid request came to, unless it was refused.
enum Sent {
    Accepted(Box<Task>),
    /// Unknown whether it created a task.
    Unclear(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A submission under way. It knows at each moment what the record must become if the call ends there, and writes that when it
/// is dropped, under its lock.
struct Submission<'a, H: Host> {
    flow: &'a Flow<H>,
    service: &'a Service,
    backoff: &'a Backoff,
    asked: Asked,
    lock: Option<H::Lock>,
    /// Whether an earlier request under this id may have created the task.
    may_exist: bool,
    unfinished: RefCell<Option<Change>>,
}

impl<H: Host> Drop for Submission<'_, H> {
    fn drop(&mut self) {
        let Some(mut change) = self.unfinished.take() else { return };
        if let Change::Settle(record) = &mut change {
            record.updated_at = self.flow.0.wall();
        }
        self.flow.0.save_later(change, self.lock.take());
    }
}

impl<H: Host> Flow<H> {
    /// Sends the paid request, at most once for each time that the caller asks for it, and finds out what came of it.
    ///
    /// `encode` makes the body ready for [`Host::send`] and gives its size. Meanwhile the service is asked for a task of this
    /// id: that costs nothing, and shows before a byte of a paid request leaves that the URL answers like the service, that it
    /// allows requests from this page, and that the key is good.
    ///
    /// # Errors
    ///
    /// What the service refused; [`ErrorCode::Storage`] when there can be no record, before anything is sent; what kept the
    /// look-up from being answered; [`ErrorCode::SubmissionUnknown`].
    pub async fn submit(
        &self,
        service: &Service,
        backoff: &Backoff,
        asked: Asked,
        encode: impl Future<Output = Result<u64, Error>>,
    ) -> Result<Box<Task>, Error> {
        let held = self.0.lock(asked.id.as_str(), true).await;
        let was_contended = held.as_ref().is_none_or(|held| held.was_contended);
        let earlier = self.0.load(asked.id.as_str()).await?;
        let mut submission = Submission {
            flow: self,
            service,
            backoff,
            asked,
            lock: held.map(|held| held.lock),
            may_exist: false,
            unfinished: RefCell::default(),
        };
        let other = match Verdict::of(earlier.as_deref(), submission.asked.known.as_ref(), was_contended) {
            Verdict::Accepted(task) => return Ok(task),
            Verdict::Undecided => earlier,
            Verdict::Send { may_exist } => {
                submission.may_exist = may_exist;
                match submission.run(earlier, encode).await {
                    Ok(task) | Err(Stop::Found(task)) => return Ok(task),
                    Err(Stop::Failed(error)) => return Err(error),
                    Err(Stop::Taken) => None,
                }
            }
        };
        submission.find_of_another(other).await
    }
}

impl<H: Host> Submission<'_, H> {
    /// Claims the id, sends, and writes what came of it.
    async fn run(
        &mut self,
        earlier: Option<Box<TaskRecord>>,
        encode: impl Future<Output = Result<u64, Error>>,
    ) -> Result<Box<Task>, Stop> {
        let over = earlier.as_ref().map(|earlier| earlier.attempt.clone());
        let (id, attempt) = (self.asked.id.to_string(), self.asked.record.attempt.clone());
        self.intend(Change::Withdraw { id, attempt, earlier });
        if let Err(stop) = self.claim(over).await {
            self.unfinished.take();
            return Err(stop);
        }
        let result = match self.settle(encode).await {
            Ok(task) | Err(Stop::Found(task)) => Ok(task),
            Err(Stop::Taken) => return Err(Stop::Taken),
            // Nothing makes it safe to send a request again whose first sending may have created a task.
            Err(Stop::Failed(error)) if self.may_exist => Err(error.retryable(false)),
            Err(Stop::Failed(error)) => Err(error),
        };
        Ok(self.finished(result).await?)
    }

    /// Writes what the submission came to.
    async fn finished(&self, mut result: Result<Box<Task>, Error>) -> Result<Box<Task>, Error> {
        if let Ok(task) = &mut result {
            task.found_under(self.asked.id.as_str());
            task.external_task_id.get_or_insert_with(|| self.asked.id.to_string());
            let mut record = self.asked.record.clone();
            // It is ours, whatever external id a gateway reports with it.
            record.task_id = Some(task.task_id.clone());
            record.observe(task, self.flow.0.wall());
            self.intend(Change::Settle(record));
        }
        let change = self.unfinished.borrow().clone();
        if let Some(change) = change {
            // Should that fail, what came of the request is still reported to the caller.
            let _ = self.flow.0.save(change).await;
        }
        self.unfinished.take();
        result
    }

    /// Takes the id for this attempt, unless the record is another one by now than the attempt `over`.
    async fn claim(&self, over: Option<Attempt>) -> Result<(), Stop> {
        let claim = Change::Claim { record: self.asked.record.clone(), over };
        let stands = self.flow.0.save(claim).await?;
        match stands.as_ref().and_then(|stands| stands.task()) {
            Some(task) => Err(Stop::Found(task)),
            None if stands.is_some_and(|stands| stands.attempt == self.asked.record.attempt) => Ok(()),
            None => Err(Stop::Taken),
        }
    }

    /// Looks up, sends, and looks up again if the response is unclear.
    async fn settle(&mut self, encode: impl Future<Output = Result<u64, Error>>) -> Result<Box<Task>, Stop> {
        let total = both(self.look_up_before_paying(), async { Ok(encode.await?) }).await?;
        let began = self.flow.0.now();
        match self.send_paid(total).await? {
            Sent::Accepted(task) => Ok(task),
            Sent::Unclear(error) => Ok(self.find(began, error).await?),
        }
    }

    /// Sends the paid request: again only when the service throttled it.
    async fn send_paid(&mut self, total: u64) -> Result<Sent, Stop> {
        let host = &self.flow.0;
        let limit = self.backoff.budget_ms.saturating_add(total.checked_div(SLOW_LINE_BYTES_PER_MS).unwrap_or(0));
        let began = host.now();
        let (mut sent, mut refused, mut is_reached) = (0_u32, None, false);
        loop {
            let pass = host.gate().enter().await;
            // A service on this machine, or behind a tunnel, needs no network of the browser's.
            if !mem::replace(&mut is_reached, true) && !host.online() {
                drop(pass);
                match self.look_up_before_paying().await {
                    Ok(()) => continue,
                    Err(Stop::Failed(_)) => return Err(refused.unwrap_or_else(offline).into()),
                    Err(stop) => return Err(stop),
                }
            }
            self.check_claim().await?;
            host.report(&Progress::Uploading { external_task_id: self.asked.id.to_string(), total });
            let before = self.unfinished.borrow().clone();
            self.intend_state(RecordState::Unknown);
            sent = sent.saturating_add(1);
            let reply = match race(host.send(self.service.create()), host.sleep(limit)).await {
                First::Left(reply) => reply,
                First::Right(()) => Err(TransportError::new("nothing came for a long time")),
            };
            drop(pass);
            let error = match Outcome::of(reply, &self.asked.id) {
                Outcome::Accepted(task) => return Ok(Sent::Accepted(task)),
                Outcome::Unknown(error) => return Ok(Sent::Unclear(error)),
                Outcome::NotSent(error) => {
                    self.unfinished.replace(before);
                    return Err(error.into());
                }
                Outcome::Rejected(error) => error,
            };
            self.intend_state(if self.may_exist { RecordState::Unknown } else { RecordState::Rejected });
            let elapsed = host.now().saturating_sub(began);
            let delay = self.backoff.delay(sent, host.chance()).max(error.details().retry_after.unwrap_or(0));
            let is_throttled = matches!(error.code(), ErrorCode::RateLimited | ErrorCode::ConcurrencyLimited);
            if !is_throttled || !error.is_retryable() || elapsed.saturating_add(delay) > self.backoff.budget_ms {
                return Err(error.into());
            }
            refused = self.report_waiting(WaitingReason::RateLimited, elapsed, delay, Some(error));
            host.sleep(delay).await;
            is_reached = false;
        }
    }

    /// Checks right before each paid request that the id is still claimed by this attempt. Where the browser has no locks,
    /// another tab may have taken it, or may have taken this tab for gone.
    async fn check_claim(&mut self) -> Result<(), Stop> {
        let Some(record) = self.flow.0.load(self.asked.id.as_str()).await? else { return Err(Stop::Taken) };
        if let Some(task) = record.task() {
            return Err(Stop::Found(task));
        }
        if record.attempt != self.asked.record.attempt {
            return Err(Stop::Taken);
        }
        if record.state == RecordState::Submitting {
            return Ok(());
        }
        // Callers since then know this attempt as one of unknown outcome, and may send: from here on it is another one.
        self.asked.record.attempt.renew();
        if let Some(Change::Withdraw { attempt, .. }) = &mut *self.unfinished.borrow_mut() {
            attempt.clone_from(&self.asked.record.attempt);
        }
        self.claim(Some(record.attempt)).await
    }

    /// Looks for the task of an earlier request whose outcome the caller could not know. It sends nothing: only a call made
    /// after that outcome was recorded as unknown may do that.
    async fn find_of_another(&mut self, earlier: Option<Box<TaskRecord>>) -> Result<Box<Task>, Error> {
        self.unfinished.take();
        let host = &self.flow.0;
        let change = match earlier {
            Some(earlier) => Change::Abandon { id: earlier.external_task_id, attempt: earlier.attempt },
            // So that the next call knows.
            None => Change::Claim { record: self.asked.record.in_state(RecordState::Unknown, host.wall()), over: None },
        };
        // Should that fail, the next call knows no more than this one.
        let _ = host.save(change).await;
        let why = "another submission under this id was under way when this one was called";
        let error =
            Outcome::unknown(why).detailed(|details| details.external_task_id = Some(self.asked.id.to_string()));
        let mut task = self.find(host.now(), error).await?;
        let change = Change::Observe { id: self.asked.id.to_string(), task: task.clone(), now: host.wall() };
        let _ = host.save(change).await;
        task.external_task_id.get_or_insert_with(|| self.asked.id.to_string());
        Ok(task)
    }

    /// Looks up the task of a request without a clear response, a few times while there is a network.
    async fn find(&self, began: u64, unclear: Error) -> Result<Box<Task>, Error> {
        let (flow, host, id) = (self.flow, &self.flow.0, TaskId::from(&self.asked.id));
        let (mut unclear, mut looked) = (Some(unclear), 0);
        while looked < LOOK_UPS {
            let elapsed = host.now().saturating_sub(began);
            let delay = self.backoff.delay(looked, host.chance());
            unclear = self.report_waiting(WaitingReason::Unreachable, elapsed, delay, unclear);
            flow.pause(delay, elapsed).await;
            // Another call may have found it.
            if let Ok(Some(record)) = host.load(id.as_str()).await
                && let Some(task) = record.task()
            {
                return Ok(task);
            }
            match flow.look(self.service, &id).await {
                Ok(Look::Found(task)) if self.created(&task) => return Ok(task),
                Err(_) if !host.online() => {}
                _ => looked = looked.saturating_add(1),
            }
        }
        Err(unclear.unwrap_or_else(|| Outcome::unknown("no task was found")))
    }

    async fn look_up_before_paying(&self) -> Result<(), Stop> {
        match self.flow.look(self.service, &TaskId::from(&self.asked.id)).await {
            Ok(Look::Found(task)) if self.created(&task) => Err(Stop::Found(task)),
            // Nobody has seen how the real gateway words "no such task" here, and a wrong guess must not stop the main job.
            Ok(Look::Refused(error)) if error.details().status == Some(401) => Err(Stop::Failed(error)),
            Ok(_) => Ok(()),
            Err(error) => Err(Stop::Failed(error)),
        }
    }

    /// Whether a task found under this id is that of this submission: another account's task may have our id for its own.
    fn created(&self, task: &Task) -> bool {
        task.external_task_id.as_deref().is_none_or(|external| external == self.asked.id.as_str())
    }

    /// Notes what must be written if the call ends here.
    fn intend(&self, change: Change) {
        self.unfinished.replace(Some(change));
    }

    fn intend_state(&self, state: RecordState) {
        self.intend(Change::Settle(self.asked.record.in_state(state, self.flow.0.wall())));
    }

    /// Reports what the call waits for, and gives the error back.
    fn report_waiting(&self, reason: WaitingReason, elapsed: u64, delay: u64, error: Option<Error>) -> Option<Error> {
        let progress = Progress::Waiting { reason, elapsed, next_poll_in: Some(delay), error };
        self.flow.0.report(&progress);
        if let Progress::Waiting { error, .. } = progress { error } else { None }
    }
}

/// Offline, a submission fails at once: a paid request must not leave later, when the user has moved on.
fn offline() -> Error {
    let message = "this browser has no network; nothing was sent: submit again when there is one";
    Error::new(ErrorCode::Network, message).retryable(true)
}
