//! Submitting and waiting, as async functions over what the host lends: `send`, `sleep`, `load`, `save`, a clock, chance, an
//! ear, the network's state, the other tabs.
//!
//! Nothing here knows a browser. In a test the host is a script, and a wait of 37 minutes runs in microseconds.

mod connectivity;
pub mod download;
pub mod echo;
pub mod keep;
pub mod records;
pub mod submit;
pub mod watch;

use std::future::Future;

use self::connectivity::Connectivity;
use self::echo::Echo;
use crate::answer::Answer;
use crate::delay::Countdown;
use crate::endpoint::{HttpRequest, HttpResponse, Method, Service, TransportError};
use crate::error::{Error, ErrorCode};
use crate::gate::Gate;
use crate::progress::Progress;
use crate::race::{First, race};
use crate::record::{Change, TaskRecord};
use crate::task::{Task, TaskId, TaskStatus};

/// How long one request may go without a response before it counts as an outage, in ms.
const STALL_MS: u64 = 30_000;

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

/// A lock that was granted.
#[derive(Debug)]
pub struct Held<L> {
    /// Releases the lock when it is dropped.
    pub lock: L,
    /// Whether another call held it when it was asked for.
    pub was_contended: bool,
}

/// What the host lends to a flow. Dropping a flow drops what it has borrowed, and so ends every request and timer.
///
/// A trait, and not closures: with the one host that a browser has, each flow is compiled once.
pub trait Host {
    /// A lock on an external task id, released when it is dropped.
    type Lock;
    /// The bytes of a video.
    type Video;
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
    /// ms, by a clock that only goes forward and that no change of the date affects. All intervals and budgets are measured
    /// by it.
    fn now(&self) -> u64;
    /// ms since 1970, by the wall clock, which may stand still, jump or run backwards. It only dates records and tells how old
    /// a task is.
    fn wall(&self) -> u64;
    /// Any number, evenly spread.
    fn chance(&self) -> u32;
    /// Is told how far a flow is.
    fn report(&self, progress: &Progress);
    /// Brings the record with this external or service's id.
    fn load(&self, id: &str) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>>;
    /// Brings all records, newest first.
    fn list(&self) -> impl Future<Output = Result<Vec<Box<TaskRecord>>, Error>>;
    /// Applies a change to the record that stands, in one transaction, and brings the record that stands afterwards. It is
    /// durable once the future resolves.
    fn save(&self, change: Change) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>>;
    /// Applies a change although the call that asks for it is over, and then releases the lock.
    fn save_later(&self, change: Change, lock: Option<Self::Lock>);
    /// Brings the video kept for the record with this id, ours or the service's.
    fn kept(&self, id: &str) -> impl Future<Output = Result<Option<Self::Video>, Error>>;
    /// Keeps a video for the record with this id, all of it or nothing. It is durable once the future resolves.
    fn keep(&self, id: &str, video: &Self::Video) -> impl Future<Output = Result<(), Error>>;
    /// Locks an external task id against every other call in this browser: waits for it, or gives `None` if another call holds
    /// it. Where the browser has no locks, it may be granted although another tab holds it.
    fn lock(&self, id: &str, wait: bool) -> impl Future<Output = Option<Held<Self::Lock>>>;
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
            Answer::Task(mut task) => {
                task.found_under(id.as_str());
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
        match self.0.load(&task.task_id).await? {
            Some(known) => self.observe(known, &task).await?,
            None => {
                self.0.save(Change::Adopt(Box::new(TaskRecord::adopted(&task, self.0.wall())))).await?;
            }
        }
        Ok(task)
    }

    async fn look(&self, service: &Service, id: &TaskId) -> Result<Look, Error> {
        let response = self.ask(service, id, None).await.map_err(TransportError::into_error)?;
        match Answer::read(&response) {
            Answer::Task(mut task) => {
                task.found_under(id.as_str());
                Ok(Look::Found(task))
            }
            Answer::Refused(refusal) if refusal.is_task_not_found() => Ok(Look::Absent),
            Answer::Refused(refusal) => Ok(Look::Refused(refusal.into_query_error())),
            Answer::Odd(odd) if odd.is_json() => Ok(Look::Absent),
            Answer::Odd(odd) => Err(odd.into_query_error()),
        }
    }

    /// Brings the record of the task up to date. A storage that fails keeps nobody from watching.
    async fn keep(&self, id: &TaskId, task: &Task) {
        if let Ok(Some(record)) = self.0.load(id.as_str()).await {
            let _ = self.observe(record, task).await;
        }
    }

    /// Writes what the service says of a task, if that is news.
    async fn observe(&self, mut record: Box<TaskRecord>, task: &Task) -> Result<(), Error> {
        let (id, now) = (record.external_task_id.clone(), self.0.wall());
        if record.observe(task, now) {
            self.0.save(Change::Observe { id, task: Box::new(task.clone()), now }).await?;
        }
        Ok(())
    }

    /// Asks for a task, when it is its turn, and gives up at the caller's deadline.
    async fn ask(&self, service: &Service, id: &TaskId, deadline: Option<u64>) -> Reply {
        let left = || deadline.map_or(u64::MAX, |deadline| deadline.saturating_sub(self.0.now()));
        let nothing = || Err(TransportError::new("nothing came within the time for one question"));
        let First::Left(_pass) = race(self.0.gate().enter(), self.0.sleep(left())).await else { return nothing() };
        let request = service.query(id);
        debug_assert_eq!(request.method, Method::Get, "a repeated question must cost nothing");
        match race(self.0.send(request), self.0.sleep(left().min(STALL_MS))).await {
            First::Left(reply) => reply,
            First::Right(()) => nothing(),
        }
    }

    /// Waits `delay` ms, and then for as long as the browser is offline and believed.
    async fn pause(&self, delay: u64, elapsed: u64) {
        let mut countdown = Countdown::new(self.0.now(), delay);
        let mut connectivity = Connectivity::default();
        loop {
            let now = self.0.now();
            let doubt = connectivity.offline_doubt(&self.0, now, || elapsed);
            let left = countdown.remaining(now).max(doubt);
            if left == 0 {
                return;
            }
            self.0.rest(left).await;
        }
    }
}

/// The error of a success without any URL.
fn no_url() -> Error {
    Error::new(ErrorCode::Protocol, "the service reports success, but no URL of a video")
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
