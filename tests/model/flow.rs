//! Waiting and asking, in virtual time against scripts.

use kling_multi_image2video::answer::Answer;
use kling_multi_image2video::endpoint::Method;
use kling_multi_image2video::error::{Error, ErrorCode};
use kling_multi_image2video::flow::watch::Watch;
use kling_multi_image2video::poll::Polling;
use kling_multi_image2video::progress::{Progress, WaitingReason};
use kling_multi_image2video::record::{Change, RecordState, TaskRecord};
use kling_multi_image2video::task::{Task, TaskStatus};

use crate::script::{MINUTE, SECOND, STALLED, Script, answer, id, no_such_task, service, task, unreachable};

fn code(result: Result<Box<Task>, Error>) -> ErrorCode {
    let error = result.expect_err("a task");
    assert_eq!(error.details().task_id.as_deref(), Some("1"), "{error}");
    error.code()
}

#[test]
fn a_wait_follows_the_schedule_to_the_end() {
    let script = Script::new([task("submitted"), task("processing"), task("processing"), task("succeed")]);
    assert_eq!(script.wait(None).unwrap().videos.len(), 1);
    assert_eq!(script.times(), [0, 5000, 11_250, 19_062]);
    assert!(script.requests.borrow().iter().all(|(_, request)| request.method == Method::Get));
}

#[test]
fn a_task_of_37_minutes_is_waited_for() {
    let mut answers = vec![task("processing"); 100];
    answers.push(task("succeed"));
    let script = Script::new(answers);
    script.wait(None).unwrap();
    assert!(script.now.get() > 37 * MINUTE, "{} min", script.now.get() / MINUTE);
    let gaps: Vec<u64> = script.times().windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!((gaps.iter().max(), gaps.iter().min()), (Some(&(30 * SECOND)), Some(&(5 * SECOND))));
}

#[test]
fn an_accepted_task_is_first_asked_for_after_the_first_delay() {
    let script = Script::new([task("processing"), task("succeed")]);
    let known = TaskRecord::adopted(&seen("submitted"), 0).task();
    let watch = Watch::new(service(), id(), Polling::default(), 0).accepted(known);
    assert_eq!(script.wait_on(watch).unwrap().status, TaskStatus::Succeed);
    assert_eq!(script.times(), [5000, 10_000]);
    let told = script.told.borrow();
    assert!(matches!(told[0], Progress::Watching { elapsed: 0, next_poll_in: 5000, .. }), "{:?}", told[0]);
}

#[test]
fn a_wait_keeps_the_record_up_to_date() {
    let script = Script::new([task("processing"), unreachable(), task("succeed")]);
    script.write(Change::Put(Box::new(TaskRecord::adopted(&seen("submitted"), 0))));
    script.wait(None).unwrap();
    let record = &script.records.borrow()["1"];
    assert_eq!((record.state, record.videos.len()), (RecordState::Succeed, 1));
    assert_eq!(script.saves.get(), 2, "each change once");
}

#[test]
fn a_storage_that_fails_keeps_nobody_from_watching() {
    let script = Script { saves_fail_from: Some(0), ..Script::new([task("processing"), task("succeed")]) };
    script.records.borrow_mut().insert("1".into(), TaskRecord::adopted(&seen("submitted"), 0));
    script.wait(None).unwrap();
}

#[test]
fn a_task_of_elsewhere_is_adopted() {
    let script = Script::new([task("processing"), task("processing"), no_such_task()]);
    let adopt = || script.run(async |_| script.host().adopt(&service(), &id()).await);
    assert_eq!(adopt().unwrap().status, TaskStatus::Processing);
    assert_eq!(script.records.borrow()["1"].state, RecordState::Processing);
    adopt().unwrap();
    assert_eq!(script.saves.get(), 1, "known already");
    assert_eq!(adopt().unwrap_err().code(), ErrorCode::TaskNotFound);
}

#[test]
fn adopting_what_was_unknown_here_completes_its_record() {
    let body = r#"{"data":{"task_id":"1","task_status":"processing","task_info":{"external_task_id":"mine"}}}"#;
    let script = Script::new([answer(200, body), answer(200, body)]);
    let unknown =
        TaskRecord { external_task_id: "mine".into(), state: RecordState::Unknown, ..crate::record::record(1) };
    script.write(Change::Put(Box::new(unknown)));
    script.run(async |_| script.host().adopt(&service(), &id()).await).unwrap();
    let records = script.records.borrow();
    let record = &records["mine"];
    assert_eq!((records.len(), record.state, record.task_id.as_deref()), (1, RecordState::Processing, Some("1")));
    assert_eq!(record.prompt.as_deref(), Some("a calm sea"), "nothing of it is lost");
    drop(records);
    // And by the service's own id, whatever external id it has.
    let found = script.run(async |_| script.host().reconcile(&service(), &id()).await).unwrap();
    assert_eq!(found.unwrap().task_id, "1");
}

fn seen(status: &str) -> Task {
    let Answer::Task(task) = Answer::read(&task(status).unwrap()) else { panic!("no task") };
    *task
}

