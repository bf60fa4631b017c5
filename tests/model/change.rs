//! Which change of a record wins, rule by rule.

use kling_core::record::{Change, RecordState, TaskRecord, Write};
use kling_core::task::{Task, TaskStatus};

use crate::record::record;

/// A record in that state, of that attempt, with that task if any.
fn of(state: RecordState, attempt: &str, task: Option<&str>) -> TaskRecord {
    TaskRecord {
        external_task_id: "mine".into(),
        task_id: task.map(str::to_owned),
        attempt: attempt.into(),
        state,
        ..record(1)
    }
}

fn put(record: &TaskRecord) -> Write {
    Write::Put(Box::new(record.clone()))
}

fn boxed(record: &TaskRecord) -> Box<TaskRecord> {
    Box::new(record.clone())
}

use RecordState::{Processing, Rejected, Submitted, Submitting, Succeed, Unknown, Withdrawn};

#[test]
fn a_claim_needs_the_record_that_was_read() {
    let claim = of(Submitting, "b", None);
    for (over, current, is_granted) in [
        (None, None, true),
        (Some("a"), Some(of(Rejected, "a", None)), true),
        (Some("a"), Some(of(Unknown, "a", None)), true),
        // Another attempt has taken the id since, or has given it up.
        (None, Some(of(Submitting, "c", None)), false),
        (Some("a"), Some(of(Submitting, "c", None)), false),
        (Some("a"), Some(of(Rejected, "c", None)), false),
        (Some("a"), None, false),
        // The task is known by now.
        (Some("a"), Some(of(Submitted, "a", Some("1"))), false),
    ] {
        let change = Change::Claim { record: boxed(&claim), over: over.map(Into::into) };
        let expected = if is_granted { put(&claim) } else { Write::Nothing };
        assert_eq!(change.apply(current.as_ref()), expected, "over {over:?}, found {current:?}");
    }
}

#[test]
fn an_outcome_is_written_for_its_own_attempt() {
    for state in [Unknown, Rejected] {
        let outcome = of(state, "b", None);
        let settle = Change::Settle(boxed(&outcome));
        assert_eq!(settle.apply(Some(&of(Submitting, "b", None))), put(&outcome));
        let becomes = if state == Unknown { Write::Nothing } else { put(&outcome) };
        assert_eq!(settle.apply(Some(&of(Unknown, "b", None))), becomes, "unknown once");
        assert_eq!(settle.apply(None), put(&outcome), "an open outcome is never lost");
        assert_eq!(settle.apply(Some(&of(Submitting, "c", None))), Write::Nothing, "another attempt is under way");
        assert_eq!(settle.apply(Some(&of(Submitted, "b", Some("1")))), Write::Nothing, "the task is known");
    }
}

#[test]
fn an_accepted_task_is_never_lost() {
    let accepted = of(Submitted, "b", Some("1"));
    let settle = Change::Settle(boxed(&accepted));
    for current in
        [Some(of(Submitting, "b", None)), Some(of(Submitting, "c", None)), Some(of(Unknown, "c", None)), None]
    {
        assert_eq!(settle.apply(current.as_ref()), put(&accepted), "{current:?}");
    }
    assert_eq!(settle.apply(Some(&of(Succeed, "b", Some("1")))), Write::Nothing, "an end is not taken back");
    // Two tasks under one id: both were paid for.
    let Write::Put(second) = settle.apply(Some(&of(Processing, "c", Some("2")))) else { panic!("lost") };
    assert_eq!((second.external_task_id.as_str(), second.task_id.as_deref()), ("1", Some("1")));
}

#[test]
fn a_claim_is_withdrawn_by_its_own_attempt_only() {
    let earlier = of(Rejected, "a", None);
    let withdraw = |earlier: Option<&TaskRecord>| Change::Withdraw {
        id: "mine".into(),
        attempt: "b".into(),
        earlier: earlier.map(boxed),
    };
    let own = of(Submitting, "b", None);
    assert_eq!(withdraw(Some(&earlier)).apply(Some(&own)), put(&earlier));
    assert_eq!(withdraw(None).apply(Some(&own)), put(&of(Withdrawn, "b", None)), "for calls that found it being sent");
    for earlier in [Some(&earlier), None] {
        assert_eq!(withdraw(earlier).apply(Some(&of(Submitting, "c", None))), Write::Nothing);
        assert_eq!(withdraw(earlier).apply(None), Write::Nothing);
    }
}

#[test]
fn only_a_request_that_is_being_sent_is_abandoned() {
    let abandon = Change::Abandon { id: "mine".into(), attempt: "b".into() };
    assert_eq!(abandon.apply(Some(&of(Submitting, "b", None))), put(&of(Unknown, "b", None)));
    for current in [of(Submitting, "c", None), of(Rejected, "b", None), of(Submitted, "b", Some("1"))] {
        assert_eq!(abandon.apply(Some(&current)), Write::Nothing, "{current:?}");
    }
    assert_eq!(abandon.apply(None), Write::Nothing);
}

#[test]
fn the_record_that_was_read_is_forgotten_and_no_later_one() {
    let forget = Change::Forget { id: "mine".into(), attempt: "b".into() };
    assert_eq!(forget.apply(Some(&of(Unknown, "b", None))), Write::Remove);
    assert_eq!(forget.apply(Some(&of(Submitting, "c", None))), Write::Nothing);
    assert_eq!(forget.apply(None), Write::Nothing);
}

#[test]
fn news_of_a_task_needs_a_record() {
    let task = Box::new(Task {
        task_id: "1".into(),
        external_task_id: None,
        status: TaskStatus::Processing,
        status_message: None,
        videos: Vec::new(),
        created_at: None,
        updated_at: None,
        raw: Some("{}".into()),
    });
    let observe = Change::Observe { id: "mine".into(), task, now: 7 };
    assert_eq!(observe.apply(None), Write::Nothing, "a forgotten record stays forgotten");
    let Write::Put(record) = observe.apply(Some(&of(Unknown, "b", None))) else { panic!("not written") };
    assert_eq!((record.state, record.task_id.as_deref(), record.updated_at), (Processing, Some("1"), 7));
    assert_eq!(observe.apply(Some(&of(Processing, "b", Some("2")))), Write::Nothing, "another task");
}
