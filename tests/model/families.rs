//! Every form in which a task is known to come, and the traps in them.

use kling_core::answer::Answer;
use kling_core::endpoint::{HttpResponse, Status};
use kling_core::task::{Task, TaskStatus};
use proptest::prelude::*;
use serde_json::{Value, json};

const URL: &str = "https://cdn.example/v.mp4?sign=1";

fn task(body: &Value) -> Task {
    match Answer::read(&HttpResponse { status: Status::Code(200), body: body.to_string().into(), retry_after: None }) {
        Answer::Task(task) => *task,
        other => panic!("no task in {body}: {other:?}"),
    }
}

/// The flat Kling object, as it stands under `data`.
fn kling(status: &str) -> Value {
    let result = if status == "succeed" {
        json!({ "videos": [{ "id": "v", "url": URL, "duration": "5.1" }] })
    } else {
        json!({})
    };
    json!({ "task_id": "k1", "task_status": status, "task_info": { "external_task_id": "mine" }, "task_result": result,
            "created_at": 1_773_380_633_979_u64, "updated_at": 1_773_380_634_979_u64 })
}

fn flat(data: &Value) -> Value {
    json!({ "code": 0, "message": "SUCCEED", "request_id": "r", "data": data })
}

fn gateway(status: &str, fail_reason: &str, inner: &Value) -> Value {
    json!({ "code": "success", "message": "", "data": { "id": 4711, "task_id": "g1", "action": "IMAGE_TO_VIDEO", "status": status,
        "fail_reason": fail_reason, "submit_time": 1_773_366_766, "start_time": 0, "finish_time": 0, "progress": "30%", "data": inner } })
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn each_family_is_read() {
    use TaskStatus::{Failed, Processing, Submitted, Succeed};
    let openai = |status: &str, rest: Value| {
        let mut task = json!({ "id": "o1", "object": "video", "status": status, "progress": 30 });
        task.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        task
    };
    // The answer; the id, the status, the video, the reason.
    let rows = [
        (flat(&kling("submitted")), "k1", Submitted, None, None),
        (flat(&kling("processing")), "k1", Processing, None, None),
        (flat(&kling("succeed")), "k1", Succeed, Some(URL), None),
        (
            flat(&json!({ "task_id": "k1", "task_status": "failed", "task_status_msg": "risk", "task_result": {} })),
            "k1",
            Failed,
            None,
            Some("risk"),
        ),
        (flat(&json!({ "task_id": "k1" })), "k1", Submitted, None, None),
        (gateway("NOT_START", "", &Value::Null), "g1", Submitted, None, None),
        (gateway("QUEUED", "", &Value::Null), "g1", Submitted, None, None),
        (gateway("IN_PROGRESS", "", &kling("processing")), "g1", Processing, None, None),
        (gateway("UNKNOWN", "", &Value::Null), "g1", Processing, None, Some("UNKNOWN")),
        (gateway("SUCCESS", "", &kling("succeed")), "g1", Succeed, Some(URL), None),
        (gateway("SUCCESS", "", &flat(&kling("succeed"))), "g1", Succeed, Some(URL), None),
        (gateway("FAILURE", "upstream said no", &kling("failed")), "g1", Failed, None, Some("upstream said no")),
        (gateway("FAILURE", "no", &Value::Null), "g1", Failed, None, Some("no")),
        // The address of the video in the field of the reason.
        (gateway("SUCCESS", URL, &Value::Null), "g1", Succeed, Some(URL), None),
        // An address there is no reason.
        (gateway("FAILURE", URL, &Value::Null), "g1", Failed, None, None),
        // The gateway gave up by its own timer; the service may still finish.
        (gateway("FAILURE", "timeout", &kling("processing")), "g1", Processing, None, Some("given up")),
        // The gateway has the video already, what it stored of the service is older.
        (gateway("SUCCESS", URL, &kling("processing")), "g1", Succeed, Some(URL), None),
        (openai("queued", json!({})), "o1", Submitted, None, None),
        (openai("in_progress", json!({ "task_id": "t1" })), "t1", Processing, None, None),
        (
            openai("completed", json!({ "video_url": URL, "completed_at": 1_773_380_633 })),
            "o1",
            Succeed,
            Some(URL),
            None,
        ),
        (
            openai("failed", json!({ "error": { "code": "x", "message": "moderation" } })),
            "o1",
            Failed,
            None,
            Some("moderation"),
        ),
        (
            json!({ "task_id": "r1", "status": "completed", "url": URL, "format": "mp4", "error": null }),
            "r1",
            Succeed,
            Some(URL),
            None,
        ),
        (json!({ "task_id": "r1", "status": "completed", "metadata": { "url": URL } }), "r1", Succeed, Some(URL), None),
        (
            json!({ "task_id": "s1", "task_status": "succeed", "task_result": { "videos": [{ "id": "", "url": URL, "watermark_url": "", "duration": "5.042" }] } }),
            "s1",
            Succeed,
            Some(URL),
            None,
        ),
        (json!({ "id": "q1", "status": "initializing", "progress": 0 }), "q1", Submitted, None, None),
        // No status at all, but a video.
        (
            flat(&json!({ "task_id": "k1", "task_status": "", "task_result": { "videos": [{ "url": URL }] } })),
            "k1",
            Succeed,
            Some(URL),
            None,
        ),
        (
            flat(&json!({ "id": "n1", "status": "succeeded", "outputs": [{ "url": URL }] })),
            "n1",
            Succeed,
            Some(URL),
            None,
        ),
        (flat(&json!({ "id": "n1", "status": "failed", "message": "no" })), "n1", Failed, None, Some("no")),
        (
            json!({ "code": "success", "data": { "task_id": "g1", "status": "SUCCESS", "result_url": URL } }),
            "g1",
            Succeed,
            Some(URL),
            None,
        ),
        // A message is never a status, and a request's id never a task's.
        (
            json!({ "code": 200, "message": "SUCCEED", "request_id": "r", "data": { "task_id": "k1", "task_status": "upscaling" } }),
            "k1",
            Processing,
            None,
            Some("upscaling"),
        ),
        (
            json!({ "status": "success", "data": { "task_id": "k1", "task_status": "processing" } }),
            "k1",
            Processing,
            None,
            None,
        ),
    ];
    for (body, id, status, url, reason) in rows {
        let task = task(&body);
        assert_eq!((task.task_id.as_str(), task.status), (id, status), "{body}");
        assert_eq!(task.videos.first().map(|video| video.url.as_str()), url, "{body}");
        assert!(task.videos.iter().all(|video| video.task_id.as_deref() == Some(id)), "{body}");
        match reason {
            Some(reason) => {
                assert!(task.status_message.as_deref().is_some_and(|said| said.contains(reason)), "{task:?}");
            }
            None => assert_eq!(task.status_message, None, "{body}"),
        }
    }
}

#[test]
fn facts_are_found_at_any_depth() {
    let task = task(&gateway("SUCCESS", "", &flat(&kling("succeed"))));
    assert_eq!(task.external_task_id.as_deref(), Some("mine"));
    assert_eq!(task.created_at, Some(1_773_380_633_979), "the service's own time");
    assert_eq!(task.videos[0].duration, Some(5.1));
    let early = self::task(&gateway("QUEUED", "", &Value::Null));
    assert_eq!(
        (early.created_at, early.updated_at),
        (Some(1_773_366_766_000), None),
        "seconds, and a zero that is none"
    );
}

proptest! {
    #[test]
    fn a_running_task_has_no_video_and_no_nesting_misleads(depth in 0..6_usize, status in "[a-z]{1,12}") {
        let mut body = kling(&status);
        for _ in 0..depth {
            body = json!({ "code": "success", "data": body });
        }
        if let Answer::Task(task) = Answer::read(&HttpResponse { status: Status::Code(200), body: body.to_string().into(), retry_after: None }) {
            prop_assert!(task.status == TaskStatus::Succeed || task.videos.is_empty());
            prop_assert_eq!(task.task_id, "k1");
        } else {
            prop_assert!(depth > 3, "{}", body);
        }
    }
}
