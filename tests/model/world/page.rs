//! What a page does with the flows, as the shell in the browser does it.

use std::rc::Rc;

use kling_multi_image2video::error::{Error, ErrorCode};
use kling_multi_image2video::flow::submit::Attempt;
use kling_multi_image2video::flow::watch::Watch;
use kling_multi_image2video::flow::{Flow, succeeded};
use kling_multi_image2video::poll::Polling;
use kling_multi_image2video::record::{Change, RecordState, TaskRecord};
use kling_multi_image2video::request::ExternalTaskId;
use kling_multi_image2video::task::{Task, TaskId};

use super::browser::{Browser, Call, Lock, Tab};
use super::schedule::Event;
use crate::record::record;
use crate::script::{SECOND, service};

/// The id that a number stands for.
pub(crate) fn external(number: u8) -> ExternalTaskId {
    ExternalTaskId::from_random([number; 16])
}

/// What must still be written when a submission is aborted, under its lock.
struct Unfinished {
    browser: Rc<Browser>,
    tab: Rc<Tab>,
    attempt: Rc<Attempt>,
    lock: Option<Lock>,
    sending: Option<Sending>,
}

/// Counts as being sent until it is dropped.
struct Sending(Rc<Browser>, String);

impl Sending {
    fn new(browser: &Rc<Browser>, id: &str) -> Self {
        if browser.sending.borrow().iter().any(|other| other == id) {
            assert!(!browser.has_locks, "two submissions under one lock");
            browser.overlapped.borrow_mut().insert(id.to_owned());
        }
        browser.sending.borrow_mut().push(id.to_owned());
        Self(Rc::clone(browser), id.to_owned())
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let mut sending = self.0.sending.borrow_mut();
        let own = sending.iter().position(|id| *id == self.1).unwrap();
        sending.swap_remove(own);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.tab.is_gone.get() {
            return;
        }
        let Some(change) = self.attempt.unfinished(self.browser.wall()) else { return };
        let (saved, lock) = (self.browser.save(&self.tab, change), (self.lock.take(), self.sending.take()));
        self.browser.executor().spawn(Some(self.tab.number), async move {
            let _ = saved.await;
            drop(lock);
        });
    }
}

/// Somebody presses the button.
pub(crate) fn submit(browser: &Rc<Browser>, tab: &Rc<Tab>, number: u8) {
    let (browser, own) = (Rc::clone(browser), Rc::clone(tab));
    let job = browser.executor().clone().spawn(Some(tab.number), async move {
        if let Ok(task) = submission(&browser, &own, &external(number)).await {
            watch(browser, own, task.task_id.clone(), Some(task)).await;
        }
    });
    tab.submits.borrow_mut().push_back(job);
}

async fn submission(browser: &Rc<Browser>, tab: &Rc<Tab>, id: &ExternalTaskId) -> Result<Box<Task>, Error> {
    let begun = browser.wall();
    let lock = browser.lock(id.as_str(), true).await;
    let entry = TaskRecord {
        external_task_id: id.to_string(),
        created_at: browser.wall(),
        updated_at: browser.wall(),
        ..record(0)
    };
    let is_alone = lock.is_some();
    let attempt = Rc::new(Attempt::new(id.clone(), Box::new(entry), begun, is_alone));
    let unfinished = Unfinished {
        browser: Rc::clone(browser),
        tab: Rc::clone(tab),
        attempt: Rc::clone(&attempt),
        lock,
        sending: Some(Sending::new(browser, id.as_str())),
    };
    let call = Call::new(browser, tab, None, Some(id.as_str()));
    let encode = async {
        browser.executor().sleep(SECOND / 2).await;
        Ok(1_000_000)
    };
    let result = Flow(&call).submit(&service(), &Polling::default(), &attempt, encode).await;
    drop(unfinished);
    check_result(browser, &call, id, &result);
    result
}

/// What the caller was told must be true.
fn check_result(browser: &Browser, call: &Call, id: &ExternalTaskId, result: &Result<Box<Task>, Error>) {
    let charged = browser.provider.charged(id.as_str());
    match result {
        Ok(task) => assert!(charged.contains(&task.task_id), "accepted as {}, charged are {charged:?}", task.task_id),
        Err(error) if error.code() == ErrorCode::SubmissionUnknown => {
            let state = browser.record(id.as_str()).map(|record| record.state);
            let is_open = state.is_some_and(|state| state != RecordState::Rejected);
            let is_alone = !browser.overlapped.borrow().contains(id.as_str());
            assert!(is_open || !is_alone, "unknown, and recorded as {state:?}");
        }
        Err(error) => assert_eq!(call.paid.get(), 0, "charged, and told: {error}"),
    }
}

