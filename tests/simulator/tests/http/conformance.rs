//! The default responses conform to the documented schemas.

use crate::caller::{Caller, body, body_of, encoded};
use boon::{Compiler, Schemas};
use image::ImageFormat::{Jpeg, Png};
use serde_json::{Value, json};

/// What is wrong with a value by one of `tests/cases/schema`.
fn faults(schema: &str, value: &Value) -> Option<String> {
    let path = format!("{}/../cases/schema/{schema}.json", env!("CARGO_MANIFEST_DIR"));
    let mut schemas = Schemas::new();
    let index = Compiler::new().compile(&path, &mut schemas).unwrap();
    schemas.validate(value, index).err().map(|error| format!("{error:#}\n{value:#}"))
}

#[tokio::test]
async fn an_acceptance_conforms() {
    let caller = Caller::new().await;
    for external in [None, Some("mine")] {
        let mut body = body();
        if let Some(id) = external {
            body["external_task_id"] = json!(id);
        }
        assert_eq!(faults("create-request", &body), None);
        assert_eq!(faults("create-answer", &caller.submit("ok", &body).await.json()), None);
    }
}

#[tokio::test]
async fn a_task_conforms_in_every_phase() {
    let caller = Caller::new().await;
    for (scenario, word) in [
        ("ok,submitted=3600000", "submitted"),
        ("ok,submitted=0,processing=3600000", "processing"),
        ("ok,submitted=0,processing=0", "succeed"),
        ("task-failed,submitted=0,processing=0", "failed"),
    ] {
        let mut body = body();
        body["external_task_id"] = json!(word);
        caller.submit(scenario, &body).await;
        let answer = caller.query(scenario, word).await.json();
        assert_eq!(answer["data"]["task_status"], word);
        assert_eq!(faults("query-answer", &answer), None);
    }
}

#[tokio::test]
async fn a_task_with_a_bad_image_conforms() {
    let caller = Caller::new().await;
    let scenario = "ok,submitted=0,processing=0";
    let answer = caller.submit(scenario, &body_of(&[encoded(Jpeg, 400, 299)])).await.json();
    let answer = caller.query(scenario, answer["data"]["task_id"].as_str().unwrap()).await.json();
    assert_eq!(answer["data"]["task_status_msg"], "Image pixel is invalid");
    assert_eq!(faults("query-answer", &answer), None);
}

#[tokio::test]
async fn the_schema_and_the_simulator_agree_on_bodies() {
    let caller = Caller::new().await;
    let image = encoded(Png, 300, 300);
    let with = |field: &str, value: Value| {
        let mut body = body();
        body[field] = value;
        body
    };
    let table = [
        (body(), true),
        (json!({ "image_list": [{ "image": image }] }), true),
        (body_of(&vec![image.clone(); 4]), true),
        (body_of(&["https://example.com/a.jpg".into()]), true),
        (with("mode", json!("pro")), true),
        (with("duration", json!("10")), true),
        (with("aspect_ratio", json!("9:16")), true),
        (with("negative_prompt", json!("")), true),
        (with("callback_url", json!("https://example.com/done")), true),
        (with("model_name", json!("kling-v1-6")), true),
        (json!({}), false),
        (json!([]), false),
        (body_of(&[]), false),
        (body_of(&vec![image; 5]), false),
        (body_of(&["data:image/png;base64,AAAA".into()]), false),
        (body_of(&["AAA".into()]), false),
        (body_of(&["AA\nAA".into()]), false),
        (body_of(&[String::new()]), false),
        (with("image_list", json!(["AAAA"])), false),
        (with("image_list", json!([{ "image": "AAAA", "name": "a" }])), false),
        (with("static_mask", json!("AAAA")), false),
        (with("dynamic_masks", json!([])), false),
        (with("cfg_scale", json!(0.5)), false),
        (with("duration", json!(5)), false),
        (with("duration", json!("7")), false),
        (with("mode", json!("fast")), false),
        (with("aspect_ratio", json!(null)), false),
        (with("model_name", json!("kling-v9")), false),
    ];
    for (body, good) in table {
        let found = faults("create-request", &body);
        assert_eq!(found.is_none(), good, "{body} {found:?}");
        assert_eq!(caller.submit("ok", &body).await.status == 200, good, "{body}");
    }
}

#[tokio::test]
async fn the_simulator_takes_every_field_of_the_schema() {
    let path = format!("{}/../cases/schema/create-request.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut full = body();
    for (field, rule) in schema["properties"].as_object().unwrap() {
        if let Some(word) = rule["enum"].get(0) {
            full[field] = word.clone();
        } else if rule["type"] == "string" {
            // Of any string field, this is a valid value.
            full[field] = json!("https://example.com/done");
        }
        assert!(!full[field].is_null(), "this test needs a value for {field}");
    }
    assert_eq!(faults("create-request", &full), None);
    let answer = Caller::new().await.submit("ok", &full).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
}

#[tokio::test]
async fn other_families_do_not_conform() {
    let caller = Caller::new().await;
    let id = caller.task("ok").await;
    caller.end("ok", &id).await;
    for family in ["gateway", "gateway-whole", "openai", "reseller", "sloppy", "qiniu", "turbo", "new-kling", "numbers"]
    {
        let answer = caller.query(&format!("ok,family={family}"), &id).await.json();
        assert!(faults("query-answer", &answer).is_some(), "{answer}");
    }
}
