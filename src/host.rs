//! What this browser lends to a flow.

use std::cell::RefCell;

use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::listener::Listener;
use super::records::Lock;
use super::settings::Settings;
use super::tab::{Tab, is_online, is_seen};
use super::timer::{chance, now, sleep, wall};
use kling_core::endpoint::{HttpRequest, Method};
use kling_core::error::Error;
use kling_core::flow::echo::Echo;
use kling_core::flow::{Held, Host, Reply, Wake};
use kling_core::gate::Gate;
use kling_core::progress::Progress;
use kling_core::record::{Change, TaskRecord};

/// `fetch`, timers, clock, chance, records, the caller's ear, the other tabs.
pub(super) struct Browser<'a> {
    pub(super) settings: &'a Settings,
    pub(super) listener: &'a Listener,
    pub(super) tab: Tab,
    /// What goes with the one POST.
    pub(super) body: RefCell<Option<Blob>>,
}

impl<'a> Browser<'a> {
    /// For one call; with a topic, it hears the other tabs that watch the same.
    pub(super) fn new(settings: &'a Settings, listener: &'a Listener, topic: Option<&str>) -> Self {
        Self { settings, listener, tab: Tab::new(topic), body: RefCell::default() }
    }
}

impl Host for &Browser<'_> {
    type Lock = Lock;
    type Video = Blob;

    async fn send(&self, request: HttpRequest) -> Reply {
        let body = self.body.borrow().clone().filter(|_| request.method == Method::Post);
        self.settings.fetcher.send(&request, body.as_ref()).await
    }

    fn gate(&self) -> &Gate {
        &self.settings.gate
    }

    fn sleep(&self, milliseconds: u64) -> impl Future<Output = ()> {
        sleep(milliseconds)
    }

    fn rest(&self, milliseconds: u64) -> impl Future<Output = Wake> {
        self.tab.rest(milliseconds)
    }

    fn online(&self) -> bool {
        is_online()
    }

    fn seen(&self) -> bool {
        is_seen()
    }

    fn tell(&self, echo: Echo) {
        self.tab.tell(echo);
    }

    fn now(&self) -> u64 {
        now()
    }

    fn wall(&self) -> u64 {
        wall()
    }

    fn chance(&self) -> u32 {
        chance()
    }

    fn report(&self, progress: &Progress) {
        self.listener.tell(progress);
    }

    fn load(&self, id: &str) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>> {
        self.settings.records.load(id)
    }

    fn list(&self) -> impl Future<Output = Result<Vec<Box<TaskRecord>>, Error>> {
        self.settings.records.list()
    }

    fn save(&self, change: Change) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>> {
        self.settings.records.save(change)
    }

    fn save_later(&self, change: Change, lock: Option<Lock>) {
        let records = self.settings.records.clone();
        spawn_local(async move {
            let _ = records.save(change).await;
            drop(lock);
        });
    }

    fn kept(&self, id: &str) -> impl Future<Output = Result<Option<Blob>, Error>> {
        self.settings.records.kept(id)
    }

    fn keep(&self, id: &str, video: &Blob) -> impl Future<Output = Result<(), Error>> {
        self.settings.records.keep(id, video)
    }

    fn lock(&self, id: &str, wait: bool) -> impl Future<Output = Option<Held<Lock>>> {
        self.settings.records.lock(id, wait)
    }
}