/// Waits for a task, and again when that may help, until it has ended.
pub(crate) async fn watch(browser: Rc<Browser>, tab: Rc<Tab>, id: String, accepted: Option<Box<Task>>) {
    if !tab.watched.borrow_mut().insert(id.clone()) {
        return;
    }
    let begun = browser.executor().now();
    let known = TaskId::parse(&id).unwrap();
    let mut accepted = accepted;
    loop {
        let call = Call::new(&browser, &tab, Some(&id), None);
        let mut watch = Watch::new(service(), known.clone(), Polling::default(), browser.wall());
        if let Some(task) = accepted.take() {
            watch = watch.accepted(Some(task), browser.provider.chance.next());
        }
        let ended = async {
            let (flow, mut last) = (Flow(&call), None);
            while let Some(task) = watch.next(&flow).await? {
                last = Some(task);
            }
            succeeded(last)
        };
        match ended.await.map_err(|error| error.code()) {
            Ok(_) | Err(ErrorCode::TaskFailed) => break,
            Err(
                ErrorCode::Network | ErrorCode::RateLimited | ErrorCode::TaskNotFound | ErrorCode::ConcurrencyLimited,
            ) => {}
            Err(code) => panic!("a wait ended as {code:?}"),
        }
        browser.executor().sleep(30 * SECOND).await;
    }
    browser.has_ended(&id, begun);
    tab.watched.borrow_mut().remove(&id);
}

/// Goes on with all that is listed.
pub(crate) fn take_up(browser: &Rc<Browser>, tab: &Rc<Tab>) {
    let (browser, own) = (Rc::clone(browser), Rc::clone(tab));
    browser.executor().clone().spawn(Some(tab.number), async move {
        for record in listed(&browser, &own).await.unwrap_or_default() {
            let go_on = continued(Rc::clone(&browser), Rc::clone(&own), record);
            browser.executor().spawn(Some(own.number), go_on);
        }
    });
}

async fn continued(browser: Rc<Browser>, tab: Rc<Tab>, record: TaskRecord) {
    match (record.state, record.task_id) {
        (RecordState::Submitted | RecordState::Processing, Some(id)) => watch(browser, tab, id, None).await,
        (RecordState::Unknown, _) => {
            let id = TaskId::parse(&record.external_task_id).unwrap();
            let found = Flow(&Call::new(&browser, &tab, None, None)).reconcile(&service(), &id).await;
            if let Ok(Some(task)) = found {
                watch(browser, tab, task.task_id, None).await;
            }
        }
        _ => {}
    }
}

/// The records, as `records()` brings them: what a tab that is gone left behind is unknown.
async fn listed(browser: &Rc<Browser>, tab: &Tab) -> Result<Vec<TaskRecord>, Error> {
    let mut all: Vec<TaskRecord> = browser.records.borrow().values().cloned().collect();
    for record in all.iter_mut().filter(|record| record.state == RecordState::Submitting) {
        let lock = browser.lock(&record.external_task_id, false).await;
        let is_past = record.is_past_any_upload(browser.wall());
        let is_sender_gone = lock.as_ref().map_or(is_past, |lock| lock.is_held);
        let current = browser.load(&record.external_task_id).await?.filter(|_| is_sender_gone);
        let Some(current) = current else { continue };
        let settled = match current.state {
            RecordState::Submitting => current.in_state(RecordState::Unknown, current.updated_at),
            _ => current,
        };
        *record = (*settled).clone();
        let _ = browser.save(tab, Change::Put(settled)).await;
    }
    Ok(all)
}

/// The tab is gone, without a farewell, and another is in its place.
fn reload(browser: &Rc<Browser>, number: usize) {
    let tab = browser.tab(number);
    tab.is_gone.set(true);
    browser.executor().drop_all(number);
    let tab = Tab::new(number);
    browser.tabs.borrow_mut()[number] = Rc::clone(&tab);
    take_up(browser, &tab);
}

/// Makes it happen.
pub(crate) fn befall(browser: &Rc<Browser>, event: Event) {
    match event {
        Event::Submit(tab, id) => submit(browser, &browser.tab(tab), id),
        Event::Abort(tab) => {
            let jobs = browser.tab(tab).submits.take();
            for job in jobs {
                browser.executor().drop_job(job);
            }
            // What was watched after its submission is watched no more.
            browser.tab(tab).watched.take();
        }
        Event::Reload(tab) => reload(browser, tab),
        Event::TakeUp(tab) => take_up(browser, &browser.tab(tab)),
        Event::Freeze(tab, time) => {
            browser.executor().freeze(tab);
            let (executor, thawed) = (Rc::clone(browser.executor()), Rc::clone(browser));
            executor.clone().spawn(None, async move {
                executor.sleep(time).await;
                executor.thaw(tab);
                thawed.stir(Some(tab));
            });
        }
        Event::Show(tab, is_seen) => {
            browser.tab(tab).is_seen.set(is_seen);
            browser.stir(Some(tab));
        }
        Event::Offline(time) => {
            let provider = Rc::clone(&browser.provider);
            provider.offline_until.set(provider.executor.now() + time);
            browser.stir(None);
            let browser = Rc::clone(browser);
            provider.executor.clone().spawn(None, async move {
                provider.executor.sleep(time).await;
                if provider.is_online() {
                    browser.stir(None);
                }
            });
        }
        Event::Clock(by) => browser.set_clock(by),
        Event::StorageFails(times) => browser.storage_fails.set(times),
    }
}
