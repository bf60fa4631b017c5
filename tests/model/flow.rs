//! Waiting and asking, in virtual time against scripts.

use kling_core::answer::Answer;
use kling_core::endpoint::Method;
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::watch::Watch;
use kling_core::flow::{Reply, Wake};
use kling_core::poll::Polling;
use kling_core::progress::{Progress, WaitingReason};
use kling_core::record::{RecordState, TaskRecord};
use kling_core::task::{Task, TaskStatus};

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
    let watch = Watch::new(service(), id(), Polling::default(), 0).accepted(known, 20);
    assert_eq!(script.wait_on(watch).unwrap().status, TaskStatus::Succeed);
    assert_eq!(script.times(), [5000, 10_000]);
    let told = script.told.borrow();
    assert!(matches!(told[0], Progress::Watching { elapsed: 0, next_poll_in: 5000, .. }), "{:?}", told[0]);
}

#[test]
fn a_wait_keeps_the_record_up_to_date() {
    let script = Script::new([task("processing"), unreachable(), task("succeed")]);
    script.put(TaskRecord::adopted(&seen("submitted"), 0));
    script.wait(None).unwrap();
    let record = &script.records.borrow()["1"];
    assert_eq!((record.state, record.videos.len()), (RecordState::Succeed, 1));
    assert_eq!(script.saves.get(), 2, "each change once");
}

#[test]
fn a_listener_is_told_each_status_however_long_records_take() {
    let script = Script { saves_take: MINUTE, ..Script::new([task("submitted"), task("processing"), task("succeed")]) };
    script.put(TaskRecord::adopted(&seen("submitted"), 0));
    script.wait(None).unwrap();
    let told = script.told.borrow();
    let statuses: Vec<TaskStatus> = told
        .iter()
        .filter_map(|told| if let Progress::Watching { task, .. } = told { Some(task.status) } else { None })
        .collect();
    assert_eq!(statuses, [TaskStatus::Submitted, TaskStatus::Processing]);
}

