//! One submission: claim the id, look it up, send once, and find out whether a task was created.
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
//!      │           accepted                     look up a few times
//!      │              │                    found ─────┴───── not found
//!      └─► the task ◄─┴──────────────────────┘              │
//!                                               `submission_unknown`
//! ```
//!
//! Whether a caller may send under an id that was sent before depends on what the caller could know: on the record as it was
//! at the moment of the call ([`Known`]), and never on a clock, on which call gets the lock, or on what another call writes
//! meanwhile. Each attempt to send has a random name, and a record names its attempt.

mod look_up;
mod send;
mod verdict;

use std::cell::RefCell;
use std::future::Future;

pub use self::verdict::Known;
use self::verdict::Verdict;
use super::{Flow, Host};
use crate::endpoint::Service;
use crate::error::Error;
use crate::progress::{Progress, WaitingReason};
use crate::record::{Attempt, Change, RecordState, TaskRecord};
use crate::request::ExternalTaskId;
use crate::retry::Backoff;
use crate::submission::Outcome;
use crate::task::Task;

/// One call of `submit`.
#[derive(Clone, Debug)]
pub struct SubmitCall {
    /// The id to send the request under.
    pub id: ExternalTaskId,
    /// Its record, in state `submitting`, with a new attempt.
    pub record: Box<TaskRecord>,
    /// The record of this id at the moment of the call; `None` if there was none.
    pub known: Option<Known>,
}

/// Why a submission ends without a clear response to a request of its own.
enum End {
    /// The task exists already.
    TaskExists(Box<Task>),
    /// Another submission has claimed the id.
    ClaimLost,
    /// The submission fails.
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A submission under way.
struct Submission<'a, H: Host> {
    flow: &'a Flow<H>,
    service: &'a Service,
    backoff: &'a Backoff,
    call: SubmitCall,
    lock: Option<H::Lock>,
    /// Whether an earlier request under this id may have created the task.
    may_exist: bool,
    /// The change of the record that is right if the call ends now. It is written when the submission is dropped, under its lock.
    on_drop: RefCell<Option<Change>>,
}

impl<H: Host> Drop for Submission<'_, H> {
    fn drop(&mut self) {
        let Some(mut change) = self.on_drop.take() else { return };
        if let Change::Settle(record) = &mut change {
            record.updated_at = self.flow.host.wall();
        }
        self.flow.host.save_later(change, self.lock.take());
    }
}

impl<H: Host> Flow<H> {
    /// Sends the paid request at most once for each call, unless the service throttles it, and finds out whether a task was
    /// created.
    ///
    /// `encode` prepares the body for [`Host::send`] and returns its size in bytes. Meanwhile a task of this id is looked up. That
    /// is free, and checks before a paid request that the URL answers like the service, that it allows requests from this
    /// page, and that the key is valid.
    ///
    /// # Errors
    ///
    /// What the service refused; `Storage` if the record cannot be written, before anything is sent; why the look-up failed;
    /// `SubmissionUnknown`.
    pub async fn submit(
        &self,
        service: &Service,
        backoff: &Backoff,
        call: SubmitCall,
        encode: impl Future<Output = Result<u64, Error>>,
    ) -> Result<Box<Task>, Error> {
        let held = self.host.lock(call.id.as_str(), true).await;
        let was_contended = held.as_ref().is_none_or(|held| held.was_contended);
        let earlier = self.host.load(call.id.as_str()).await?;
        let mut submission = Submission {
            flow: self,
            service,
            backoff,
            call,
            lock: held.map(|held| held.lock),
            may_exist: false,
            on_drop: RefCell::default(),
        };
        let other = match Verdict::of(earlier.as_deref(), submission.call.known.as_ref(), was_contended) {
            Verdict::Accepted(task) => return Ok(task),
            Verdict::Undecided => earlier,
            Verdict::Send { may_exist } => {
                submission.may_exist = may_exist;
                match submission.run(earlier, encode).await {
                    Ok(task) | Err(End::TaskExists(task)) => return Ok(task),
                    Err(End::Failed(error)) => return Err(error),
                    Err(End::ClaimLost) => None,
                }
            }
        };
        // Looks up the task of the other submission. Does not send: only a call that is made after its outcome was recorded as
        // unknown may send.
        submission.on_drop.take();
        // If that fails, the next call looks up again.
        let _ = self.host.save(submission.abandonment(other)).await;
        let why = "another submission under this id was under way when this one was called";
        let id = submission.call.id.as_str();
        let error = Outcome::unknown(why).with_external_task_id(id);
        let mut task = submission.find_task(self.host.now(), error).await?;
        let change = Change::Observe { id: id.to_owned(), task: task.clone(), now: self.host.wall() };
        let _ = self.host.save(change).await;
        task.external_task_id.get_or_insert_with(|| id.to_owned());
        Ok(task)
    }
}

