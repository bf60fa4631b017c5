//! The relay to the real service, which is a second simulator here.

use crate::caller::{Answer, Caller, ENDPOINT, body};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::Options;
use simulator::relay::Relay;
use tokio::net::TcpListener;

const PATH: &str = "/relay/kling/v1/videos/multi-image2video";
const SECRET: &str = "sk-sim-of-the-relay";

/// A relay to the given base address.
async fn relay_to(base: &str) -> Caller {
    let relay = Relay::new(base, SECRET).unwrap();
    Caller::of(Options { relay: Some(relay), ..Options::default() }).await
}

async fn answer(caller: &Caller, path: &str) -> Answer {
    Answer::of(caller.bare(Method::GET, path).send().await.unwrap()).await
}

#[tokio::test]
async fn a_task_is_submitted_and_found_with_the_key_of_the_relay() {
    let service = Caller { key: SECRET.to_owned(), ..Caller::new().await };
    let caller = relay_to(&format!("{}/s/ok/kling", service.address)).await;
    let config: Value = caller.bare(Method::GET, "/config.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(config, json!({ "baseUrl": "/relay/kling", "simulator": false, "relay": true }));

    // What the caller says of a key is not passed on, nor is anything else it says.
    let request = caller.bare(Method::POST, PATH).json(&body()).bearer_auth("sk-other").header("x-more", "1");
    let response = request.send().await.unwrap();
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    let accepted = Answer::of(response).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text);
    assert!(!accepted.text.contains(SECRET));
    let id = accepted.json()["data"]["task_id"].as_str().unwrap().to_owned();
    let state = answer(&caller, &format!("{PATH}/{id}")).await;
    assert_eq!(state.json()["data"]["task_id"], json!(id));

    assert_eq!(service.charges().await.len(), 1);
    assert!(service.violations().await.is_empty());
    // An error is passed back as it is.
    assert_eq!(answer(&caller, &format!("{PATH}/unknown")).await.error(), (400, json!("task_not_exist")));
}

#[tokio::test]
async fn a_video_comes_from_the_origin_of_the_service() {
    let service = Caller { key: SECRET.to_owned(), ..Caller::new().await };
    let caller = relay_to(&format!("{}/s/ok/kling", service.address)).await;
    let fine = service.client.get(service.video("ok").await).send().await.unwrap().bytes().await.unwrap();
    let id = service.charges().await[0]["taskId"].as_str().unwrap().to_owned();
    let path = format!("/v1/videos/{id}/content");

    let own = caller.bare(Method::GET, &path).bearer_auth("sk-other").header("origin", &caller.address);
    let response = own.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    assert_eq!(response.headers()[header::CONTENT_TYPE], "video/mp4");
    assert_eq!(response.headers()[header::CONTENT_LENGTH], fine.len().to_string());
    assert_eq!(response.bytes().await.unwrap(), fine);
    assert!(service.violations().await.is_empty());

    let other = caller.bare(Method::GET, &path).header("origin", "http://evil.example").send().await.unwrap();
    assert_eq!(other.status(), 403);
    assert!(!other.headers().contains_key("access-control-allow-origin"));
    assert_eq!(answer(&caller, "/v1/videos/1/content").await.status, 404);
    for (odd, status) in [("/v1/videos/a%2F..%2Fb/content", 400), ("/v1/videos/a%3Fb/content", 404)] {
        assert_eq!(answer(&caller, odd).await.status, status, "{odd}");
    }

    // The simulator's own tasks are its own affair: with their own key, for every page.
    let played = caller.task("ok").await;
    caller.end("ok", &played).await;
    let path = format!("/v1/videos/{played}/content");
    assert_eq!(answer(&caller, &path).await.status, 401);
    let response = caller.request(Method::GET, &path).header("origin", "http://example.com").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn a_large_body_is_forwarded() {
    let service = Caller { key: SECRET.to_owned(), ..Caller::new().await };
    let caller = relay_to(&format!("{}/s/ok/kling", service.address)).await;
    let mut text = body().to_string();
    text.push_str(&" ".repeat(50 << 20));
    let request = caller.bare(Method::POST, PATH).header("content-type", "application/json").body(text);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(service.charges().await.len(), 1);
}

#[tokio::test]
async fn only_the_own_page_and_local_programs_use_the_key() {
    let service = Caller { key: SECRET.to_owned(), ..Caller::new().await };
    let caller = relay_to(&format!("{}/s/ok/kling", service.address)).await;
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
    ] {
        let request = caller.bare(Method::POST, PATH).json(&body()).header(name, value);
        assert_eq!(request.send().await.unwrap().status(), 403, "{name}: {value}");
    }
    let preflight = caller.bare(Method::OPTIONS, PATH).header("origin", "http://evil.example").send().await.unwrap();
    assert!(!preflight.status().is_success());
    assert!(!preflight.headers().contains_key("access-control-allow-origin"));
    assert!(service.charges().await.is_empty());

    let own = caller.bare(Method::POST, PATH).json(&body()).header("origin", &caller.address);
    assert_eq!(own.header("sec-fetch-site", "same-origin").send().await.unwrap().status(), 200);
    assert_eq!(service.charges().await.len(), 1);
}

