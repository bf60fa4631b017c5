//! One submission: a row for each response and its outcome, in virtual time against scripts.

use kling_core::endpoint::{HttpResponse, Method, Status};
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::submit::{Known, SubmitCall};
use kling_core::progress::{Progress, WaitingReason};
use kling_core::record::{RecordState, TaskRecord};
use kling_core::request::ExternalTaskId;
use kling_core::retry::Backoff;
use kling_core::task::Task;

use crate::record::record;
use crate::script::{STALLED, Script, answer, no_such_task, redirect, service, task, unreachable};
use kling_core::flow::Reply;

pub(crate) const ID: [u8; 16] = [1; 16];

pub(crate) fn external() -> ExternalTaskId {
    ExternalTaskId::from_random(ID)
}

/// A call of `submit` whose caller knows the stored record.
pub(crate) fn submit_call(script: &Script) -> SubmitCall {
    let known = |record: &TaskRecord| Known { state: record.state, attempt: record.attempt.clone() };
    let known = script.records.borrow().get(external().as_str()).map(known);
    let attempt = format!("attempt {}", script.attempts.replace(script.attempts.get() + 1));
    SubmitCall { id: external(), record: Box::new(TaskRecord { attempt: attempt.into(), ..record(ID[0]) }), known }
}

impl Script {
    /// Answers the paid requests with `posts`, and every look-up with `look_ups`.
    pub(crate) fn of(posts: impl IntoIterator<Item = Reply>, look_ups: Reply) -> Self {
        let script = Self::new([]).then_always(look_ups);
        script.posts.borrow_mut().extend(posts);
        script
    }

    pub(crate) fn submit_as(&self, submit_call: SubmitCall) -> Result<Box<Task>, Error> {
        self.run(async |_| self.flow().submit(&service(), &Backoff::default(), submit_call, async { Ok(7) }).await)
    }

    pub(crate) fn submit(&self) -> Result<Box<Task>, Error> {
        let result = self.submit_as(submit_call(self));
        assert_eq!(self.saves_after_end.get(), 0, "the result was written before the call ended");
        result
    }

    pub(crate) fn state(&self) -> Option<RecordState> {
        let state = self.records.borrow().get(external().as_str()).map(|record| record.state);
        // Callers do not see this state.
        state.filter(|state| *state != RecordState::Withdrawn)
    }

    pub(crate) fn remember(&self, state: RecordState, updated_at: u64) {
        self.put(TaskRecord { state, updated_at, attempt: "earlier".into(), ..record(ID[0]) });
    }
}

