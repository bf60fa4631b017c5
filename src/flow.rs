//! Submitting and waiting, as async functions over what the host lends: `send`, `sleep`, `load`, `save`, a clock, chance, an
//! ear, the network's state, the other tabs.
//!
//! Nothing here knows a browser. In a test the host is a script, and a wait of 37 minutes runs in microseconds.

pub mod download;
pub mod echo;
pub mod submit;
pub mod watch;

use std::future::Future;
use std::pin::Pin;

use self::echo::Echo;
use crate::answer::Answer;
use crate::endpoint::{HttpRequest, HttpResponse, Method, Service, TransportError};
use crate::error::{Error, ErrorCode};
use crate::gate::Gate;
use crate::poll::STALL;
use crate::progress::{Progress, WaitingReason};
use crate::race::{First, race};
use crate::record::{Change, TaskRecord};
use crate::task::{Task, TaskId, TaskStatus};

/// Something that the host brings later. Dropping it ends whatever the host began for it.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What a request comes to.
pub type Reply = Result<HttpResponse, TransportError>;

/// A record, if there is one.
pub type Loaded = Result<Option<Box<TaskRecord>>, Error>;

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
/// Boxed, so that the flows are compiled once, and not into each other: that is a tenth of the module's size.
#[expect(missing_debug_implementations, reason = "closures have none")]
pub struct Host<'a> {
    /// Sends a request and brings its answer, or says that none came.
    pub send: Box<dyn Fn(HttpRequest) -> Later<'a, Reply> + 'a>,
    /// Lets only so many requests out at once.
    pub gate: &'a Gate,
    /// Sleeps for so many ms.
    pub sleep: Box<dyn Fn(u64) -> Later<'a, ()> + 'a>,
    /// Sleeps for so many ms, unless something happens.
    pub rest: Box<dyn Fn(u64) -> Later<'a, Wake> + 'a>,
    /// Whether the browser believes that it has a network.
    pub online: Box<dyn Fn() -> bool + 'a>,
    /// Whether somebody may be looking at the page.
    pub seen: Box<dyn Fn() -> bool + 'a>,
    /// Tells the other tabs that watch the same task.
    pub tell: Box<dyn Fn(Echo) + 'a>,
    /// ms since 1970, by the wall clock.
    pub now: Box<dyn Fn() -> u64 + 'a>,
    /// Any number, evenly spread.
    pub chance: Box<dyn Fn() -> u32 + 'a>,
    /// Is told how far a flow is.
    pub report: Box<dyn Fn(&Progress) + 'a>,
    /// Brings the record with this external or service's id.
    pub load: Box<dyn Fn(String) -> Later<'a, Loaded> + 'a>,
    /// Writes a record, or removes it. It has happened for good when it is over.
    pub save: Box<dyn Fn(Change) -> Later<'a, Result<(), Error>> + 'a>,
}

/// What a look for a task came to.
enum Look {
    /// It is there.
    Found(Box<Task>),
    /// Nobody knows it, which proves nothing.
    Absent,
    /// The service answers, and says something else.
    Refused(Error),
}

impl Host<'_> {
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
    /// As [`Host::task`]; [`ErrorCode::Storage`].
    pub async fn adopt(&self, service: &Service, id: &TaskId) -> Result<Box<Task>, Error> {
        let task = self.task(service, id).await?;
        let mut known = (self.load)(task.task_id.clone()).await?;
        if let (None, Some(external)) = (&known, &task.external_task_id) {
            known = (self.load)(external.clone()).await?;
        }
        let now = (self.now)();
        let record = match known {
            Some(mut record) => record.observe(&task, now).then_some(record),
            None => Some(Box::new(TaskRecord::adopted(&task, now))),
        };
        if let Some(record) = record {
            (self.save)(Change::Put(record)).await?;
        }
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
        let Ok(Some(mut record)) = (self.load)(id.to_string()).await else { return };
        if record.observe(task, (self.now)()) {
            let _ = (self.save)(Change::Put(record)).await;
        }
    }

    /// Asks for a task, when it is its turn, and gives up at the caller's deadline.
    async fn ask(&self, service: &Service, id: &TaskId, deadline: Option<u64>) -> Reply {
        let left = || deadline.map_or(u64::MAX, |deadline| deadline.saturating_sub((self.now)()));
        let nothing = || Err(TransportError { message: "nothing came within the time for one question".into() });
        let First::Left(_pass) = race(self.gate.enter(), (self.sleep)(left())).await else { return nothing() };
        let request = service.query(id);
        debug_assert_eq!(request.method, Method::Get, "a repeated question must cost nothing");
        match race((self.send)(request), (self.sleep)(left().min(STALL))).await {
            First::Left(reply) => reply,
            First::Right(()) => nothing(),
        }
    }

    /// Rests for so many ms, and then on for as long as there is no network, and says so.
    async fn pause(&self, delay: u64, elapsed: u64) {
        let until = (self.now)().saturating_add(delay);
        let mut is_told = false;
        loop {
            let left = until.saturating_sub((self.now)()).min(delay);
            let is_online = (self.online)();
            if is_online && left == 0 {
                return;
            }
            if !is_online && !is_told {
                let reason = WaitingReason::Offline;
                (self.report)(&Progress::Waiting { reason, elapsed, next_poll_in: None, error: None });
            }
            is_told = !is_online;
            (self.rest)(if is_online { left } else { STALL }).await;
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
