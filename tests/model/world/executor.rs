//! Jobs in virtual time: a run never waits, and every run of a schedule is the same.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// The tab that runs a job; `None` for the rest of the world.
pub(crate) type Owner = Option<usize>;

/// The number of a job.
pub(crate) type JobId = usize;

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Jobs and their timers. The clock moves when no job is ready.
#[derive(Default)]
pub(crate) struct Executor {
    now: Cell<u64>,
    last: Cell<usize>,
    jobs: RefCell<BTreeMap<JobId, Job>>,
    timers: RefCell<BTreeMap<(u64, usize), Waker>>,
    ready: Arc<Mutex<VecDeque<JobId>>>,
    frozen: RefCell<BTreeSet<usize>>,
    /// The jobs of frozen tabs that are ready.
    held: RefCell<Vec<JobId>>,
}

struct Job {
    owner: Owner,
    ready: Arc<Ready>,
    waker: Waker,
    /// `None` while it is being polled.
    work: Option<Work>,
}

struct Ready {
    job: JobId,
    queue: Arc<Mutex<VecDeque<JobId>>>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.queue.lock().unwrap().push_back(self.job);
    }
}

impl Executor {
    /// ms since the world began, by the monotonic clock.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    fn number(&self) -> usize {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// Starts a job.
    pub(crate) fn spawn(&self, owner: Owner, work: impl Future<Output = ()> + 'static) -> JobId {
        let job = self.number();
        let ready = Arc::new(Ready { job, queue: Arc::clone(&self.ready) });
        let waker = Waker::from(Arc::clone(&ready));
        self.jobs.borrow_mut().insert(job, Job { owner, ready, waker, work: Some(Box::pin(work)) });
        self.ready.lock().unwrap().push_back(job);
        job
    }

    /// How many jobs, timers and wakers exist. Each timer and each place in a queue holds a waker.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let jobs = self.jobs.borrow();
        let wakers = jobs.values().map(|job| Arc::strong_count(&job.ready) - 1).sum();
        [jobs.len(), self.timers.borrow().len(), wakers]
    }

    /// Drops a job. Returns whether it still existed.
    pub(crate) fn drop_job(&self, job: JobId) -> bool {
        let dropped = self.jobs.borrow_mut().remove(&job);
        dropped.is_some()
    }

    /// Drops all jobs of a tab.
    pub(crate) fn drop_all(&self, tab: usize) {
        self.thaw(tab);
        let jobs: Vec<JobId> =
            self.jobs.borrow().iter().filter(|(_, job)| job.owner == Some(tab)).map(|(id, _)| *id).collect();
        for job in jobs {
            self.drop_job(job);
        }
    }

    pub(crate) fn freeze(&self, tab: usize) {
        self.frozen.borrow_mut().insert(tab);
    }

    pub(crate) fn is_frozen(&self, tab: usize) -> bool {
        self.frozen.borrow().contains(&tab)
    }

    pub(crate) fn thaw(&self, tab: usize) {
        self.frozen.borrow_mut().remove(&tab);
        self.ready.lock().unwrap().extend(self.held.take());
    }

    /// Sleeps for `milliseconds`.
    pub(crate) fn sleep(self: &Rc<Self>, milliseconds: u64) -> Sleep {
        let at = self.now().saturating_add(milliseconds);
        Sleep { executor: Rc::clone(self), key: (at, self.number()), is_set: false }
    }

    /// Runs all jobs until `end`, or until `is_over`.
    pub(crate) fn run(&self, end: u64, is_over: impl Fn() -> bool) {
        while !is_over() {
            let next = self.ready.lock().unwrap().pop_front();
            if let Some(job) = next {
                self.poll(job);
                continue;
            }
            let timer = self.timers.borrow_mut().pop_first();
            match timer {
                Some(((at, _), waker)) if at <= end => {
                    self.now.set(at.max(self.now()));
                    waker.wake();
                }
                timer => {
                    self.timers.borrow_mut().extend(timer);
                    self.now.set(end);
                    return;
                }
            }
        }
    }

    fn poll(&self, job: JobId) {
        // Taken out, because it may start and drop other jobs.
        let (owner, waker, work) = match self.jobs.borrow_mut().get_mut(&job) {
            Some(job) => (job.owner, job.waker.clone(), job.work.take()),
            None => return,
        };
        let Some(mut work) = work else { return };
        if owner.is_some_and(|tab| self.frozen.borrow().contains(&tab)) {
            self.put_back(job, work);
            self.held.borrow_mut().push(job);
            return;
        }
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(()) => drop(self.jobs.borrow_mut().remove(&job)),
            Poll::Pending => self.put_back(job, work),
        }
    }

    /// Puts the work back, unless the job was dropped meanwhile.
    fn put_back(&self, job: JobId, work: Work) {
        if let Some(job) = self.jobs.borrow_mut().get_mut(&job) {
            job.work = Some(work);
        }
    }
}

/// A timer. Dropping it clears the timer.
pub(crate) struct Sleep {
    executor: Rc<Executor>,
    key: (u64, usize),
    is_set: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.executor.now() >= self.key.0 {
            return Poll::Ready(());
        }
        self.executor.timers.borrow_mut().insert(self.key, context.waker().clone());
        self.is_set = true;
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if self.is_set {
            self.executor.timers.borrow_mut().remove(&self.key);
        }
    }
}

/// A value that one job leaves for another.
pub(crate) struct Slot<T> {
    value: RefCell<Option<T>>,
    waker: RefCell<Option<Waker>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { value: RefCell::default(), waker: RefCell::default() }
    }
}

impl<T> Slot<T> {
    pub(crate) fn put(&self, value: T) {
        *self.value.borrow_mut() = Some(value);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Waits for a value, and takes it.
    pub(crate) async fn take(&self) -> T {
        std::future::poll_fn(|context| {
            if let Some(value) = self.value.take() {
                Poll::Ready(value)
            } else {
                *self.waker.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut Option<T>) -> R) -> R {
        look(&mut self.value.borrow_mut())
    }
}
