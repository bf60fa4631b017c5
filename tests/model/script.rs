//! A scripted host: responses from a list, a clock that sleeping moves forward, and a store in memory.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, pending};
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kling_core::endpoint::{ApiKey, BaseUrl, HttpRequest, HttpResponse, Method, Service, Status, TransportError};
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::tabs::TabMessage;
use kling_core::flow::watch::Watch;
use kling_core::flow::{Flow, Held, Host, Reply, Wake, succeeded};
use kling_core::gate::Gate;
use kling_core::poll::Polling;
use kling_core::progress::{Progress, WaitingReason};
use kling_core::record::{Change, TaskRecord, Write};
use kling_core::task::{Task, TaskId};

pub(crate) const SECOND: u64 = 1000;
pub(crate) const MINUTE: u64 = 60 * SECOND;

/// Where a flow stops for ever, so that a test can drop it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// Before the save of this number, counted from 0.
    Save(u32),
    /// At the first GET request.
    Get,
    /// While the paid request is being sent.
    Post,
    /// At the first sleep after the paid request.
    Sleep,
}

/// A scripted host: responses from a list, a clock that sleeping moves forward, and a store in memory.
pub(crate) struct Script {
    /// The responses to GET requests, and to POST requests once `posts` is empty.
    pub(crate) answers: RefCell<VecDeque<Reply>>,
    /// The responses to POST requests.
    pub(crate) posts: RefCell<VecDeque<Reply>>,
    /// The response to every request after those.
    pub(crate) fallback: Option<Reply>,
    /// The requests, with the time of each.
    pub(crate) requests: RefCell<Vec<(u64, HttpRequest)>>,
    /// What the progress listener received.
    pub(crate) reports: RefCell<Vec<Progress>>,
    pub(crate) now: Cell<u64>,
    /// The wall clock; `None`: the same as `now`.
    pub(crate) wall: Cell<Option<u64>>,
    /// Whether another call holds the lock on every id.
    pub(crate) is_lock_held: Cell<bool>,
    pub(crate) records: RefCell<BTreeMap<String, TaskRecord>>,
    /// The kept videos, by the id under which they were kept.
    pub(crate) videos: RefCell<BTreeMap<String, String>>,
    pub(crate) saves: Cell<u32>,
    /// How many changes were written by [`Host::save_later`].
    pub(crate) saves_after_end: Cell<u32>,
    /// How many calls of `submit` there were.
    pub(crate) attempts: Cell<u32>,
    /// How long each save takes, in ms.
    pub(crate) save_takes_ms: u64,
    /// The number of the first save that fails; all later ones fail too.
    pub(crate) saves_fail_from: Option<u32>,
    /// Where the flow stops for ever.
    pub(crate) halt: Option<Halt>,
    pub(crate) is_halted: Cell<bool>,
    pub(crate) gate: Gate,
    /// When the browser is offline.
    pub(crate) offline: Range<u64>,
    /// If set, the browser is online and offline by turns, for this many ms each.
    pub(crate) blink_ms: Option<u64>,
    /// How much later than requested each rest ends, in ms: the machine sleeps, or the tab is frozen.
    pub(crate) nap_ms: u64,
    /// How much later than requested each sleep ends, in ms.
    pub(crate) nap_in_sleep_ms: u64,
    /// When a rest ends early, and why.
    pub(crate) wakes: RefCell<VecDeque<(u64, Wake)>>,
    /// Whether the page is visible.
    pub(crate) is_visible: Cell<bool>,
    /// The messages sent to other tabs.
    pub(crate) messages: RefCell<Vec<TabMessage>>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            answers: RefCell::default(),
            posts: RefCell::default(),
            fallback: None,
            requests: RefCell::default(),
            reports: RefCell::default(),
            now: Cell::default(),
            wall: Cell::default(),
            is_lock_held: Cell::default(),
            records: RefCell::default(),
            videos: RefCell::default(),
            saves: Cell::default(),
            saves_after_end: Cell::default(),
            attempts: Cell::default(),
            save_takes_ms: 0,
            saves_fail_from: None,
            halt: None,
            is_halted: Cell::default(),
            gate: Gate::new(6),
            offline: 0..0,
            blink_ms: None,
            nap_ms: 0,
            nap_in_sleep_ms: 0,
            wakes: RefCell::default(),
            is_visible: Cell::new(true),
            messages: RefCell::default(),
        }
    }
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Reply>) -> Self {
        Self { answers: RefCell::new(answers.into_iter().collect()), ..Self::default() }
    }

    pub(crate) fn then_always(mut self, answer: Reply) -> Self {
        self.fallback = Some(answer);
        self
    }

    pub(crate) fn run<T>(&self, flow: impl AsyncFnOnce(&dyn Fn() -> u64) -> T) -> T {
        block_on(flow(&|| self.now.get()))
    }

    pub(crate) fn wait(&self, timeout: Option<u64>) -> Result<Box<Task>, Error> {
        self.wait_on(Watch::new(service(), id(), Polling::default(), 0).within(0, timeout))
    }

    pub(crate) fn wait_on(&self, mut watch: Watch) -> Result<Box<Task>, Error> {
        self.run(async |_| {
            let (flow, mut last) = (self.flow(), None);
            while let Some(task) = watch.next(&flow).await? {
                last = Some(task);
            }
            succeeded(last)
        })
    }

    pub(crate) fn times(&self) -> Vec<u64> {
        self.requests.borrow().iter().map(|(time, _)| *time).collect()
    }

    pub(crate) fn count(&self, method: Method) -> usize {
        self.requests.borrow().iter().filter(|(_, request)| request.method == method).count()
    }

    pub(crate) fn reasons(&self) -> Vec<WaitingReason> {
        let reason = |progress: &Progress| match progress {
            Progress::Waiting { reason, .. } => Some(*reason),
            _ => None,
        };
        self.reports.borrow().iter().filter_map(reason).collect()
    }

    pub(crate) fn put(&self, record: TaskRecord) {
        self.records.borrow_mut().insert(record.external_task_id.clone(), record);
    }

    /// Applies a change, and returns the stored record.
    pub(crate) fn write(&self, change: &Change) -> Option<TaskRecord> {
        let current = self.records.borrow().get(change.id()).cloned();
        match change.apply(current.as_ref()) {
            Write::Nothing => current,
            Write::Put(record) => {
                self.put((*record).clone());
                Some(*record)
            }
            Write::Remove => {
                self.records.borrow_mut().remove(change.id());
                None
            }
        }
    }

    pub(crate) fn flow(&self) -> Flow<&Self> {
        Flow::new(self)
    }

    async fn answer(&self, request: HttpRequest) -> Reply {
        let method = request.method;
        self.requests.borrow_mut().push((self.now.get(), request));
        let halts_here = if method == Method::Post { Halt::Post } else { Halt::Get };
        if self.halt == Some(halts_here) {
            return self.stand_still().await;
        }
        let post = if method == Method::Post { self.posts.borrow_mut().pop_front() } else { None };
        let answer = post.or_else(|| self.answers.borrow_mut().pop_front());
        match answer.or_else(|| self.fallback.clone()).expect("a request beyond the script") {
            // A connection on which no response ever comes.
            Ok(response) if response.status == Status::Code(STALLED) => pending().await,
            answer => answer,
        }
    }

    async fn halt_at_sleep(&self) {
        let has_sent = self.count(Method::Post) > 0;
        if self.is_halted.get() || self.halt == Some(Halt::Sleep) && has_sent && self.is_answered() {
            pending::<()>().await;
        }
    }

    /// Whether all scripted responses to POST requests were used.
    fn is_answered(&self) -> bool {
        self.posts.borrow().is_empty()
    }

    async fn stand_still<T>(&self) -> T {
        self.is_halted.set(true);
        pending().await
    }
}

