//! `GET /v1/videos/{task id}/content`, with and without `/s/{scenario}` before it.

use crate::caller::{Answer, Caller, body};
use reqwest::{Method, Response, header};
use serde_json::json;

/// Both addresses of a video at the gateway.
fn paths(scenario: &str, id: &str) -> [String; 2] {
    let path = format!("/v1/videos/{id}/content");
    [format!("/s/{scenario}{path}"), path]
}

async fn get(caller: &Caller, path: &str) -> Response {
    caller.request(Method::GET, path).send().await.unwrap()
}

/// Submits, waits, and returns the task id.
async fn finished(caller: &Caller, scenario: &str) -> String {
    let id = caller.task(scenario).await;
    caller.end(scenario, &id).await;
    id
}

/// The status and the message of an error of the gateway.
async fn error(response: Response) -> (u16, String) {
    let answer = Answer::of(response).await;
    let error = &answer.json()["error"];
    assert_eq!(error["type"], "comet_api_error", "{}", answer.text);
    (answer.status, error["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_video_is_streamed_to_its_owner() {
    let caller = Caller::new().await;
    // What becomes of the delivery is nothing to the gateway.
    for scenario in ["ok", "ok,content=1", "video-missing", "video-cut", "video-expired"] {
        let id = finished(&caller, scenario).await;
        let fine = caller.client.get(caller.video("ok").await).send().await.unwrap().bytes().await.unwrap();
        for path in paths(scenario, &id) {
            let response = caller.request(Method::GET, &path).header(header::RANGE, "bytes=9-").send().await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            let headers = response.headers();
            assert_eq!(headers[header::CONTENT_TYPE], "video/mp4", "{path}");
            assert_eq!(headers[header::CONTENT_LENGTH], fine.len().to_string(), "{path}");
            assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{path}");
            assert_eq!(response.bytes().await.unwrap(), fine, "{path}");
        }
    }
    assert!(caller.violations().await.is_empty());
}

#[tokio::test]
async fn a_download_from_the_gateway_is_recorded() {
    let caller = Caller::new().await;
    let id = finished(&caller, "ok").await;
    for path in paths("ok", &id) {
        let preflight = caller.bare(Method::OPTIONS, &path).header("access-control-request-method", "GET");
        let preflight = preflight.header("access-control-request-headers", "authorization").send().await.unwrap();
        assert_eq!(preflight.status(), 204);
        assert_eq!(preflight.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "authorization, content-type");
        get(&caller, &path).await;
        let account = caller.account().await;
        let [.., asked, got] = account["requests"].as_array().unwrap().as_slice() else { panic!("{account}") };
        let expected = json!({ "method": "GET", "path": path, "authorization": true, "status": 200 });
        assert_eq!((&asked["method"], &asked["path"], got), (&json!("OPTIONS"), &json!(path), &expected));
        caller.request(Method::GET, &path).header("x-more", "1").send().await.unwrap();
    }
    assert_eq!(caller.violations().await.len(), 2);
}

#[tokio::test]
async fn without_a_good_key_there_is_no_video() {
    let caller = Caller::new().await;
    let id = finished(&caller, "ok").await;
    for path in paths("ok", &id) {
        for (authorization, code) in [(None, 1001), (Some("Basic YTpi"), 1002), (Some("Bearer sk-real"), 1000)] {
            let mut request = caller.bare(Method::GET, &path);
            if let Some(value) = authorization {
                request = request.header("authorization", value);
            }
            assert_eq!(Answer::of(request.send().await.unwrap()).await.error(), (401, json!(code)), "{path}");
        }
        let other = caller.bare(Method::GET, &path).bearer_auth("sk-sim-other").send().await.unwrap();
        assert_eq!(error(other).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn only_a_task_that_succeeded_has_a_video() {
    let caller = Caller::new().await;
    let mut named = body();
    named["external_task_id"] = json!("mine");
    caller.submit("ok", &named).await;
    let working = caller.task("ok,processing=3600000").await;
    let failed = finished(&caller, "task-failed").await;
    for (id, status) in [(working.as_str(), 400), (&failed, 400), ("861309198188019719", 404), ("mine", 404)] {
        for path in paths("ok", id) {
            let (found, message) = error(get(&caller, &path).await).await;
            assert_eq!(found, status, "{path}");
            assert!(message.contains("expected") && message.contains(id), "{message}");
        }
    }
}

#[tokio::test]
async fn the_route_may_be_missing_or_fail() {
    let caller = Caller::new().await;
    for (scenario, status, shows) in
        [("ok,content=0", 404, "Invalid URL"), ("ok,content=502", 502, "upstream service unavailable")]
    {
        let id = finished(&caller, scenario).await;
        for path in paths(scenario, &id) {
            let (found, message) = error(get(&caller, &path).await).await;
            assert_eq!(found, status, "{path}");
            assert!(message.contains(shows), "{message}");
        }
        // Said by the path, where it says anything.
        assert_eq!(get(&caller, &paths("ok", &id)[0]).await.status(), 200, "{scenario}");
    }
    let id = caller.task("ok,content=0").await;
    assert_eq!(caller.bare(Method::GET, &paths("", &id)[1]).send().await.unwrap().status(), 404);
    let unknown = get(&caller, "/s/okay/v1/videos/1/content").await;
    assert_eq!(Answer::of(unknown).await.error(), (404, json!("unknown_scenario")));
}
