//! What one HTTP answer says.

use kling_core::answer::Answer;
use kling_core::endpoint::{HttpResponse, Status};
use kling_core::error::ErrorCode;
use kling_core::task::{Task, TaskStatus};
use proptest::prelude::*;

fn read(status: u16, body: &str) -> Answer {
    Answer::read(&HttpResponse { status: Status::from_fetch(status), body: body.into(), retry_after: None })
}

fn task(body: &str) -> Task {
    match read(200, body) {
        Answer::Task(task) => *task,
        other => panic!("no task in {body}: {other:?}"),
    }
}

#[test]
fn the_documented_answer_to_a_submission() {
    let body = r#"{"code":0,"message":"SUCCEED","data":{"task_id":"861309198188019719","task_status":"submitted","task_info":{},"created_at":1773380633979,"updated_at":1773380633979}}"#;
    let task = task(body);
    assert_eq!((task.task_id.as_str(), task.status), ("861309198188019719", TaskStatus::Submitted));
    assert_eq!((task.created_at, task.updated_at), (Some(1_773_380_633_979), Some(1_773_380_633_979)));
    assert_eq!((task.external_task_id, task.status_message, task.videos.len()), (None, None, 0));
    assert_eq!(task.raw.as_deref(), Some(body));
}

#[test]
fn the_documented_answer_to_a_query() {
    let task = task(
        r#"{"code":0,"message":"SUCCEED","request_id":"r","data":{"task_id":"1","task_status":"succeed","task_status_msg":"","task_info":{"external_task_id":"mine"},
        "task_result":{"videos":[{"id":"v","url":"https://cdn.example/v.mp4?a=1","duration":"5.041","new":1},{"id":"w","url":"javascript:alert(1)"}]},"created_at":1773380633,"updated_at":0}}"#,
    );
    assert_eq!((task.status, task.external_task_id.as_deref()), (TaskStatus::Succeed, Some("mine")));
    assert_eq!((task.created_at, task.updated_at), (Some(1_773_380_633_000), None), "seconds, and none");
    let [video] = task.videos.as_slice() else { panic!("{:?}", task.videos) };
    assert_eq!(
        (video.task_id.as_deref(), video.id.as_deref(), video.url.as_str()),
        (Some("1"), Some("v"), "https://cdn.example/v.mp4?a=1")
    );
    assert_eq!(video.duration, Some(5.041));
}

#[test]
fn types_that_vary() {
    let varied = task(
        r#"{"code":null,"message":"","data":{"task_id":18446744073709551615,"task_status":"queueing","task_status_msg":null,"task_info":null,"task_result":null,"created_at":null}}"#,
    );
    assert_eq!(varied.task_id, "18446744073709551615", "every digit of a number beyond 2^53");
    assert_eq!(varied.status, TaskStatus::Processing, "a word never seen before is a task still running");
    let failed = task(
        r#"{"code":0,"message":"SUCCEED","data":{"task_id":"1","task_status":"failed","task_status_msg":"Image pixel is invalid","task_result":{}}}"#,
    );
    assert_eq!((failed.status, failed.status_message.as_deref()), (TaskStatus::Failed, Some("Image pixel is invalid")));
}

#[test]
fn what_cannot_be_understood_is_named() {
    for (status, body, seen) in [
        (200, "", "an empty body"),
        (200, "  <!doctype html>", "a web page"),
        (502, "<html>", "a web page"),
        (200, "{\"code\":0,", "a body that is not JSON"),
        (200, "{}", "JSON without a task"),
        (200, r#"{"data":{"task_status":"succeed"}}"#, "JSON without a task"),
        (200, r#"{"code":0,"message":"SUCCEED","request_id":"r","data":{}}"#, "JSON without a task"),
        (200, r#"{"data":{"id":"7","created_at":1}}"#, "JSON without a task"),
        (200, r#"{"data":[]}"#, "JSON without a task"),
        (400, "[]", "JSON without a message"),
        (0, "", "a redirect"),
    ] {
        let Answer::Unrecognized(response) = read(status, body) else { panic!("{body} was understood") };
        let message = response.into_error(ErrorCode::Protocol).to_string();
        assert!(message.contains(seen), "{message} has no {seen}");
    }
}

proptest! {
    #[test]
    fn no_answer_brings_it_down(status: u16, body in ".{0,200}", retry_after: Option<u64>) {
        let _ = Answer::read(&HttpResponse { status: Status::from_fetch(status), body: body.into(), retry_after });
    }

    #[test]
    fn no_nesting_brings_it_down(depth in 1..20_000_usize) {
        let _ = read(200, &"[".repeat(depth));
        let _ = read(200, &"{\"data\":".repeat(depth));
    }
}
