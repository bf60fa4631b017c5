//! A page: it calls the flows as the root crate does.

use std::future::Future;
use std::rc::Rc;
use std::task::Poll;

use kling_core::error::{Error, ErrorCode};
use kling_core::flow::submit::{Known, SubmitCall};
use kling_core::flow::watch::Watch;
use kling_core::flow::{Flow, succeeded};
use kling_core::poll::Polling;
use kling_core::record::{RecordState, TaskRecord};
use kling_core::request::ExternalTaskId;
use kling_core::retry::Backoff;
use kling_core::task::{Task, TaskId};

use super::browser::{Browser, Tab};
use super::call::Call;
use super::delivery::keep;
use super::schedule::{Death, Event};
use crate::record::record;
use crate::script::{SECOND, service};

/// The external task id with this number.
pub(crate) fn external(number: u8) -> ExternalTaskId {
    ExternalTaskId::from_random([number; 16])
}

/// The user submits.
pub(crate) fn submit(browser: &Rc<Browser>, tab: &Rc<Tab>, client: usize, number: u8, death: Option<(u32, Death)>) {
    let (browser, own) = (Rc::clone(browser), Rc::clone(tab));
    let known = (browser.known_posts(external(number).as_str()), browser.known(external(number).as_str()));
    let (ends, crashed) = (Rc::clone(&browser), Rc::clone(&own));
    let work = async move {
        if let Ok(task) = submission(&browser, &own, client, &external(number), known).await {
            watch(browser, own, task.task_id.clone(), Some(task)).await;
        }
    };
    let job = ends.executor().clone().spawn(Some(tab.number), with_death(work, death, ends, crashed));
    tab.submits.borrow_mut().push_back(job);
}

/// A submission that is dropped after `death.0` polls of its future.
async fn with_death(work: impl Future<Output = ()>, death: Option<(u32, Death)>, browser: Rc<Browser>, tab: Rc<Tab>) {
    let mut work = Some(Box::pin(work));
    let mut polls = 0;
    std::future::poll_fn(|context| match death {
        Some((last, death)) if polls == last => {
            if matches!(death, Death::Crash) {
                tab.is_gone.set(true);
                let (browser, number) = (Rc::clone(&browser), tab.number);
                browser.executor().clone().spawn(None, async move { reload(&browser, number) });
            }
            work = None;
            Poll::Ready(())
        }
        _ => {
            polls += 1;
            work.as_mut().unwrap().as_mut().poll(context)
        }
    })
    .await;
}

async fn submission(
    browser: &Rc<Browser>,
    tab: &Rc<Tab>,
    client: usize,
    id: &ExternalTaskId,
    (known_posts, known): (usize, Option<Known>),
) -> Result<Box<Task>, Error> {
    let record = Box::new(TaskRecord {
        external_task_id: id.to_string(),
        created_at: browser.wall(),
        updated_at: browser.wall(),
        attempt: format!("attempt {}", browser.provider.random.next()).into(),
        ..record(0)
    });
    let submit_call = SubmitCall { id: id.clone(), record, known };
    let call = Call::of_client(client, browser, tab, None, Some(id.as_str()));
    call.known_posts.set(known_posts);
    let encode = async {
        browser.executor().sleep(SECOND / 2).await;
        Ok(1_000_000)
    };
    let result = Flow::new(&call).submit(&service(), &Backoff::default(), submit_call, encode).await;
    check_result(browser, &call, id, &result);
    result
}

/// Checks that the caller received a true result.
fn check_result(browser: &Browser, call: &Call, id: &ExternalTaskId, result: &Result<Box<Task>, Error>) {
    let charged = browser.provider.charged(id.as_str());
    match result {
        Ok(task) => {
            assert!(charged.contains(&task.task_id), "accepted {}, charged {charged:?}", task.task_id);
        }
        Err(error) if error.code() == ErrorCode::SubmissionUnknown => {
            let state = browser.record(id.as_str()).map(|record| record.state);
            let is_settled = matches!(state, None | Some(RecordState::Rejected | RecordState::Withdrawn));
            assert!(!is_settled || !browser.is_open(id.as_str()), "unknown, but recorded as {state:?}");
        }
        Err(error) => assert_eq!(call.paid.get(), 0, "charged, but reported: {error}"),
    }
}

