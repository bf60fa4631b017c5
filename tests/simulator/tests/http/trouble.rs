//! Every trouble of every request, and whether it creates a task.

use crate::caller::{Answer, Caller, ENDPOINT, body};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PLACES: [&str; 3] = ["submit", "query", "probe"];

/// Sends the request of a place, with `named` as the external id of a submission.
async fn send(caller: &Caller, place: &str, scenario: &str, named: &str) -> Response {
    let path = format!("/s/{scenario}{ENDPOINT}");
    let request = match place {
        "submit" => {
            let mut body = body();
            body["external_task_id"] = json!(named);
            caller.request(Method::POST, &path).json(&body)
        }
        "query" => {
            let id = caller.task("ok").await;
            caller.request(Method::GET, &format!("{path}/{id}"))
        }
        _ => caller.request(Method::GET, &format!("{path}/unknown")),
    };
    request.send().await.unwrap()
}

#[tokio::test]
async fn every_trouble_has_its_response_for_every_request() {
    let caller = Caller::new().await;
    // What follows the place, the status, what the body contains, and whether a submission is charged.
    let table = [
        ("code", 500, "\"code\":5000", false),
        ("code,code=1102,status=402", 402, "\"code\":1102", false),
        ("code,code=1301,created=1", 400, "\"code\":1301", true),
        ("error", 500, "comet_api_error", false),
        ("error,status=413", 413, "\"code\":\"\"", false),
        ("error,status=500,word=invalid_request", 500, "\"code\":\"invalid_request\"", false),
        ("error,status=524,created=1", 524, "(request id: ", true),
        ("word", 400, "\"code\":\"task_not_exist\"", false),
        ("word,word=do_request_failed,status=500", 500, "\"data\":null", false),
        ("word,word=fail_to_fetch_task,code=1303", 429, "\\\"code\\\":1303", false),
        ("word,word=fail_to_fetch_task", 400, "\\\"code\\\":1201", false),
        ("balance", 403, "user quota is not enough (request id: ", false),
        ("balance", 403, "\"insufficient_user_quota\"", false),
        ("400", 400, "\"code\":1201", false),
        ("401", 401, "\"code\":\"invalid_api_key\"", false),
        ("429", 429, "\"code\":1303", false),
        ("500", 500, "\"code\":5000", false),
        ("flaky", 500, "\"code\":5000", false),
        ("html", 502, "<html>", false),
        ("html,status=200,created=1", 200, "<html>", true),
        ("empty", 200, "", true),
        ("empty,status=504", 504, "", false),
        ("broken", 200, "{\"", true),
        ("no-id", 200, "\"message\":\"SUCCEED\"", true),
        ("redirect", 307, "", false),
    ];
    for (row, (trouble, status, shows, created)) in table.into_iter().enumerate() {
        for place in PLACES {
            let scenario = format!("{place}-{trouble}");
            let name = format!("row-{row}");
            let answer = Answer::of(send(&caller, place, &scenario, &name).await).await;
            assert_eq!(answer.status, status, "{scenario}");
            assert!(answer.text.contains(shows), "{scenario}: {}", answer.text);
            if shows.is_empty() {
                assert_eq!(answer.text, "", "{scenario}");
            }
        }
        let found = caller.query("ok", &format!("row-{row}")).await.status == 200;
        assert_eq!(found, created, "submit-{trouble}");
    }
}

#[tokio::test]
async fn every_code_has_its_documented_status() {
    let caller = Caller::new().await;
    for (status, codes) in [
        (401, &[1000, 1001, 1002, 1003, 1004][..]),
        (429, &[1100, 1101, 1102, 1302, 1303, 1304]),
        (403, &[1103]),
        (400, &[1200, 1201, 1300, 1301]),
        (404, &[1202, 1203]),
        (500, &[5000]),
        (503, &[5001]),
        (504, &[5002]),
    ] {
        for code in codes {
            let answer = caller.query(&format!("probe-code,code={code}"), "unknown").await;
            assert_eq!(answer.error(), (status, json!(code)));
            let json = answer.json();
            assert!(json["message"].as_str().is_some_and(|text| !text.is_empty()), "{json}");
            assert!(json["request_id"].is_string(), "{json}");
            assert_eq!(json.as_object().unwrap().len(), 3, "{json}");
        }
    }
}