impl Host for &Script {
    type Lock = ();
    type Video = String;

    async fn send(&self, request: HttpRequest) -> Reply {
        self.answer(request).await
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }

    async fn sleep(&self, milliseconds: u64) {
        self.halt_at_sleep().await;
        // A wall clock of its own is the only one that goes on.
        if let Some(wall) = self.wall.get() {
            self.wall.set(Some(wall.saturating_add(self.nap_in_sleep_ms)));
        }
        let nap = if self.wall.get().is_some() { 0 } else { self.nap_in_sleep_ms };
        self.now.set(self.now.get().saturating_add(milliseconds).saturating_add(nap));
    }

    async fn rest(&self, milliseconds: u64) -> Wake {
        self.halt_at_sleep().await;
        let until = self.now.get().saturating_add(milliseconds);
        let early = self.wakes.borrow().front().map_or(u64::MAX, |(at, _)| *at);
        if early <= until {
            self.now.set(early.max(self.now.get()));
            return self.wakes.borrow_mut().pop_front().unwrap().1;
        }
        self.now.set(until.saturating_add(self.nap_ms));
        Wake::TimePassed
    }

    fn is_online(&self) -> bool {
        let now = self.now.get();
        !self.offline.contains(&now) && self.blink_ms.is_none_or(|span| (now / span).is_multiple_of(2))
    }

