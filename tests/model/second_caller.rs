//! A second call under an id that was sent before: whether it sends depends on what its caller could know.

use kling_core::endpoint::Method;
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::submit::{Known, SubmitCall};
use kling_core::record::{RecordState, TaskRecord};
use kling_core::retry::Backoff;
use kling_core::task::Task;

use crate::record::record;
use crate::script::{Script, no_such_task, service, task, unreachable};
use crate::submit::{ID, external, submit_call};

/// A call of `submit` whose caller saw no record.
fn submit_unaware(script: &Script) -> SubmitCall {
    SubmitCall { known: None, ..submit_call(script) }
}

#[test]
fn a_task_that_exists_already_is_not_paid_for_again() {
    let script = Script::of([], task("processing"));
    assert_eq!(script.submit().unwrap().task_id, "1");
    assert_eq!((script.count(Method::Post), script.state()), (0, Some(RecordState::Processing)));
    // The next call needs no request.
    script.requests.borrow_mut().clear();
    let again = script.submit().unwrap();
    assert_eq!((again.task_id.as_str(), script.requests.borrow().len()), ("1", 0));
}

#[test]
fn after_an_unknown_outcome_only_a_caller_that_could_know_it_sends_again() {
    let script = Script::of([task("submitted")], no_such_task());
    script.remember(RecordState::Unknown, 5);
    assert_eq!(script.submit().unwrap().task_id, "1");
    assert_eq!(script.count(Method::Post), 1);

    let known = |state, attempt: &str| Some(Known { state, attempt: attempt.into() });
    for known in [
        None,
        known(RecordState::Submitting, "earlier"),
        known(RecordState::Submitting, "before that"),
        known(RecordState::Unknown, "before that"),
        known(RecordState::Rejected, "before that"),
    ] {
        for state in [RecordState::Unknown, RecordState::Submitting] {
            // Clocks do not matter.
            for (updated_at, now) in [(5, 6), (5, 0), (1_000_000, 0)] {
                let script = Script::of([], no_such_task());
                script.remember(state, updated_at);
                script.wall.set(Some(now));
                let error = script.submit_as(SubmitCall { known: known.clone(), ..submit_call(&script) }).unwrap_err();
                assert_eq!((error.code(), error.is_retryable()), (ErrorCode::SubmissionUnknown, false), "{known:?}");
                assert_eq!((script.count(Method::Post), script.state()), (0, Some(RecordState::Unknown)), "{known:?}");
                // After that error, the caller knows.
                script.posts.borrow_mut().push_back(task("submitted"));
                assert_eq!(script.submit().unwrap().task_id, "1");
            }
        }
    }
}

#[test]
fn a_caller_that_could_not_know_gets_the_task_where_the_service_finds_it() {
    for state in [RecordState::Unknown, RecordState::Submitting] {
        let script = Script::new([no_such_task(), unreachable(), task("processing")]);
        script.remember(state, 5);
        assert_eq!(script.submit_as(submit_unaware(&script)).unwrap().task_id, "1");
        assert_eq!((script.count(Method::Post), script.state()), (0, Some(RecordState::Processing)));
    }
}

#[test]
fn a_removed_record_does_not_allow_sending_while_another_call_was_sending() {
    for is_lock_held in [true, false] {
        let script = Script::of([], no_such_task());
        script.is_lock_held.set(is_lock_held);
        let state = RecordState::Submitting;
        let known = (!is_lock_held).then(|| Known { state, attempt: "earlier".into() });
        let error = script.submit_as(SubmitCall { known, ..submit_call(&script) }).unwrap_err();
        assert_eq!((error.code(), script.count(Method::Post)), (ErrorCode::SubmissionUnknown, 0));
        assert_eq!(script.state(), Some(RecordState::Unknown), "the next caller can know it");
    }
    // A withdrawn request was never sent.
    let script = Script::of([task("submitted")], no_such_task());
    script.is_lock_held.set(true);
    script.put(TaskRecord { state: RecordState::Withdrawn, attempt: "earlier".into(), ..record(ID[0]) });
    script.submit_as(submit_unaware(&script)).unwrap();
    assert_eq!(script.count(Method::Post), 1);
    // A rejected request created no task, and the caller of the removed record knew that its outcome was unknown.
    let script = Script::of([task("submitted")], no_such_task());
    script.is_lock_held.set(true);
    script.remember(RecordState::Rejected, 5);
    script.submit().unwrap();
    let script = Script::of([task("submitted")], no_such_task());
    let known = Some(Known { state: RecordState::Unknown, attempt: "earlier".into() });
    script.submit_as(SubmitCall { known, ..submit_call(&script) }).unwrap();
}

/// Submits, and calls `meanwhile` during the encoding.
fn submit_while(script: &Script, meanwhile: impl Fn()) -> Result<Box<Task>, Error> {
    let encode = async {
        meanwhile();
        Ok(7)
    };
    script.run(async |_| script.flow().submit(&service(), &Backoff::default(), submit_call(script), encode).await)
}

#[test]
fn where_there_are_no_locks_the_record_alone_guards() {
    // Another tab has claimed the id.
    let script = Script::of([], no_such_task());
    let error = submit_while(&script, || script.remember(RecordState::Submitting, 0)).unwrap_err();
    assert_eq!((error.code(), script.count(Method::Post)), (ErrorCode::SubmissionUnknown, 0));
    // Another tab has received its task.
    let script = Script::of([], no_such_task());
    let accepted =
        || script.put(TaskRecord { task_id: Some("5".into()), state: RecordState::Submitted, ..record(ID[0]) });
    assert_eq!(submit_while(&script, accepted).unwrap().task_id, "5");
    assert_eq!(script.count(Method::Post), 0);
    // Another tab has marked this attempt as abandoned: later callers know its outcome as unknown, so this call sends as a new
    // attempt.
    let script = Script::of([unreachable()], no_such_task());
    let mut known = None;
    let abandoned = || {
        let mut records = script.records.borrow_mut();
        records.get_mut(external().as_str()).unwrap().state = RecordState::Unknown;
    };
    submit_while(&script, || {
        abandoned();
    })
    .unwrap_err();
    known.replace(Known { state: RecordState::Unknown, attempt: "attempt 0".into() });
    assert_eq!(script.count(Method::Post), 1);
    let error = script.submit_as(SubmitCall { known, ..submit_call(&script) }).unwrap_err();
    assert_eq!((error.code(), script.count(Method::Post)), (ErrorCode::SubmissionUnknown, 1));
}

#[test]
fn a_withdrawn_record_is_not_listed_and_is_removed_when_no_call_needs_it() {
    let script = Script::default();
    script.put(TaskRecord { state: RecordState::Withdrawn, ..record(ID[0]) });
    script.is_lock_held.set(true);
    let list = || script.run(async |_| script.flow().records().await).unwrap();
    assert_eq!((list().len(), script.records.borrow().len()), (0, 1));
    script.is_lock_held.set(false);
    assert_eq!((list().len(), script.records.borrow().len()), (0, 0));
}
