//! A browser: its clock, its storage, its locks, its tabs, and what each of their calls gets of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use kling_multi_image2video::endpoint::{HttpRequest, Method};
use kling_multi_image2video::error::{Error, ErrorCode};
use kling_multi_image2video::flow::echo::Echo;
use kling_multi_image2video::flow::{Host, Reply, Wake};
use kling_multi_image2video::gate::Gate;
use kling_multi_image2video::progress::Progress;
use kling_multi_image2video::record::{Change, RecordState, TaskRecord};

use super::executor::{Executor, JobId, Slot};
use super::provider::{Provider, no_network};
use crate::script::SECOND;

/// When the world begins, by the wall clock.
const START: u64 = 1_800_000_000_000;

/// Requests of one tab at once.
pub(crate) const MOST: u32 = 4;

type Ear = Slot<Wake>;

pub(crate) struct Browser {
    pub(crate) provider: Rc<Provider>,
    pub(crate) has_locks: bool,
    pub(crate) records: RefCell<BTreeMap<String, TaskRecord>>,
    pub(crate) tabs: RefCell<Vec<Rc<Tab>>>,
    /// So many of the next calls of the storage fail.
    pub(crate) storage_fails: Cell<u32>,
    /// By how much the wall clock was set, and how often.
    clock: Cell<(i64, u32)>,
    /// What is being submitted, by tabs that are still there.
    pub(crate) sending: RefCell<Vec<String>>,
    /// What two submitted at once, because nothing kept them apart.
    pub(crate) overlapped: RefCell<BTreeSet<String>>,
    locks: RefCell<BTreeSet<String>>,
    lock_waiters: RefCell<Vec<Waker>>,
    ears: RefCell<Vec<Listening>>,
}

/// A call's ear, what it hears of from other tabs, and the tab that it is in.
type Listening = (Option<String>, Rc<Tab>, Weak<Ear>);

#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) number: usize,
    pub(crate) is_seen: Cell<bool>,
    pub(crate) is_gone: Cell<bool>,
    pub(crate) submits: RefCell<VecDeque<JobId>>,
    /// The tasks that it watches, by the service's id.
    pub(crate) watched: RefCell<BTreeSet<String>>,
    gate: Gate,
    open: Cell<u32>,
}

impl Tab {
    pub(crate) fn new(number: usize) -> Rc<Self> {
        Rc::new(Self {
            number,
            is_seen: Cell::new(true),
            is_gone: Cell::default(),
            submits: RefCell::default(),
            watched: RefCell::default(),
            gate: Gate::new(MOST),
            open: Cell::default(),
        })
    }
}

impl Browser {
    pub(crate) fn new(provider: Provider, has_locks: bool, tabs: usize) -> Rc<Self> {
        Rc::new(Self {
            provider: Rc::new(provider),
            has_locks,
            records: RefCell::default(),
            tabs: RefCell::new((0..tabs).map(Tab::new).collect()),
            storage_fails: Cell::default(),
            clock: Cell::default(),
            sending: RefCell::default(),
            overlapped: RefCell::default(),
            locks: RefCell::default(),
            lock_waiters: RefCell::default(),
            ears: RefCell::default(),
        })
    }

    pub(crate) fn executor(&self) -> &Rc<Executor> {
        &self.provider.executor
    }

    pub(crate) fn tab(&self, number: usize) -> Rc<Tab> {
        Rc::clone(&self.tabs.borrow()[number])
    }

    /// By the wall clock.
    pub(crate) fn wall(&self) -> u64 {
        (START + self.executor().now()).saturating_add_signed(self.clock.get().0)
    }

    pub(crate) fn set_clock(&self, by: i64) {
        let (shift, times) = self.clock.get();
        self.clock.set((shift + by, times + 1));
    }

    /// From now on nothing goes wrong, and nobody is frozen.
    pub(crate) fn heal(&self) {
        self.provider.heal();
        self.storage_fails.set(0);
        for tab in &*self.tabs.borrow() {
            self.executor().thaw(tab.number);
        }
        self.stir(None);
    }

