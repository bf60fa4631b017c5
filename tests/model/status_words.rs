//! The status words of services and gateways, which are an open set.

use std::fs;
use std::path::Path;

use kling_core::answer::Answer;
use kling_core::endpoint::{HttpResponse, Status};
use kling_core::task::status::STATUS_WORDS;
use kling_core::task::{Task, TaskStatus};
use serde_json::{Value, json};

const URL: &str = "https://cdn.example/v.mp4?sign=1";

fn task(body: &Value) -> Task {
    match Answer::read(&HttpResponse { status: Status::Code(200), body: body.to_string().into(), retry_after: None }) {
        Answer::Task(task) => *task,
        other => panic!("no task in {body}: {other:?}"),
    }
}

/// An object with these members too.
fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn a_known_word_means_the_same_in_every_spelling_and_place() {
    for (status, words) in TaskStatus::ALL.iter().zip(STATUS_WORDS) {
        for word in words.split(' ') {
            let camel: String = word.split('_').map(|part| part[..1].to_uppercase() + &part[1..]).collect();
            let spellings = [
                word.to_owned(),
                word.to_uppercase(),
                word.replace('_', "-"),
                word.replace('_', " "),
                word.replace('_', ""),
                camel,
                format!("TASK_STATUS_{}", word.to_uppercase()),
                format!("video_{word}"),
                format!("job-{word}"),
                format!("generation {word}"),
                format!("{}_{word}", "VIDEO_GENERATION"),
            ];
            for word in spellings {
                for body in [
                    json!({ "code": 0, "data": { "task_id": "1", "task_status": word } }),
                    json!({ "task_id": "1", "status": word }),
                    json!({ "id": "1", "object": "video", "status": word }),
                    json!({ "id": "1", "state": word }),
                    json!({ "code": "success", "data": { "task_id": "1", "status": "IN_PROGRESS", "data": { "task_status": word } } }),
                ] {
                    assert_eq!(task(&body).status, *status, "{body}");
                }
            }
        }
    }
}

#[test]
fn an_unknown_word_is_a_running_task_and_is_shown() {
    for word in ["upscaling", "stage 2 of 3", "WARMING_UP", "补帧", "UNKNOWN", "finishing", "x"] {
        let body = json!({ "task_id": "1", "task_status": word });
        let unknown = task(&body);
        assert_eq!((unknown.status, unknown.status_message.as_deref()), (TaskStatus::Processing, Some(word)), "{body}");
        let explained = task(&with(body, &json!({ "task_status_msg": "two minutes more" })));
        assert_eq!(explained.status_message.as_deref(), Some("two minutes more"));
    }
    let running = task(&json!({ "task_id": "1", "task_status": "running" }));
    assert_eq!(running.status_message, None, "a known word says no more than the status");
}

#[test]
fn an_unknown_word_with_a_sign_of_the_end_is_success() {
    let signs = [
        json!({ "task_result": { "videos": [{ "url": URL }] } }),
        json!({ "video_url": URL }),
        json!({ "progress": 100 }),
        json!({ "progress": "100" }),
        json!({ "progress": "100%" }),
        json!({ "finish_time": 1_773_366_766 }),
        json!({ "completed_at": 1_773_366_766_000_u64 }),
        json!({ "finished_at": "2026-03-13T01:00:00Z" }),
    ];
    for word in ["delivered", "OUTPUT_AVAILABLE", "archived", "done_v2", "成功"] {
        for sign in &signs {
            for body in [
                with(json!({ "task_id": "1", "task_status": word }), sign),
                with(json!({ "id": "1", "status": word }), sign),
                json!({ "code": "success", "data": with(json!({ "task_id": "1", "status": word }), sign) }),
            ] {
                let task = task(&body);
                assert_eq!((task.status, task.status_message), (TaskStatus::Succeed, None), "{body}");
            }
        }
        for sign in [
            json!({ "progress": 99 }),
            json!({ "progress": 10 }),
            json!({ "progress": "10%" }),
            json!({ "progress": "30%" }),
            json!({ "finish_time": 0 }),
            json!({ "completed_at": null }),
            json!({ "completed_at": "" }),
            json!({ "finished_at": "0001-01-01T00:00:00Z" }),
            json!({ "finished_at": "1970-01-01T00:00:00Z" }),
            json!({ "end_time": "1970-01-01 00:00:00" }),
            json!({ "image_url": URL }),
        ] {
            let body = with(json!({ "task_id": "1", "task_status": word }), &sign);
            assert_eq!(task(&body).status, TaskStatus::Processing, "{body}");
        }
    }
}

