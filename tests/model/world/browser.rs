//! A browser: its clock, storage, locks and tabs.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::{Future, poll_fn};
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use kling_core::error::{Error, ErrorCode};
use kling_core::flow::submit::Known;
use kling_core::flow::{Held, Wake};
use kling_core::gate::Gate;
use kling_core::record::{Change, RecordState, TaskRecord, Write};

use super::executor::{Executor, JobId, Slot};
use super::provider::Provider;
use super::schedule::{CLIENTS, Clock};
use crate::script::SECOND;

/// The start of the world, by the wall clock.
const START: u64 = 1_800_000_000_000;

/// How many requests of one client may run at once.
pub(crate) const MAX_REQUESTS: u32 = 4;

pub(crate) type Inbox = Slot<Wake>;

pub(crate) struct Browser {
    pub(crate) provider: Rc<Provider>,
    pub(crate) has_locks: bool,
    pub(crate) records: RefCell<BTreeMap<String, TaskRecord>>,
    /// The kept videos, by task id.
    pub(crate) videos: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) tabs: RefCell<Vec<Rc<Tab>>>,
    /// How many of the next calls of the storage fail.
    pub(crate) storage_fails: Cell<u32>,
    /// How the wall clock runs, and since when it does.
    clock: Cell<(Clock, u64)>,
    /// The paid requests, in order.
    pub(crate) posts: RefCell<Vec<Post>>,
    pub(crate) calls: Cell<u64>,
    /// Names, and the tabs that hold them.
    locks: RefCell<Vec<(String, usize)>>,
    lock_waiters: RefCell<Vec<Waker>>,
    pub(crate) listeners: RefCell<Vec<Listening>>,
}

/// The topic of a call, its tab, and its inbox.
pub(crate) type Listening = (Option<String>, Rc<Tab>, Weak<Inbox>);

#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) number: usize,
    pub(crate) is_visible: Cell<bool>,
    pub(crate) is_gone: Cell<bool>,
    pub(crate) submits: RefCell<VecDeque<JobId>>,
    /// The tasks that the tab watches, by the id of the service.
    pub(crate) watched: RefCell<BTreeSet<String>>,
    /// The gate of each client of the page, and its number of open requests.
    pub(crate) gates: [Gate; CLIENTS],
    pub(crate) open: [Cell<u32>; CLIENTS],
    /// Limits downloads.
    pub(crate) downloads: Gate,
}

/// A paid request.
pub(crate) struct Post {
    pub(crate) external: String,
    /// The call that sent it.
    pub(crate) call: u64,
    /// Whether its response proves that no task was created.
    pub(crate) is_refused: bool,
}

impl Tab {
    pub(crate) fn new(number: usize) -> Rc<Self> {
        Rc::new(Self {
            number,
            is_visible: Cell::new(true),
            is_gone: Cell::default(),
            submits: RefCell::default(),
            watched: RefCell::default(),
            gates: std::array::from_fn(|_| Gate::new(MAX_REQUESTS)),
            open: Default::default(),
            downloads: Gate::new(2),
        })
    }
}

impl Browser {
    pub(crate) fn new(provider: Provider, has_locks: bool, tabs: usize) -> Rc<Self> {
        Rc::new(Self {
            provider: Rc::new(provider),
            has_locks,
            records: RefCell::default(),
            videos: RefCell::default(),
            tabs: RefCell::new((0..tabs).map(Tab::new).collect()),
            storage_fails: Cell::default(),
            clock: Cell::new((Clock::Shift(0), 0)),
            posts: RefCell::default(),
            calls: Cell::default(),
            locks: RefCell::default(),
            lock_waiters: RefCell::default(),
            listeners: RefCell::default(),
        })
    }

    pub(crate) fn executor(&self) -> &Rc<Executor> {
        &self.provider.executor
    }

    pub(crate) fn tab(&self, number: usize) -> Rc<Tab> {
        Rc::clone(&self.tabs.borrow()[number])
    }

    /// The time by the wall clock.
    pub(crate) fn wall(&self) -> u64 {
        let (now, (clock, since)) = (self.executor().now(), self.clock.get());
        match clock {
            Clock::Shift(by) => (START + now).saturating_add_signed(by),
            Clock::Frozen => START + since,
            Clock::NotANumber => 0,
            Clock::Backwards => (START + since).saturating_sub(now - since),
        }
    }

    pub(crate) fn set_clock(&self, clock: Clock) {
        self.clock.set((clock, self.executor().now()));
    }