    /// Something happened that the calls of a tab, or of all, notice.
    pub(crate) fn stir(&self, tab: Option<usize>) {
        self.ears.borrow_mut().retain(|(_, _, ear)| ear.strong_count() > 0);
        for (_, owner, ear) in &*self.ears.borrow() {
            if tab.is_none_or(|tab| tab == owner.number)
                && let Some(ear) = ear.upgrade()
                && ear.with(|noticed| noticed.is_none())
            {
                ear.put(Wake::Seen);
            }
        }
    }

    /// The record with this id, of ours or of the service.
    pub(crate) fn record(&self, id: &str) -> Option<TaskRecord> {
        let records = self.records.borrow();
        let by_task_id = || records.values().find(|record| record.task_id.as_deref() == Some(id));
        records.get(id).or_else(by_task_id).cloned()
    }

    /// One call of the storage; some fail.
    async fn storage(&self) -> Result<(), Error> {
        self.executor().sleep(1).await;
        match self.storage_fails.get().checked_sub(1) {
            None => Ok(()),
            Some(left) => {
                self.storage_fails.set(left);
                Err(Error::new(ErrorCode::Storage, "the quota is exceeded"))
            }
        }
    }

    pub(crate) async fn load(&self, id: &str) -> Result<Option<Box<TaskRecord>>, Error> {
        self.storage().await?;
        Ok(self.record(id).map(Box::new))
    }

    /// Once begun it happens, whoever awaits it, unless its tab is gone before.
    pub(crate) fn save(self: &Rc<Self>, tab: &Tab, change: Change) -> impl Future<Output = Result<(), Error>> + use<> {
        let slot = Rc::new(Slot::default());
        let (browser, to) = (Rc::clone(self), Rc::clone(&slot));
        self.executor().spawn(Some(tab.number), async move {
            let result = browser.storage().await;
            if result.is_ok() {
                browser.commit(change);
            }
            browser.executor().sleep(1).await;
            to.put(result);
        });
        async move { slot.take().await }
    }

    fn commit(&self, change: Change) {
        let mut records = self.records.borrow_mut();
        match change {
            Change::Put(record) => {
                let is_outdated = records.get(&record.external_task_id).is_some_and(|old| {
                    old.task_id.is_some() && record.task_id.is_none()
                        || old.state == RecordState::Succeed && record.state != RecordState::Succeed
                });
                if !is_outdated {
                    records.insert(record.external_task_id.clone(), *record);
                }
            }
            Change::Remove(id) => drop(records.remove(&id)),
        }
    }

    /// The lock of that name, once it is free, or nothing; `None` where there are no locks.
    pub(crate) async fn lock(self: &Rc<Self>, name: &str, wait: bool) -> Option<Lock> {
        if !self.has_locks {
            return None;
        }
        let is_held = poll_fn(|context| {
            if self.locks.borrow_mut().insert(name.to_owned()) {
                return Poll::Ready(true);
            }
            if wait {
                self.lock_waiters.borrow_mut().push(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(false)
        })
        .await;
        Some(Lock { browser: Rc::clone(self), name: name.to_owned(), is_held })
    }
}

/// Given back when it is dropped.
pub(crate) struct Lock {
    browser: Rc<Browser>,
    name: String,
    pub(crate) is_held: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_held {
            self.browser.locks.borrow_mut().remove(&self.name);
            for waiter in self.browser.lock_waiters.take() {
                waiter.wake();
            }
        }
    }
}

/// What one call of a tab gets of the browser. It keeps the laws of each request.
pub(crate) struct Call {
    pub(crate) browser: Rc<Browser>,
    pub(crate) tab: Rc<Tab>,
    topic: Option<String>,
    ear: Rc<Ear>,
    /// Under which it submits.
    external: Option<String>,
    /// Whether the last submission of this call was put off; nothing before the first.
    put_off: Cell<Option<bool>>,
    /// How many tasks its submissions have created so far.
    pub(crate) paid: Rc<Cell<u32>>,
    /// When it asked last, and how often the clock had been set by then.
    asked: Cell<Option<(u64, u32)>>,
}

impl Call {
    pub(crate) fn new(browser: &Rc<Browser>, tab: &Rc<Tab>, topic: Option<&str>, external: Option<&str>) -> Self {
        let ear = Rc::new(Ear::default());
        let entry = (topic.map(str::to_owned), Rc::clone(tab), Rc::downgrade(&ear));
        browser.ears.borrow_mut().push(entry);
        Self {
            browser: Rc::clone(browser),
            tab: Rc::clone(tab),
            topic: topic.map(str::to_owned),
            ear,
            external: external.map(str::to_owned),
            put_off: Cell::default(),
            paid: Rc::default(),
            asked: Cell::default(),
        }
    }

