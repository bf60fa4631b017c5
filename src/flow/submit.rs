//! One submission: record, ask, send once, and find out what came of it.

use std::cell::RefCell;
use std::future::Future;
use std::mem;

use super::{Flow, Host, Look};
use crate::endpoint::{Service, TransportError};
use crate::error::{Error, ErrorCode};
use crate::poll::Polling;
use crate::progress::{Progress, WaitingReason};
use crate::race::{First, both, race};
use crate::record::{Change, RecordState, TaskRecord};
use crate::request::ExternalTaskId;
use crate::submission::Outcome;
use crate::task::{Task, TaskId};

/// One attempt to submit a request. It knows at any moment what the record must say should nobody go on with it.
#[derive(Debug)]
pub struct Attempt {
    id: ExternalTaskId,
    record: Box<TaskRecord>,
    /// When the caller asked for it.
    begun: u64,
    /// Whether no other tab can be sending under this id.
    is_alone: bool,
    unfinished: RefCell<Option<Change>>,
}

/// Why the paid request is not sent.
enum Stop {
    /// It was, earlier.
    Found(Box<Task>),
    Failed(Error),
}

/// What the paid request came to, unless it was refused.
enum Sent {
    Accepted(Box<Task>),
    /// It cannot be told, and is to be looked into.
    Unclear(Error),
}

/// So often a task is looked for whose submission brought no clear answer.
const LOOKS: u32 = 5;

/// Bytes per ms: what a slow line takes to bring a body up is no stall.
const SLOW_LINE: u64 = 64;

impl Attempt {
    /// An attempt that was asked for at `begun`; `is_alone` when a lock keeps every other tab from sending under this id.
    pub fn new(id: ExternalTaskId, record: Box<TaskRecord>, begun: u64, is_alone: bool) -> Self {
        Self { id, record, begun, is_alone, unfinished: RefCell::default() }
    }

    /// The id under which it is sent.
    pub fn id(&self) -> &ExternalTaskId {
        &self.id
    }

    /// What must be written when the flow was dropped: an abort. Nothing, when there is nothing left to say.
    pub fn unfinished(&self, now: u64) -> Option<Change> {
        let mut change = self.unfinished.borrow_mut().take()?;
        if let Change::Put(record) = &mut change {
            record.updated_at = now;
        }
        Some(change)
    }

    /// Whether a task found under this id is that of this submission: somebody else's may have our id for its own.
    fn made(&self, task: &Task) -> bool {
        task.external_task_id.as_deref().is_none_or(|external| external == self.id.as_str())
    }

    fn intend(&self, change: Option<Change>) {
        *self.unfinished.borrow_mut() = change;
    }

    fn in_state(&self, state: RecordState, now: u64) -> Change {
        Change::Put(self.record.in_state(state, now))
    }

    /// What an earlier submission under this id means for this one: its task, an error, or that it may be sent (again).
    fn judge(&self, earlier: Option<&TaskRecord>, now: u64) -> Result<Option<Box<Task>>, Error> {
        let Some(earlier) = earlier else { return Ok(None) };
        if let Some(task) = earlier.task() {
            return Ok(Some(task));
        }
        let unknown =
            |why| Err(Outcome::unknown(why).detailed(|details| details.external_task_id = Some(self.id.to_string())));
        match earlier.state {
            // The answer to it was awaited by nobody yet when this one was asked for.
            RecordState::Unknown if (self.begun..=now).contains(&earlier.updated_at) => {
                unknown("it was just sent under the same id, without a clear answer")
            }
            RecordState::Submitting if !self.is_alone && !earlier.is_past_any_upload(now) => {
                unknown("it is being sent under the same id, perhaps in another tab")
            }
            _ => Ok(None),
        }
    }
}

