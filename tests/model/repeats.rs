//! What happens before a paid request leaves, for the first time or again.

use kling_core::endpoint::Method;
use kling_core::error::ErrorCode;
use kling_core::record::RecordState;

use crate::record::record;
use crate::script::{Script, answer, no_such_task, task};
use crate::submit::{ID, external, refused};

#[test]
fn a_throttled_request_is_looked_up_before_it_is_sent_again() {
    // The browser or a gateway had repeated the request by itself: the repetition is refused because of the first one's task.
    for code in [1302, 1303] {
        let script = Script::of([refused(429, code)], task("submitted"));
        script.answers.borrow_mut().push_back(no_such_task());
        assert_eq!(script.submit().unwrap().task_id, "1");
        assert_eq!((script.count(Method::Post), script.count(Method::Get)), (1, 2));
        assert_eq!(script.state(), Some(RecordState::Submitted));
    }
}

#[test]
fn a_throttled_request_is_not_sent_again_while_the_service_cannot_be_reached() {
    let script = Script::of([refused(429, 1303), task("submitted")], answer(502, "<html>"));
    script.answers.borrow_mut().push_back(no_such_task());
    let error = script.submit().unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), (ErrorCode::ConcurrencyLimited, true));
    assert_eq!((script.count(Method::Post), script.state()), (1, Some(RecordState::Rejected)));
}

#[test]
fn a_throttled_request_is_not_sent_after_a_night() {
    // The clock of `now` stands still while the machine sleeps, the wall clock does not; or both go on.
    for stands_still in [true, false] {
        let script = Script { nap_in_sleep_ms: 8 * 3_600_000, ..Script::of([refused(429, 1302)], no_such_task()) };
        if stands_still {
            script.wall.set(Some(0));
        }
        let error = script.submit().unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (ErrorCode::RateLimited, true));
        assert_eq!((script.count(Method::Post), script.state()), (1, Some(RecordState::Rejected)));
    }
}

#[test]
fn an_error_of_the_relay_stops_the_paid_request() {
    for (status, code, expected, is_retryable) in [
        (502, "do_request_failed", ErrorCode::ServerError, true),
        (504, "do_request_failed", ErrorCode::ServerError, true),
        (503, "relay_timeout", ErrorCode::ServerError, true),
        (403, "relay_forbidden", ErrorCode::Forbidden, false),
        (403, "relay_origin", ErrorCode::Forbidden, false),
        (403, "relay_key", ErrorCode::Forbidden, false),
    ] {
        let body = format!(r#"{{"code":"{code}","message":"m","data":null}}"#);
        let script = Script::of([task("submitted")], answer(status, &body));
        let error = script.submit().unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (expected, is_retryable), "{status} {code}");
        assert_eq!((script.count(Method::Post), script.state()), (0, None), "{status} {code}");
    }
    // The gateway's own word: it may come for an id that the gateway does not know.
    let body = r#"{"code":"do_request_failed","message":"m","data":null}"#;
    let script = Script::of([task("submitted")], answer(500, body));
    assert_eq!(script.submit().unwrap().task_id, "1");
}

#[test]
fn a_result_that_was_not_written_is_written_by_the_next_poll() {
    let body = format!(
        r#"{{"code":0,"message":"SUCCEED","data":{{"task_id":"1","task_status":"succeed","task_info":{{"external_task_id":"{}"}},"task_result":{{"videos":[{{"id":"v","url":"https://cdn.example/v.mp4","duration":"5"}}]}}}}}}"#,
        external()
    );
    for state in [RecordState::Submitting, RecordState::Unknown] {
        let script = Script::new([answer(200, &body)]);
        script.remember(state, 0);
        script.wait(None).unwrap();
        let records = script.records.borrow();
        let stored = &records[external().as_str()];
        assert_eq!((stored.state, stored.task_id.as_deref()), (RecordState::Succeed, Some("1")));
    }
    // The record of another task keeps that task.
    let script = Script::new([answer(200, &body)]);
    let other = kling_core::record::TaskRecord {
        state: RecordState::Submitted,
        task_id: Some("another".into()),
        ..record(ID[0])
    };
    script.put(other.clone());
    script.wait(None).unwrap();
    assert_eq!(script.records.borrow()[external().as_str()], other);
}
