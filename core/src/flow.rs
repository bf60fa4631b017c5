//! Submitting, polling and downloading, as async functions over a [`Host`]: requests, timers, storage, locks, clocks, random
//! numbers, the network's state, other tabs.
//!
//! This module names no browser. In a test the host is a script, and a wait of 37 minutes runs in microseconds.

mod connectivity;
pub mod download;
pub mod keep;
pub mod records;
pub mod submit;
pub mod tabs;
pub mod watch;

use std::future::Future;

use self::connectivity::Connectivity;
use self::tabs::TabMessage;
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

/// The response to a request, or why there is none.
pub type Reply = Result<HttpResponse, TransportError>;

/// What ended a rest.
#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    /// The time has passed.
    TimePassed,
    /// The page became visible or hidden, or the browser went online or offline.
    PageEvent,
    /// Another tab that watches the same task sent a message.
    Message(TabMessage),
}

/// A lock that was granted.
#[derive(Debug)]
pub struct Held<L> {
    /// Releases the lock when it is dropped.
    pub lock: L,
    /// Whether another call held the lock at the moment of the request.
    pub was_contended: bool,
}

/// The browser, as a flow uses it. A flow that is dropped drops the futures of its host, which ends every request and timer.
///
/// A trait, and not closures: with the one host that a browser has, each flow is compiled once.
pub trait Host {
    /// A lock on an external task id, released when it is dropped.
    type Lock;
    /// The bytes of a video.
    type Video;
    /// Sends a request.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Reply>;
    /// Limits how many requests run at once.
    fn gate(&self) -> &Gate;
    /// Sleeps for `milliseconds`; `u64::MAX` never returns.
    fn sleep(&self, milliseconds: u64) -> impl Future<Output = ()>;
    /// Sleeps for `milliseconds`, or until an event of the page or a message of another tab.
    fn rest(&self, milliseconds: u64) -> impl Future<Output = Wake>;
    /// Whether the browser reports a network.
    fn is_online(&self) -> bool;
    /// Whether the page is visible.
    fn is_visible(&self) -> bool;
    /// Sends a message to the other tabs that watch the same task.
    fn broadcast(&self, message: TabMessage);
    /// ms, by a clock that only goes forward and that no change of the date affects. All intervals and budgets are measured
    /// by it.
    fn now(&self) -> u64;
    /// ms since 1970, by the wall clock, which may stand still, jump or run backwards. It only dates records and tells how old
    /// a task is.
    fn wall(&self) -> u64;
    /// A random number, evenly distributed over all numbers.
    fn random(&self) -> u32;
    /// Calls the caller's progress listener.
    fn report(&self, progress: &Progress);
    /// Reads the record with this id, ours or the service's.
    fn load(&self, id: &str) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>>;
    /// Reads all records, newest first.
    fn list(&self) -> impl Future<Output = Result<Vec<Box<TaskRecord>>, Error>>;
    /// Applies a change to the stored record in one transaction, and returns the record as it is stored afterwards. The change
    /// is durable once the future resolves.
    fn save(&self, change: Change) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>>;
    /// Applies a change although the call that requests it has ended, and then releases the lock.
    fn save_later(&self, change: Change, lock: Option<Self::Lock>);
    /// Reads the video kept for the record with this id, ours or the service's.
    fn kept_video(&self, id: &str) -> impl Future<Output = Result<Option<Self::Video>, Error>>;
    /// Keeps a video for the record with this id, as a whole or not at all. It is durable once the future resolves.
    fn keep_video(&self, id: &str, video: &Self::Video) -> impl Future<Output = Result<(), Error>>;
    /// Locks an external task id against every other call in this browser. If another call holds the lock: waits for it, or
    /// returns `None`. Where the browser has no locks, the lock may be granted although another tab holds it.
    fn lock(&self, id: &str, wait: bool) -> impl Future<Output = Option<Held<Self::Lock>>>;
}

/// The flows over one host.
#[derive(Clone, Copy, Debug)]
pub struct Flow<H> {
    host: H,
}

/// The result of one look-up by external task id.
enum LookUp {
    /// The task exists.
    Found(Box<Task>),
    /// The service does not find the task. It may exist all the same.
    NotFound(Error),
    /// The service answers with another error.
    Refused(Error),
}

impl<H: Host> Flow<H> {
    /// Flows over this host.
    pub fn new(host: H) -> Self {
        Self { host }
    }

    /// Gets a task with one request.
    ///
    /// # Errors
    ///
    /// Why there is no task, with its id. A task that failed is returned as a task.
    pub async fn task(&self, service: &Service, id: &TaskId) -> Result<Box<Task>, Error> {
        match self.look_up(service, id, true).await {
            Ok(LookUp::Found(task)) => Ok(task),
            Ok(LookUp::NotFound(error) | LookUp::Refused(error)) | Err(error) => {
                Err(error.with_task_ids(id.as_str(), None))
            }
        }
    }