pub(crate) fn refused(status: u16, code: u32) -> Reply {
    answer(status, &format!(r#"{{"code":{code},"message":"no"}}"#))
}

fn taken() -> Reply {
    answer(400, r#"{"code":1201,"message":"external_task_id already exists"}"#)
}

#[test]
fn every_response_to_the_paid_request_has_one_outcome() {
    use ErrorCode as E;
    use RecordState::{Rejected, Submitted, Unknown};
    let comet = |status, code: &str| answer(status, &format!(r#"{{"error":{{"message":"no","code":"{code}"}}}}"#));
    // The response; the error; the record; the number of look-ups, including the one before the request.
    let rows = [
        (task("submitted"), None, Submitted, 1),
        (answer(201, r#"{"data":{"task_id":1}}"#), None, Submitted, 1),
        (refused(400, 1200), Some(E::Rejected), Rejected, 1),
        (refused(400, 1201), Some(E::Rejected), Rejected, 1),
        (refused(400, 1300), Some(E::ContentPolicy), Rejected, 1),
        (refused(401, 1002), Some(E::Unauthorized), Rejected, 1),
        (refused(403, 1103), Some(E::Forbidden), Rejected, 1),
        (refused(404, 1203), Some(E::ModelUnavailable), Rejected, 1),
        (refused(413, 1200), Some(E::PayloadTooLarge), Rejected, 1),
        (comet(413, ""), Some(E::PayloadTooLarge), Rejected, 1),
        (comet(500, "invalid_request"), Some(E::Rejected), Rejected, 1),
        (redirect(), Some(E::Protocol), Rejected, 1),
        (answer(400, "<html>"), Some(E::Protocol), Rejected, 1),
        (answer(403, "<html>"), Some(E::Protocol), Rejected, 1),
        (answer(404, ""), Some(E::Protocol), Rejected, 1),
        (answer(413, "<html>"), Some(E::PayloadTooLarge), Rejected, 1),
        (answer(429, "<html>"), Some(E::Protocol), Rejected, 1),
        (refused(429, 1100), Some(E::Forbidden), Rejected, 1),
        (refused(429, 1101), Some(E::InsufficientBalance), Rejected, 1),
        (refused(429, 1102), Some(E::InsufficientBalance), Rejected, 1),
        (refused(429, 1304), Some(E::Forbidden), Rejected, 1),
        (comet(429, ""), Some(E::RateLimited), Rejected, 1),
        (taken(), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(400, r#"{"code":1201,"message":"external image cannot be read"}"#), Some(E::Rejected), Rejected, 1),
        (answer(400, r#"{"code":"do_request_failed","message":"no"}"#), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(200, r#"{"code":0,"message":"SUCCEED","data":{}}"#), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(200, r#"{"code":1303,"message":"no","data":null}"#), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(200, "<html>"), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(200, ""), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(200, r#"{"code":0,"#), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(302, ""), Some(E::SubmissionUnknown), Unknown, 6),
        (refused(408, 1200), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(408, "<html>"), Some(E::SubmissionUnknown), Unknown, 6),
        (refused(500, 5000), Some(E::SubmissionUnknown), Unknown, 6),
        (refused(503, 5001), Some(E::SubmissionUnknown), Unknown, 6),
        (refused(504, 5002), Some(E::SubmissionUnknown), Unknown, 6),
        (comet(500, ""), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(502, "<html>"), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(524, ""), Some(E::SubmissionUnknown), Unknown, 6),
        (unreachable(), Some(E::SubmissionUnknown), Unknown, 6),
        (answer(STALLED, ""), Some(E::SubmissionUnknown), Unknown, 6),
    ];
    for (reply, expected, state, look_ups) in rows {
        let script = Script::of([reply.clone()], no_such_task());
        let result = script.submit();
        assert_eq!(result.as_ref().err().map(Error::code), expected, "{reply:?}");
        assert_eq!(script.state(), Some(state), "{reply:?}");
        assert_eq!((script.count(Method::Post), script.count(Method::Get)), (1, look_ups), "{reply:?}");
        match result {
            Ok(task) => assert_eq!(task.external_task_id.as_deref(), Some(external().as_str())),
            Err(error) => {
                assert!(!error.is_retryable(), "{error}");
                assert_eq!(error.details().external_task_id.as_deref(), Some(external().as_str()), "{error}");
            }
        }
    }
}

#[test]
fn an_unclear_response_is_looked_up_until_the_task_is_found() {
    for reply in [unreachable(), answer(502, "<html>"), taken(), answer(200, ""), answer(STALLED, "")] {
        // One look-up before the request, then three.
        let look_ups = [no_such_task(), no_such_task(), unreachable(), task("processing")];
        let script = Script::new(look_ups);
        script.posts.borrow_mut().push_back(reply.clone());
        assert_eq!(script.submit().unwrap().task_id, "1", "{reply:?}");
        assert_eq!(script.state(), Some(RecordState::Processing));
        assert_eq!((script.count(Method::Post), script.count(Method::Get)), (1, 4), "{reply:?}");
        assert_eq!(script.reasons(), [WaitingReason::Unreachable; 3]);
    }
}

#[test]
fn no_paid_request_is_sent_before_the_url_answers_like_the_service() {
    use ErrorCode as E;
    for (reply, expected, retryable) in [
        (unreachable(), E::Network, true),
        (answer(STALLED, ""), E::Network, true),
        (redirect(), E::Protocol, false),
        (refused(401, 1000), E::Unauthorized, false),
        (answer(401, r#"{"error":{"message":"no","code":""}}"#), E::Unauthorized, false),
        (answer(200, "<html>"), E::Protocol, true),
        (answer(404, "<html>"), E::Protocol, true),
        (answer(502, "<html>"), E::ServerError, true),
        (answer(200, ""), E::Protocol, true),
        (answer(200, r#"{"code":0"#), E::Protocol, true),
    ] {
        let script = Script::of([], reply.clone());
        let error = script.submit().unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (expected, retryable), "{reply:?}");
        assert_eq!(
            (script.count(Method::Post), script.state()),
            (0, None),
            "{reply:?}: no request was sent, no record stays"
        );
    }
}

#[test]
fn any_other_json_does_not_stop_the_paid_request() {
    for reply in [
        no_such_task(),
        refused(404, 1203),
        refused(400, 1200),
        refused(403, 1103),
        refused(429, 1302),
        refused(500, 5000),
        answer(200, "{}"),
        answer(200, r#"{"code":0,"message":"SUCCEED","data":[]}"#),
        answer(404, "[]"),
        answer(200, r#"{"data":{"task_id":"9","task_status":"succeed","task_info":{"external_task_id":"another"}}}"#),
    ] {
        let script = Script::of([task("submitted")], reply.clone());
        assert_eq!(script.submit().unwrap().task_id, "1", "{reply:?}");
        assert_eq!(script.count(Method::Post), 1);
    }
}

#[test]
fn no_request_is_sent_without_a_record() {
    let script = Script { saves_fail_from: Some(0), ..Script::of([], no_such_task()) };
    let error = script.submit().unwrap_err();
    assert_eq!((error.code(), script.requests.borrow().len()), (ErrorCode::Storage, 0));
}

#[test]
fn a_storage_that_fails_later_does_not_hide_the_result() {
    for (reply, expected) in [(task("submitted"), None), (refused(400, 1200), Some(ErrorCode::Rejected))] {
        let script = Script { saves_fail_from: Some(1), ..Script::of([reply], no_such_task()) };
        assert_eq!(script.submit().err().map(|error| error.code()), expected);
        assert_eq!(script.state(), Some(RecordState::Submitting), "the next start finds it");
    }
}

#[test]
fn a_throttled_request_is_sent_again_under_the_same_id() {
    for code in [1302, 1303] {
        let script = Script::of([refused(429, code), refused(429, code), task("submitted")], no_such_task());
        assert_eq!(script.submit().unwrap().task_id, "1");
        assert_eq!((script.count(Method::Post), script.state()), (3, Some(RecordState::Submitted)));
        assert_eq!(script.reasons(), [WaitingReason::RateLimited; 2]);
        let sent: Vec<String> = script
            .reports
            .borrow()
            .iter()
            .filter_map(|progress| match progress {
                Progress::Uploading { external_task_id, .. } => Some(external_task_id.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(sent, vec![external().to_string(); 3]);
    }
}

#[test]
fn offline_no_request_is_sent_unless_the_service_answers_the_look_up() {
    let always = 0..u64::MAX;
    let gone = Script { offline: always.clone(), ..Script::new([no_such_task()]) }.then_always(unreachable());
    let error = gone.submit().unwrap_err();
    assert_eq!((error.code(), error.is_retryable(), gone.count(Method::Post)), (ErrorCode::Network, true, 0));
    // A service on this machine needs no network.
    let here = Script { offline: always, ..Script::of([refused(500, 1), task("submitted")], no_such_task()) };
    assert_eq!(here.submit().unwrap_err().code(), ErrorCode::SubmissionUnknown, "looked up, and given up");
    assert_eq!((here.count(Method::Post), here.state()), (1, Some(RecordState::Unknown)));
}

#[test]
fn a_throttled_request_is_sent_again_within_the_budget_and_not_before_retry_after() {
    let script = Script::of((0..100).map(|_| refused(429, 1303)), no_such_task());
    let error = script.submit().unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), (ErrorCode::ConcurrencyLimited, true));
    assert_eq!(script.state(), Some(RecordState::Rejected));
    assert!((240_000..=300_000).contains(&script.now.get()), "{} ms", script.now.get());

    let later = Ok(HttpResponse {
        status: Status::Code(429),
        body: r#"{"code":1302,"message":"x"}"#.into(),
        retry_after: Some(60_000),
    });
    let script = Script::of([later, task("submitted")], no_such_task());
    script.submit().unwrap();
    assert_eq!(script.now.get(), 60_000);

    let never = Ok(HttpResponse {
        status: Status::Code(429),
        body: r#"{"code":1302,"message":"x"}"#.into(),
        retry_after: Some(86_400_000),
    });
    let script = Script::of([never], no_such_task());
    let error = script.submit().unwrap_err();
    assert_eq!((error.details().retry_after, script.now.get()), (Some(86_400_000), 0), "reported, not waited for");
}

#[test]
fn a_refusal_does_not_settle_an_earlier_unknown_request() {
    {
        let earlier = RecordState::Unknown;
        for (reply, code) in
            [(refused(400, 1200), ErrorCode::Rejected), (refused(429, 1101), ErrorCode::InsufficientBalance)]
        {
            let script = Script::of([reply], no_such_task());
            script.remember(earlier, 0);
            let error = script.submit().unwrap_err();
            assert_eq!((error.code(), error.is_retryable()), (code, false));
            assert_eq!(script.state(), Some(RecordState::Unknown), "the first may have created a task");
        }
        // The same if this request was not sent.
        let script = Script::of([], unreachable());
        script.remember(earlier, 0);
        assert_eq!(script.submit().unwrap_err().code(), ErrorCode::Network);
        assert_eq!(script.state(), Some(RecordState::Unknown));
    }
}

#[test]
fn an_accepted_task_is_recorded_even_with_another_external_id() {
    let body = r#"{"data":{"task_id":"1","task_status":"submitted","task_info":{"external_task_id":"the-gateways"}}}"#;
    let script = Script::of([answer(200, body)], no_such_task());
    script.submit().unwrap();
    assert_eq!(script.state(), Some(RecordState::Submitted));
}

#[test]
fn a_rejected_request_may_be_sent_again() {
    let script = Script::of([task("submitted")], no_such_task());
    script.remember(RecordState::Rejected, 5);
    script.submit().unwrap();
    assert_eq!(script.state(), Some(RecordState::Submitted));
    // It stays rejected if it is not sent again.
    let script = Script::of([], unreachable());
    script.remember(RecordState::Rejected, 5);
    script.submit().unwrap_err();
    assert_eq!(script.state(), Some(RecordState::Rejected));
}

#[test]
fn the_record_of_a_rejected_submission_has_the_reason() {
    for (status, body, reason) in [
        (400, r#"{"code":1200,"message":"image is blurred"}"#, "image is blurred"),
        (400, r#"{"code":1301,"message":"risk control"}"#, "risk control"),
        (404, r#"{"code":1203,"message":"The model is discontinued"}"#, "discontinued"),
        (429, r#"{"code":1102,"message":"resource pack exhausted"}"#, "resource pack exhausted"),
        (403, r#"{"error":{"message":"quota","code":"insufficient_user_quota"}}"#, "quota"),
        (413, "<html>", "HTTP 413 with a web page"),
    ] {
        let script = Script::of([answer(status, body)], no_such_task());
        let error = script.submit().unwrap_err();
        let records = script.records.borrow();
        let record = records.values().next().unwrap();
        assert_eq!(record.state, RecordState::Rejected, "{body}");
        assert_eq!(record.status_message.as_deref(), Some(error.message()), "{body}");
        assert!(error.message().contains(reason), "{error}");
    }
}

#[test]
fn an_unclear_response_is_looked_up_in_spite_of_its_retry_after() {
    let busy = Ok(HttpResponse { status: Status::Code(503), body: "{}".into(), retry_after: Some(3_600_000) });
    let script = Script::of([busy], no_such_task());
    script.submit().unwrap_err();
    assert!(script.now.get() < 60_000, "{} ms", script.now.get());
}

#[test]
fn the_error_of_an_unknown_submission_says_what_to_do() {
    let error = Script::of([answer(502, "<html>")], no_such_task()).submit().unwrap_err();
    for words in ["unknown whether the task was created", "502", "external task id", "pay twice"] {
        assert!(error.message().contains(words), "{error} has no {words}");
    }
    assert_eq!(error.details().status, Some(502));
}

#[test]
fn an_unknown_submission_is_reconciled_when_its_task_appears() {
    let id = kling_core::task::TaskId::from(&external());
    let reconcile = |script: &Script| script.run(async |_| script.flow().reconcile(&service(), &id).await);
    let script = Script::of([], no_such_task());
    script.remember(RecordState::Unknown, 5);
    assert_eq!(reconcile(&script).unwrap(), None);
    assert_eq!(script.state(), Some(RecordState::Unknown), "not found does not prove that no task exists");
    let script = Script::of([], task("processing"));
    script.remember(RecordState::Unknown, 5);
    assert_eq!(reconcile(&script).unwrap().unwrap().task_id, "1");
    assert_eq!(script.state(), Some(RecordState::Processing));
    for (reply, code) in [
        (unreachable(), ErrorCode::Network),
        (refused(401, 1000), ErrorCode::Unauthorized),
        (refused(500, 5000), ErrorCode::ServerError),
    ] {
        assert_eq!(reconcile(&Script::of([], reply)).unwrap_err().code(), code);
    }
}
