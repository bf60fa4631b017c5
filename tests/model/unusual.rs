//! Answers in unusual forms: they must cost no task, and no money.

use kling_core::answer::Answer;
use kling_core::endpoint::{HttpResponse, Method, Status};
use kling_core::error::ErrorCode;
use kling_core::record::RecordState;
use kling_core::task::{Task, TaskStatus};
use serde_json::json;

use crate::script::{Script, answer, no_such_task, task};

const VIDEO: &str = r#"{"task_id":"T","task_status":"succeed","task_result":{"videos":[{"id":"v","url":"https://cdn.example/v.mp4"}]}}"#;

fn created(body: &str) -> Option<Box<Task>> {
    if let Answer::Task(task) =
        Answer::read(&HttpResponse { status: Status::Code(200), body: body.into(), retry_after: None })
    {
        Some(task)
    } else {
        None
    }
}

#[test]
fn the_id_of_a_task_is_found_in_any_wrapper() {
    for body in [
        r#"{"data":[{"task_id":"T"}]}"#,
        r#"[{"task_id":"T"}]"#,
        r#"{"output":{"task_id":"T"}}"#,
        r#"{"result":{"taskId":"T"}}"#,
        r#"{"code":0,"data":{"task":{"task_id":"T"}}}"#,
        r#"{"response":{"data":{"task_id":"T"}}}"#,
        r#"{"data":"{\"task_id\":\"T\"}"}"#,
        r#"{"result":{"id":"T","status":"submitted"}}"#,
    ] {
        assert_eq!(created(body).map(|task| task.task_id).as_deref(), Some("T"), "{body}");
    }
    for body in [
        r#"{"code":0,"data":{"task_id":0,"task_status":""}}"#,
        r#"{"code":1102,"message":"no balance","data":{"task_id":0}}"#,
        r#"{"data":[{"task_id":"T"},{"task_id":"U"}]}"#,
        r#"{"input":{"task_id":"T"}}"#,
    ] {
        assert_eq!(created(body), None, "{body}");
    }
    let data_counts =
        r#"{"data":{"task_id":"T","task_status":"processing","output":{"task_id":"U","task_status":"succeed"}}}"#;
    let task = created(data_counts).unwrap();
    assert_eq!((task.task_id.as_str(), task.status), ("T", TaskStatus::Processing));
}

#[test]
fn an_answer_that_says_no_such_task_is_none_although_it_repeats_the_id() {
    for body in [
        r#"{"code":"task_not_exist","message":"no","data":{"task_id":"asked"}}"#,
        r#"{"code":1203,"message":"task not found","data":{"task_id":"asked","task_status":""}}"#,
    ] {
        assert_eq!(created(body), None, "{body}");
        // So the submission goes on.
        let script = Script::of([task("submitted")], answer(200, body));
        assert!(script.submit().is_ok(), "{body}");
        assert_eq!(script.count(Method::Post), 1, "{body}");
    }
    let known = r#"{"code":1203,"data":{"task_id":"asked","task_status":"processing"}}"#;
    assert!(created(known).is_some(), "its status says that it exists");
}

#[test]
fn a_video_in_any_wrapper_ends_the_wait() {
    for body in [
        format!(r#"{{"data":[{VIDEO}]}}"#),
        format!(r#"{{"output":{VIDEO}}}"#),
        format!(r#"{{"result":{{"data":{VIDEO}}}}}"#),
        json!({ "data": VIDEO }).to_string(),
        json!({ "code": "success", "data": { "task_id": "T", "status": "SUCCESS", "data": VIDEO } }).to_string(),
    ] {
        let task = Script::new([answer(200, &body)]).wait(None).unwrap_or_else(|error| panic!("{body}: {error:?}"));
        assert_eq!((task.task_id.as_str(), task.videos.len()), ("T", 1), "{body}");
    }
}

#[test]
fn a_refused_poll_does_not_end_the_wait() {
    for reply in [
        answer(400, r#"{"code":1200,"message":"x"}"#),
        answer(400, r#"{"code":"fail_to_fetch_task","message":"x"}"#),
        answer(408, r#"{"message":"timeout"}"#),
        answer(409, r#"{"message":"conflict"}"#),
        answer(425, r#"{"message":"too early"}"#),
        answer(499, r#"{"message":"closed"}"#),
        answer(200, r#"{"code":500,"message":"x"}"#),
        answer(200, r#"{"code":"error","message":"system busy, retry later"}"#),
    ] {
        let script = Script::new([task("processing"), reply.clone(), task("succeed")]);
        assert_eq!(script.wait(None).map(|task| task.status), Ok(TaskStatus::Succeed), "{reply:?}");
        let error = Script::new([]).then_always(reply.clone()).wait(None).unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (ErrorCode::Network, true), "{reply:?}");
    }
}

#[test]
fn an_unclear_answer_that_names_a_task_says_so() {
    for (status, body) in [
        (500, r#"{"code":"internal","message":"x","data":{"task_id":"1"}}"#),
        (504, r#"{"message":"timeout","task_id":"1"}"#),
        (500, r#"{"code":"invalid_request","message":"x","task_id":"1"}"#),
        (400, r#"{"code":1201,"message":"duplicate","data":{"task_id":"1"}}"#),
    ] {
        let script = Script::of([answer(status, body)], no_such_task());
        let error = script.submit().unwrap_err();
        // It may be the task of another submission.
        assert_eq!((error.code(), &error.details().task_id), (ErrorCode::SubmissionUnknown, &None), "{body}");
        assert!(error.message().contains("; task 1)"), "{}", error.message());
        assert_eq!(script.state(), Some(RecordState::Unknown), "{body}");
    }
}

#[test]
fn a_refusal_that_quotes_the_prompt_is_a_refusal() {
    for (status, body, expected) in [
        (400, r#"{"code":1301,"message":"the prompt \"a duplicate of me\" is not allowed"}"#, ErrorCode::ContentPolicy),
        (400, r#"{"code":1300,"message":"the prompt \"a duplicate of me\" is not allowed"}"#, ErrorCode::ContentPolicy),
        (400, r#"{"code":1301,"message":"no","data":{"task_id":0}}"#, ErrorCode::ContentPolicy),
    ] {
        let script = Script::of([answer(status, body)], no_such_task());
        assert_eq!(script.submit().map_err(|error| error.code()), Err(expected), "{body}");
        assert_eq!(script.state(), Some(RecordState::Rejected), "{body}");
    }
    for message in ["external_task_id: expected one not used before", "too small; in {\"external_task_id\":\"a\"}"] {
        let body = json!({ "code": 1201, "message": message }).to_string();
        let script = Script::of([answer(400, &body)], no_such_task());
        assert_eq!(script.submit().map_err(|error| error.code()), Err(ErrorCode::SubmissionUnknown), "{body}");
    }
}
