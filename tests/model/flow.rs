//! Polling a task, in virtual time against scripts.

use kling_core::answer::Answer;
use kling_core::endpoint::Method;
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::watch::Watch;
use kling_core::flow::{Reply, Wake};
use kling_core::issue::Param;
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
fn a_wait_follows_the_schedule_to_its_end() {
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
fn an_accepted_task_is_first_polled_after_the_first_delay() {
    let script = Script::new([task("processing"), task("succeed")]);
    let known = TaskRecord::adopted(&read_task("submitted"), 0).task();
    let watch = Watch::new(service(), id(), Polling::default(), 0).accepted(known, 20);
    assert_eq!(script.wait_on(watch).unwrap().status, TaskStatus::Succeed);
    assert_eq!(script.times(), [5000, 10_000]);
    let reports = script.reports.borrow();
    assert!(matches!(reports[0], Progress::Watching { elapsed: 0, next_poll_in: 5000, .. }), "{:?}", reports[0]);
}

#[test]
fn a_wait_updates_the_record() {
    let script = Script::new([task("processing"), unreachable(), task("succeed")]);
    script.put(TaskRecord::adopted(&read_task("submitted"), 0));
    script.wait(None).unwrap();
    let record = &script.records.borrow()["1"];
    assert_eq!((record.state, record.videos.len()), (RecordState::Succeed, 1));
    assert_eq!(script.saves.get(), 2, "one save for each change");
}

#[test]
fn a_listener_receives_each_status_even_if_saves_are_slow() {
    let script =
        Script { save_takes_ms: MINUTE, ..Script::new([task("submitted"), task("processing"), task("succeed")]) };
    script.put(TaskRecord::adopted(&read_task("submitted"), 0));
    script.wait(None).unwrap();
    let reports = script.reports.borrow();
    let statuses: Vec<TaskStatus> = reports
        .iter()
        .filter_map(|progress| if let Progress::Watching { task, .. } = progress { Some(task.status) } else { None })
        .collect();
    assert_eq!(statuses, [TaskStatus::Submitted, TaskStatus::Processing]);
}

#[test]
fn a_failing_storage_ends_no_watch() {
    let script = Script { saves_fail_from: Some(0), ..Script::new([task("processing"), task("succeed")]) };
    script.records.borrow_mut().insert("1".into(), TaskRecord::adopted(&read_task("submitted"), 0));
    script.wait(None).unwrap();
}

fn read_task(status: &str) -> Task {
    let Answer::Task(task) = Answer::read(&task(status).unwrap()) else { panic!("no task") };
    *task
}

#[test]
fn a_watch_returns_changes_only() {
    let script =
        Script::new([task("submitted"), task("submitted"), task("processing"), task("processing"), task("failed")]);
    let statuses = script.run(async |now| {
        let (host, mut watch) = (script.flow(), Watch::new(service(), id(), Polling::default(), now()));
        let mut statuses = Vec::new();
        while let Some(task) = watch.next(&host).await.unwrap() {
            statuses.push(task.status);
        }
        assert_eq!(watch.next(&host).await.unwrap(), None, "the end stays the end");
        statuses
    });
    assert_eq!(statuses, [TaskStatus::Submitted, TaskStatus::Processing, TaskStatus::Failed]);
}

#[test]
fn wait_fails_for_a_failed_task_with_the_reason_of_the_service() {
    let body = r#"{"code":0,"message":"SUCCEED","data":{"task_id":"1","task_status":"failed","task_status_msg":"Image pixel is invalid"}}"#;
    let error = Script::new([answer(200, body)]).wait(None).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TaskFailed);
    assert!(error.message().ends_with("Image pixel is invalid") && !error.is_retryable(), "{error}");
    assert_eq!(error.details().params.get("reason"), Some(&Param::from("Image pixel is invalid")));
}

