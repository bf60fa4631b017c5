//! What this browser remembers of a submission, and how that changes.

use kling_core::endpoint::ApiKey;
use kling_core::flow::records::{MAX_UNKEPT, MAX_UNSUCCESSFUL};
use kling_core::plain::ToPlain;
use kling_core::record::{RecordState, TaskRecord};
use kling_core::request::{Draft, DraftImage, ExternalTaskId};
use kling_core::task::{Task, TaskStatus, Video};
use proptest::prelude::*;

use crate::script::Script;

pub(crate) fn record(number: u8) -> TaskRecord {
    let draft =
        Draft { images: vec![DraftImage::Encoded(Vec::new())], prompt: Some("a calm sea".into()), ..Draft::default() };
    let request = draft.check().request.unwrap();
    TaskRecord::submitting(&request, &ExternalTaskId::from_random([number; 16]), format!("of {number}"), None, 1)
}

fn task(status: TaskStatus, url: Option<&str>) -> Task {
    let video = |url: &str| Video { task_id: Some("1".into()), id: None, url: url.into(), duration: None };
    Task {
        task_id: "1".into(),
        external_task_id: None,
        status,
        status_message: None,
        videos: url.map(video).into_iter().collect(),
        created_at: None,
        updated_at: None,
        raw: Some("{}".into()),
    }
}

#[test]
fn a_key_in_a_prompt_is_not_remembered() {
    let draft = Draft {
        images: vec![DraftImage::Url("https://example.com/a.jpg".into()); 2],
        prompt: Some("with sk-secret in it".into()),
        negative_prompt: Some("sk-secret".into()),
        mode: Some("pro".into()),
        duration: Some("10".into()),
        aspect_ratio: Some("1:1".into()),
        model_name: Some("sk-secret".into()),
        ..Draft::default()
    };
    let request = draft.check().request.unwrap();
    let key = ApiKey::parse("sk-secret").unwrap();
    let id = ExternalTaskId::from_random([1; 16]);
    let record = TaskRecord::submitting(&request, &id, "attempt".into(), Some(&key), 7);
    let mut expected = serde_json::json!({
        "externalTaskId": id.as_str(), "state": "submitting", "prompt": "with [key] in it", "negativePrompt": "[key]",
        "imageCount": 2.0, "mode": "pro", "duration": "10", "aspectRatio": "1:1", "modelName": "[key]",
        "createdAt": 7.0, "updatedAt": 7.0, "videos": [], "kept": false,
    });
    assert_eq!(serde_json::to_value(record.to_plain()).unwrap(), expected);
    expected["attempt"] = "attempt".into();
    assert_eq!(serde_json::to_value(record.stored()).unwrap(), expected, "what a caller does not see");
}

#[test]
fn states_have_the_words_of_the_contract() {
    use RecordState::{Failed, Rejected, Succeed};
    for &state in RecordState::ALL {
        let word = state.as_str();
        assert_eq!(RecordState::from_word(word), Some(state));
        assert_eq!(state.is_finished(), matches!(state, Rejected | Succeed | Failed), "{word}");
    }
    assert_eq!(RecordState::from_word("done"), None);
}

#[test]
fn only_an_accepted_one_is_a_task() {
    let mut record = record(1);
    for state in [RecordState::Submitting, RecordState::Unknown, RecordState::Rejected] {
        assert_eq!(record.in_state(state, 2).task(), None);
    }
    assert!(record.observe(&task(TaskStatus::Submitted, None), 5));
    let remembered = record.task().unwrap();
    assert_eq!((remembered.task_id.as_str(), remembered.status), ("1", TaskStatus::Submitted));
    assert_eq!(remembered.external_task_id.as_deref(), Some(record.external_task_id.as_str()));
    assert_eq!((record.created_at, record.updated_at), (1, 5));
}

