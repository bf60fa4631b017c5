//! From a draft to the body.

use kling_core::issue::{Issue, IssueCode, Severity};
use kling_core::plain::ToPlain;
use kling_core::request::{BodyPart, Checked, Draft, DraftImage, ExternalTaskId};
use proptest::prelude::*;

fn draft() -> Draft {
    Draft { images: vec![DraftImage::Encoded(Vec::new())], prompt: Some("a calm sea".into()), ..Draft::default() }
}

fn url(text: &str) -> DraftImage {
    DraftImage::Url(text.into())
}

/// The body with `<i>` for the base64 of image i.
fn body(draft: Draft) -> String {
    let Checked { request, issues } = draft.check();
    let parts = request.unwrap_or_else(|| panic!("{issues:?}")).body(&ExternalTaskId::from_random([7; 16]));
    parts
        .into_iter()
        .map(|part| match part {
            BodyPart::Text(text) => text,
            BodyPart::Image(index) => format!("<{index}>"),
        })
        .collect()
}

fn problems(draft: Draft) -> Vec<(IssueCode, String, Severity)> {
    draft.check().issues.into_iter().map(|Issue { code, path, severity, .. }| (code, path, severity)).collect()
}

#[track_caller]
fn refused(draft: Draft, code: IssueCode, path: &str) {
    let checked = draft.clone().check();
    assert!(checked.request.is_none(), "{draft:?} was taken");
    assert_eq!(problems(draft), [(code, path.to_owned(), Severity::Error)]);
    let message = &checked.issues[0].message;
    assert!(message.starts_with("expected ") || message.starts_with("a blob"), "{message}");
}

#[test]
fn absent_fields_are_absent() {
    assert_eq!(
        body(draft()),
        r#"{"image_list":[{"image":"<0>"}],"prompt":"a calm sea","external_task_id":"07070707-0707-4707-8707-070707070707"}"#
    );
}

#[test]
fn every_field_has_its_wire_name() {
    let all = Draft {
        images: vec![
            DraftImage::Encoded(Vec::new()),
            url("https://a.example/b.jpg?c=\"d\""),
            DraftImage::Encoded(Vec::new()),
        ],
        prompt: Some("say \"hi\"\n\\ \u{1} \u{1F30A}".into()),
        negative_prompt: Some("blur".into()),
        mode: Some("pro".into()),
        duration: Some("10".into()),
        aspect_ratio: Some("9:16".into()),
        model_name: Some("kling-v1-6".into()),
        callback_url: Some("https://a.example/done".into()),
        external_task_id: Some("mine_1".into()),
        issues: Vec::new(),
    };
    let json: serde_json::Value = serde_json::from_str(&body(all)).unwrap();
    let expected = serde_json::json!({
        "image_list": [{"image": "<0>"}, {"image": "https://a.example/b.jpg?c=\"d\""}, {"image": "<2>"}],
        "prompt": "say \"hi\"\n\\ \u{1} \u{1F30A}",
        "negative_prompt": "blur",
        "mode": "pro",
        "duration": "10",
        "aspect_ratio": "9:16",
        "model_name": "kling-v1-6",
        "callback_url": "https://a.example/done",
        // The caller's own id is what `external_task_id()` returns; the body contains the id that is to be sent.
        "external_task_id": "07070707-0707-4707-8707-070707070707",
    });
    assert_eq!(json, expected);
}

#[test]
fn counts_of_images() {
    let of = |count| Draft { images: vec![DraftImage::Encoded(Vec::new()); count], ..draft() };
    refused(of(0), IssueCode::TooFewImages, "images");
    for count in 1..=4 {
        assert_eq!(problems(of(count)), []);
    }
    refused(of(5), IssueCode::TooManyImages, "images");
}

#[test]
fn every_problem_comes_at_once() {
    let faulty = Issue::error(IssueCode::ImageEmpty, "images[0]", "empty");
    let draft = Draft {
        images: vec![DraftImage::Encoded(vec![faulty]), url("file:///etc/passwd"), url("https://a.example/b")],
        prompt: None,
        negative_prompt: Some("n".repeat(2501)),
        mode: Some("fast".into()),
        duration: Some("7".into()),
        aspect_ratio: Some("4:3".into()),
        model_name: Some(" ".into()),
        callback_url: Some("http://localhost/done".into()),
        external_task_id: Some("a b".into()),
        issues: vec![Issue::error(IssueCode::UnknownField, "static_mask", "no field")],
    };
    let found = problems(draft);
    let paths: Vec<&str> = found.iter().map(|(_, path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "static_mask",
            "images[0]",
            "images[1]",
            "images[2]",
            "prompt",
            "negativePrompt",
            "mode",
            "duration",
            "aspectRatio",
            "modelName",
            "callbackUrl",
            "externalTaskId",
        ]
    );
    let warnings: Vec<&str> = found
        .iter()
        .filter(|(_, _, severity)| *severity == Severity::Warning)
        .map(|(_, path, _)| path.as_str())
        .collect();
    assert_eq!(warnings, ["images[2]", "prompt"]);
}

