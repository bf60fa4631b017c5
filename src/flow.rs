//! Submitting and waiting, as async functions over what the host lends: `send`, `sleep`, `load`, `save`, a clock, chance, an
//! ear.
//!
//! Nothing here knows a browser. In a test the host is a script, and a wait of 37 minutes runs in microseconds.

pub mod submit;
pub mod watch;

use std::future::Future;
use std::pin::Pin;

use crate::answer::Answer;
use crate::endpoint::{HttpRequest, HttpResponse, Method, Service, TransportError};
use crate::error::{Error, ErrorCode};
use crate::poll::STALL;
use crate::progress::Progress;
use crate::race::{First, race};
use crate::record::{Change, TaskRecord};
use crate::task::{Task, TaskId, TaskStatus};

/// Something that the host brings later. Dropping it ends whatever the host began for it.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A record, if there is one.
pub type Loaded = Result<Option<Box<TaskRecord>>, Error>;

/// What the host lends to a flow. Dropping a flow drops what it has borrowed, and so ends every request and timer.
///
/// Boxed, so that the flows are compiled once, and not into each other: that is a tenth of the module's size.
#[expect(missing_debug_implementations, reason = "closures have none")]
pub struct Host<'a> {
    /// Sends a request and brings its answer, or says that none came.
    pub send: Box<dyn Fn(HttpRequest) -> Later<'a, Result<HttpResponse, TransportError>> + 'a>,
    /// Sleeps for so many ms.
    pub sleep: Box<dyn Fn(u64) -> Later<'a, ()> + 'a>,
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
        match self.ask(service, id, STALL).await {
            Err(error) => Err(named(error.into_error())),
            Ok(Answer::Task(task)) => {
                self.keep(id, &task).await;
                Ok(task)
            }
            Ok(Answer::Refused(refusal)) => Err(named(refusal.into_query_error())),
            Ok(Answer::Odd(odd)) => Err(named(odd.into_query_error())),
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
        match self.ask(service, id, STALL).await {
            Err(error) => Err(error.into_error()),
            Ok(Answer::Task(task)) => Ok(Look::Found(task)),
            Ok(Answer::Refused(refusal)) if refusal.is_task_not_found() => Ok(Look::Absent),
            Ok(Answer::Refused(refusal)) => Ok(Look::Refused(refusal.into_query_error())),
            Ok(Answer::Odd(odd)) if odd.is_json() => Ok(Look::Absent),
            Ok(Answer::Odd(odd)) => Err(odd.into_query_error()),
        }
    }

    /// Brings the record of the task up to date. A storage that fails keeps nobody from watching.
    async fn keep(&self, id: &TaskId, task: &Task) {
        let Ok(Some(mut record)) = (self.load)(id.to_string()).await else { return };
        if record.observe(task, (self.now)()) {
            let _ = (self.save)(Change::Put(record)).await;
        }
    }

    async fn ask(&self, service: &Service, id: &TaskId, within: u64) -> Result<Answer, TransportError> {
        let request = service.query(id);
        debug_assert_eq!(request.method, Method::Get, "a repeated question must cost nothing");
        match race((self.send)(request), (self.sleep)(within)).await {
            First::Left(result) => result.map(|response| Answer::read(&response)),
            First::Right(()) => Err(TransportError { message: "nothing came within the time for one question".into() }),
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
