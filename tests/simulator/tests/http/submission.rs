//! `POST …/multi-image2video`

use crate::caller::{Answer, Caller, ENDPOINT, body, body_of, encoded};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::ImageFormat::{Jpeg, Png};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn an_acceptance_has_the_documented_form() {
    let caller = Caller::new().await;
    let mut body = body();
    body["external_task_id"] = json!("mine");
    let answer = caller.submit("ok", &body).await;
    assert_eq!(answer.status, 200);
    let json = answer.json();
    assert_eq!(json["code"], 0);
    assert_eq!(json["message"], "SUCCEED");
    assert_eq!(json["data"]["task_status"], "submitted");
    assert_eq!(json["data"]["task_info"]["external_task_id"], "mine");
    assert!(json["data"]["created_at"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(json["data"]["created_at"], json["data"]["updated_at"]);
    let id = json["data"]["task_id"].as_str().unwrap();
    assert!((18..=19).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit()), "{id}");
}

#[tokio::test]
async fn an_external_id_is_valid_once_per_key() {
    let caller = Caller::new().await;
    let mut body = body();
    body["external_task_id"] = json!("mine");
    assert_eq!(caller.submit("ok", &body).await.status, 200);
    let again = caller.submit("ok", &body).await;
    assert_eq!(again.error(), (400, json!(1201)));
    assert!(again.text.contains("external_task_id"));
    assert_eq!(caller.charges().await.len(), 1);

    let other = Caller { key: "sk-sim-other".to_owned(), ..caller };
    assert_eq!(other.submit("ok", &body).await.status, 200);
    assert_eq!(other.charges().await.len(), 1);
}

#[tokio::test]
async fn every_acceptance_is_charged_at_its_price() {
    let caller = Caller::new().await;
    for (mode, duration, usd) in [("std", "5", 0.26), ("std", "10", 0.53), ("pro", "5", 0.46), ("pro", "10", 0.92)] {
        let mut body = body_of(&[encoded(Jpeg, 400, 300), encoded(Png, 300, 320), "https://example.com/a.jpg".into()]);
        body["mode"] = json!(mode);
        body["duration"] = json!(duration);
        let answer = caller.submit("ok", &body).await;
        let charge = caller.charges().await.pop().unwrap();
        assert_eq!(charge["taskId"], answer.json()["data"]["task_id"]);
        assert_eq!(charge["usd"], usd);
        assert_eq!(charge["imageCount"], 3);
        assert_eq!(charge["bodyBytes"], body.to_string().len());
        let images = json!([
            { "format": "jpeg", "width": 400, "height": 300, "fault": null, "metadata": false },
            { "format": "png", "width": 300, "height": 320, "fault": null, "metadata": false },
            { "format": "url", "width": null, "height": null, "fault": null, "metadata": false },
        ]);
        assert_eq!(charge["images"], images);
    }
}

#[tokio::test]
async fn a_body_outside_the_schema_is_refused_and_not_charged() {
    let caller = Caller::new().await;
    let mut wrong_type = body();
    wrong_type["duration"] = json!(5);
    let mut mask = body();
    mask["static_mask"] = json!("AAAA");
    let prefixed = body_of(&["data:image/jpeg;base64,AAAA".into()]);
    for body in [wrong_type, mask, prefixed, json!({ "image_list": [] })] {
        assert_eq!(caller.submit("ok", &body).await.error(), (400, json!(1201)), "{body}");
    }
    assert!(caller.charges().await.is_empty());
}

#[tokio::test]
async fn picture_faults_are_found_after_the_charge() {
    let caller = Caller::new().await;
    for (picture, reason) in [
        (encoded(Jpeg, 400, 299), "Image pixel is invalid"),
        (encoded(Png, 300, 751), "Image aspect ratio is invalid"),
        (STANDARD.encode(b"GIF89a\x90\x01\x2C\x01\0\0\0;"), "Image format is not supported"),
    ] {
        let answer = caller.submit("ok", &body_of(&[encoded(Jpeg, 400, 300), picture])).await;
        let id = answer.json()["data"]["task_id"].as_str().unwrap().to_owned();
        let data = caller.end("ok", &id).await;
        assert_eq!(data["task_status"], "failed");
        assert_eq!(data["task_status_msg"], reason);
        assert_eq!(data["task_result"], json!({}));
    }
    assert_eq!(caller.charges().await.len(), 3);
}

#[tokio::test]
async fn without_a_good_key_there_is_no_task() {
    let caller = Caller::new().await;
    let path = format!("/s/ok{ENDPOINT}");
    for (authorization, code) in
        [(None, 1001), (Some("Basic YTpi"), 1002), (Some("sk-sim-test"), 1002), (Some("Bearer sk-real"), 1000)]
    {
        let mut request = caller.bare(Method::POST, &path).json(&body());
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.error(), (401, json!(code)));
        assert!(!answer.text.contains("sk-real"));
    }
    assert!(caller.charges().await.is_empty());
}

