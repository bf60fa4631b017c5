//! The fields of the request: each place that lists them has exactly those of [`Field`].

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kling_core::plain::ToPlain;
use kling_core::record::TaskRecord;
use kling_core::request::{BodyPart, Draft, DraftImage, Field, VideoRequest};
use serde_json::Value;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap_or_else(|| panic!("no {start:?}")).1.split_once(end).unwrap().0
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The names of the members of a TypeScript interface.
fn members(declarations: &str, interface: &str) -> Vec<String> {
    between(declarations, &format!("export interface {interface} {{\n"), "\n}")
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once(':'))
        .map(|(name, _)| name.trim_end_matches('?').to_owned())
        .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric()))
        .collect()
}

/// Gives a draft a value for a field, and returns what the body has of it.
fn give(draft: &mut Draft, field: Field) -> Value {
    let mut text = |member: fn(&mut Draft) -> &mut Option<String>, value: &str| {
        *member(draft) = Some(value.to_owned());
        value.into()
    };
    match field {
        Field::Images => {
            draft.images.push(DraftImage::Url("https://example.com/a.jpg".into()));
            serde_json::json!([{"image": "https://example.com/a.jpg"}])
        }
        Field::Prompt => text(|draft| &mut draft.prompt, "a calm sea"),
        Field::NegativePrompt => text(|draft| &mut draft.negative_prompt, "blur"),
        Field::Mode => text(|draft| &mut draft.mode, "pro"),
        Field::Duration => text(|draft| &mut draft.duration, "10"),
        Field::AspectRatio => text(|draft| &mut draft.aspect_ratio, "9:16"),
        Field::ModelName => text(|draft| &mut draft.model_name, "kling-v1-6"),
        Field::CallbackUrl => text(|draft| &mut draft.callback_url, "https://example.com/done"),
        Field::ExternalTaskId => text(|draft| &mut draft.external_task_id, "mine_1"),
    }
}

/// The member of a record that shows a field, and what it has of the value above.
fn recorded(field: Field) -> Option<(&'static str, Value)> {
    let mut draft = Draft::default();
    match field {
        Field::Images => Some(("imageCount", 1.0.into())),
        // Where the service reports is nothing that a list of tasks shows.
        Field::CallbackUrl => None,
        Field::Prompt
        | Field::NegativePrompt
        | Field::Mode
        | Field::Duration
        | Field::AspectRatio
        | Field::ModelName
        | Field::ExternalTaskId => Some((field.name(), give(&mut draft, field))),
    }
}

fn full_request() -> VideoRequest {
    let mut draft = Draft::default();
    for &field in Field::ALL {
        give(&mut draft, field);
    }
    draft.check().request.unwrap()
}

fn full_record() -> TaskRecord {
    let request = full_request();
    TaskRecord::submitting(&request, request.external_task_id().unwrap(), "attempt".into(), None, 1)
}

#[test]
fn the_body_has_every_field_and_no_other() {
    let request = full_request();
    let parts = request.body(request.external_task_id().unwrap());
    let [BodyPart::Text(body)] = parts.as_slice() else { panic!("expected one part, found {parts:?}") };
    let body: Value = serde_json::from_str(body).unwrap();
    for &field in Field::ALL {
        assert_eq!(body[field.wire_name()], give(&mut Draft::default(), field), "{field:?}");
    }
    assert_eq!(keys(&body).len(), Field::ALL.len());
}

#[test]
fn the_schema_of_the_service_has_every_field_and_no_other() {
    let schema: Value = serde_json::from_str(&read("tests/cases/schema/create-request.json")).unwrap();
    assert_eq!(keys(&schema["properties"]), Field::ALL.iter().map(|field| field.wire_name()).collect());
}

#[test]
fn the_record_has_every_field_that_it_shows() {
    let shown = serde_json::to_value(full_record().to_plain()).unwrap();
    for (name, value) in Field::ALL.iter().filter_map(|&field| recorded(field)) {
        assert_eq!(shown[name], value, "{name}");
    }
}

#[test]
fn what_a_record_has_is_declared_and_read_from_the_store() {
    let record = TaskRecord { task_id: Some("1".into()), status_message: Some("done".into()), ..full_record() };
    let shown = serde_json::to_value(record.to_plain()).unwrap();
    let declared = members(&read("src/js/types.d.ts"), "TaskRecord");
    assert_eq!(keys(&shown), declared.iter().map(String::as_str).collect());
    let reader = read("src/records.rs");
    let reader = between(&reader, "fn record(value: &JsValue)", "\n}");
    for name in keys(&serde_json::to_value(record.stored()).unwrap()) {
        assert!(reader.contains(&format!("\"{name}\"")), "src/records.rs does not read {name}");
    }
}

#[test]
fn the_script_copies_every_field() {
    let script = read("src/js/request.js");
    let list = between(&script, "const FIELDS = [", "];");
    let names: Vec<&str> =
        list.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty()).collect();
    assert_eq!(names, Field::NAMES);
}

#[test]
fn every_field_is_declared_and_explained() {
    for path in ["src/js/types.d.ts", "tests/types/contract.d.ts"] {
        assert_eq!(members(&read(path), "VideoRequest"), Field::NAMES, "{path}");
    }
    let page = read("docs/request.md");
    let rows: Vec<&str> = between(&page, "## Fields\n", "\n## ")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(rows, Field::NAMES, "the table in docs/request.md");
}

#[test]
fn the_form_has_every_field() {
    let page = read("www/index.html");
    for &field in Field::ALL {
        let name = field.name();
        assert!(page.contains(&format!("data-path=\"{name}\"")), "no place for the problems of {name}");
        // The images are no control of the form.
        assert!(field == Field::Images || page.contains(&format!(" name=\"{name}\"")), "no control for {name}");
    }
}