#[tokio::test]
async fn a_response_without_an_id_has_none_at_any_depth() {
    fn names(value: &Value) -> Vec<String> {
        match value {
            Value::Object(fields) => {
                fields.iter().flat_map(|(name, value)| names(value).into_iter().chain([name.clone()])).collect()
            }
            Value::Array(items) => items.iter().flat_map(names).collect(),
            _ => Vec::new(),
        }
    }
    let caller = Caller::new().await;
    for place in PLACES {
        for family in ["flat", "gateway-whole", "openai"] {
            let scenario = format!("{place}-no-id,family={family}");
            let json: Value = send(&caller, place, &scenario, &scenario).await.json().await.unwrap();
            let names = names(&json);
            let ids = ["id", "task_id", "external_task_id"];
            assert!(!ids.iter().any(|id| names.iter().any(|name| name == id)), "{scenario}: {json}");
        }
    }
}

#[tokio::test]
async fn right_answers_are_late_or_unreadable() {
    let caller = Caller::new().await;
    for (place, status) in [("submit", 200), ("query", 200), ("probe", 400)] {
        let started = Instant::now();
        let slow = send(&caller, place, &format!("{place}-slow,ms=300"), "slow").await;
        assert!(started.elapsed() >= Duration::from_millis(300), "{place}");
        let closed = send(&caller, place, &format!("{place}-no-cors"), "closed").await;
        for (response, readable) in [(slow, true), (closed, false)] {
            assert_eq!(response.status(), status, "{place}");
            assert_eq!(response.headers().contains_key("access-control-allow-origin"), readable, "{place}");
            let json: Value = response.json().await.unwrap();
            assert_eq!(json["data"]["task_id"].is_string(), status == 200, "{json}");
        }
    }
}

#[tokio::test]
async fn a_redirect_must_not_be_followed() {
    let caller = Caller::new().await;
    for place in PLACES {
        let scenario = format!("{place}-redirect,tag=a");
        let response = send(&caller, place, &scenario, "redirected").await;
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(location, format!("/s/{scenario}/elsewhere"));
        let before = caller.violations().await.len();
        let followed = caller.request(Method::POST, &location).json(&body()).send().await.unwrap();
        assert_eq!(followed.status(), 404);
        assert_eq!(caller.violations().await.len(), before + 1);
    }
    let strange = caller.bare(Method::OPTIONS, "/s/submit-redirect/elsewhere").send().await.unwrap();
    assert_eq!(strange.status(), 204);
    let books: Value = caller.bare(Method::GET, "/requests").send().await.unwrap().json().await.unwrap();
    assert_eq!(books["violations"].as_array().unwrap().len(), 1, "{books}");
}

#[tokio::test]
async fn only_the_preflight_of_the_place_is_refused() {
    let caller = Caller::new().await;
    let id = caller.task("ok").await;
    for (refused, place) in PLACES.into_iter().enumerate() {
        let path = format!("/s/{place}-preflight,times=1{ENDPOINT}");
        let asked = [("POST", path.clone()), ("GET", format!("{path}/{id}")), ("GET", format!("{path}/unknown"))];
        for times in 0..2 {
            for (row, (method, path)) in asked.iter().enumerate() {
                let request = caller.bare(Method::OPTIONS, path).header("origin", "http://example.com");
                let response = request.header("access-control-request-method", *method).send().await.unwrap();
                let expected = if row == refused && times == 0 { 403 } else { 204 };
                assert_eq!(response.status(), expected, "{path}");
                assert_eq!(response.headers().contains_key("access-control-allow-origin"), expected == 204);
            }
        }
    }
    assert_eq!(caller.submit("submit-preflight", &body()).await.status, 200);
    assert_eq!(caller.query("query-preflight", &id).await.status, 200);
    assert_eq!(caller.query("probe-preflight", "unknown").await.status, 400);
}

#[tokio::test]
async fn only_the_first_requests_for_the_same_thing_meet_the_trouble() {
    let caller = Caller::new().await;
    for name in ["a", "b"] {
        for status in [503, 503, 200] {
            let scenario = "submit-code,code=5001,times=2";
            assert_eq!(send(&caller, "submit", scenario, name).await.status(), status, "{name}");
        }
    }
    for status in [503, 200, 200] {
        assert_eq!(caller.submit("submit-code,code=5001,times=1", &body()).await.status, status);
    }
    for id in ["a", "unknown"] {
        let response = if id == "a" { 200 } else { 400 };
        for status in [502, response, response] {
            let place = if id == "a" { "query" } else { "probe" };
            assert_eq!(caller.query(&format!("{place}-html,times=1"), id).await.status, status, "{id}");
        }
    }
}