#[test]
fn an_unknown_word_that_names_a_failure_ends_the_task() {
    for word in [
        "failed_permanently",
        "FAILED_CONTENT_MODERATION",
        "cancelled_by_admin",
        "canceled_by_host",
        "user_canceled",
        "cancelled_by_user",
        "content_policy_violation",
        "SYSTEM_ERROR",
        "timeout_error",
        "unsuccessful",
        "upstream-error",
        "ExpiredInQueue",
        "rejected by safety",
        "processing_failed",
        "nsfw_content",
    ] {
        let body = json!({ "task_id": "1", "task_status": word });
        for body in [
            body.clone(),
            with(body.clone(), &json!({ "progress": "100%" })),
            with(body.clone(), &json!({ "finish_time": 1_773_366_766 })),
            json!({ "code": 0, "data": { "id": "1", "status": word } }),
        ] {
            assert_eq!(task(&body).status, TaskStatus::Failed, "{body}");
        }
        let reason = task(&with(body.clone(), &json!({ "fail_reason": "no credits" }))).status_message;
        assert_eq!(reason.as_deref(), Some("no credits"));
        // What was paid for is delivered.
        let delivered = task(&with(body, &json!({ "video_url": URL })));
        assert_eq!((delivered.status, delivered.videos.len()), (TaskStatus::Succeed, 1), "{word}");
    }
    for word in
        ["error_retrying", "failover", "retry_after_error", "error_correcting", "no_errors_yet", "FAILURE_RECOVERY"]
    {
        assert_eq!(task(&json!({ "task_id": "1", "status": word })).status, TaskStatus::Processing, "{word}");
    }
}

#[test]
fn a_known_word_counts_more_than_any_sign() {
    for (word, status) in [
        ("processing", TaskStatus::Processing),
        ("running", TaskStatus::Processing),
        ("queued", TaskStatus::Submitted),
        ("failed", TaskStatus::Failed),
        ("expired", TaskStatus::Failed),
    ] {
        let body =
            json!({ "task_id": "1", "status": word, "progress": "100%", "finish_time": 1_773_366_766, "url": URL });
        let task = task(&body);
        assert_eq!((task.status, task.videos.len()), (status, 0), "{body}");
    }
}

#[test]
fn a_word_of_failure_is_the_reason_if_there_is_no_other() {
    for (word, reason) in [
        ("expired", Some("expired")),
        ("CONTENT_VIOLATION", Some("CONTENT_VIOLATION")),
        ("timeout", Some("timeout")),
        ("cancelled", Some("cancelled")),
        ("failed", None),
        ("FAILURE", None),
        ("error", None),
    ] {
        let body = json!({ "task_id": "1", "status": word });
        let failed = task(&body);
        assert_eq!((failed.status, failed.status_message.as_deref()), (TaskStatus::Failed, reason), "{body}");
        let explained = task(&with(body, &json!({ "error": { "message": "moderation" } })));
        assert_eq!(explained.status_message.as_deref(), Some("moderation"));
    }
}

#[test]
fn a_number_is_no_status_and_the_success_of_a_request_is_not_that_of_its_task() {
    for (body, status) in [
        (json!({ "status": 200, "data": { "task_id": "1", "task_status": "processing" } }), TaskStatus::Processing),
        (json!({ "task_id": "1", "status": 2 }), TaskStatus::Submitted),
        (json!({ "task_id": "1", "status": 2, "video_url": URL }), TaskStatus::Succeed),
        (json!({ "task_id": "1", "status": 3, "progress": 100 }), TaskStatus::Succeed),
        (json!({ "status": "success", "data": { "task_id": "1" } }), TaskStatus::Submitted),
        (json!({ "status": "ok", "data": { "id": "1", "status": "queued" } }), TaskStatus::Submitted),
        (
            json!({ "status": "success", "data": { "task_id": "1", "task_status": "upscaling" } }),
            TaskStatus::Processing,
        ),
    ] {
        assert_eq!(task(&body).status, status, "{body}");
    }
}

#[test]
fn the_documents_list_the_same_words() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/waiting.md")).unwrap();
    for (status, words) in TaskStatus::ALL.iter().zip(STATUS_WORDS) {
        let words: Vec<String> = words.split(' ').map(|word| format!("`{word}`")).collect();
        let row = format!("| `{}` | {} |", status.as_str(), words.join(", "));
        assert!(page.contains(&row), "docs/waiting.md lacks:\n{row}");
    }
}