    /// How many paid requests under this id a caller can know now: all, once their outcome is recorded as unknown.
    pub(crate) fn known_posts(&self, id: &str) -> usize {
        match self.record(id).map(|record| record.state) {
            Some(RecordState::Unknown) => self.posts.borrow().len(),
            _ => 0,
        }
    }

    /// Ends all faults, and thaws all tabs.
    pub(crate) fn heal(&self) {
        self.provider.heal();
        self.storage_fails.set(0);
        for tab in &*self.tabs.borrow() {
            self.executor().thaw(tab.number);
        }
        self.notify(None);
    }

    /// Sends an event to the calls of a tab, or of all tabs.
    pub(crate) fn notify(&self, tab: Option<usize>) {
        self.listeners.borrow_mut().retain(|(_, _, inbox)| inbox.strong_count() > 0);
        for (_, owner, inbox) in &*self.listeners.borrow() {
            if tab.is_none_or(|tab| tab == owner.number)
                && let Some(inbox) = inbox.upgrade()
                && inbox.with(|noticed| noticed.is_none())
            {
                inbox.put(Wake::PageEvent);
            }
        }
    }

    /// The record with this id, ours or the service's.
    pub(crate) fn record(&self, id: &str) -> Option<TaskRecord> {
        let records = self.records.borrow();
        let by_task_id = || records.values().find(|record| record.task_id.as_deref() == Some(id));
        records.get(id).or_else(by_task_id).cloned()
    }

    /// One call of the storage, which may fail.
    pub(crate) async fn storage(&self) -> Result<(), Error> {
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

    /// Saves even if the caller is dropped, unless its tab is closed first.
    pub(crate) fn save(
        self: &Rc<Self>,
        tab: &Tab,
        change: Change,
    ) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>> + use<> {
        let slot = Rc::new(Slot::default());
        let (browser, to) = (Rc::clone(self), Rc::clone(&slot));
        self.executor().spawn(Some(tab.number), async move {
            let result = browser.storage().await.map(|()| browser.commit(&change).map(Box::new));
            browser.executor().sleep(1).await;
            to.put(result);
        });
        async move { slot.take().await }
    }

    fn commit(&self, change: &Change) -> Option<TaskRecord> {
        let mut records = self.records.borrow_mut();
        let current = records.get(change.id()).cloned();
        match change.apply(current.as_ref()) {
            Write::Nothing => current,
            Write::Put(record) => {
                records.insert(record.external_task_id.clone(), (*record).clone());
                Some(*record)
            }
            Write::Remove => {
                records.remove(change.id());
                None
            }
        }
    }

    /// Whether a paid request under this id may have created a task, as far as its sender knows.
    pub(crate) fn is_open(&self, id: &str) -> bool {
        self.posts.borrow().iter().any(|post| post.external == id && !post.is_refused)
    }

    /// What a caller can know of an id now.
    pub(crate) fn known(&self, id: &str) -> Option<Known> {
        self.record(id).map(|record| Known { state: record.state, attempt: record.attempt })
    }

    /// Whether other tabs find that a call holds this lock. Without locks, tabs query each other, and a frozen tab does not
    /// answer.
    fn is_locked(&self, name: &str, own: usize) -> bool {
        let answers = |tab: usize| self.has_locks || tab == own || !self.executor().is_frozen(tab);
        self.locks.borrow().iter().any(|(held, tab)| held == name && answers(*tab))
    }

    pub(crate) async fn lock(self: &Rc<Self>, tab: usize, name: &str, wait: bool) -> Option<Held<Lock>> {
        if !self.has_locks {
            self.executor().sleep(200).await;
        }
        let was_contended = self.is_locked(name, tab);
        if was_contended && !wait {
            return None;
        }
        while self.is_locked(name, tab) {
            if self.has_locks {
                let mut is_woken = false;
                poll_fn(|context| {
                    if std::mem::replace(&mut is_woken, true) {
                        return Poll::Ready(());
                    }
                    self.lock_waiters.borrow_mut().push(context.waker().clone());
                    Poll::Pending
                })
                .await;
            } else {
                self.executor().sleep(SECOND).await;
            }
        }
        self.locks.borrow_mut().push((name.to_owned(), tab));
        Some(Held { lock: Lock { browser: Rc::clone(self), name: name.to_owned(), tab }, was_contended })
    }
}

/// A lock, released when it is dropped.
pub(crate) struct Lock {
    browser: Rc<Browser>,
    name: String,
    tab: usize,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut locks = self.browser.locks.borrow_mut();
        let own = locks.iter().position(|(name, tab)| *name == self.name && *tab == self.tab).unwrap();
        locks.swap_remove(own);
        for waiter in self.browser.lock_waiters.take() {
            waiter.wake();
        }
    }
}
