//! The forms of the responses about a task.

use crate::caller::{Caller, body};
use serde_json::{Value, json};

/// A task in one phase.
const QUEUED: &str = "ok,submitted=3600000";
const RUNNING: &str = "ok,submitted=0,processing=3600000";
const DONE: &str = "ok,submitted=0,processing=0";
const FAILED: &str = "task-failed,submitted=0,processing=0";

/// Why [`FAILED`] does.
const REASON: &str = "Failure to pass the risk control system";

/// Submits and queries in one family: the answer to the submission, the task's id, the answer to the query.
async fn course(caller: &Caller, family: &str, phase: &str) -> (Value, String, Value) {
    let scenario = format!("{phase},family={family}");
    let name = format!("{family}-{}", phase.replace([',', '='], "-"));
    let mut body = body();
    body["external_task_id"] = json!(name);
    let accepted = caller.submit(&scenario, &body).await;
    assert_eq!(accepted.status, 200, "{scenario}: {}", accepted.text);
    let charge = caller.charges().await.pop().unwrap();
    assert_eq!(charge["externalTaskId"], json!(name));
    let id = charge["taskId"].as_str().unwrap().to_owned();
    let asked = caller.query(&scenario, &name).await;
    assert_eq!(asked.status, 200, "{scenario}: {}", asked.text);
    (accepted.json(), id, asked.json())
}

/// The value of a path like `/data/task_id`.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(path).unwrap_or_else(|| panic!("no {path} in {value:#}"))
}

#[tokio::test]
async fn every_family_has_id_status_url_and_reason_in_its_place() {
    let caller = Caller::new().await;
    // Where the id is, the status and its four words, the video's address, and the reason of a failure.
    let table = [
        (
            "flat",
            "/data/task_id",
            "/data/task_status",
            ["submitted", "processing", "succeed", "failed"],
            "/data/task_result/videos/0/url",
            "/data/task_status_msg",
        ),
        (
            "gateway",
            "/data/task_id",
            "/data/status",
            ["QUEUED", "IN_PROGRESS", "SUCCESS", "FAILURE"],
            "/data/data/task_result/videos/0/url",
            "/data/fail_reason",
        ),
        (
            "gateway-whole",
            "/data/task_id",
            "/data/status",
            ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILURE"],
            "/data/data/data/task_result/videos/0/url",
            "/data/data/data/task_status_msg",
        ),
        (
            "gateway-url",
            "/data/task_id",
            "/data/status",
            ["QUEUED", "IN_PROGRESS", "SUCCESS", "FAILURE"],
            "/data/fail_reason",
            "/data/fail_reason",
        ),
        (
            "words",
            "/data/task_id",
            "/data/task_status",
            ["IN-QUEUE", "stage 2", "Done", "EXPIRED"],
            "/data/task_result/videos/0/url",
            "/data/task_status_msg",
        ),
        ("strings", "/id", "/status", ["in-queue", "in_progress", "delivered", "failed"], "/outputs/0", "/error"),
        ("openai", "/id", "/status", ["queued", "in_progress", "completed", "failed"], "/video_url", "/error/message"),
        ("reseller", "/task_id", "/status", ["queued", "in_progress", "completed", "failed"], "/url", "/error/message"),
        (
            "sloppy",
            "/task_id",
            "/task_status",
            ["submitted", "processing", "succeed", "failed"],
            "/task_result/videos/0/url",
            "/task_status_msg",
        ),
        (
            "qiniu",
            "/id",
            "/status",
            ["initializing", "in_progress", "completed", "failed"],
            "/task_result/videos/0/url",
            "/error/message",
        ),
        (
            "turbo",
            "/data/task_id",
            "/data/task_status",
            ["submitted", "processing", "", "failed"],
            "/data/task_result/videos/0/url",
            "/data/task_status_msg",
        ),
        (
            "new-kling",
            "/data/id",
            "/data/status",
            ["submitted", "processing", "succeeded", "failed"],
            "/data/outputs/0/url",
            "/data/message",
        ),
    ];
    for (family, id_at, status_at, words, url_at, reason_at) in table {
        for (phase, word) in [QUEUED, RUNNING, DONE, FAILED].into_iter().zip(words) {
            let (accepted, id, asked) = course(&caller, family, phase).await;
            for answer in [&accepted, &asked] {
                assert_eq!(*at(answer, id_at), json!(id), "{family}: {answer:#}");
            }
            assert_eq!(at(&asked, status_at), word, "{family}: {asked:#}");
            let segment = format!("{phase},family={family}");
            let url = format!("{}/s/{segment}/delivery/{}.mp4", caller.address, id.replace('/', "%2F"));
            assert_eq!(asked.to_string().contains(&url), phase == DONE, "{family}: {asked:#}");
            if phase == DONE {
                assert_eq!(*at(&asked, url_at), json!(url), "{family}");
            }
            if phase == FAILED {
                assert_eq!(at(&asked, reason_at), REASON, "{family}");
            }
        }
    }
}