/// Waits for a task until it has ended, and again after an error that may pass.
pub(crate) async fn watch(browser: Rc<Browser>, tab: Rc<Tab>, id: String, accepted: Option<Box<Task>>) {
    let Some(_watching) = Watching::begin(&tab, &id) else { return };
    let began = browser.executor().now();
    let known = TaskId::parse(&id).unwrap();
    let mut accepted = accepted;
    let has_succeeded = loop {
        let call = Call::new(&browser, &tab, Some(&id), None);
        let mut watch = Watch::new(service(), known.clone(), Polling::default(), browser.executor().now());
        if let Some(task) = accepted.take() {
            watch = watch.accepted(Some(task), browser.provider.random.next());
        }
        let ended = async {
            let (flow, mut last) = (Flow::new(&call), None);
            while let Some(task) = watch.next(&flow).await? {
                last = Some(task);
            }
            succeeded(last)
        };
        match ended.await.map_err(|error| error.code()) {
            Ok(_) => break true,
            Err(ErrorCode::TaskFailed) => break false,
            Err(
                ErrorCode::Network | ErrorCode::RateLimited | ErrorCode::TaskNotFound | ErrorCode::ConcurrencyLimited,
            ) => {}
            Err(code) => panic!("a wait ended as {code:?}"),
        }
        browser.executor().sleep(30 * SECOND).await;
    };
    browser.has_ended(&id, began);
    if has_succeeded {
        keep(&browser, &tab, &id).await;
    }
}

/// A task counts as watched in its tab until this is dropped.
struct Watching(Rc<Tab>, String);

impl Watching {
    fn begin(tab: &Rc<Tab>, id: &str) -> Option<Self> {
        let is_new = tab.watched.borrow_mut().insert(id.to_owned());
        is_new.then(|| Self(Rc::clone(tab), id.to_owned()))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.watched.borrow_mut().remove(&self.1);
    }
}

/// Continues all listed records, as a page does when it loads.
pub(crate) fn resume(browser: &Rc<Browser>, tab: &Rc<Tab>) {
    let (browser, own) = (Rc::clone(browser), Rc::clone(tab));
    browser.executor().clone().spawn(Some(tab.number), async move {
        let listed = Flow::new(&Call::new(&browser, &own, None, None)).records().await;
        for record in listed.unwrap_or_default() {
            let go_on = continued(Rc::clone(&browser), Rc::clone(&own), *record);
            browser.executor().spawn(Some(own.number), go_on);
        }
    });
}

async fn continued(browser: Rc<Browser>, tab: Rc<Tab>, record: TaskRecord) {
    match (record.state, record.task_id) {
        (RecordState::Submitted | RecordState::Processing, Some(id)) => watch(browser, tab, id, None).await,
        (RecordState::Succeed, Some(id)) if !browser.videos.borrow().contains_key(&id) => {
            let Some(_watching) = Watching::begin(&tab, &id) else { return };
            keep(&browser, &tab, &id).await;
        }
        (RecordState::Unknown, _) => {
            let id = TaskId::parse(&record.external_task_id).unwrap();
            let found = Flow::new(&Call::new(&browser, &tab, None, None)).reconcile(&service(), &id).await;
            if let Ok(Some(task)) = found {
                watch(browser, tab, task.task_id, None).await;
            }
        }
        _ => {}
    }
}

/// Replaces a tab by a new one, without notice to its code.
fn reload(browser: &Rc<Browser>, number: usize) {
    let tab = browser.tab(number);
    tab.is_gone.set(true);
    browser.executor().drop_all(number);
    let tab = Tab::new(number);
    browser.tabs.borrow_mut()[number] = Rc::clone(&tab);
    resume(browser, &tab);
}

/// Lets the event happen.
pub(crate) fn apply(browser: &Rc<Browser>, event: Event) {
    match event {
        Event::Submit(tab, client, id) => submit(browser, &browser.tab(tab), client, id, None),
        Event::Die(tab, id, polls, death) => submit(browser, &browser.tab(tab), 0, id, Some((polls, death))),
        Event::Abort(tab) => {
            let jobs = browser.tab(tab).submits.take();
            for job in jobs {
                browser.executor().drop_job(job);
            }
        }
        Event::Reload(tab) => reload(browser, tab),
        Event::Resume(tab) => resume(browser, &browser.tab(tab)),
        Event::Freeze(tab, time) => {
            browser.executor().freeze(tab);
            let (executor, thawed) = (Rc::clone(browser.executor()), Rc::clone(browser));
            executor.clone().spawn(None, async move {
                executor.sleep(time).await;
                executor.thaw(tab);
                thawed.notify(Some(tab));
            });
        }
        Event::Show(tab, is_visible) => {
            browser.tab(tab).is_visible.set(is_visible);
            browser.notify(Some(tab));
        }
        Event::Offline(time) => {
            let provider = Rc::clone(&browser.provider);
            provider.offline_until.set(provider.executor.now() + time);
            browser.notify(None);
            let browser = Rc::clone(browser);
            provider.executor.clone().spawn(None, async move {
                provider.executor.sleep(time).await;
                if provider.is_online() {
                    browser.notify(None);
                }
            });
        }
        Event::Clock(clock) => browser.set_clock(clock),
        Event::StorageFails(times) => browser.storage_fails.set(times),
    }
}