impl<H: Host> Flow<H> {
    /// Sends the paid request, at most once for each time that the caller asks for it, and finds out what came of it.
    ///
    /// `encode` makes the body ready for [`Host::send`] and gives its size. While it does, the service is asked for a task
    /// of this id: that costs nothing, and proves before a byte of a paid request leaves that the address answers like the
    /// service, that it lets this page ask, and that the key is good.
    ///
    /// # Errors
    ///
    /// What the service refused; [`ErrorCode::Storage`] when there can be no record, before anything is sent; what kept the
    /// question from being answered; [`ErrorCode::SubmissionUnknown`].
    pub async fn submit(
        &self,
        service: &Service,
        polling: &Polling,
        attempt: &Attempt,
        encode: impl Future<Output = Result<u64, Error>>,
    ) -> Result<Box<Task>, Error> {
        let earlier = self.0.load(attempt.id.as_str()).await?;
        if let Some(task) = attempt.judge(earlier.as_deref(), self.0.now())? {
            return Ok(task);
        }
        let may_exist = earlier.as_ref().is_some_and(|earlier| !earlier.state.is_finished());
        attempt.intend(Some(match earlier {
            Some(earlier) if may_exist => Change::Put(earlier.in_state(RecordState::Unknown, earlier.updated_at)),
            Some(earlier) => Change::Put(earlier),
            None => Change::Remove(attempt.id.to_string()),
        }));
        if let Err(error) = self.0.save(Change::Put(attempt.record.clone())).await {
            attempt.intend(None);
            return Err(error);
        }
        let mut result = self.settle(service, polling, attempt, encode, may_exist).await;
        if may_exist {
            // Nothing makes it safe to send a request again whose first sending may have created a task.
            result = result.map_err(|error| error.retryable(false));
        }
        if let Ok(task) = &mut result {
            task.external_task_id.get_or_insert_with(|| attempt.id.to_string());
            let mut record = attempt.record.clone();
            // It is ours, whatever external id a gateway tells of it.
            record.task_id = Some(task.task_id.clone());
            record.observe(task, self.0.now());
            attempt.intend(Some(Change::Put(record)));
        }
        let change = attempt.unfinished.borrow().clone();
        if let Some(change) = change {
            // Should that fail, what came of the request is still told to the caller.
            let _ = self.0.save(change).await;
        }
        attempt.intend(None);
        result
    }

    /// Asks, sends, and looks; [`Attempt::unfinished`] is at each moment what the record must become.
    ///
    /// `may_exist`: an earlier request under this id may have created the task.
    async fn settle(
        &self,
        service: &Service,
        polling: &Polling,
        attempt: &Attempt,
        encode: impl Future<Output = Result<u64, Error>>,
        may_exist: bool,
    ) -> Result<Box<Task>, Error> {
        let id = TaskId::from(&attempt.id);
        let total =
            match both(self.ask_before_paying(service, &id, attempt), async { encode.await.map_err(Stop::Failed) })
                .await
            {
                Ok(total) => total,
                Err(Stop::Found(task)) => return Ok(task),
                Err(Stop::Failed(error)) => return Err(error),
            };
        let began = self.0.now();
        match self.send_paid(service, polling, attempt, total, may_exist).await? {
            Sent::Accepted(task) => Ok(task),
            Sent::Unclear(error) => self.find(service, polling, attempt, began, error).await,
        }
    }