#[test]
fn a_watch_brings_changes_only() {
    let script =
        Script::new([task("submitted"), task("submitted"), task("processing"), task("processing"), task("failed")]);
    let seen = script.run(async |now| {
        let (host, mut watch) = (script.host(), Watch::new(service(), id(), Polling::default(), now()));
        let mut seen = Vec::new();
        while let Some(task) = watch.next(&host).await.unwrap() {
            seen.push(task.status);
        }
        assert_eq!(watch.next(&host).await.unwrap(), None, "the end stays the end");
        seen
    });
    assert_eq!(seen, [TaskStatus::Submitted, TaskStatus::Processing, TaskStatus::Failed]);
}

#[test]
fn a_failed_task_is_an_error_of_wait_with_the_services_reason() {
    let body = r#"{"code":0,"message":"SUCCEED","data":{"task_id":"1","task_status":"failed","task_status_msg":"Image pixel is invalid"}}"#;
    let error = Script::new([answer(200, body)]).wait(None).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TaskFailed);
    assert!(error.message().ends_with("Image pixel is invalid") && !error.is_retryable(), "{error}");
}

#[test]
fn what_may_pass_is_waited_out() {
    use WaitingReason::{NotFoundYet, RateLimited, Unreachable};
    let script = Script::new([
        no_such_task(),
        unreachable(),
        answer(502, "<html>"),
        answer(200, "<html>"),
        answer(500, r#"{"code":5000,"message":"internal"}"#),
        answer(429, r#"{"code":1302,"message":"too fast"}"#),
        answer(STALLED, ""),
        task("some new word"),
        task("succeed"),
    ]);
    script.wait(None).unwrap();
    assert_eq!(
        script.reasons(),
        [NotFoundYet, Unreachable, Unreachable, Unreachable, Unreachable, RateLimited, Unreachable]
    );
}

#[test]
fn what_cannot_pass_ends_the_wait_at_once() {
    for (reply, expected) in [
        (answer(401, r#"{"code":1002,"message":"x"}"#), ErrorCode::Unauthorized),
        (answer(403, r#"{"code":1103,"message":"x"}"#), ErrorCode::Forbidden),
        (answer(400, r#"{"code":1200,"message":"x"}"#), ErrorCode::Rejected),
    ] {
        let script = Script::new([task("processing"), reply]);
        assert_eq!(code(script.wait(None)), expected);
    }
}

#[test]
fn budgets_end_what_does_not_pass() {
    for (reply, budget, expected) in [
        (unreachable(), 5 * MINUTE, ErrorCode::Network),
        (answer(502, "<html>"), 5 * MINUTE, ErrorCode::ServerError),
        (answer(200, "<html>"), 5 * MINUTE, ErrorCode::Protocol),
        (answer(STALLED, ""), 5 * MINUTE, ErrorCode::Network),
        (no_such_task(), 90 * SECOND, ErrorCode::TaskNotFound),
        (answer(200, r#"{"data":{"task_id":"1","task_status":"succeed"}}"#), 90 * SECOND, ErrorCode::Protocol),
    ] {
        let script = Script::new([]).then_always(reply.clone());
        assert_eq!(code(script.wait(None)), expected, "{reply:?}");
        // At most one more question, unanswered, and the pauses around it.
        let (end, last_gap) = (script.now.get(), 80 * SECOND);
        assert!((budget..budget + last_gap).contains(&end), "{reply:?} ended after {end} ms");
    }
}

#[test]
fn an_outage_that_passes_starts_the_budget_afresh() {
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.extend(vec![unreachable(); 8]);
        answers.push(task("processing"));
    }
    answers.push(task("succeed"));
    Script::new(answers).wait(None).unwrap();
}

#[test]
fn the_callers_own_limit_is_kept_also_while_nothing_comes() {
    for reply in [task("processing"), answer(STALLED, ""), unreachable(), no_such_task()] {
        let script = Script::new([]).then_always(reply.clone());
        let error = script.wait(Some(40 * SECOND)).unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (ErrorCode::Timeout, true), "{reply:?}");
        assert_eq!(script.now.get(), 40 * SECOND, "{reply:?}");
    }
}

#[test]
fn one_question_brings_one_answer() {
    let ask = |reply| {
        let script = Script::new([reply]);
        script.run(async |_| script.host().task(&service(), &id()).await)
    };
    assert_eq!(ask(task("failed")).unwrap().status, TaskStatus::Failed, "an answer, not an error");
    for (reply, expected, retryable) in [
        (no_such_task(), ErrorCode::TaskNotFound, false),
        (unreachable(), ErrorCode::Network, true),
        (answer(STALLED, ""), ErrorCode::Network, true),
        (answer(502, "<html>"), ErrorCode::ServerError, true),
        (answer(200, "<html>"), ErrorCode::Protocol, true),
    ] {
        let error = ask(reply).unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (expected, retryable), "{error}");
        assert_eq!(error.details().task_id.as_deref(), Some("1"));
    }
}