#[test]
fn an_end_is_not_taken_back() {
    use TaskStatus::{Failed, Processing, Submitted, Succeed};
    let url = Some("https://cdn.example/a.mp4");
    for (before, after, is_news) in [
        ((Submitted, None), (Processing, None), true),
        ((Processing, None), (Processing, None), false),
        ((Processing, None), (Failed, None), true),
        ((Succeed, url), (Processing, None), false),
        ((Succeed, url), (Failed, None), false),
        ((Succeed, url), (Succeed, None), false),
        ((Succeed, url), (Succeed, Some("https://cdn.example/b.mp4")), true),
        ((Failed, None), (Processing, None), false),
        // A gateway gives up by its own timer, and the service finishes.
        ((Failed, None), (Succeed, url), true),
    ] {
        let mut record = record(1);
        record.observe(&task(before.0, before.1), 2);
        let old = record.clone();
        assert_eq!(record.observe(&task(after.0, after.1), 3), is_news, "{before:?} then {after:?}");
        assert_eq!(record != old, is_news);
        assert_eq!(record.updated_at, if is_news { 3 } else { 2 });
    }
}

proptest! {
    #[test]
    fn what_is_under_way_or_unknown_is_never_dropped(states in prop::collection::vec((0..10_usize, prop::bool::weighted(0.2)), 0..800)) {
        use RecordState::{Failed, Processing, Rejected, Submitted, Submitting, Succeed, Unknown};
        // Enough finished ones that most cases prune some.
        let all =
            [Submitting, Unknown, Submitted, Processing, Rejected, Rejected, Succeed, Succeed, Failed, Failed];
        let records: Vec<TaskRecord> = states.iter().enumerate().map(|(index, &(state, kept))| TaskRecord {
            external_task_id: format!("{index:03}"), state: all[state], kept, created_at: 1000 - index as u64, ..record(1)
        }).collect();
        let script = Script::default();
        // Their senders are still there.
        script.is_lock_held.set(true);
        records.iter().cloned().for_each(|record| script.put(record));
        let listed = script.run(async |_| script.flow().records().await).unwrap();
        prop_assert!(listed.iter().map(|record| &**record).eq(&records), "all of them are listed");
        let left: Vec<String> = script.records.borrow().keys().cloned().collect();
        let may_go = records.iter().filter(|record| record.state.is_finished() && !record.kept);
        let gone: Vec<&TaskRecord> = may_go.filter(|record| record.state != Succeed).skip(MAX_UNSUCCESSFUL).collect();
        let expected = records.iter().filter(|record| !gone.contains(record)).map(|record| record.external_task_id.clone());
        prop_assert!(left.into_iter().eq(expected), "the oldest, and no other");
    }
}

#[test]
fn no_number_of_rejections_removes_a_success_whose_video_is_not_kept() {
    for (newer, state, successes, left) in [
        (MAX_UNSUCCESSFUL, RecordState::Rejected, 1, MAX_UNSUCCESSFUL + 1),
        (MAX_UNSUCCESSFUL + 1, RecordState::Rejected, 1, MAX_UNSUCCESSFUL + 1),
        (3 * MAX_UNSUCCESSFUL, RecordState::Rejected, 7, MAX_UNSUCCESSFUL + 7),
        (3 * MAX_UNSUCCESSFUL, RecordState::Failed, 7, MAX_UNSUCCESSFUL + 7),
        (0, RecordState::Failed, MAX_UNKEPT + 5, MAX_UNKEPT),
        (500, RecordState::Failed, MAX_UNKEPT + 5, MAX_UNSUCCESSFUL + MAX_UNKEPT),
    ] {
        let script = Script::default();
        let put = |name: &str, count: usize, state, created_at| {
            for number in 0..count {
                let external_task_id = format!("{name}{number}");
                script.put(TaskRecord { external_task_id, state, created_at, ..record(1) });
            }
        };
        put("old", successes, RecordState::Succeed, 1);
        put("new", newer, state, 2);
        script.run(async |_| script.flow().records().await).unwrap();
        let records = script.records.borrow();
        let succeeded = records.values().filter(|record| record.state == RecordState::Succeed).count();
        assert_eq!((succeeded, records.len()), (successes.min(MAX_UNKEPT), left), "{newer} {state:?}");
    }
}