#[tokio::test]
async fn a_gateway_counts_seconds_and_percents() {
    let caller = Caller::new().await;
    for family in ["gateway", "gateway-whole", "gateway-url", "gateway-timeout"] {
        let (accepted, _, _) = course(&caller, family, QUEUED).await;
        assert_eq!(accepted["code"], "success");
        assert_eq!(accepted["message"], "");
        assert_eq!(accepted["data"]["status"], "NOT_START");
        assert_eq!(accepted["data"]["progress"], "0%");
        assert_eq!(accepted["data"]["data"], json!(null));
        let (_, _, running) = course(&caller, family, RUNNING).await;
        assert_eq!(running["data"]["progress"], "30%");
        assert_eq!(running["data"]["finish_time"], 0);
        let (_, _, done) = course(&caller, family, DONE).await;
        assert_eq!(done["data"]["progress"], "100%");
        for name in ["submit_time", "start_time", "finish_time"] {
            let time = done["data"][name].as_u64().unwrap();
            assert!((1_700_000_000..100_000_000_000).contains(&time), "{family}: {time}");
        }
    }
}

#[tokio::test]
async fn a_gateway_times_out_while_upstream_continues() {
    let caller = Caller::new().await;
    let (_, _, running) = course(&caller, "gateway-timeout", RUNNING).await;
    assert_eq!(running["data"]["status"], "IN_PROGRESS");
    let (_, id, asked) = course(&caller, "gateway-timeout", DONE).await;
    assert_eq!(asked["data"]["status"], "FAILURE");
    assert_eq!(asked["data"]["fail_reason"], "timeout");
    assert_eq!(asked["data"]["data"]["task_status"], "processing");
    assert_eq!(asked["data"]["data"]["task_result"], json!({}));
    assert_eq!(asked["data"]["data"]["task_id"], json!(id));
}

#[tokio::test]
async fn small_differences_of_form() {
    let caller = Caller::new().await;
    let (accepted, _, sloppy) = course(&caller, "sloppy", DONE).await;
    assert_eq!(accepted["task_result"]["videos"], json!(null));
    let video = &sloppy["task_result"]["videos"][0];
    assert_eq!([&video["id"], &video["watermark_url"], &video["duration"]], ["", "", "5.042"]);
    assert!(sloppy["created_at"].as_u64().unwrap() < 100_000_000_000);
    let (_, _, turbo) = course(&caller, "turbo", DONE).await;
    assert_eq!(turbo["message"], "SUCCEED");
    let (_, _, qiniu) = course(&caller, "qiniu", DONE).await;
    assert_eq!(qiniu["progress"], 100);
    assert!(qiniu["expires_at"].as_u64().unwrap() > qiniu["created_at"].as_u64().unwrap());
    let (accepted, _, openai) = course(&caller, "openai", DONE).await;
    assert_eq!(accepted["object"], "video");
    assert_eq!(accepted["progress"], 0);
    assert_eq!(openai["progress"], 100);
    assert!(openai["completed_at"].as_u64().unwrap() < 100_000_000_000);
    let (_, _, reseller) = course(&caller, "reseller", DONE).await;
    assert_eq!(reseller["format"], "mp4");
    assert_eq!(reseller["error"], json!(null));
}

#[tokio::test]
async fn numbers_stand_where_strings_belong() {
    let caller = Caller::new().await;
    let (accepted, id, asked) = course(&caller, "numbers", DONE).await;
    for answer in [&accepted, &asked] {
        assert_eq!(answer["code"], json!(null));
        assert_eq!(answer["data"]["task_id"].to_string(), id);
        assert!(answer["data"]["task_id"].as_u64().unwrap() > 1 << 53);
        assert!(answer["data"]["created_at"].as_u64().unwrap() < 100_000_000_000);
    }
    assert_eq!(asked["data"]["task_result"]["videos"][0]["duration"], json!(5.041));
    let (_, _, failed) = course(&caller, "numbers", FAILED).await;
    assert_eq!(failed["data"]["task_status_msg"], REASON);
}

#[tokio::test]
async fn the_query_decides_its_own_form() {
    let caller = Caller::new().await;
    let id = caller.task("ok").await;
    assert_eq!(caller.query("ok,family=openai", &id).await.json()["id"], json!(id));
    assert_eq!(caller.query("ok", &id).await.json()["data"]["task_id"], json!(id));
}

#[tokio::test]
async fn some_families_have_no_url_of_the_delivery_host() {
    let caller = Caller::new().await;
    let (_, id, done) = course(&caller, "bare", DONE).await;
    assert_eq!((at(&done, "/id"), at(&done, "/status")), (&json!(id), &json!("completed")));
    assert!(!done.to_string().contains("http") && !done.to_string().contains("/v1/"), "{done}");
    let (_, id, done) = course(&caller, "relative", DONE).await;
    assert_eq!(at(&done, "/url"), &json!(format!("/v1/videos/{id}/content")));
}

#[tokio::test]
async fn ids_may_have_characters_that_a_path_must_encode() {
    let caller = Caller::new().await;
    let (_, id, done) = course(&caller, "words", DONE).await;
    assert!(id.starts_with("video:") && id.ends_with("/x=="), "{id}");
    assert!(at(&done, "/data/task_result/videos/0/url").as_str().unwrap().ends_with("%2Fx==.mp4"), "{done}");
    let segment = id.replace(':', "%3A").replace('/', "%2F").replace('=', "%3D");
    let by_id = caller.query(&format!("{DONE},family=words"), &segment).await;
    assert_eq!(at(&by_id.json(), "/data/task_id"), &json!(id));
}