#[test]
fn prompts_are_counted_in_code_points() {
    for (text, taken) in [("x".repeat(2500), true), ("\u{1F30A}".repeat(2500), true), ("x".repeat(2501), false)] {
        let draft = Draft { prompt: Some(text.clone()), ..draft() };
        assert_eq!(draft.check().request.is_some(), taken, "{}", text.chars().count());
    }
    let long = Draft { prompt: Some("x".repeat(2501)), ..draft() }.check().issues.remove(0);
    assert_eq!(
        serde_json::to_value(long.to_plain()).unwrap()["params"],
        serde_json::json!({"limit": 2500.0, "actual": 2501.0})
    );
}

#[test]
fn an_empty_prompt_is_none() {
    for prompt in [None, Some(String::new()), Some(" \n".into())] {
        let draft = Draft { prompt, ..draft() };
        assert_eq!(problems(draft.clone()), [(IssueCode::PromptMissing, "prompt".into(), Severity::Warning)]);
        assert!(!body(draft).contains("prompt"));
    }
}

#[test]
fn words_and_ids() {
    for (name, wrong) in
        [("duration", "05"), ("mode", "STD"), ("aspectRatio", "16/9"), ("externalTaskId", "a/b"), ("modelName", "a b")]
    {
        let mut draft = draft();
        let field = match name {
            "duration" => &mut draft.duration,
            "mode" => &mut draft.mode,
            "aspectRatio" => &mut draft.aspect_ratio,
            "modelName" => &mut draft.model_name,
            _ => &mut draft.external_task_id,
        };
        *field = Some(wrong.into());
        refused(draft, IssueCode::BadValue, name);
    }
}

#[test]
fn urls_that_the_service_can_reach() {
    for (text, taken) in [
        ("https://a.example/b.jpg", true),
        ("http://8.8.8.8/b.jpg", true),
        ("https://[2606:4700::1]/b", true),
        ("https://10.0.0.1.example/b", true),
        ("http://localhost/b", false),
        ("http://printer.local/b", false),
        ("http://127.0.0.1:8317/b", false),
        ("http://192.168.1.2/b", false),
        ("http://user@10.1.2.3:80/b", false),
        ("http://172.15.255.255/b", true),
        ("http://172.16.0.0/b", false),
        ("http://172.31.255.255/b", false),
        ("http://172.32.0.0/b", true),
        ("http://169.254.169.254/b", false),
        ("http://0.0.0.0/b", false),
        ("https://[::1]/b", false),
        ("https://[::ffff:10.0.0.1]/b", false),
        ("https://[fe80::1]/b", false),
        ("https://user:secret@a.example/b", true),
        ("https://a.example?q=https://localhost/", true),
        ("http://localhost./b", false),
        ("http://nas/b", false),
        ("http://nas.:8080/b", false),
        ("http://nas.lan/b", false),
        ("http://nas.home.arpa/b", false),
        ("http://plan/b", false),
        ("https://plan.example/b", true),
        ("https://a.plan/b", true),
        ("http://100.63.255.255/b", true),
        ("http://100.64.0.1/b", false),
        ("http://100.127.255.255/b", false),
        ("http://100.128.0.1/b", true),
        ("https://a.example/b c", false),
        ("https://:443/b", false),
        ("ftp://a.example/b", false),
        ("https:///b", false),
    ] {
        let draft = Draft { images: vec![url(text)], ..draft() };
        assert_eq!(draft.check().request.is_some(), taken, "{text}");
    }
    refused(Draft { images: vec![url("http://[::1]/")], ..draft() }, IssueCode::BadUrl, "images[0]");
}

proptest! {
    #[test]
    fn the_body_is_json_that_contains_any_prompt(prompt in any::<String>()) {
        let wanted = prompt.clone();
        let json: serde_json::Value = serde_json::from_str(&body(Draft { prompt: Some(prompt), ..draft() })).unwrap();
        let said = json.get("prompt").and_then(serde_json::Value::as_str);
        prop_assert_eq!(said, Some(wanted.as_str()).filter(|text| !text.trim().is_empty()));
    }

    #[test]
    fn generated_ids_are_version_4_uuids(random: [u8; 16]) {
        let id = ExternalTaskId::from_random(random).to_string();
        let shape: String = id.chars().map(|c| if c.is_ascii_hexdigit() && !c.is_ascii_uppercase() { 'x' } else { c }).collect();
        prop_assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        prop_assert_eq!(&id[14..15], "4");
        prop_assert!("89ab".contains(&id[19..20]));
    }
}
