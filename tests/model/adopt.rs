//! Tasks that were created elsewhere, or of which only the external task id is known here.

use kling_core::error::ErrorCode;
use kling_core::record::{RecordState, TaskRecord};
use kling_core::task::TaskStatus;

use crate::script::{Script, answer, id, no_such_task, service, task};

#[test]
fn a_task_created_elsewhere_is_adopted() {
    let script = Script::new([task("processing"), task("processing"), no_such_task()]);
    let adopt = || script.run(async |_| script.flow().adopt(&service(), &id()).await);
    assert_eq!(adopt().unwrap().status, TaskStatus::Processing);
    assert_eq!(script.records.borrow()["1"].state, RecordState::Processing);
    adopt().unwrap();
    assert_eq!(script.saves.get(), 1, "saved once");
    assert_eq!(adopt().unwrap_err().code(), ErrorCode::TaskNotFound);
}

#[test]
fn adopting_the_task_of_an_unknown_submission_completes_its_record() {
    let body = r#"{"data":{"task_id":"1","task_status":"processing","task_info":{"external_task_id":"mine"}}}"#;
    let script = Script::new([answer(200, body), answer(200, body)]);
    let unknown =
        TaskRecord { external_task_id: "mine".into(), state: RecordState::Unknown, ..crate::record::record(1) };
    script.put(unknown);
    script.run(async |_| script.flow().adopt(&service(), &id()).await).unwrap();
    let records = script.records.borrow();
    let record = &records["mine"];
    assert_eq!((records.len(), record.state, record.task_id.as_deref()), (1, RecordState::Processing, Some("1")));
    assert_eq!(record.prompt.as_deref(), Some("a calm sea"), "the rest of the record is kept");
    drop(records);
    // Also by the id of the service.
    let found = script.run(async |_| script.flow().reconcile(&service(), &id()).await).unwrap();
    assert_eq!(found.unwrap().task_id, "1");
}

#[test]
fn a_second_task_under_one_id_gets_a_record_of_its_own() {
    let body = r#"{"data":{"task_id":"1","task_status":"succeed","task_info":{"external_task_id":"mine"},"task_result":{"videos":[{"url":"https://cdn.example/second.mp4"}]}}}"#;
    let script = Script::new([answer(200, body)]);
    let first = TaskRecord {
        external_task_id: "mine".into(),
        task_id: Some("first".into()),
        state: RecordState::Processing,
        ..crate::record::record(1)
    };
    script.put(first.clone());
    script.run(async |_| script.flow().adopt(&service(), &id()).await).unwrap();
    let records = script.records.borrow();
    assert_eq!(records["mine"], first, "the first is still under way");
    assert_eq!((records["1"].state, records["1"].task_id.as_deref()), (RecordState::Succeed, Some("1")));
}

#[test]
fn a_task_of_another_account_is_not_ours() {
    // Its task id equals our external task id.
    let body = r#"{"data":{"task_id":"1","task_status":"succeed","task_info":{"external_task_id":"of-another-account"},"task_result":{"videos":[{"url":"https://cdn.example/v.mp4"}]}}}"#;
    let script = Script::new([answer(200, body)]);
    let unknown = TaskRecord { external_task_id: "1".into(), state: RecordState::Unknown, ..crate::record::record(1) };
    script.put(unknown.clone());
    script.run(async |_| script.flow().reconcile(&service(), &id()).await).unwrap();
    assert_eq!(script.records.borrow()["1"], unknown);
}
