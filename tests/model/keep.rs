//! Keeping the video of a finished task: when the task is requested, when the video is downloaded, and what is refused.

use kling_core::error::{Error, ErrorCode};
use kling_core::flow::keep::Kept;
use kling_core::record::TaskRecord;
use kling_core::task::{Task, Video};

use crate::script::{Script, answer, id, no_such_task, service, task};

impl Script {
    /// Asks for the video of task 1; the download returns the URL, or the id of a task without one.
    fn ask_for_video(&self, known: Option<Box<Task>>) -> Result<Kept<String>, Error> {
        let download = async |video: &Video| {
            Ok::<_, Error>(match video.url.as_str() {
                "" => format!("bytes of task {}", video.task_id.as_deref().unwrap()),
                url => format!("bytes of {url}"),
            })
        };
        self.run(async |_| self.flow().keep_video(&service(), &id(), known, download).await)
    }

    /// Keeps the video of task 1.
    fn keep_video(&self, known: Option<Box<Task>>) -> Result<String, Error> {
        let kept = self.ask_for_video(known)?;
        assert_eq!(kept.problem, None);
        Ok(kept.video)
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
fn a_task_that_has_not_succeeded_is_refused() {
    for (reply, code) in [
        (task("processing"), ErrorCode::InvalidOption),
        (task("failed"), ErrorCode::TaskFailed),
        (no_such_task(), ErrorCode::TaskNotFound),
    ] {
        let script = Script::new([reply.clone()]);
        assert_eq!(script.keep_video(None).unwrap_err().code(), code, "{reply:?}");
        assert!(script.videos.borrow().is_empty());
    }
}

#[test]
fn a_success_without_a_url_is_kept_from_the_gateway() {
    for body in [
        r#"{"data":{"task_id":"1","task_status":"succeed"}}"#,
        r#"{"data":{"task_id":"1","task_status":"succeed","task_result":{}}}"#,
        r#"{"data":{"task_id":"1","task_status":"succeed","task_result":{"videos":[]}}}"#,
        r#"{"data":{"task_id":"1","task_status":"succeed","task_result":{"videos":null}}}"#,
        r#"{"data":{"task_id":"1","task_status":"succeed","task_result":{"videos":[{"url":""}]}}}"#,
    ] {
        let script = Script::new([answer(200, body)]);
        assert_eq!(script.keep_video(None).unwrap(), "bytes of task 1", "{body}");
        assert_eq!(script.videos.borrow()["1"], "bytes of task 1", "{body}");
    }
}

#[test]
fn a_full_storage_costs_no_video() {
    // With a record and without one, where the store fails at once, and where it fails after the record.
    for (what, known, from, bytes) in [
        ("known", Some(finished()), 0, "bytes of https://cdn.example/known.mp4"),
        ("known, later", Some(finished()), 9, "bytes of https://cdn.example/known.mp4"),
        ("no record", None, 0, "bytes of https://cdn.example/v.mp4"),
        ("no room after the record", None, 1, "bytes of https://cdn.example/v.mp4"),
    ] {
        let script = Script { saves_fail_from: Some(from), ..Script::new([task("succeed")]) };
        let kept = script.ask_for_video(known).unwrap();
        assert_eq!((kept.video.as_str(), kept.problem.unwrap().code()), (bytes, ErrorCode::Storage), "{what}");
        assert!(script.videos.borrow().is_empty(), "{what}");
    }
    let script = Script { saves_fail_from: Some(0), ..Script::new([answer(200, NO_URL)]) };
    assert_eq!(script.ask_for_video(None).unwrap().video, "bytes of task 1");
}

const NO_URL: &str = r#"{"data":{"task_id":"1","task_status":"succeed"}}"#;
