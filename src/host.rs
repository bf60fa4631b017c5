//! The browser, as a flow uses it.

use std::cell::RefCell;

use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::listener::Listener;
use super::random::random;
use super::records::Lock;
use super::settings::Settings;
use super::tab::{TabListener, is_online, is_visible};
use super::timer::{now, sleep, wall};
use kling_core::endpoint::{HttpRequest, Method};
use kling_core::error::Error;
use kling_core::flow::tabs::TabMessage;
use kling_core::flow::{Held, Host, Reply, Wake};
use kling_core::gate::Gate;
use kling_core::progress::Progress;
use kling_core::record::{Change, RecordState, TaskRecord};

/// The browser during one call: `fetch`, timers, clocks, random numbers, records, the caller's listener, the other tabs.
pub(super) struct Browser<'a> {
    pub(super) settings: &'a Settings,
    pub(super) listener: &'a Listener,
    pub(super) tab: TabListener,
    /// The body of the paid request.
    pub(super) body: RefCell<Option<Blob>>,
}

impl<'a> Browser<'a> {
    /// For one call.
    pub(super) fn new(settings: &'a Settings, listener: &'a Listener) -> Self {
        Self { settings, listener, tab: TabListener::new(), body: RefCell::default() }
    }
}

impl Host for &Browser<'_> {
    type Lock = Lock;
    type Video = Blob;

    fn send(&self, request: HttpRequest) -> impl Future<Output = Reply> {
        let body = self.body.borrow().clone().filter(|_| request.method == Method::Post);
        self.settings.fetcher.send(request, body)
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

    fn is_online(&self) -> bool {
        is_online()
    }

    fn is_visible(&self) -> bool {
        is_visible()
    }

    fn broadcast(&self, message: TabMessage) {
        self.tab.broadcast(message);
    }

    fn now(&self) -> u64 {
        now()
    }

    fn wall(&self) -> u64 {
        wall()
    }

    fn random(&self) -> u32 {
        random()
    }

    fn report(&self, progress: &Progress) {
        self.listener.report(progress);
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
        if let Change::Settle(record) = &change
            && record.state == RecordState::Unknown
        {
            self.settings.interrupted.replace(Some(record.external_task_id.clone()));
        }
        let records = self.settings.records.clone();
        spawn_local(async move {
            let _ = records.save(change).await;
            drop(lock);
        });
    }

    fn kept_video(&self, id: &str) -> impl Future<Output = Result<Option<Blob>, Error>> {
        self.settings.records.kept(id)
    }

    fn keep_video(&self, id: &str, video: &Blob) -> impl Future<Output = Result<(), Error>> {
        self.settings.records.keep(id, video)
    }

    fn lock(&self, id: &str, wait: bool) -> impl Future<Output = Option<Held<Lock>>> {
        self.settings.records.lock(id, wait)
    }
}