    /// Sends the paid request: again only when the service refused it for now.
    async fn send_paid(
        &self,
        service: &Service,
        polling: &Polling,
        attempt: &Attempt,
        total: u64,
        may_exist: bool,
    ) -> Result<Sent, Error> {
        let limit = polling.outage_budget.saturating_add(total.checked_div(SLOW_LINE).unwrap_or(0));
        let began = self.0.now();
        let (mut sent, mut refused, mut is_reached) = (0_u32, None, false);
        loop {
            let pass = self.0.gate().enter().await;
            // A service on this machine, or behind a tunnel, needs no network of the browser's.
            if !mem::replace(&mut is_reached, true) && !self.0.online() {
                drop(pass);
                match self.ask_before_paying(service, &TaskId::from(&attempt.id), attempt).await {
                    Ok(()) => continue,
                    Err(Stop::Found(task)) => return Ok(Sent::Accepted(task)),
                    Err(Stop::Failed(_)) => return Err(refused.unwrap_or_else(offline)),
                }
            }
            // Another tab may have found it since, or, where nothing keeps tabs apart, sent it.
            if let Ok(Some(known)) = self.0.load(attempt.id.as_str()).await
                && let Some(task) = known.task()
            {
                return Ok(Sent::Accepted(task));
            }
            self.0.report(&Progress::Uploading { external_task_id: attempt.id.to_string(), total });
            attempt.intend(Some(attempt.in_state(RecordState::Unknown, self.0.now())));
            sent = sent.saturating_add(1);
            let reply = match race(self.0.send(service.create()), self.0.sleep(limit)).await {
                First::Left(reply) => reply,
                First::Right(()) => Err(TransportError { message: "nothing came for a long time".into() }),
            };
            drop(pass);
            let error = match Outcome::of(reply, &attempt.id) {
                Outcome::Accepted(task) => return Ok(Sent::Accepted(task)),
                Outcome::Unknown(error) => return Ok(Sent::Unclear(error)),
                Outcome::Rejected(error) => error,
            };
            let state = if may_exist { RecordState::Unknown } else { RecordState::Rejected };
            attempt.intend(Some(attempt.in_state(state, self.0.now())));
            let elapsed = self.0.now().saturating_sub(began);
            let delay = polling.delay(sent, 0, self.0.chance()).max(error.details().retry_after.unwrap_or(0));
            let may_pass = matches!(error.code(), ErrorCode::RateLimited | ErrorCode::ConcurrencyLimited);
            if !may_pass || !error.is_retryable() || elapsed.saturating_add(delay) > polling.outage_budget {
                return Err(error);
            }
            refused = self.tell_waiting(WaitingReason::RateLimited, elapsed, delay, Some(error));
            self.0.sleep(delay).await;
            is_reached = false;
        }
    }

    /// Looks for the task of a request that brought no clear answer, a few times while there is a network.
    async fn find(
        &self,
        service: &Service,
        polling: &Polling,
        attempt: &Attempt,
        began: u64,
        unclear: Error,
    ) -> Result<Box<Task>, Error> {
        let id = TaskId::from(&attempt.id);
        let (mut unclear, mut looked) = (Some(unclear), 0);
        while looked < LOOKS {
            let elapsed = self.0.now().saturating_sub(began);
            let delay = polling.delay(looked, 0, self.0.chance());
            unclear = self.tell_waiting(WaitingReason::Unreachable, elapsed, delay, unclear);
            self.pause(delay, elapsed).await;
            match self.look(service, &id).await {
                Ok(Look::Found(task)) if attempt.made(&task) => return Ok(task),
                Err(_) if !self.0.online() => {}
                _ => looked = looked.saturating_add(1),
            }
        }
        Err(unclear.unwrap_or_else(|| Outcome::unknown("nothing was found")))
    }

    /// Tells what is waited for, and gives the error back.
    fn tell_waiting(&self, reason: WaitingReason, elapsed: u64, delay: u64, error: Option<Error>) -> Option<Error> {
        let progress = Progress::Waiting { reason, elapsed, next_poll_in: Some(delay), error };
        self.0.report(&progress);
        if let Progress::Waiting { error, .. } = progress { error } else { None }
    }

    async fn ask_before_paying(&self, service: &Service, id: &TaskId, attempt: &Attempt) -> Result<(), Stop> {
        match self.look(service, id).await {
            Ok(Look::Found(task)) if attempt.made(&task) => Err(Stop::Found(task)),
            // Nobody has seen how the real gateway words "no such task" here, and a wrong guess must not stop the main job.
            Ok(Look::Refused(error)) if error.details().status == Some(401) => Err(Stop::Failed(error)),
            Ok(_) => Ok(()),
            Err(error) => Err(Stop::Failed(error)),
        }
    }
}

/// A paid request does not wait for a network to come back, to leave when nobody thinks of it any more.
fn offline() -> Error {
    let message = "this browser has no network; nothing was sent: submit again when there is one";
    Error::new(ErrorCode::Network, message).retryable(true)
}
