//! One client that polls many tasks of a service without faults.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use kling_core::endpoint::HttpRequest;
use kling_core::error::Error;
use kling_core::flow::tabs::TabMessage;
use kling_core::flow::watch::Watch;
use kling_core::flow::{Flow, Held, Host, Reply, Wake};
use kling_core::gate::Gate;
use kling_core::options::MAX_SERVICE_REQUESTS;
use kling_core::poll::Polling;
use kling_core::progress::Progress;
use kling_core::record::{Change, TaskRecord};
use kling_core::task::TaskId;

use super::ROUND_TRIP_MS;
use crate::script::{answer, service};
use crate::world::executor::Executor;
use crate::world::random::Random;

/// What the polls of one task were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Polls {
    /// When the service has finished the task, in ms.
    pub(crate) ends: u64,
    /// When the client received the result.
    pub(crate) noticed: Option<u64>,
    pub(crate) requests: u64,
    /// The longest time between two polls, and before the first, in ms.
    pub(crate) longest_gap: u64,
    pub(crate) last: u64,
}

/// One client, and the service that it polls.
pub(crate) struct Client {
    pub(crate) executor: Rc<Executor>,
    pub(crate) tasks: RefCell<BTreeMap<String, Polls>>,
    /// The most requests that were open at once.
    pub(crate) most_at_once: Cell<u32>,
    at_once: Cell<u32>,
    gate: Gate,
    random: Random,
}

impl Client {
    pub(crate) fn new(executor: &Rc<Executor>, seed: u32) -> Rc<Self> {
        Rc::new(Self {
            executor: Rc::clone(executor),
            tasks: RefCell::default(),
            most_at_once: Cell::default(),
            at_once: Cell::default(),
            gate: Gate::new(MAX_SERVICE_REQUESTS),
            random: Random::new(seed),
        })
    }

    /// Watches a task that was just accepted and takes `duration` ms.
    pub(crate) fn watch(self: &Rc<Self>, duration: u64) {
        let (now, client) = (self.executor.now(), Rc::clone(self));
        let id = format!("task-{}", self.tasks.borrow().len());
        let polls = Polls { ends: now.saturating_add(duration), last: now, ..Polls::default() };
        self.tasks.borrow_mut().insert(id.clone(), polls);
        self.executor.spawn(None, async move {
            let known = TaskId::parse(&id).unwrap();
            let mut watch = Watch::new(service(), known, Polling::default(), now).accepted(None, client.random.next());
            let flow = Flow::new(&*client);
            while watch.next(&flow).await.unwrap().is_some() {}
            client.tasks.borrow_mut().get_mut(&id).unwrap().noticed = Some(client.executor.now());
        });
    }

    /// Records a poll. Returns whether the task has ended.
    fn record(&self, id: &str) -> bool {
        let (now, mut tasks) = (self.executor.now(), self.tasks.borrow_mut());
        let polls = tasks.get_mut(id).unwrap();
        polls.requests += 1;
        polls.longest_gap = polls.longest_gap.max(now - polls.last);
        polls.last = now;
        now >= polls.ends
    }
}

impl Host for &Client {
    type Lock = ();
    type Video = ();

    async fn send(&self, request: HttpRequest) -> Reply {
        self.at_once.set(self.at_once.get() + 1);
        self.most_at_once.set(self.most_at_once.get().max(self.at_once.get()));
        self.executor.sleep(ROUND_TRIP_MS / 2).await;
        let path = request.url.split('?').next().unwrap();
        let id = path.rsplit('/').next().unwrap();
        let status = if self.record(id) { "succeed" } else { "processing" };
        self.executor.sleep(ROUND_TRIP_MS / 2).await;
        self.at_once.set(self.at_once.get() - 1);
        let videos = r#""task_result":{"videos":[{"url":"https://cdn.example/v.mp4"}]}"#;
        // The time differs, as in each response of a service, so that no cache is suspected.
        let now = self.executor.now();
        let data = format!(r#"{{"task_id":"{id}","task_status":"{status}","updated_at":{now},{videos}}}"#);
        answer(200, &format!(r#"{{"code":0,"message":"SUCCEED","data":{data}}}"#))
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn sleep(&self, milliseconds: u64) -> impl Future<Output = ()> {
        self.executor.sleep(milliseconds)
    }

    async fn rest(&self, milliseconds: u64) -> Wake {
        self.executor.sleep(milliseconds).await;
        Wake::TimePassed
    }

    fn is_online(&self) -> bool {
        true
    }

    fn is_visible(&self) -> bool {
        true
    }

    fn broadcast(&self, _: TabMessage) {}

    fn now(&self) -> u64 {
        self.executor.now()
    }

    fn wall(&self) -> u64 {
        self.executor.now()
    }

    fn random(&self) -> u32 {
        self.random.next()
    }

    fn report(&self, _: &Progress) {}

    async fn load(&self, _: &str) -> Result<Option<Box<TaskRecord>>, Error> {
        Ok(None)
    }

    async fn list(&self) -> Result<Vec<Box<TaskRecord>>, Error> {
        Ok(Vec::new())
    }

    async fn save(&self, _: Change) -> Result<Option<Box<TaskRecord>>, Error> {
        Ok(None)
    }

    fn save_later(&self, _: Change, _: Option<()>) {}

    async fn kept_video(&self, _: &str) -> Result<Option<()>, Error> {
        Ok(None)
    }

    async fn keep_video(&self, _: &str, (): &()) -> Result<(), Error> {
        Ok(())
    }

    async fn lock(&self, _: &str, _: bool) -> Option<Held<()>> {
        None
    }
}
