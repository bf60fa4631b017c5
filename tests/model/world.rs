//! Whatever goes wrong, nothing is charged twice and nothing is lost: a model of the service and of a browser with several
//! tabs, in virtual time, under random schedules.
//!
//! `cargo xtask model` runs a million of them, every test run ten thousand. A schedule that broke a law is kept in
//! `world.seeds`, and comes first ever after.

mod browser;
mod call;
mod chance;
mod executor;
mod page;
mod provider;
mod schedule;

use std::cell::RefCell;
use std::rc::Rc;

use kling_core::record::{RecordState, TaskRecord};
use proptest::test_runner::{Config, FileFailurePersistence, TestError, TestRunner};

use self::browser::{Browser, Tab};
use self::page::{befall, external, take_up, watch};
use self::provider::Provider;
use self::schedule::{Event, Schedule, TABS, schedules};
use crate::script::{MINUTE, SECOND};

/// What happened in all the worlds of a run: laws that nothing puts to the test would hold too.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    schedules: u64,
    charges: u64,
    twice: u64,
    unknown: u64,
    watched: u64,
    questions: u64,
}

/// So long after the end of a task at the latest every wait for it is over, when nothing goes wrong.
const SOON: u64 = 45 * SECOND;

impl Browser {
    /// A wait is over that began then.
    fn has_ended(&self, id: &str, begun: u64) {
        let now = self.executor().now();
        let made = self.provider.tasks.borrow()[id].clone();
        assert!(now >= made.ends, "a wait was over before its task");
        if let Some(healed) = self.provider.healed.get() {
            // A question that was asked before may still be awaited for as long as any is.
            let due = made.ends.max(made.shown).max(begun).max(healed + 30 * SECOND) + SOON;
            assert!(now <= due, "a wait was over {} ms too late", now - due);
        }
    }
}

/// Lives through one schedule, and then through a day on which nothing goes wrong.
fn live(schedule: &Schedule) -> Tally {
    let browser = Browser::new(Provider::new(schedule.clone()), schedule.has_locks, TABS);
    let executor = Rc::clone(browser.executor());
    let (events, own) = (schedule.events.clone(), Rc::clone(&browser));
    let mut time = 0;
    for (pause, event) in events {
        time += pause;
        executor.run(time, || false);
        befall(&own, event);
    }
    // What is late comes late, and no upload takes longer.
    executor.run(time + 2 * MINUTE, || false);
    browser.heal();
    executor.run(executor.now() + 35 * MINUTE, || false);

    // Another day: a page that knows nothing but what is listed.
    let tab = Tab::new(TABS);
    browser.tabs.borrow_mut().push(Rc::clone(&tab));
    for pause in [40, 1, 1, 1] {
        take_up(&browser, &tab);
        executor.run(executor.now() + pause * MINUTE, || false);
    }
    let is_over = || browser.tabs.borrow().iter().all(|tab| tab.watched.borrow().is_empty());
    executor.run(executor.now() + 30 * MINUTE, is_over);
    assert!(is_over(), "somebody still waits");
    check_end(schedule, &browser)
}

/// The laws of the end.
fn check_end(schedule: &Schedule, browser: &Browser) -> Tally {
    let mut tally = Tally { schedules: 1, questions: browser.provider.asked.get(), ..Tally::default() };
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
        let Some(TaskRecord { state, task_id, .. }) = record else { panic!("charged, and no record is left") };
        let is_known = task_id.is_some_and(|id| charged.contains(&id));
        let is_open = state == RecordState::Unknown;
        assert!(is_known || is_open && !schedule.finds, "charged, and its record says {state:?}");
        assert!(!is_known || state.is_finished(), "known, and not watched to its end: {state:?}");
        tally.unknown += u64::from(is_open);
        tally.watched += u64::from(is_known);
    }
    tally
}

#[test]
fn nothing_is_charged_twice_and_nothing_is_lost() {
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
        sum.questions += tally.questions;
        Ok(())
    });
    let sum = sum.into_inner();
    #[expect(clippy::print_stdout, reason = "what the long form says of itself")]
    {
        println!("{sum:?}");
    }
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, schedule)) => panic!("{why}\n{schedule:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
    assert!(sum.schedules >= u64::from(count));
    assert!(sum.charges > 0 && sum.unknown > 0 && sum.watched > 0 && sum.twice > 0, "{sum:?}");
}

/// A world in which nothing goes wrong.
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
        events: Vec::new(),
    }
}

#[test]
fn two_hundred_tasks_in_one_tab_starve_nobody() {
    let browser = Browser::new(Provider::new(calm()), true, 1);
    let (executor, tab) = (Rc::clone(browser.executor()), browser.tab(0));
    for number in 0..200 {
        let ends = u64::from(browser.provider.chance.below(60 * 60)) * SECOND;
        let id = browser.provider.make(&format!("task-{number}"), ends);
        executor.spawn(Some(0), watch(Rc::clone(&browser), Rc::clone(&tab), id, None));
    }
    browser.heal();
    executor.run(MINUTE, || false);
    executor.run(62 * MINUTE, || tab.watched.borrow().is_empty());
    assert!(tab.watched.borrow().is_empty(), "{} still wait", tab.watched.borrow().len());
}

/// How often an hour of one task is asked about by so many tabs, one of which crashes.
fn questions_of(tabs: usize) -> u64 {
    let browser = Browser::new(Provider::new(calm()), true, tabs);
    let executor = Rc::clone(browser.executor());
    let id = browser.provider.make("task", 60 * MINUTE);
    for number in 0..tabs {
        executor.spawn(Some(number), watch(Rc::clone(&browser), browser.tab(number), id.clone(), None));
    }
    executor.run(20 * MINUTE, || false);
    befall(&browser, Event::Freeze(tabs - 1, 10 * MINUTE));
    executor.run(40 * MINUTE, || false);
    browser.heal();
    executor.run(61 * MINUTE, || false);
    assert!(browser.tabs.borrow().iter().all(|tab| tab.watched.borrow().is_empty()), "somebody still waits");
    browser.provider.asked.get()
}

#[test]
fn three_tabs_ask_hardly_more_than_one() {
    let (one, three) = (questions_of(1), questions_of(3));
    assert!(one > 60 && three < one + one / 2, "one tab asked {one} times, three tabs {three} times");
}