    fn is_visible(&self) -> bool {
        self.is_visible.get()
    }

    fn broadcast(&self, message: TabMessage) {
        self.messages.borrow_mut().push(message);
    }

    fn now(&self) -> u64 {
        self.now.get()
    }

    fn wall(&self) -> u64 {
        self.wall.get().unwrap_or(self.now.get())
    }

    fn random(&self) -> u32 {
        20
    }

    fn report(&self, progress: &Progress) {
        self.reports.borrow_mut().push(progress.clone());
    }

    async fn load(&self, id: &str) -> Result<Option<Box<TaskRecord>>, Error> {
        let records = self.records.borrow();
        let by_task_id = || records.values().find(|record| record.task_id.as_deref() == Some(id));
        Ok(records.get(id).or_else(by_task_id).cloned().map(Box::new))
    }

    async fn list(&self) -> Result<Vec<Box<TaskRecord>>, Error> {
        let mut all: Vec<_> = self.records.borrow().values().cloned().map(Box::new).collect();
        all.sort_by_key(|record| std::cmp::Reverse(record.created_at));
        Ok(all)
    }

    async fn save(&self, change: Change) -> Result<Option<Box<TaskRecord>>, Error> {
        let number = self.saves.replace(self.saves.get() + 1);
        self.now.set(self.now.get() + self.save_takes_ms);
        if self.halt == Some(Halt::Save(number)) {
            return self.stand_still().await;
        }
        if self.saves_fail_from.is_some_and(|from| number >= from) {
            return Err(Error::new(ErrorCode::Storage, "the quota is exceeded"));
        }
        Ok(self.write(&change).map(Box::new))
    }

    fn save_later(&self, change: Change, _: Option<()>) {
        self.saves_after_end.set(self.saves_after_end.get() + 1);
        if self.saves_fail_from.is_none() {
            self.write(&change);
        }
    }

    async fn kept_video(&self, id: &str) -> Result<Option<String>, Error> {
        Ok(self.videos.borrow().get(id).cloned())
    }

    async fn keep_video(&self, id: &str, video: &String) -> Result<(), Error> {
        if self.saves_fail_from.is_some() {
            return Err(Error::new(ErrorCode::Storage, "the quota is exceeded"));
        }
        self.videos.borrow_mut().insert(id.to_owned(), video.clone());
        Ok(())
    }

    async fn lock(&self, _: &str, wait: bool) -> Option<Held<()>> {
        let was_contended = self.is_lock_held.get();
        (wait || !was_contended).then_some(Held { lock: (), was_contended })
    }
}

/// The status of a response that never comes.
pub(crate) const STALLED: u16 = 1;

pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).expect("the flow waits for an event that the script does not have")
}

pub(crate) fn service() -> Service {
    Service { base: BaseUrl::parse("https://relay.example").unwrap(), key: ApiKey::parse("sk-test").ok() }
}

pub(crate) fn id() -> TaskId {
    TaskId::parse("1").unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "it stands in lists with transport errors")]
pub(crate) fn answer(status: u16, body: &str) -> Reply {
    Ok(HttpResponse { status: Status::Code(status), body: body.into(), retry_after: None })
}

/// A redirect that was not followed.
#[expect(clippy::unnecessary_wraps, reason = "it stands in lists with transport errors")]
pub(crate) fn redirect() -> Reply {
    Ok(HttpResponse { status: Status::Redirect, body: "".into(), retry_after: None })
}

pub(crate) fn task(status: &str) -> Reply {
    let videos =
        if status == "succeed" { r#","task_result":{"videos":[{"url":"https://cdn.example/v.mp4"}]}"# } else { "" };
    answer(
        200,
        &format!(r#"{{"code":0,"message":"SUCCEED","data":{{"task_id":"1","task_status":"{status}"{videos}}}}}"#),
    )
}

pub(crate) fn unreachable() -> Reply {
    Err(TransportError::new("TypeError: Failed to fetch"))
}

pub(crate) fn no_such_task() -> Reply {
    answer(400, r#"{"code":"task_not_exist","message":"task_not_exist"}"#)
}
