//! Submitting and waiting, as async functions over what the host lends: `send`, `sleep`, `load`, `save`, a clock, chance, an
//! ear, the network's state, the other tabs.
//!
//! Nothing here knows a browser. In a test the host is a script, and a wait of 37 minutes runs in microseconds.

pub mod download;
pub mod echo;
pub mod submit;
pub mod watch;

use std::future::Future;

use self::echo::Echo;
use crate::answer::Answer;
use crate::endpoint::{HttpRequest, HttpResponse, Method, Service, TransportError};
use crate::error::{Error, ErrorCode};
use crate::gate::Gate;
use crate::poll::{STALL, Turn};
use crate::progress::{Progress, WaitingReason};
use crate::race::{First, race};
use crate::record::{Change, TaskRecord};
use crate::task::{Task, TaskId, TaskStatus};

/// How long a browser is believed that says it has no network, in ms: some say so wrongly, and a service on the same machine
/// needs none.
const DOUBT: u64 = 60_000;

/// What a request comes to.
pub type Reply = Result<HttpResponse, TransportError>;

/// What ended a rest.
#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    /// Its time.
    Time,
    /// Somebody looks at the page again, or the network came or went.
    Seen,
    /// Another tab that watches the same task.
    Heard(Echo),
}

/// What the host lends to a flow. Dropping a flow drops what it has borrowed, and so ends every request and timer.
///
/// A trait, and not closures: with the one host that a browser has, each flow is compiled once.
pub trait Host {
    /// Sends a request and brings its answer, or says that none came.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Reply>;
    /// Lets only so many requests out at once.
    fn gate(&self) -> &Gate;
    /// Sleeps for so many ms; the most that there are is for ever.
    fn sleep(&self, milliseconds: u64) -> impl Future<Output = ()>;
    /// Sleeps for so many ms, unless something happens.
    fn rest(&self, milliseconds: u64) -> impl Future<Output = Wake>;
    /// Whether the browser believes that it has a network.
    fn online(&self) -> bool;
    /// Whether somebody may be looking at the page.
    fn seen(&self) -> bool;
    /// Tells the other tabs that watch the same task.
    fn tell(&self, echo: Echo);
    /// ms since 1970, by the wall clock.
    fn now(&self) -> u64;
    /// Any number, evenly spread.
    fn chance(&self) -> u32;
    /// Is told how far a flow is.
    fn report(&self, progress: &Progress);
    /// Brings the record with this external or service's id.
    fn load(&self, id: &str) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>>;
    /// Writes a record, or removes it. It has happened for good when it is over.
    fn save(&self, change: Change) -> impl Future<Output = Result<(), Error>>;
}

/// The flows over one host.
#[derive(Clone, Copy, Debug)]
pub struct Flow<H>(pub H);

/// What a look for a task came to.
enum Look {
    /// It is there.
    Found(Box<Task>),
    /// Nobody knows it, which proves nothing.
    Absent,
    /// The service answers, and says something else.
    Refused(Error),
}

impl<H: Host> Flow<H> {
    /// Asks for a task once.
    ///
    /// # Errors
    ///
    /// What went wrong, with the id of the task. A failed task is an answer, not an error.
    pub async fn task(&self, service: &Service, id: &TaskId) -> Result<Box<Task>, Error> {
        let named = |error: Error| error.detailed(|details| details.task_id = Some(id.as_str().to_owned()));
        let response = self.ask(service, id, None).await.map_err(|error| named(error.into_error()))?;
        match Answer::read(&response) {
            Answer::Task(task) => {
                self.keep(id, &task).await;
                Ok(task)
            }
            Answer::Refused(refusal) => Err(named(refusal.into_query_error())),
            Answer::Odd(odd) => Err(named(odd.into_query_error())),
        }
    }

    /// Looks once for the task of an unknown submission. Nothing proves nothing.
    ///
    /// # Errors
    ///
    /// When the question was not answered, or with a refusal that says nothing of the task.
    pub async fn reconcile(&self, service: &Service, id: &TaskId) -> Result<Option<Box<Task>>, Error> {
        match self.look(service, id).await? {
            Look::Found(task) => {
                self.keep(id, &task).await;
                Ok(Some(task))
            }
            Look::Absent => Ok(None),
            Look::Refused(error) => Err(error),
        }
    }