#[test]
fn trouble_that_may_pass_is_waited_out() {
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
fn trouble_that_cannot_pass_ends_the_wait_at_once() {
    for (reply, expected) in [
        (answer(401, r#"{"code":1002,"message":"x"}"#), ErrorCode::Unauthorized),
        (answer(403, r#"{"code":1103,"message":"x"}"#), ErrorCode::Forbidden),
        (answer(429, r#"{"code":1102,"message":"x"}"#), ErrorCode::InsufficientBalance),
        (answer(400, r#"{"code":1301,"message":"x"}"#), ErrorCode::ContentPolicy),
    ] {
        let script = Script::new([task("processing"), reply]);
        assert_eq!(code(script.wait(None)), expected);
    }
}

#[test]
fn a_spent_budget_ends_the_wait() {
    for (reply, budget, expected) in [
        (unreachable(), 5 * MINUTE, ErrorCode::Network),
        (answer(502, "<html>"), 5 * MINUTE, ErrorCode::Network),
        (answer(200, "<html>"), 5 * MINUTE, ErrorCode::Network),
        (answer(429, r#"{"code":1302,"message":"too fast"}"#), 5 * MINUTE, ErrorCode::RateLimited),
        (answer(STALLED, ""), 5 * MINUTE, ErrorCode::Network),
        (no_such_task(), 90 * SECOND, ErrorCode::TaskNotFound),
    ] {
        let script = Script::new([]).then_always(reply.clone());
        assert_eq!(code(script.wait(None)), expected, "{reply:?}");
        // At most one more poll without a response, and the pauses around it.
        let (end, last_gap) = (script.now.get(), 80 * SECOND);
        assert!((budget..budget + last_gap).contains(&end), "{reply:?} ended after {end} ms");
    }
}

#[test]
fn a_success_without_a_url_ends_the_wait_if_no_url_follows() {
    let without = answer(200, r#"{"data":{"task_id":"1","task_status":"succeed"}}"#);
    let script = Script::new([]).then_always(without.clone());
    let task = script.wait(None).unwrap();
    assert_eq!((task.status, task.videos.len()), (TaskStatus::Succeed, 0));
    assert!((15 * SECOND..45 * SECOND).contains(&script.now.get()), "ended after {} ms", script.now.get());
    let script = Script::new([without.clone(), without, self::task("succeed")]);
    assert_eq!(script.wait(None).unwrap().videos.len(), 1, "the URL may follow");
}

#[test]
fn the_end_of_an_outage_restores_the_budget() {
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.extend(vec![unreachable(); 8]);
        answers.push(task("processing"));
    }
    answers.push(task("succeed"));
    Script::new(answers).wait(None).unwrap();
}

#[test]
fn the_timeout_of_the_caller_is_kept_even_without_responses() {
    for reply in [task("processing"), answer(STALLED, ""), unreachable(), no_such_task()] {
        let script = Script::new([]).then_always(reply.clone());
        let error = script.wait(Some(40 * SECOND)).unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (ErrorCode::Timeout, true), "{reply:?}");
        assert_eq!(script.now.get(), 40 * SECOND, "{reply:?}");
    }
}

#[test]
fn get_task_returns_the_result_of_one_request() {
    let get = |reply| {
        let script = Script::new([reply]);
        script.run(async |_| script.flow().task(&service(), &id()).await)
    };
    assert_eq!(get(task("failed")).unwrap().status, TaskStatus::Failed, "a task, not an error");
    for (reply, expected, retryable) in [
        (no_such_task(), ErrorCode::TaskNotFound, false),
        (unreachable(), ErrorCode::Network, true),
        (answer(STALLED, ""), ErrorCode::Network, true),
        (answer(502, "<html>"), ErrorCode::ServerError, true),
        (answer(200, "<html>"), ErrorCode::Protocol, true),
    ] {
        let error = get(reply).unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (expected, retryable), "{error}");
        assert_eq!(error.details().task_id.as_deref(), Some("1"));
    }
}

#[test]
fn time_offline_is_not_counted() {
    // Offline for a week, and then online while the service is unreachable.
    let week = 7 * 24 * 60 * MINUTE;
    let script = Script { offline: SECOND..week, ..Script::new([task("processing")]) }.then_always(unreachable());
    assert_eq!(code(script.wait(None)), ErrorCode::Network);
    let counted = script.now.get() - week;
    assert!((5 * MINUTE..7 * MINUTE).contains(&counted), "gave up after {counted} ms online");
    let polls = script.times().iter().filter(|at| (SECOND..week).contains(at)).count() as u64;
    assert!((1..=week / MINUTE).contains(&polls), "{polls} polls test whether the browser is wrong");
    let reports = script.reports.borrow();
    let offline = |progress: &&Progress| {
        matches!(progress, Progress::Waiting { reason: WaitingReason::Offline, next_poll_in: None, error: None, .. })
    };
    assert!(reports.iter().any(|progress| offline(&progress)), "{reports:?}");
}

#[test]
fn an_outage_is_counted_while_online_only() {
    let script = Script { blink_ms: Some(20 * SECOND), ..Script::new([]) }.then_always(unreachable());
    assert_eq!(code(script.wait(None)), ErrorCode::Network);
    assert!(script.now.get() > 9 * MINUTE, "gave up after {} ms, half of them offline", script.now.get());
}

#[test]
fn a_service_that_answers_offline_is_polled_as_if_online() {
    let answers = || [task("submitted"), task("processing"), task("succeed")];
    let (with, without) = (Script::new(answers()), Script { offline: 0..u64::MAX, ..Script::new(answers()) });
    for script in [&with, &without] {
        script.wait(None).unwrap();
    }
    assert_eq!(with.times(), without.times());
    assert_eq!(*with.reports.borrow(), *without.reports.borrow());
}

#[test]
fn it_is_polled_at_once_when_the_network_returns() {
    let script = Script { offline: SECOND..20 * SECOND, ..Script::new([task("processing"), task("succeed")]) };
    script.wakes.borrow_mut().extend([(SECOND, Wake::PageEvent), (20 * SECOND, Wake::PageEvent)]);
    script.wait(None).unwrap();
    assert_eq!(script.times(), [0, 20 * SECOND]);
}

#[test]
fn it_is_polled_when_the_page_is_shown_at_most_once_a_second() {
    let script = Script::new([]).then_always(task("processing"));
    // A user who switches tabs ten times a second, for a minute.
    script.wakes.borrow_mut().extend((0..600).map(|n| (n * 100, Wake::PageEvent)));
    let _ = script.wait(Some(MINUTE));
    let gaps: Vec<u64> = script.times().windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (1000..=1100).contains(gap)), "{gaps:?}");
}

#[test]
fn one_night_asleep_spends_no_budget() {
    // The lid is closed for a night during a short outage.
    let night = 10 * 60 * MINUTE;
    let script = Script::new([task("processing"), unreachable(), unreachable(), task("succeed")]);
    script.wakes.borrow_mut().push_back((night, Wake::TimePassed));
    script.wait(None).unwrap();
}

#[test]
fn a_clock_that_is_set_back_delays_no_poll() {
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
fn time_asleep_spends_no_budget() {
    let lost = || (0..8).map(|_| unreachable());
    let script = Script { nap_ms: 10 * MINUTE, ..Script::new(lost().chain([task("succeed")])) };
    script.wait(None).unwrap();
    let awake = Script::new(lost().chain(lost()).chain(lost()).chain([task("succeed")]));
    assert_eq!(code(awake.wait(None)), ErrorCode::Network, "awake, the budget is spent");
}

mod tabs {
    use kling_core::flow::tabs::TabMessage;

    use super::*;

    fn message(reply: Option<Reply>, next_poll_in: u64, is_visible: bool) -> Wake {
        Wake::Message(TabMessage { reply, next_poll_in, is_visible })
    }

    #[test]
    fn the_result_of_another_tab_replaces_a_poll() {
        let script = Script::new([task("submitted")]);
        let heard = [
            (SECOND, message(Some(task("processing")), 4 * SECOND, true)),
            (5 * SECOND, message(Some(task("succeed")), 4 * SECOND, true)),
        ];
        script.wakes.borrow_mut().extend(heard);
        assert_eq!(script.wait(None).unwrap().videos.len(), 1);
        assert_eq!(script.times(), [0], "the other tab polls");
    }

    #[test]
    fn a_silent_tab_is_replaced_within_seconds() {
        for (heard, after) in [(Some(task("processing")), 4 * SECOND), (None, 5 * SECOND)] {
            let script = Script::new([task("submitted"), task("succeed")]);
            script.wakes.borrow_mut().push_back((SECOND, message(heard, after, true)));
            script.wait(None).unwrap();
            let silent = script.times()[1] - SECOND - after;
            assert!((3 * SECOND..6 * SECOND).contains(&silent), "{silent}");
        }
    }

    #[test]
    fn even_if_it_announced_a_rare_poll() {
        for heard in [Some(task("processing")), None] {
            let script = Script::new([task("submitted"), task("succeed")]);
            script.wakes.borrow_mut().push_back((SECOND, message(heard, u64::MAX, true)));
            script.wait(None).unwrap();
            assert!(script.times()[1] < 15 * SECOND, "{:?}", script.times());
        }
    }

    #[test]
    fn the_visible_tab_polls() {
        for (is_visible, other_is_visible, polls) in
            [(true, false, true), (true, true, false), (false, false, false), (false, true, false)]
        {
            let script = Script::new([task("submitted"), task("succeed")]);
            script.is_visible.set(is_visible);
            script
                .wakes
                .borrow_mut()
                .push_back((SECOND, message(Some(task("submitted")), 4 * SECOND, other_is_visible)));
            script.wait(None).unwrap();
            assert_eq!(script.times()[1] < 5 * SECOND, polls, "{is_visible} {other_is_visible}");
        }
    }

    #[test]
    fn each_poll_and_its_result_are_broadcast() {
        let script = Script::new([task("processing"), answer(502, "a page"), unreachable(), task("succeed")]);
        script.wait(None).unwrap();
        let messages = script.messages.borrow();
        let replies: Vec<_> = messages.iter().map(|message| message.reply.as_ref()).collect();
        assert_eq!(replies.len(), 8);
        assert!(replies.iter().step_by(2).all(Option::is_none), "each poll is announced");
        assert_eq!(replies[1], Some(&task("processing")));
        assert_eq!(replies[3], Some(&answer(502, "a page")));
        assert_eq!(replies[5], Some(&unreachable()));
        assert!(
            messages.iter().all(|message| message.is_visible && message.next_poll_in >= 4 * SECOND),
            "{messages:?}"
        );
    }
}