    /// What must hold whenever something is paid for.
    fn check_post(&self) {
        let id = self.external.as_deref().expect("only a submission may cost something");
        assert_ne!(self.put_off.get(), Some(false), "a submission was repeated by itself");
        let state = self.browser.record(id).map(|record| record.state);
        let is_open = matches!(state, Some(RecordState::Submitting | RecordState::Unknown));
        let is_alone = !self.browser.overlapped.borrow().contains(id);
        assert!(is_open || !is_alone, "sent while the record says {state:?}");
    }

    /// What must hold whenever a watch asks: no storm.
    fn check_get(&self) {
        let (now, clock) = (self.browser.executor().now(), self.browser.clock.get().1);
        if let Some((last, clock_then)) = self.asked.get()
            && self.topic.is_some()
        {
            assert!(now - last >= SECOND || clock != clock_then, "asked after {} ms", now - last);
        }
        self.asked.set(Some((now, clock)));
    }
}

/// Counted while it lives.
struct Open<'a>(&'a Tab);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
    }
}

impl Host for &Call {
    async fn send(&self, request: HttpRequest) -> Reply {
        let is_paid = request.method == Method::Post;
        if is_paid {
            self.check_post();
        } else {
            self.check_get();
        }
        self.tab.open.set(self.tab.open.get() + 1);
        let _open = Open(&self.tab);
        assert!(self.tab.open.get() <= MOST, "{} requests at once", self.tab.open.get());
        if !self.browser.provider.is_online() {
            self.browser.executor().sleep(1).await;
            return Err(no_network());
        }
        if is_paid {
            self.put_off.set(Some(false));
        }
        let reply = self.browser.provider.send(request, self.external.as_deref(), &self.paid).await;
        if is_paid {
            let is_busy = matches!(&reply, Ok(response) if response.status == 429 && response.body.contains(":130"));
            self.put_off.set(Some(is_busy));
        }
        reply
    }

    fn gate(&self) -> &Gate {
        &self.tab.gate
    }

    fn sleep(&self, milliseconds: u64) -> impl Future<Output = ()> {
        self.browser.executor().sleep(milliseconds)
    }

    async fn rest(&self, milliseconds: u64) -> Wake {
        let mut noticed = pin!(self.ear.take());
        let mut sleep = pin!(self.browser.executor().sleep(milliseconds));
        poll_fn(|context| match noticed.as_mut().poll(context) {
            Poll::Ready(wake) => Poll::Ready(wake),
            Poll::Pending => sleep.as_mut().poll(context).map(|()| Wake::Time),
        })
        .await
    }

    fn online(&self) -> bool {
        self.browser.provider.is_online()
    }

    fn seen(&self) -> bool {
        self.tab.is_seen.get()
    }

    fn tell(&self, echo: Echo) {
        self.ear.with(|noticed| *noticed = None);
        let (browser, topic, own) = (Rc::clone(&self.browser), self.topic.clone(), Rc::downgrade(&self.ear));
        self.browser.executor().spawn(None, async move {
            browser.executor().sleep(2).await;
            for (heard, _, ear) in &*browser.ears.borrow() {
                if *heard == topic
                    && !ear.ptr_eq(&own)
                    && let Some(ear) = ear.upgrade()
                {
                    ear.put(Wake::Heard(echo.clone()));
                }
            }
        });
    }

    fn now(&self) -> u64 {
        self.browser.wall()
    }

    fn chance(&self) -> u32 {
        self.browser.provider.chance.next()
    }

    fn report(&self, _: &Progress) {}

    fn load(&self, id: &str) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>> {
        self.browser.load(id)
    }

    fn save(&self, change: Change) -> impl Future<Output = Result<(), Error>> {
        self.browser.save(&self.tab, change)
    }
}
