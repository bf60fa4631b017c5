//! A request that could not be created: it is not sent, not retried, and leaves no record.

use kling_core::endpoint::{Method, TransportError};
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::Reply;
use kling_core::record::RecordState;

use crate::script::{Script, no_such_task, task};
use crate::submit::refused;

fn not_sent() -> Reply {
    Err(TransportError::new("TypeError: mixed realms").not_sent())
}

fn check(error: &Error) {
    assert_eq!((error.code(), error.is_retryable()), (ErrorCode::Internal, false), "{error}");
    assert!(error.message().contains("nothing was sent") && error.message().contains("mixed realms"), "{error}");
}

fn submit(script: &Script) -> Error {
    script.submit().unwrap_err()
}

#[test]
fn a_submission_leaves_the_record_as_it_was() {
    let script = Script::of([not_sent()], no_such_task());
    check(&submit(&script));
    assert_eq!(script.state(), None);
    for state in [RecordState::Rejected, RecordState::Unknown] {
        let script = Script::of([not_sent()], no_such_task());
        script.remember(state, 0);
        check(&submit(&script));
        assert_eq!(script.state(), Some(state));
    }
    // After a throttled request, the record says that it was rejected.
    let script = Script::of([refused(429, 1303), not_sent()], no_such_task());
    check(&submit(&script));
    assert_eq!(script.state(), Some(RecordState::Rejected));
}

#[test]
fn a_look_up_that_is_not_sent_stops_the_paid_request() {
    let script = Script::of([task("submitted")], not_sent());
    check(&submit(&script));
    assert_eq!(script.state(), None);
    assert!(script.requests.borrow().iter().all(|(_, request)| request.method == Method::Get));
}

#[test]
fn a_wait_ends_at_once() {
    let script = Script::new([task("processing"), not_sent()]);
    let error = script.wait(None).unwrap_err();
    check(&error);
    assert_eq!((script.requests.borrow().len(), error.details().task_id.as_deref()), (2, Some("1")));
}