#[tokio::test]
async fn only_the_endpoint_is_passed_on() {
    let service = Caller::new().await;
    let caller = relay_to(&format!("{}/s/ok/kling", service.address)).await;
    for path in [
        "/relay/kling/v1/videos/image2video",
        "/relay/kling/v1/videos/multi-image2video/a/b",
        "/relay/account",
        "/relay/kling/v1/videos/multi-image2video/a%2F..%2Fb",
        "/relay/kling/v1/videos/multi-image2video/a%252F%252e%252e%252Fb",
        "/relay/kling/v1/videos/multi-image2video/a%5C..",
        "/relay/kling/v1/videos/multi-image2video/a%0Ab",
    ] {
        let status = answer(&caller, path).await.status;
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    let removed = caller.bare(Method::DELETE, &format!("{PATH}/1")).send().await.unwrap();
    assert_eq!(removed.status(), 405);
    let unasked = caller.bare(Method::GET, &format!("/s/ok{ENDPOINT}/1")).send().await.unwrap();
    assert_eq!(unasked.status(), 401);
}

#[tokio::test]
async fn any_id_is_passed_on_as_one_segment() {
    let echo = |Path(id): Path<String>| async move { Json(json!({ "id": id })) };
    let router = Router::new()
        .route("/kling/v1/videos/multi-image2video/{id}", get(echo))
        .route("/v1/videos/{id}/content", get(echo));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/kling", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let caller = relay_to(&base).await;
    for (segment, id) in [
        ("video_bGl0ZQ%3D%3D", "video_bGl0ZQ=="),
        ("a%3Ab", "a:b"),
        ("projects%2Fp%2Foperations%2F1", "projects/p/operations/1"),
        ("a%3Fb%23c", "a?b#c"),
        ("100%25%20a", "100% a"),
        ("%E4%BB%BB", "任"),
        ("%252F", "%2F"),
        (&"x".repeat(8_192), &"x".repeat(8_192)),
    ] {
        for path in [format!("{PATH}/{segment}"), format!("/v1/videos/{segment}/content")] {
            assert_eq!(answer(&caller, &path).await.json(), json!({ "id": id }), "{path}");
        }
    }
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_key_comes_back() {
    let elsewhere = || [(header::LOCATION, "http://127.0.0.1:1/elsewhere")];
    let echo = |headers: HeaderMap| async move {
        let key = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        (StatusCode::UNAUTHORIZED, [(header::RETRY_AFTER, "7")], format!("wrong: {key}"))
    };
    let router = Router::new()
        .route("/kling/v1/videos/multi-image2video", post(async move || (StatusCode::TEMPORARY_REDIRECT, elsewhere())))
        .route("/kling/v1/videos/multi-image2video/{id}", get(echo))
        .route("/v1/videos/{id}/content", get(async move || (StatusCode::FOUND, elsewhere())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/kling", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let caller = relay_to(&base).await;
    let response = caller.bare(Method::POST, PATH).json(&body()).send().await.unwrap();
    assert_eq!(response.status(), 307);
    assert!(!response.headers().contains_key(header::LOCATION));
    let response = caller.bare(Method::GET, "/v1/videos/1/content").send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert!(!response.headers().contains_key(header::LOCATION));
    let response = caller.bare(Method::GET, &format!("{PATH}/1")).send().await.unwrap();
    assert_eq!(response.headers()[header::RETRY_AFTER], "7");
    let echoed = Answer::of(response).await;
    assert_eq!((echoed.status, echoed.text.as_str()), (401, "wrong: Bearer [key]"));
}

#[tokio::test]
async fn an_unreachable_service_is_reported_without_the_key() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/kling", listener.local_addr().unwrap());
    drop(listener);
    let caller = relay_to(&base).await;
    let missing = answer(&caller, &format!("{PATH}/1")).await;
    assert_eq!(missing.error(), (502, json!("do_request_failed")));
    assert!(!missing.text.contains(SECRET));
}