impl<H: Host> Submission<'_, H> {
    /// Claims the id, sends the request, and writes the result to the record.
    async fn run(
        &mut self,
        earlier: Option<Box<TaskRecord>>,
        encode: impl Future<Output = Result<u64, Error>>,
    ) -> Result<Box<Task>, End> {
        let over = earlier.as_ref().map(|earlier| earlier.attempt.clone());
        let (id, attempt) = (self.call.id.as_str().to_owned(), self.call.record.attempt.clone());
        self.write_on_drop(Change::Withdraw { id, attempt, earlier });
        if let Err(end) = self.claim(over).await {
            self.on_drop.take();
            return Err(end);
        }
        let result = match self.send_and_find(encode).await {
            Ok(task) | Err(End::TaskExists(task)) => Ok(task),
            Err(End::ClaimLost) => return Err(End::ClaimLost),
            // An earlier request may have created a task, so sending again is never safe.
            Err(End::Failed(error)) if self.may_exist => Err(error.retryable(false)),
            Err(End::Failed(error)) => Err(error),
        };
        let result = result.map(|mut task| {
            self.settle(&mut task);
            task
        });
        let change = self.on_drop.borrow().clone();
        if let Some(change) = change {
            // If that fails, the caller still gets the result.
            let _ = self.flow.host.save(change).await;
        }
        self.on_drop.take();
        Ok(result?)
    }

    /// Claims the id for this attempt, unless the stored record is no longer that of the attempt `over`.
    async fn claim(&self, over: Option<Attempt>) -> Result<(), End> {
        let claim = Change::Claim { record: self.call.record.clone(), over };
        let stored = self.flow.host.save(claim).await?;
        match stored.as_ref().and_then(|stored| stored.task()) {
            Some(task) => Err(End::TaskExists(task)),
            None if stored.is_some_and(|stored| stored.attempt == self.call.record.attempt) => Ok(()),
            None => Err(End::ClaimLost),
        }
    }

    /// Makes the task of this submission the result that is written to its record.
    fn settle(&self, task: &mut Task) {
        task.found_under(self.call.id.as_str(), &self.service.base);
        task.external_task_id.get_or_insert_with(|| self.call.id.as_str().to_owned());
        let mut record = self.call.record.clone();
        // The task belongs to this record, even if a gateway reports another external id with it.
        record.task_id = Some(task.task_id.clone());
        record.observe(task, self.flow.host.wall());
        self.write_on_drop(Change::Settle(record));
    }

    /// Sets the change that is written if the call ends here.
    fn write_on_drop(&self, change: Change) {
        self.on_drop.replace(Some(change));
    }

    /// Sets the state that is written if the call ends here.
    fn write_state_on_drop(&self, state: RecordState) {
        self.write_on_drop(Change::Settle(self.call.record.in_state(state, self.flow.host.wall())));
    }

    /// Reports why the call waits, and returns the error that was reported.
    fn report_waiting(&self, reason: WaitingReason, elapsed: u64, delay: u64, error: Option<Error>) -> Option<Error> {
        let progress = Progress::Waiting { reason, elapsed, next_poll_in: Some(delay), error };
        self.flow.host.report(&progress);
        if let Progress::Waiting { error, .. } = progress { error } else { None }
    }
}
