//! Keeping the video of a finished task: when the task is requested, when the video is downloaded, and what is refused.

use kling_core::error::{Error, ErrorCode};
use kling_core::record::TaskRecord;
use kling_core::task::{Task, Video};

use crate::script::{Script, answer, id, no_such_task, service, task};

impl Script {
    /// Keeps the video of task 1; the download returns the URL.
    fn keep_video(&self, known: Option<Box<Task>>) -> Result<String, Error> {
        let download = async |video: &Video| Ok::<_, Error>(format!("bytes of {}", video.url));
        self.run(async |_| self.flow().keep_video(&service(), &id(), known, download).await)
    }
}

fn finished() -> Box<Task> {
    let mut record = TaskRecord { task_id: Some("1".into()), ..crate::record::record(1) };
    record.state = kling_core::record::RecordState::Succeed;
    record.videos = vec![Video {
        task_id: Some("1".into()),
        id: None,
        url: "https://cdn.example/known.mp4".into(),
        duration: None,
    }];
    record.task().unwrap()
}

#[test]
fn a_kept_video_needs_no_request() {
    let script = Script::default();
    script.videos.borrow_mut().insert("1".into(), "kept".into());
    assert_eq!(script.keep_video(None).unwrap(), "kept");
}

#[test]
fn a_known_video_is_downloaded_without_a_request_for_the_task() {
    let script = Script::default();
    assert_eq!(script.keep_video(Some(finished())).unwrap(), "bytes of https://cdn.example/known.mp4");
    assert_eq!(script.videos.borrow()["1"], "bytes of https://cdn.example/known.mp4");
}

#[test]
fn a_task_without_a_record_gets_one_first() {
    let script = Script::new([task("succeed")]);
    assert_eq!(script.keep_video(None).unwrap(), "bytes of https://cdn.example/v.mp4");
    assert!(script.records.borrow().contains_key("1"), "a kept video belongs to a record");
}

#[test]
fn a_task_without_a_video_is_refused() {
    for (reply, code) in [
        (task("processing"), ErrorCode::InvalidOption),
        (task("failed"), ErrorCode::TaskFailed),
        (no_such_task(), ErrorCode::TaskNotFound),
        (answer(200, r#"{"data":{"task_id":"1","task_status":"succeed"}}"#), ErrorCode::Protocol),
    ] {
        let script = Script::new([reply.clone()]);
        assert_eq!(script.keep_video(None).unwrap_err().code(), code, "{reply:?}");
        assert!(script.videos.borrow().is_empty());
    }
}

#[test]
fn a_full_storage_is_an_error() {
    let script = Script { saves_fail_from: Some(0), ..Script::default() };
    assert_eq!(script.keep_video(Some(finished())).unwrap_err().code(), ErrorCode::Storage);
}
