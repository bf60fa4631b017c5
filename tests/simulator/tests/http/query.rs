//! `GET …/multi-image2video/{id}`

use crate::caller::{Answer, Caller, ENDPOINT, body};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn the_clock_decides_the_phase() {
    let caller = Caller::new().await;
    let scenario = "ok,submitted=800,processing=800";
    let words = ["submitted", "processing", "succeed"];
    let started = Instant::now();
    let id = caller.task(scenario).await;
    let mut seen = Vec::new();
    let data = loop {
        let json = caller.query(scenario, &id).await.json();
        assert_eq!(json["code"], 0);
        assert!(json["request_id"].is_string());
        let word = json["data"]["task_status"].as_str().unwrap().to_owned();
        seen.push(words.iter().position(|known| *known == word).unwrap());
        if word == "succeed" {
            break json["data"].clone();
        }
        assert_eq!(json["data"]["task_result"], json!({}));
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(started.elapsed() >= Duration::from_millis(1600));
    // A slow machine may miss a phase.
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!(data["task_id"], json!(id));
    let video = &data["task_result"]["videos"][0];
    assert!(video["id"].is_string());
    assert_eq!(video["duration"], "5.041");
    let url = format!("{}/s/{scenario}/delivery/{id}.mp4", caller.address);
    assert_eq!(video["url"], json!(url));
    let between = data["updated_at"].as_u64().unwrap() - data["created_at"].as_u64().unwrap();
    assert_eq!(between, 1600);
}

#[tokio::test]
async fn a_task_is_found_by_either_id_of_its_own_key_only() {
    let caller = Caller::new().await;
    let mut body = body();
    body["external_task_id"] = json!("mine");
    let id = caller.submit("ok", &body).await.json()["data"]["task_id"].clone();
    let id = id.as_str().unwrap();
    assert_eq!(caller.query("ok", "mine").await.json()["data"]["task_id"], json!(id));
    assert_eq!(caller.query("ok", id).await.status, 200);
    for unknown in ["yours", "861309198188019719"] {
        assert_eq!(caller.query("ok", unknown).await.error(), (400, json!("task_not_exist")));
    }
    let other = Caller { key: "sk-sim-other".to_owned(), ..caller };
    assert_eq!(other.query("ok", id).await.error(), (400, json!("task_not_exist")));
}

#[tokio::test]
async fn a_failed_task_has_its_reason() {
    let caller = Caller::new().await;
    let id = caller.task("task-failed").await;
    let data = caller.end("task-failed", &id).await;
    assert_eq!(data["task_status"], "failed");
    assert_eq!(data["task_status_msg"], "Failure to pass the risk control system");
}

#[tokio::test]
async fn an_undocumented_status_comes_before_success() {
    let caller = Caller::new().await;
    let scenario = "unknown-status,submitted=0,hold=processing";
    let id = caller.task(scenario).await;
    assert_eq!(caller.query(scenario, &id).await.json()["data"]["task_status"], "upscaling");
    caller.request(Method::POST, "/account/release").send().await.unwrap();
    assert_eq!(caller.end(scenario, &id).await["task_status"], "succeed");
}

#[tokio::test]
async fn troubles_of_the_first_queries() {
    let caller = Caller::new().await;
    for (scenario, error) in
        [("query-flaky,times=2", (500, json!(5000))), ("not-found-yet,times=2", (400, json!("task_not_exist")))]
    {
        // A look-up before the submission is not counted.
        assert_eq!(caller.query(scenario, "unknown").await.error(), (400, json!("task_not_exist")));
        let id = caller.task(scenario).await;
        assert_eq!(caller.query(scenario, &id).await.error(), error);
        assert_eq!(caller.query(scenario, &id).await.error(), error);
        assert_eq!(caller.query(scenario, &id).await.status, 200);
    }
}

#[tokio::test]
async fn lasting_troubles_of_queries() {
    let caller = Caller::new().await;
    for (scenario, status, shows) in
        [("query-500", 500, "5000"), ("query-401", 401, "comet_api_error"), ("query-html", 502, "<html>")]
    {
        let own = caller.task(scenario).await;
        for id in [own.as_str(), "861309198188019719"] {
            let answer = caller.query(scenario, id).await;
            assert_eq!(answer.status, status, "{scenario}");
            assert!(answer.text.contains(shows), "{scenario}: {}", answer.text);
        }
        assert_eq!(caller.query(scenario, "before-submitting").await.error(), (400, json!("task_not_exist")));
    }
}

#[tokio::test]
async fn troubles_of_the_look_up_before_paying() {
    let caller = Caller::new().await;
    for (scenario, status) in [("probe-401", 401), ("probe-html", 502)] {
        assert_eq!(caller.query(scenario, "before-submitting").await.status, status);
        let id = caller.task(scenario).await;
        assert_eq!(caller.query(scenario, &id).await.status, 200);
    }
}

#[tokio::test]
async fn a_slow_response_is_the_correct_one() {
    let caller = Caller::new().await;
    let id = caller.task("ok").await;
    let started = Instant::now();
    assert_eq!(caller.query("query-slow,ms=300", &id).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn wrong_methods_paths_and_scenarios_are_named() {
    let caller = Caller::new().await;
    let list = caller.request(Method::GET, &format!("/s/ok{ENDPOINT}")).send().await.unwrap();
    assert_eq!(Answer::of(list).await.error(), (404, json!(1202)));
    let post = caller.request(Method::POST, &format!("/s/ok{ENDPOINT}/1")).send().await.unwrap();
    assert_eq!(Answer::of(post).await.error(), (404, json!(1202)));
    let path = caller.request(Method::GET, "/s/ok/kling/v1/videos/image2video").send().await.unwrap();
    assert_eq!(Answer::of(path).await.error(), (404, json!("wrong_path")));
    for path in [format!("/s/okay{ENDPOINT}/1"), "/s/okay/other".into(), "/s/okay/delivery/1.mp4".into()] {
        let answer = Answer::of(caller.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(answer.error(), (404, json!("unknown_scenario")));
        for explained in ["task-failed (", "submit- (", "stall-body (", "retry-after (", "gateway-timeout"] {
            assert!(answer.text.contains(explained), "{explained}: {}", answer.text);
        }
    }
}