#[test]
fn a_storage_that_fails_keeps_nobody_from_watching() {
    let script = Script { saves_fail_from: Some(0), ..Script::new([task("processing"), task("succeed")]) };
    script.records.borrow_mut().insert("1".into(), TaskRecord::adopted(&seen("submitted"), 0));
    script.wait(None).unwrap();
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
        let (host, mut watch) = (script.flow(), Watch::new(service(), id(), Polling::default(), now()));
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
        (answer(502, "<html>"), 5 * MINUTE, ErrorCode::Network),
        (answer(200, "<html>"), 5 * MINUTE, ErrorCode::Network),
        (answer(429, r#"{"code":1302,"message":"too fast"}"#), 5 * MINUTE, ErrorCode::RateLimited),
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
        script.run(async |_| script.flow().task(&service(), &id()).await)
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

#[test]
fn time_without_a_network_is_not_counted() {
    // A week of it, and then an hour in which the network is there and the service is not.
    let week = 7 * 24 * 60 * MINUTE;
    let script = Script { offline: SECOND..week, ..Script::new([task("processing")]) }.then_always(unreachable());
    assert_eq!(code(script.wait(None)), ErrorCode::Network);
    let counted = script.now.get() - week;
    assert!((5 * MINUTE..7 * MINUTE).contains(&counted), "gave up after {counted} ms with a network");
    let asked = script.times().iter().filter(|at| (SECOND..week).contains(at)).count() as u64;
    assert!((1..=week / MINUTE).contains(&asked), "a browser that says so wrongly is found out, gently: {asked}");
    let told = script.told.borrow();
    let offline = |progress: &&Progress| {
        matches!(progress, Progress::Waiting { reason: WaitingReason::Offline, next_poll_in: None, error: None, .. })
    };
    assert!(told.iter().any(|progress| offline(&progress)), "{told:?}");
}

#[test]
fn a_network_that_comes_and_goes_counts_while_it_is_there() {
    let script = Script { blinks: Some(20 * SECOND), ..Script::new([]) }.then_always(unreachable());
    assert_eq!(code(script.wait(None)), ErrorCode::Network);
    assert!(script.now.get() > 9 * MINUTE, "gave up after {} ms, half of them without a network", script.now.get());
}

#[test]
fn a_service_that_answers_without_a_network_is_asked_as_with_one() {
    let answers = || [task("submitted"), task("processing"), task("succeed")];
    let (with, without) = (Script::new(answers()), Script { offline: 0..u64::MAX, ..Script::new(answers()) });
    for script in [&with, &without] {
        script.wait(None).unwrap();
    }
    assert_eq!(with.times(), without.times());
    assert_eq!(*with.told.borrow(), *without.told.borrow());
}

#[test]
fn it_is_asked_at_once_when_the_network_is_back() {
    let script = Script { offline: SECOND..20 * SECOND, ..Script::new([task("processing"), task("succeed")]) };
    script.wakes.borrow_mut().extend([(SECOND, Wake::PageEvent), (20 * SECOND, Wake::PageEvent)]);
    script.wait(None).unwrap();
    assert_eq!(script.times(), [0, 20 * SECOND]);
}

#[test]
fn it_is_asked_at_once_when_somebody_looks_but_no_storm_comes_of_it() {
    let script = Script::new([]).then_always(task("processing"));
    // Somebody who goes through the tabs, ten times a second, for a minute.
    script.wakes.borrow_mut().extend((0..600).map(|n| (n * 100, Wake::PageEvent)));
    let _ = script.wait(Some(MINUTE));
    let gaps: Vec<u64> = script.times().windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (1000..=1100).contains(gap)), "{gaps:?}");
}

#[test]
fn a_machine_that_slept_has_not_spent_its_patience() {
    // The lid is closed for a night in the middle of a short outage.
    let night = 10 * 60 * MINUTE;
    let script = Script::new([task("processing"), unreachable(), unreachable(), task("succeed")]);
    script.wakes.borrow_mut().push_back((night, Wake::TimePassed));
    script.wait(None).unwrap();
}

#[test]
fn a_clock_that_is_put_back_delays_no_question() {
    let script = Script::new([task("processing"), task("processing"), task("succeed")]);
    script.now.set(1_000_000_000);
    let mut watch = Watch::new(service(), id(), Polling::default(), script.now.get());
    script.run(async |_| {
        let host = script.flow();
        watch.next(&host).await.unwrap();
        script.now.set(5_000);
        watch.next(&host).await.unwrap()
    });
    assert!(script.now.get() < 30_000, "{}", script.now.get());
}

#[test]
fn time_asleep_is_no_outage() {
    let lost = || (0..8).map(|_| unreachable());
    let script = Script { nap: 10 * MINUTE, ..Script::new(lost().chain([task("succeed")])) };
    script.wait(None).unwrap();
    let awake = Script::new(lost().chain(lost()).chain(lost()).chain([task("succeed")]));
    assert_eq!(code(awake.wait(None)), ErrorCode::Network, "while it is awake the budget counts");
}

mod tabs {
    use kling_core::flow::tabs::TabMessage;

    use super::*;

    fn message(reply: Option<Reply>, next_poll_in: u64, is_visible: bool) -> Wake {
        Wake::Message(TabMessage { reply, next_poll_in, is_visible })
    }

    #[test]
    fn an_answer_of_another_tab_is_taken_for_ones_own() {
        let script = Script::new([task("submitted")]);
        let heard = [
            (SECOND, message(Some(task("processing")), 4 * SECOND, true)),
            (5 * SECOND, message(Some(task("succeed")), 4 * SECOND, true)),
        ];
        script.wakes.borrow_mut().extend(heard);
        assert_eq!(script.wait(None).unwrap().videos.len(), 1);
        assert_eq!(script.times(), [0], "the other one asks");
    }

    #[test]
    fn a_tab_that_falls_silent_is_replaced_within_seconds() {
        for (heard, after) in [(Some(task("processing")), 4 * SECOND), (None, 5 * SECOND)] {
            let script = Script::new([task("submitted"), task("succeed")]);
            script.wakes.borrow_mut().push_back((SECOND, message(heard, after, true)));
            script.wait(None).unwrap();
            let silent = script.times()[1] - SECOND - after;
            assert!((3 * SECOND..6 * SECOND).contains(&silent), "{silent}");
        }
    }

    #[test]
    fn however_seldom_it_asks() {
        for heard in [Some(task("processing")), None] {
            let script = Script::new([task("submitted"), task("succeed")]);
            script.wakes.borrow_mut().push_back((SECOND, message(heard, u64::MAX, true)));
            script.wait(None).unwrap();
            assert!(script.times()[1] < 15 * SECOND, "{:?}", script.times());
        }
    }

    #[test]
    fn the_one_that_is_seen_leads() {
        for (is_visible, other_is_visible, leads) in
            [(true, false, true), (true, true, false), (false, false, false), (false, true, false)]
        {
            let script = Script::new([task("submitted"), task("succeed")]);
            script.is_visible.set(is_visible);
            script
                .wakes
                .borrow_mut()
                .push_back((SECOND, message(Some(task("submitted")), 4 * SECOND, other_is_visible)));
            script.wait(None).unwrap();
            assert_eq!(script.times()[1] < 5 * SECOND, leads, "{is_visible} {other_is_visible}");
        }
    }

    #[test]
    fn the_others_are_told_of_each_question_and_what_came_of_it() {
        let script = Script::new([task("processing"), answer(502, "a page"), unreachable(), task("succeed")]);
        script.wait(None).unwrap();
        let messages = script.messages.borrow();
        let replies: Vec<_> = messages.iter().map(|message| message.reply.as_ref()).collect();
        assert_eq!(replies.len(), 8);
        assert!(replies.iter().step_by(2).all(Option::is_none), "each question is announced");
        assert_eq!(replies[1], Some(&task("processing")));
        assert_eq!(replies[3], Some(&answer(502, "a page")));
        assert_eq!(replies[5], Some(&unreachable()));
        assert!(
            messages.iter().all(|message| message.is_visible && message.next_poll_in >= 4 * SECOND),
            "{messages:?}"
        );
    }
}
