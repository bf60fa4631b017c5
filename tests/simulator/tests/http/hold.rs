//! `hold=…` and `POST /account/release`

use crate::caller::{Answer, Caller, ENDPOINT, body};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

async fn release(caller: &Caller) -> Answer {
    Answer::of(caller.request(Method::POST, "/account/release").send().await.unwrap()).await
}

async fn status(caller: &Caller, scenario: &str, id: &str) -> Value {
    caller.query(scenario, id).await.json()["data"]["task_status"].clone()
}

/// Far longer than what the clock alone would take.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn a_state_is_held_until_it_is_released() {
    let caller = Caller::new().await;
    let scenario = "ok,submitted=0,processing=0,hold=processing,hold=submitted";
    let id = caller.task(scenario).await;
    for expected in ["submitted", "processing"] {
        pause().await;
        assert_eq!(status(&caller, scenario, &id).await, expected);
        assert_eq!(release(&caller).await.json(), json!({ "released": [id] }));
    }
    let data = caller.query(scenario, &id).await.json()["data"].clone();
    assert_eq!(data["task_status"], "succeed");
    let between = data["updated_at"].as_u64().unwrap() - data["created_at"].as_u64().unwrap();
    assert!(between >= 200, "{between}");
    assert_eq!(release(&caller).await.error(), (409, json!("nothing_held")));
}

#[tokio::test]
async fn after_a_release_the_clock_decides() {
    let caller = Caller::new().await;
    let scenario = "ok,submitted=3600000,processing=3600000,hold=submitted";
    let id = caller.task(scenario).await;
    release(&caller).await;
    assert_eq!(status(&caller, scenario, &id).await, "processing");
    let scenario = "ok,submitted=3600000,hold=processing";
    let id = caller.task(scenario).await;
    assert_eq!(release(&caller).await.status, 409, "a task that has not come to its hold");
    assert_eq!(status(&caller, scenario, &id).await, "submitted");
}

#[tokio::test]
async fn a_key_releases_its_own_tasks_only() {
    let caller = Caller::new().await;
    let tasks = [caller.task("ok,hold=submitted").await, caller.task("ok,hold=submitted").await];
    let other =
        Caller { key: "sk-sim-other".to_owned(), client: caller.client.clone(), address: caller.address.clone() };
    assert_eq!(release(&other).await.status, 409);
    let unnamed = Answer::of(caller.bare(Method::POST, "/account/release").send().await.unwrap()).await;
    assert_eq!(unnamed.status, 401);
    assert_eq!(release(&caller).await.json(), json!({ "released": tasks }));
}

#[tokio::test]
async fn a_response_is_held() {
    let caller = Caller::new().await;
    let path = format!("/s/ok,hold=answer{ENDPOINT}");
    let sending = tokio::spawn(caller.request(Method::POST, &path).json(&body()).send());
    caller.charged(1).await;
    pause().await;
    assert!(!sending.is_finished());
    assert_eq!(release(&caller).await.status, 200);
    assert_eq!(sending.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_look_up_is_held() {
    let caller = Caller::new().await;
    let mut body = body();
    body["external_task_id"] = json!("mine");
    let id = caller.submit("ok,hold=lookup", &body).await.json()["data"]["task_id"].as_str().unwrap().to_owned();
    assert_eq!(caller.query("ok,hold=lookup", &id).await.status, 200);
    assert_eq!(caller.query("ok,hold=lookup", "mine").await.error(), (400, json!("task_not_exist")));
    assert_eq!(release(&caller).await.status, 200);
    assert_eq!(caller.query("ok,hold=lookup", "mine").await.status, 200);
}

#[tokio::test]
async fn a_trouble_is_held() {
    let caller = Caller::new().await;
    for scenario in ["query-500,hold=trouble", "query-html,hold=trouble"] {
        let id = caller.task(scenario).await;
        for _ in 0..3 {
            assert!(caller.query(scenario, &id).await.status >= 500, "{scenario}");
        }
        release(&caller).await;
        assert_eq!(caller.query(scenario, &id).await.status, 200, "{scenario}");
    }
    let video = caller.video("video-503,hold=trouble").await;
    for _ in 0..3 {
        assert_eq!(caller.client.get(&video).send().await.unwrap().status(), 503);
    }
    release(&caller).await;
    assert_eq!(caller.client.get(&video).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_video_is_held() {
    let caller = Caller::new().await;
    let video = caller.video("ok,hold=video").await;
    let mut response = caller.client.get(&video).send().await.unwrap();
    let length = usize::try_from(response.content_length().unwrap()).unwrap();
    let mut bytes = 0;
    while bytes < length / 3 {
        bytes += response.chunk().await.unwrap().unwrap().len();
    }
    assert_eq!(bytes, length / 3);
    assert!(tokio::time::timeout(Duration::from_millis(100), response.chunk()).await.is_err());
    release(&caller).await;
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes += chunk.len();
    }
    assert_eq!(bytes, length);
    assert_eq!(caller.client.get(&video).send().await.unwrap().bytes().await.unwrap().len(), length);
}
