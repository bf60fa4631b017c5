//! The ids of a service, which may be any strings: from the submission to the kept video.

use kling_core::record::RecordState;
use kling_core::task::TaskId;
use serde_json::json;

use crate::script::{Script, answer, no_such_task, service};

fn ids() -> Vec<String> {
    let mut ids: Vec<String> = [
        "video_bGl0ZQ==",
        "kling:task:1",
        "projects/p/operations/1",
        "a b",
        "100%",
        "..",
        "../../models",
        "é任务🌊",
        "a?b#c&d+e",
        "a\\b\"c'd<e>",
        "[1]",
        "a\tb",
        "\u{1}\u{7f}",
        "line\r\nline",
        "50%0A",
    ]
    .map(str::to_owned)
    .to_vec();
    ids.extend([176, 2_000].map(|length| "Aa0-_=".chars().cycle().take(length).collect()));
    ids
}

#[test]
fn a_submission_returns_any_id_and_every_call_takes_it() {
    for id in ids() {
        let state =
            |status: &str| answer(200, &json!({ "data": { "task_id": id, "task_status": status } }).to_string());
        let script = Script::of([state("submitted")], no_such_task());
        let accepted = script.submit().unwrap();
        assert_eq!(accepted.task_id, id);
        let known = TaskId::parse(&accepted.task_id).unwrap();
        let record = script.records.borrow().values().next().unwrap().clone();
        assert_eq!((record.state, record.task_id.as_deref()), (RecordState::Submitted, Some(id.as_str())));
        let script = Script::new([state("processing"), state("processing"), state("succeed")]);
        script.put(record);
        script.run(async |_| script.flow().task(&service(), &known).await).unwrap();
        script.run(async |_| script.flow().adopt(&service(), &known).await).unwrap();
        script.run(async |_| script.flow().reconcile(&service(), &known).await).unwrap();
        let urls: Vec<String> = script.requests.borrow().iter().map(|(_, request)| request.url.clone()).collect();
        let route = format!("{}/", service().create().url);
        for url in urls {
            let segment = url.strip_prefix(&route).unwrap();
            assert!(!segment.contains(['/', '\\', '?', '#', ' ', '"', '<', '>']) && segment.is_ascii(), "{segment}");
        }
        assert_eq!(script.records.borrow().len(), 1, "one record of {id}");
    }
}

#[test]
fn an_id_that_is_a_number_keeps_its_digits() {
    for number in ["7", "9007199254740993", "18446744073709551615", "340282366920938463463374607431768211456"] {
        for body in [
            format!(r#"{{"code":0,"data":{{"task_id":{number},"task_status":"submitted"}}}}"#),
            format!(r#"{{"id":{number},"status":"queued"}}"#),
            format!(r#"{{"taskId":{number}}}"#),
        ] {
            let script = Script::of([answer(200, &body)], no_such_task());
            assert_eq!(script.submit().unwrap().task_id, number, "{body}");
        }
    }
}

#[test]
fn an_id_that_no_request_can_contain_becomes_the_external_one() {
    for id in ["x".repeat(8_193), "🌊".repeat(2_049)] {
        let state =
            |status: &str| answer(200, &json!({ "data": { "task_id": id, "task_status": status } }).to_string());
        let script = Script::of([state("submitted")], no_such_task());
        let accepted = script.submit().unwrap();
        let record = script.records.borrow().values().next().unwrap().clone();
        assert_eq!(accepted.task_id, record.external_task_id, "the id of every later call");
        assert!(TaskId::parse(&accepted.task_id).is_ok());
    }
}