#[tokio::test]
async fn troubles_of_a_submission() {
    let caller = Caller::new().await;
    for (scenario, status, shows) in [
        ("submit-401", 401, "comet_api_error"),
        ("submit-400", 400, "1201"),
        ("submit-429", 429, "1303"),
        ("submit-500", 500, "5000"),
        ("submit-html", 502, "<html>"),
        ("submit-html,status=200", 200, "<html>"),
    ] {
        let answer = caller.submit(scenario, &body()).await;
        assert_eq!(answer.status, status, "{scenario}");
        assert!(answer.text.contains(shows), "{scenario}: {}", answer.text);
        assert_eq!(answer.content_type.starts_with("text/html"), scenario.contains("html"));
    }
    assert!(caller.charges().await.is_empty());
}

#[tokio::test]
async fn troubles_after_the_task_was_created() {
    let caller = Caller::new().await;
    let scenarios = ["submit-no-id", "submit-500,created=1", "submit-html,created=1", "submit-slow,ms=300"];
    for (count, scenario) in scenarios.into_iter().enumerate() {
        let mut body = body();
        body["external_task_id"] = json!(format!("mine-{count}"));
        let started = Instant::now();
        let answer = caller.submit(scenario, &body).await;
        let slow = scenario.starts_with("submit-slow");
        assert!(!slow || started.elapsed() >= Duration::from_millis(300), "{scenario}");
        assert_eq!(answer.text.contains("task_id"), slow, "{scenario}");
        assert_eq!(caller.query("ok", &format!("mine-{count}")).await.status, 200, "{scenario}");
        assert_eq!(caller.charges().await.len(), count + 1);
    }
}

#[tokio::test]
async fn a_body_is_read_as_slowly_as_the_scenario_demands() {
    let caller = Caller::new().await;
    for ms in [0_u64, 100, 300, 600, 900] {
        let started = Instant::now();
        assert_eq!(caller.submit(&format!("ok,upload={ms}"), &body()).await.status, 200);
        let took = started.elapsed() + Duration::from_millis(5);
        assert!(took >= Duration::from_millis(ms), "{ms} ms, took {took:?}");
    }
    assert_eq!(caller.charges().await.len(), 5);
}

#[tokio::test]
async fn an_aborted_submission_is_charged() {
    let caller = Caller::new().await;
    let path = format!("/s/submit-slow,ms=3600000{ENDPOINT}");
    let sending = tokio::spawn(caller.request(Method::POST, &path).json(&body()).send());
    caller.charged(1).await;
    sending.abort();
    assert!(sending.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!(caller.charges().await.len(), 1);
    assert_eq!(caller.account().await["requests"][0]["status"], 0);
}

#[tokio::test]
async fn a_body_beyond_the_limit_gets_413() {
    let caller = Caller::new().await;
    let path = format!("/s/ok{ENDPOINT}");
    let request = caller.request(Method::POST, &path).header("content-type", "application/json");
    let answer = Answer::of(request.body(vec![b' '; 70 << 20]).send().await.unwrap()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["error"]["type"], "comet_api_error");
}

#[tokio::test]
async fn four_pictures_at_the_limit_are_accepted() {
    let caller = Caller::new().await;
    // What follows a JPEG's end is no fault, and fills it up to the limit.
    let mut picture = STANDARD.decode(encoded(Jpeg, 400, 300)).unwrap();
    picture.resize(10 << 20, 0);
    let text = STANDARD.encode(&picture);
    let answer = caller.submit("ok", &body_of(&vec![text; 4])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    picture.push(0);
    let answer = caller.submit("ok", &body_of(&[STANDARD.encode(&picture)])).await;
    assert_eq!(answer.error(), (400, json!(1201)));
    assert_eq!(caller.charges().await[0]["images"][3]["fault"], json!(null));
}
