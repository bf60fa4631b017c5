//! No task is charged twice, and none is lost, under any faults: a model of the service and of a browser with several tabs, in
//! virtual time, under random schedules.
//!
//! `cargo xtask model` runs a million schedules, every test run ten thousand. A schedule that breaks a law is added to
//! `world.seeds`, and every later run begins with it.

mod browser;
mod call;
mod delivery;
pub(crate) mod executor;
mod page;
mod provider;
pub(crate) mod random;
mod schedule;

use std::cell::RefCell;
use std::rc::Rc;

use kling_core::record::{RecordState, TaskRecord};
use proptest::test_runner::{Config, FileFailurePersistence, TestError, TestRunner};

use self::browser::{Browser, Tab};
use self::page::{apply, external, resume, watch};
use self::provider::Provider;
use self::schedule::{Delivery, Event, Schedule, TABS, schedules};
use crate::script::{MINUTE, SECOND};

/// Counts over all worlds of a run. They prove that the laws were tested.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    schedules: u64,
    charges: u64,
    twice: u64,
    unknown: u64,
    watched: u64,
    polls: u64,
    kept: u64,
}

/// Without faults, every wait ends at most this long after its task, in ms.
const MAX_END_DELAY_MS: u64 = 45 * SECOND;

impl Browser {
    /// Checks that a wait, which began at `began`, ended at the right time.
    fn has_ended(&self, id: &str, began: u64) {
        let now = self.executor().now();
        let task = self.provider.tasks.borrow()[id].clone();
        assert!(now >= task.ends, "a wait ended before its task");
        if let Some(healed) = self.provider.healed.get() {
            // A poll sent before the faults ended may stall until its time limit.
            let due = task.ends.max(task.shown).max(began).max(healed + 30 * SECOND) + MAX_END_DELAY_MS;
            // The URL may follow: 90 s, and the longest pause of several tabs after that.
            let due = if task.has_no_url() { due + 3 * MINUTE } else { due };
            assert!(now <= due, "a wait ended {} ms too late", now - due);
        }
    }
}

/// Runs one schedule, and then a day without faults.
fn live(schedule: &Schedule) -> Tally {
    let browser = Browser::new(Provider::new(schedule.clone()), schedule.has_locks, TABS);
    let executor = Rc::clone(browser.executor());
    let (events, own) = (schedule.events.clone(), Rc::clone(&browser));
    let mut time = 0;
    for (pause, event) in events {
        time += pause;
        executor.run(time, || false);
        apply(&own, event);
    }
    // The longest delay of a request, and the longest upload.
    executor.run(time + 2 * MINUTE, || false);
    browser.heal();
    executor.run(executor.now() + 35 * MINUTE, || false);

    // The next day: a new page with only the listed records.
    let tab = Tab::new(TABS);
    browser.tabs.borrow_mut().push(Rc::clone(&tab));
    for pause in [40, 1, 1, 1] {
        resume(&browser, &tab);
        executor.run(executor.now() + pause * MINUTE, || false);
    }
    let is_over = || browser.tabs.borrow().iter().all(|tab| tab.watched.borrow().is_empty());
    executor.run(executor.now() + 30 * MINUTE, is_over);
    assert!(is_over(), "a wait has not ended");
    check_end(schedule, &browser)
}

/// Checks the laws that hold at the end.
fn check_end(schedule: &Schedule, browser: &Browser) -> Tally {
    let mut tally = Tally { schedules: 1, polls: browser.provider.polls.get(), ..Tally::default() };
    for number in 0..2 {
        let id = external(number);
        let charged = browser.provider.charged(id.as_str());
        let record = browser.record(id.as_str());
        tally.charges += charged.len() as u64;
        tally.twice += u64::from(charged.len() > 1);
        assert!(charged.len() < 2 || !schedule.dedupes, "charged twice: {charged:?}");
        if charged.is_empty() {
            continue;
        }
        let Some(TaskRecord { state, task_id, .. }) = record else { panic!("charged, but there is no record") };
        let is_known = task_id.is_some_and(|id| charged.contains(&id));
        let is_open = state == RecordState::Unknown;
        assert!(is_known || is_open && !schedule.finds, "charged, but its record says {state:?}");
        assert!(!is_known || state.is_finished(), "known, but not watched to its end: {state:?}");
        tally.unknown += u64::from(is_open);
        tally.watched += u64::from(is_known);
        if is_known && state == RecordState::Succeed {
            let kept = charged.iter().filter(|id| browser.videos.borrow().contains_key(*id)).count();
            assert!(kept > 0, "succeeded, but its video was not kept");
            tally.kept += 1;
        }
    }
    tally
}