    /// Looks up an unknown submission once. `None` does not prove that no task exists.
    ///
    /// # Errors
    ///
    /// When there is no response, or an error of the service that is not about the task.
    pub async fn reconcile(&self, service: &Service, id: &TaskId) -> Result<Option<Box<Task>>, Error> {
        match self.look_up(service, id, true).await? {
            LookUp::Found(task) => Ok(Some(task)),
            LookUp::NotFound(_) => Ok(None),
            LookUp::Refused(error) => Err(error),
        }
    }

    /// Gets a task that was created elsewhere, and makes a record of it.
    ///
    /// # Errors
    ///
    /// As [`Flow::task`]; [`ErrorCode::Storage`].
    pub async fn adopt(&self, service: &Service, id: &TaskId) -> Result<Box<Task>, Error> {
        let task = self.task(service, id).await?;
        self.record_task(&task.task_id, &task, true).await?;
        Ok(task)
    }

    /// Looks a task up once. `is_recorded`: whether to write its state to its record, if there is one.
    async fn look_up(&self, service: &Service, id: &TaskId, is_recorded: bool) -> Result<LookUp, Error> {
        let response = self.query(service.query(id), None).await.map_err(|error| error.to_error())?;
        match Answer::read(&response) {
            Answer::Task(mut task) => {
                task.found_under(id.as_str(), &service.base);
                if is_recorded {
                    // A failing storage loses no task.
                    let _ = self.record_task(id.as_str(), &task, false).await;
                }
                Ok(LookUp::Found(task))
            }
            Answer::Refused(refusal) if refusal.is_task_not_found() => Ok(LookUp::NotFound(refusal.into_query_error())),
            Answer::Refused(refusal) => Ok(LookUp::Refused(refusal.into_query_error())),
            Answer::Unrecognized(response) if response.is_json() => Ok(LookUp::NotFound(response.into_query_error())),
            Answer::Unrecognized(response) => Err(response.into_query_error()),
        }
    }

    /// Writes the state of a task to the record with this id. If there is none, `adopts` says whether to make one.
    async fn record_task(&self, id: &str, task: &Task, adopts: bool) -> Result<(), Error> {
        let mut stored = self.host.load(id).await?;
        // The record of a submission whose result could not be written has no task yet.
        if let (None, Some(external)) = (&stored, &task.external_task_id) {
            stored = self.host.load(external).await?.filter(|record| record.task_id.is_none());
        }
        let now = self.host.wall();
        let change = match stored {
            Some(mut record) => record.observe(task, now).then(|| Change::Observe {
                id: record.external_task_id,
                task: Box::new(task.clone()),
                now,
            }),
            None => adopts.then(|| Change::Adopt(Box::new(TaskRecord::adopted(task, now)))),
        };
        if let Some(change) = change {
            self.host.save(change).await?;
        }
        Ok(())
    }

    /// Sends a request for a task, once the gate admits it. Gives up at the deadline.
    async fn query(&self, request: HttpRequest, deadline: Option<u64>) -> Reply {
        let left = || deadline.map_or(u64::MAX, |deadline| deadline.saturating_sub(self.host.now()));
        let First::Left(_pass) = race(self.host.gate().enter(), self.host.sleep(left())).await else {
            return Err(no_data());
        };
        debug_assert_eq!(request.method, Method::Get, "a request that is repeated must be free");
        match race(self.host.send(request), self.host.sleep(left().min(STALL_MS))).await {
            First::Left(reply) => reply,
            First::Right(()) => Err(no_data()),
        }
    }

    /// Waits `delay` ms, and then for as long as the browser reports offline and is believed.
    async fn pause(&self, delay: u64, elapsed: u64) {
        let mut countdown = Countdown::new(self.host.now(), delay);
        let mut connectivity = Connectivity::default();
        loop {
            let now = self.host.now();
            let doubt = connectivity.offline_doubt(&self.host, now, || elapsed);
            let left = countdown.remaining(now).max(doubt);
            if left == 0 {
                return;
            }
            self.host.rest(left).await;
        }
    }
}

/// The error of a request that went without data for too long.
fn no_data() -> TransportError {
    TransportError::new("no data within the time limit")
}

/// Whether the service throttles this account's requests.
fn is_throttled(error: &Error) -> bool {
    matches!(error.code(), ErrorCode::RateLimited | ErrorCode::ConcurrencyLimited)
}

/// The error of a task that succeeded without any video.
#[must_use]
pub fn no_video_url() -> Error {
    Error::new(ErrorCode::Protocol, "the service reports success, but no video URL")
}

/// The last task that a [`Watch`](watch::Watch) returned, if it succeeded.
///
/// # Errors
///
/// [`ErrorCode::TaskFailed`]
pub fn succeeded(last: Option<Box<Task>>) -> Result<Box<Task>, Error> {
    let Some(task) = last else { return Err(Error::new(ErrorCode::Internal, "the watch ended without a task")) };
    if task.status == TaskStatus::Succeed {
        return Ok(task);
    }
    let reason = task.status_message.as_deref();
    let message = format!("the service reports that the task failed: {}", reason.unwrap_or("no reason given"));
    let error = Error::new(ErrorCode::TaskFailed, message).with_reason(reason.unwrap_or_default());
    Err(error.with_task_ids(&task.task_id, task.external_task_id.as_deref()))
}