    /// Asks for a task that was created elsewhere, and makes a record of it.
    ///
    /// # Errors
    ///
    /// As [`Flow::task`]; [`ErrorCode::Storage`].
    pub async fn adopt(&self, service: &Service, id: &TaskId) -> Result<Box<Task>, Error> {
        let task = self.task(service, id).await?;
        let now = self.0.now();
        let mut record = Box::new(TaskRecord::adopted(&task, now));
        let mut known = self.0.load(&task.task_id).await?;
        if known.is_none() {
            known = self.0.load(&record.external_task_id).await?;
            if known.as_ref().is_some_and(|known| known.task_id.is_some()) {
                // A repeat that was charged too: both have the same id of ours, and each its own record.
                record.external_task_id.clone_from(&task.task_id);
                known = None;
            }
        }
        if let Some(mut known) = known {
            if !known.observe(&task, now) {
                return Ok(task);
            }
            record = known;
        }
        self.0.save(Change::Put(record)).await?;
        Ok(task)
    }

    async fn look(&self, service: &Service, id: &TaskId) -> Result<Look, Error> {
        let response = self.ask(service, id, None).await.map_err(TransportError::into_error)?;
        match Answer::read(&response) {
            Answer::Task(task) => Ok(Look::Found(task)),
            Answer::Refused(refusal) if refusal.is_task_not_found() => Ok(Look::Absent),
            Answer::Refused(refusal) => Ok(Look::Refused(refusal.into_query_error())),
            Answer::Odd(odd) if odd.is_json() => Ok(Look::Absent),
            Answer::Odd(odd) => Err(odd.into_query_error()),
        }
    }

    /// Brings the record of the task up to date. A storage that fails keeps nobody from watching.
    async fn keep(&self, id: &TaskId, task: &Task) {
        let Ok(Some(mut record)) = self.0.load(id.as_str()).await else { return };
        if record.observe(task, self.0.now()) {
            let _ = self.0.save(Change::Put(record)).await;
        }
    }

    /// Asks for a task, when it is its turn, and gives up at the caller's deadline.
    async fn ask(&self, service: &Service, id: &TaskId, deadline: Option<u64>) -> Reply {
        let left = || deadline.map_or(u64::MAX, |deadline| deadline.saturating_sub(self.0.now()));
        let nothing = || Err(TransportError { message: "nothing came within the time for one question".into() });
        let First::Left(_pass) = race(self.0.gate().enter(), self.0.sleep(left())).await else { return nothing() };
        let request = service.query(id);
        debug_assert_eq!(request.method, Method::Get, "a repeated question must cost nothing");
        match race(self.0.send(request), self.0.sleep(left().min(STALL))).await {
            First::Left(reply) => reply,
            First::Right(()) => nothing(),
        }
    }

    /// Rests for so many ms, and then on while the browser says that there is no network, and is believed.
    async fn pause(&self, delay: u64, elapsed: u64) {
        let mut turn = Turn::after(self.0.now(), delay);
        let mut doubt: Option<Turn> = None;
        loop {
            let now = self.0.now();
            let mut left = turn.left(now);
            if self.0.online() {
                doubt = None;
            } else {
                let doubt = doubt.get_or_insert_with(|| {
                    let reason = WaitingReason::Offline;
                    self.0.report(&Progress::Waiting { reason, elapsed, next_poll_in: None, error: None });
                    Turn::after(now, DOUBT)
                });
                left = left.max(doubt.left(now));
            }
            if left == 0 {
                return;
            }
            self.0.rest(left).await;
        }
    }
}

/// The task that a [`Watch`](watch::Watch) saw last, if that is what one waits for.
///
/// # Errors
///
/// [`ErrorCode::TaskFailed`]
pub fn succeeded(last: Option<Box<Task>>) -> Result<Box<Task>, Error> {
    let Some(task) = last else { return Err(Error::new(ErrorCode::Internal, "the watch ended without a task")) };
    if task.status == TaskStatus::Succeed {
        return Ok(task);
    }
    let reason = task.status_message.as_deref().unwrap_or("without a reason");
    let error = Error::new(ErrorCode::TaskFailed, format!("the service reports that the task failed: {reason}"));
    Err(error.detailed(|details| {
        details.task_id = Some(task.task_id);
        details.external_task_id = task.external_task_id;
    }))
}