#[test]
fn no_task_is_charged_twice_or_lost() {
    let count = std::env::var("KLING_SCHEDULES").map_or(10_000, |count| count.parse().expect("a number of schedules"));
    let config = Config {
        cases: count,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/model/world.seeds"
        )))),
        source_file: Some(file!()),
        ..Config::default()
    };
    let sum = RefCell::new(Tally::default());
    let result = TestRunner::new(config).run(&schedules(), |schedule| {
        let tally = live(&schedule);
        let mut sum = sum.borrow_mut();
        sum.schedules += tally.schedules;
        sum.charges += tally.charges;
        sum.twice += tally.twice;
        sum.unknown += tally.unknown;
        sum.watched += tally.watched;
        sum.polls += tally.polls;
        sum.kept += tally.kept;
        Ok(())
    });
    let sum = sum.into_inner();
    #[expect(clippy::print_stdout, reason = "the result of `cargo xtask model`")]
    {
        println!("{sum:?}");
    }
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, schedule)) => panic!("{why}\n{schedule:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
    assert!(sum.schedules >= u64::from(count));
    assert!(sum.charges > 0 && sum.unknown > 0 && sum.watched > 0 && sum.twice > 0 && sum.kept > 0, "{sum:?}");
}

/// A world without faults.
fn calm() -> Schedule {
    Schedule {
        dedupes: true,
        finds: true,
        has_locks: true,
        lag: 0,
        takes: 0,
        seed: 1,
        posts: Vec::new(),
        gets: Vec::new(),
        delivery: Delivery::default(),
        events: Vec::new(),
    }
}

#[test]
fn of_two_hundred_tasks_in_one_tab_none_starves() {
    let browser = Browser::new(Provider::new(calm()), true, 1);
    let (executor, tab) = (Rc::clone(browser.executor()), browser.tab(0));
    for number in 0..200 {
        let ends = u64::from(browser.provider.random.below(60 * 60)) * SECOND;
        let id = browser.provider.make(&format!("task-{number}"), ends);
        executor.spawn(Some(0), watch(Rc::clone(&browser), Rc::clone(&tab), id, None));
    }
    browser.heal();
    executor.run(MINUTE, || false);
    executor.run(62 * MINUTE, || tab.watched.borrow().is_empty());
    assert!(tab.watched.borrow().is_empty(), "{} waits have not ended", tab.watched.borrow().len());
}

/// How many polls `tabs` tabs send for a task of one hour, while one of them is frozen for a time.
fn polls_of(tabs: usize) -> u64 {
    let browser = Browser::new(Provider::new(calm()), true, tabs);
    let executor = Rc::clone(browser.executor());
    let id = browser.provider.make("task", 60 * MINUTE);
    for number in 0..tabs {
        executor.spawn(Some(number), watch(Rc::clone(&browser), browser.tab(number), id.clone(), None));
    }
    executor.run(20 * MINUTE, || false);
    apply(&browser, Event::Freeze(tabs - 1, 10 * MINUTE));
    executor.run(40 * MINUTE, || false);
    browser.heal();
    executor.run(61 * MINUTE, || false);
    assert!(browser.tabs.borrow().iter().all(|tab| tab.watched.borrow().is_empty()), "a wait has not ended");
    browser.provider.polls.get()
}

#[test]
fn three_tabs_poll_hardly_more_than_one() {
    let (one, three) = (polls_of(1), polls_of(3));
    assert!(one > 60 && three < one + one / 2, "one tab polled {one} times, three tabs {three} times");
}