#[tokio::test]
async fn a_refusal_has_retry_after() {
    let caller = Caller::new().await;
    for place in PLACES {
        let response = send(&caller, place, &format!("{place}-429,retry-after=7"), "later").await;
        assert_eq!(response.headers()["retry-after"], "7", "{place}");
        assert_eq!(response.headers()["access-control-expose-headers"], "retry-after", "{place}");
        let response = send(&caller, place, &format!("{place}-no-cors,retry-after=7"), "now").await;
        assert!(!response.headers().contains_key("retry-after"), "{place}");
    }
}

#[tokio::test]
async fn a_submission_repeated_upstream_was_accepted() {
    let caller = Caller::new().await;
    let answer = Answer::of(send(&caller, "submit", "submit-upstream-repeat", "mine").await).await;
    assert_eq!(answer.error(), (400, json!(1201)));
    assert!(answer.text.contains("external_task_id 'mine' already exists"), "{}", answer.text);
    assert_eq!(caller.query("submit-upstream-repeat", "mine").await.status, 200);
    assert_eq!(caller.charges().await.len(), 1);
}

#[tokio::test]
async fn a_gateway_may_not_find_external_ids() {
    let caller = Caller::new().await;
    let accepted = Answer::of(send(&caller, "submit", "ok", "mine").await).await.json();
    let id = accepted["data"]["task_id"].as_str().unwrap();
    assert_eq!(caller.query("ok,lookup=0", "mine").await.error(), (400, json!("task_not_exist")));
    assert_eq!(caller.query("ok,lookup=0", id).await.status, 200);
    assert_eq!(caller.query("probe-html,lookup=0", "mine").await.status, 502);

    send(&caller, "submit", "ok", "late").await;
    let not_found = (400, json!("task_not_exist"));
    assert_eq!(caller.query("ok,lookup-after=3600000", "late").await.error(), not_found);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(caller.query("ok,lookup-after=300", "late").await.status, 200);
}

#[tokio::test]
async fn a_gateway_may_accept_an_external_id_again() {
    let caller = Caller::new().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = Answer::of(send(&caller, "submit", "ok,dedupe=0", "mine").await).await;
        ids.push(answer.json()["data"]["task_id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(caller.charges().await.len(), 2);
    assert_eq!(caller.query("ok", "mine").await.json()["data"]["task_id"], ids[0]);
    assert_eq!(caller.query("ok", ids[1].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_held_response_waits_until_it_is_released() {
    let caller = Caller::new().await;
    // The trouble, how many tasks are charged while the answer waits, and its status.
    for (external, trouble, charged, status) in
        [("a", "submit-slow,ms=0", 1, 200), ("b", "submit-500,created=1", 1, 500), ("c", "submit-500", 0, 500)]
    {
        let (charges, requests) = (caller.charges().await.len(), caller.posts().await);
        let scenario = format!("{trouble},held=1,times=1");
        let held = send(&caller, "submit", &scenario, external);
        tokio::pin!(held);
        let received = async {
            while caller.posts().await == requests || caller.charges().await.len() - charges < charged {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        tokio::select! {
            early = &mut held => panic!("{trouble}: {early:?}"),
            () = received => {}
        }
        assert_eq!(caller.charges().await.len() - charges, charged, "{trouble}");
        // Only as many requests as meet the trouble are held.
        let again = send(&caller, "submit", &scenario, external).await;
        assert_eq!(again.status(), if charged == 1 { 400 } else { 200 }, "{trouble}");
        let release = |id| caller.request(Method::POST, &format!("/release/{id}")).send();
        assert_eq!(release("another").await.unwrap().status(), 204);
        let early = tokio::time::timeout(Duration::from_millis(100), &mut held).await;
        assert!(early.is_err(), "{trouble}: {early:?}");
        assert_eq!(release(external).await.unwrap().status(), 204);
        assert_eq!(held.await.status(), status, "{trouble}");
    }
    assert_eq!(caller.violations().await, Vec::<Value>::new());
}
