//! What one POST came to: exactly one outcome for each answer.

use kling_core::endpoint::{Body, HttpResponse, Status, TransportError};
use kling_core::error::ErrorCode;
use kling_core::request::ExternalTaskId;
use kling_core::submission::Outcome;
use proptest::prelude::*;

const TASK: &str = r#"{"code":0,"message":"SUCCEED","data":{"task_id":"1","task_status":"submitted"}}"#;

fn outcome(status: u16, body: &str) -> Outcome {
    let response = HttpResponse { status: Status::from_fetch(status), body: body.into(), retry_after: None };
    Outcome::of(Ok(response), &ExternalTaskId::from_random([0; 16]))
}

#[test]
fn outcomes() {
    let accepted =
        |status, body: &str| assert!(matches!(outcome(status, body), Outcome::Accepted(_)), "{status} {body}");
    let rejected = |status, body: &str, code| match outcome(status, body) {
        Outcome::Rejected(error) => {
            assert_eq!(error.code(), code, "{status} {body}");
            assert!(!error.is_retryable() && error.details().external_task_id.is_some(), "{status} {body}");
        }
        other => panic!("{status} {body}: {other:?}"),
    };
    let unknown = |status, body: &str| match outcome(status, body) {
        Outcome::Unknown(error) => {
            assert_eq!(error.code(), ErrorCode::SubmissionUnknown, "{status} {body}");
            assert!(!error.is_retryable() && error.details().external_task_id.is_some(), "{status} {body}");
        }
        other => panic!("{status} {body}: {other:?}"),
    };
    let refusal = r#"{"code":1201,"message":"no"}"#;
    accepted(200, TASK);
    accepted(201, TASK);
    rejected(400, refusal, ErrorCode::Rejected);
    rejected(401, refusal, ErrorCode::Unauthorized);
    rejected(403, refusal, ErrorCode::Forbidden);
    rejected(404, refusal, ErrorCode::Rejected);
    rejected(413, refusal, ErrorCode::PayloadTooLarge);
    rejected(429, refusal, ErrorCode::RateLimited);
    rejected(500, r#"{"error":{"message":"no","code":"invalid_request"}}"#, ErrorCode::Rejected);
    rejected(400, "<html>", ErrorCode::Protocol);
    rejected(413, "<html>", ErrorCode::PayloadTooLarge);
    rejected(0, "", ErrorCode::Protocol);
    unknown(400, r#"{"code":1201,"message":"external_task_id already exists"}"#);
    unknown(408, refusal);
    unknown(408, "<html>");
    unknown(500, refusal);
    unknown(502, "<html>");
    unknown(524, "");
    unknown(200, "");
    unknown(200, "<html>");
    unknown(200, r#"{"code":0,"message":"SUCCEED","data":{}}"#);
    for redirect in [301, 302, 303, 307, 308] {
        rejected(redirect, "", ErrorCode::Protocol);
    }
}

#[test]
fn a_refusal_that_suggests_a_task_is_unclear() {
    for (status, body) in [
        (400, r#"{"code":1201,"message":"external_task_id already exists"}"#),
        (400, r#"{"code":1201,"message":"External-Task-Id must be unique"}"#),
        (400, r#"{"code":1201,"message":"external_taskid exists"}"#),
        (400, r#"{"code":1201,"message":"ExternalTaskID is used"}"#),
        (400, r#"{"code":1201,"message":"duplicate id"}"#),
        (409, r#"{"error":{"message":"task already exists"}}"#),
        (422, r#"{"code":1201,"message":"任务已存在"}"#),
        (400, r#"{"code":1201,"message":"外部任务ID重复"}"#),
        (400, r#"{"code":1201,"msg":"external_task_id already exists"}"#),
        (400, r#"{"errors":["external_task_id: already taken"]}"#),
        (400, r#"{"code":1201,"message":"bad","data":{"reason":"the id is already used"}}"#),
        (400, "External task id already exists"),
        (429, r#"{"code":1302,"message":"duplicate request"}"#),
        // It names the task.
        (409, r#"{"code":1201,"message":"no","data":{"task_id":"77","task_status":"submitted"}}"#),
        (400, r#"{"code":0,"message":"SUCCEED","data":{"task_id":"77"}}"#),
        (403, r#"{"data":{"task_id":77}}"#),
        (422, r#"{"id":"77","status":"queued"}"#),
        // The status says it.
        (409, r#"{"message":"conflict"}"#),
        (409, "<html>"),
        (499, r#"{"message":"client closed the request"}"#),
        (499, "<html>"),
    ] {
        match outcome(status, body) {
            Outcome::Unknown(error) => assert_eq!(error.code(), ErrorCode::SubmissionUnknown, "{status} {body}"),
            other => panic!("{status} {body}: {other:?}"),
        }
    }
    for body in [
        r#"{"code":1201,"message":"the external image URL is invalid"}"#,
        r#"{"code":1201,"message":"prompt is too long","data":{"external_task_id":"own-1"}}"#,
        r#"{"code":1201,"message":"no","data":{"task_id":""}}"#,
        r#"{"code":1301,"message":"the image already contains text"}"#,
        "Bad Request",
    ] {
        assert!(matches!(outcome(400, body), Outcome::Rejected(_)), "{body}");
    }
}

#[test]
fn no_answer_is_unknown() {
    let id = ExternalTaskId::from_random([0; 16]);
    let Outcome::Unknown(error) = Outcome::of(Err(TransportError::new("TypeError: Failed to fetch")), &id) else {
        panic!("decided without an answer")
    };
    assert!(error.message().contains("Failed to fetch"), "{error}");
    assert_eq!(error.details().external_task_id.as_deref(), Some(id.as_str()));
}

/// What a person reads decides whether they pay again.
#[test]
fn an_unclear_response_is_named_and_no_retry_is_advised() {
    let message = |status, body: &str| match outcome(status, body) {
        Outcome::Unknown(error) => error.message().to_owned(),
        other => panic!("{status} {body}: {other:?}"),
    };
    let taken = message(400, r#"{"code":1201,"message":"external_task_id already exists"}"#);
    assert!(taken.contains("is taken") && taken.contains("already exists"), "{taken}");
    for (status, body, seen) in [
        (500, r#"{"code":5000,"message":"oh"}"#, "HTTP 500, code 5000: oh"),
        (500, r#"{"code":5000,"message":"cannot look up external_task_id"}"#, "HTTP 500"),
        (408, r#"{"code":1201,"message":"slow"}"#, "HTTP 408"),
        (200, r#"{"code":1303,"message":"busy"}"#, "busy"),
        (400, r#"{"code":"do_request_failed","message":"upstream"}"#, "do_request_failed: upstream"),
        (502, "<html>", "HTTP 502 with a web page"),
    ] {
        let text = message(status, body);
        assert!(text.contains(seen) && !text.contains("taken") && !text.contains("try again"), "{text}");
        assert!(text.contains("before sending again"), "{text}");
    }
}

proptest! {
    #[test]
    fn only_a_4xx_a_redirect_or_a_word_of_the_service_proves_that_nothing_was_created(status: u16, body in ".{0,80}") {
        if let Outcome::Rejected(_) = outcome(status, &body) {
            prop_assert!(status == 0 || (400..500).contains(&status) && status != 408, "{status} {body}");
        }
    }
}

#[test]
fn an_answer_that_is_too_large_is_judged_by_its_status() {
    let id = ExternalTaskId::from_random([0; 16]);
    for (status, code) in
        [(200, "submission_unknown"), (400, "protocol"), (408, "submission_unknown"), (502, "submission_unknown")]
    {
        let outcome = Outcome::of(
            Ok(HttpResponse { status: Status::Code(status), body: Body::TooLarge, retry_after: None }),
            &id,
        );
        let (Outcome::Rejected(error) | Outcome::Unknown(error)) = outcome else { panic!("{status}: {outcome:?}") };
        assert_eq!(error.code().as_str(), code, "{status}");
        assert!(error.message().contains("a body of more than 1 MiB"), "{error}");
    }
}
