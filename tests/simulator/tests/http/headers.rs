//! CORS, and the violations of headers.

use crate::caller::{Caller, ENDPOINT, body};
use reqwest::{Method, Response};
use serde_json::{Value, json};

async fn preflight(caller: &Caller, path: &str, method: &str, names: &str) -> Response {
    let request = caller.bare(Method::OPTIONS, path);
    let request = request.header("origin", "http://example.com").header("access-control-request-method", method);
    request.header("access-control-request-headers", names).send().await.unwrap()
}

async fn without_key(caller: &Caller) -> Value {
    caller.bare(Method::GET, "/requests").send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_preflight_is_allowed_for_every_origin() {
    let caller = Caller::new().await;
    let response = preflight(&caller, &format!("/s/ok{ENDPOINT}"), "POST", "authorization,content-type").await;
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(response.headers()["access-control-allow-headers"], "authorization, content-type");
    assert_eq!(response.headers()["access-control-allow-methods"], "GET, POST");
    let books = without_key(&caller).await;
    assert_eq!(books["violations"], json!([]));
    assert_eq!(books["requests"][0]["method"], "OPTIONS");
    assert_eq!(books["requests"][0]["preflightHeaders"], "authorization,content-type");
}

#[tokio::test]
async fn a_range_of_a_download_may_be_requested() {
    let caller = Caller::new().await;
    let id = caller.task("ok").await;
    let path = format!("/s/ok/delivery/{id}.mp4");
    for (names, status) in [("range", 204), ("Range", 204), ("authorization", 403), ("range,x-more", 403), ("", 403)] {
        let response = preflight(&caller, &path, "GET", names).await;
        assert_eq!(response.status(), status, "{names}");
        let allowed = response.headers().get("access-control-allow-headers").map(|names| names.to_str().unwrap());
        assert_eq!(allowed, (status == 204).then_some("range"), "{names}");
    }
    assert_eq!(caller.violations().await.len(), 3);
}

#[tokio::test]
async fn every_response_may_be_read_by_any_page() {
    let caller = Caller::new().await;
    for path in ["/s/ok/nothing", "/s/nothing/kling", "/account", "/config.json", "/nothing"] {
        let response = caller.bare(Method::GET, path).send().await.unwrap();
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "{path}");
    }
}

#[tokio::test]
async fn preflights_and_downloads_are_entered_with_their_task() {
    let caller = Caller::new().await;
    let id = caller.task("ok").await;
    preflight(&caller, &format!("/s/ok{ENDPOINT}/{id}"), "GET", "authorization,x-more").await;
    let refused = preflight(&caller, &format!("/s/ok/delivery/{id}.mp4"), "GET", "x-more").await;
    assert!(!refused.headers().contains_key("access-control-allow-headers"));
    let account = caller.account().await;
    assert_eq!(account["violations"].as_array().unwrap().len(), 2, "{account}");
    assert_eq!(account["requests"].as_array().unwrap().len(), 3, "{account}");
    assert_eq!(without_key(&caller).await["requests"], json!([]));
}

#[tokio::test]
async fn a_request_is_recorded_as_it_came() {
    let caller = Caller::new().await;
    let id = caller.task("ok").await;
    caller.query("ok", &id).await;
    let account = caller.account().await;
    let expected = json!([
        { "method": "POST", "path": format!("/s/ok{ENDPOINT}"), "authorization": true,
          "contentType": "application/json", "status": 200 },
        { "method": "GET", "path": format!("/s/ok{ENDPOINT}/{id}"), "authorization": true, "status": 200 },
    ]);
    assert_eq!(account["requests"], expected);
    assert_eq!(account["violations"], json!([]));
    assert!(!account.to_string().contains(&caller.key));
}

#[tokio::test]
async fn a_key_in_any_other_place_is_a_violation() {
    let caller = Caller::new().await;
    let path = format!("/s/ok{ENDPOINT}");
    let mut leaking = body();
    leaking["prompt"] = json!("a %73k-sim-test");
    caller.request(Method::POST, &path).json(&leaking).send().await.unwrap();
    caller.request(Method::GET, &format!("{path}/1?key=c2stc2ltLXRlc3Q")).send().await.unwrap();
    caller.request(Method::GET, &format!("{path}/1")).header("accept", r"\u0073k-sim-test").send().await.unwrap();
    let violations = caller.violations().await;
    assert_eq!(violations.len(), 3, "{violations:?}");
    for (violation, place) in
        violations.iter().zip(["the key in the body", "the key in the URL", "the key in the header accept"])
    {
        assert!(violation.as_str().unwrap().ends_with(place), "{violation}");
    }
}

#[tokio::test]
async fn unexpected_headers_are_violations() {
    let caller = Caller::new().await;
    let path = format!("/s/ok{ENDPOINT}");
    let posted = caller.request(Method::POST, &path).json(&body()).header("idempotency-key", "1");
    assert_eq!(posted.send().await.unwrap().status(), 200);
    let asked = caller.request(Method::GET, &format!("{path}/1")).header("content-type", "application/json");
    asked.send().await.unwrap();
    let plain = caller.request(Method::POST, &path).body(body().to_string());
    assert_eq!(plain.send().await.unwrap().status(), 400);
    let violations = caller.violations().await;
    assert_eq!(violations.len(), 3, "{violations:?}");
    for (violation, names) in violations.iter().zip(["idempotency-key", "content-type", "application/json"]) {
        assert!(violation.as_str().unwrap().contains(names), "{violation}");
    }
}
