//! A request that could not even be made: nothing was sent, nothing is retried, and nothing stays behind.

use kling_core::endpoint::{Method, TransportError};
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::Reply;
use kling_core::record::RecordState;

use crate::script::{Script, no_such_task, task};
use crate::submit::refused;

fn not_made() -> Reply {
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
    let script = Script::of([not_made()], no_such_task());
    check(&submit(&script));
    assert_eq!(script.state(), None);
    for state in [RecordState::Rejected, RecordState::Unknown] {
        let script = Script::of([not_made()], no_such_task());
        script.remember(state, 0);
        check(&submit(&script));
        assert_eq!(script.state(), Some(state));
    }
    // After a refusal that passes, the record says that it was refused.
    let script = Script::of([refused(429, 1303), not_made()], no_such_task());
    check(&submit(&script));
    assert_eq!(script.state(), Some(RecordState::Rejected));
}

#[test]
fn the_lookup_before_paying_sends_nothing_either() {
    let script = Script::of([task("submitted")], not_made());
    check(&submit(&script));
    assert_eq!(script.state(), None);
    assert!(script.requests.borrow().iter().all(|(_, request)| request.method == Method::Get));
}

#[test]
fn a_wait_ends_at_once() {
    let script = Script::new([task("processing"), not_made()]);
    let error = script.wait(None).unwrap_err();
    check(&error);
    assert_eq!((script.requests.borrow().len(), error.details().task_id.as_deref()), (2, Some("1")));
}
