//! Reads a task from a response, in each of the known forms.
//!
//! The service documents the flat form of Kling, `{code, message, data: {task_id, task_status, …}}`. Gateways wrap it once or
//! twice, or use the form of another video service. So a response is read as a list of nested objects, outermost first, and
//! each field is taken from the level where it is most reliable.

use super::{Task, TaskStatus, Video};
use crate::json::Json;
use crate::redact::is_redacted;

/// The maximum number of nested objects. The known forms have up to three.
const MAX_LEVELS: usize = 4;

impl Task {
    /// The task in a response, if it has a task id.
    pub(crate) fn read(answer: &Json, raw: &str) -> Option<Box<Self>> {
        let levels = Levels::of(answer);
        let task_id = levels.task_id()?;
        let outer = levels.outermost("status").map(Word::of);
        // The status of Kling counts more than that of the gateway, which has a timeout of its own.
        let inner = levels.innermost("task_status").or_else(|| levels.innermost("status")).map(Word::of);
        let mut videos = levels.videos(&task_id);
        if videos.is_empty() && (inner == Some(Word::Succeed) || outer == Some(Word::Succeed)) {
            videos.extend(levels.outermost("fail_reason").and_then(|url| video_at(url, &task_id)));
        }
        let is_inner_running = matches!(inner, Some(Word::Submitted | Word::Running));
        let status = match inner {
            // The gateway may wrap a stored response of Kling that is older than its video.
            _ if is_inner_running && outer == Some(Word::Succeed) && !videos.is_empty() => TaskStatus::Succeed,
            Some(word) => word.status(),
            None if videos.is_empty() => TaskStatus::Submitted,
            None => TaskStatus::Succeed,
        };
        if status != TaskStatus::Succeed {
            // The URL of a preview, or of something else.
            videos.clear();
        }
        let status_message = if is_inner_running && outer == Some(Word::Failed) {
            Some("the gateway has given up on the task; the service itself may still finish it".to_owned())
        } else {
            levels.message(status)
        };
        Some(Box::new(Self {
            external_task_id: levels.external_task_id(),
            status,
            status_message,
            videos,
            created_at: levels.time(&["created_at", "submit_time"]),
            updated_at: levels.time(&["updated_at", "finish_time", "completed_at"]),
            raw: Some(raw.to_owned()),
            task_id,
        }))
    }
}

/// The meaning of a status word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Submitted,
    Running,
    Succeed,
    Failed,
}

impl Word {
    /// The meaning of a word. An unknown word means a running task.
    fn of(word: &str) -> Self {
        let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        if is(&["succeed", "succeeded", "success", "completed"]) {
            Self::Succeed
        } else if is(&["failed", "fail", "failure", "error", "cancelled", "canceled"]) {
            Self::Failed
        } else if is(&["submitted", "not_start", "queued", "pending", "initializing"]) {
            Self::Submitted
        } else {
            Self::Running
        }
    }

    fn status(self) -> TaskStatus {
        match self {
            Self::Submitted => TaskStatus::Submitted,
            Self::Running => TaskStatus::Processing,
            Self::Succeed => TaskStatus::Succeed,
            Self::Failed => TaskStatus::Failed,
        }
    }
}

/// The nested objects of a response, outermost first.
struct Levels<'a>(Vec<&'a Json>);

impl<'a> Levels<'a> {
    fn of(answer: &'a Json) -> Self {
        let mut levels = Vec::new();
        let mut next = Some(answer);
        while let Some(level) = next.filter(|level| matches!(level, Json::Object(_)) && levels.len() < MAX_LEVELS) {
            levels.push(level);
            next = level.get("data");
        }
        Self(levels)
    }

    fn outermost(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find_map(|level| level.text(name))
    }

    fn innermost(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find_map(|level| level.text(name))
    }

    /// The outermost task id, which this base URL knows. An id that contained the key is taken only if there is no other.
    fn task_id(&self) -> Option<String> {
        let named = || self.0.iter().filter_map(|level| level.id("task_id"));
        // A member `id` is that of the task only in an object with a status.
        let beside_status = || self.0.iter().find(|level| level.text("status").is_some())?.id("id");
        let all = || named().chain(beside_status());
        all().find(|id| !is_redacted(id)).or_else(|| all().next())
    }

    fn external_task_id(&self) -> Option<String> {
        let of_level = |level: &&Json| {
            let named = level.get("task_info").and_then(|info| info.id("external_task_id"));
            named.or_else(|| level.id("external_task_id"))
        };
        self.0.iter().rev().find_map(of_level).filter(|id| !is_redacted(id))
    }

    /// The innermost time with the first of these names that any level has.
    fn time(&self, names: &[&str]) -> Option<u64> {
        names.iter().find_map(|name| self.0.iter().rev().find_map(|level| level.time(name)))
    }

    /// The message about the task; of a failed task, a message of any level.
    fn message(&self, status: TaskStatus) -> Option<String> {
        let task_message = self.innermost("task_status_msg");
        let reasons = || self.0.iter().rev().find_map(|level| reason(level));
        // The outermost message is about the request and not about the task.
        let last = || self.0.iter().skip(1).rev().find_map(|level| level.text("message"));
        let failed = || if status == TaskStatus::Failed { reasons().or_else(last) } else { None };
        task_message.or_else(failed).map(str::to_owned)
    }

    fn videos(&self, task_id: &str) -> Vec<Video> {
        for level in self.0.iter().rev() {
            let of_result = level.get("task_result").map_or(&[][..], |result| result.list("videos"));
            let listed = of_result.iter().chain(level.list("outputs"));
            let videos: Vec<Video> = listed.filter_map(|video| listed_video(video, task_id)).collect();
            if !videos.is_empty() {
                return videos;
            }
        }
        let named = || self.outermost("result_url").or_else(|| self.outermost("video_url"));
        let nested = || self.0.iter().find_map(|level| level.get("metadata")?.text("url"));
        let url = named().or_else(nested).or_else(|| self.outermost("url"));
        url.and_then(|url| video_at(url, task_id)).into_iter().collect()
    }
}

fn reason(level: &Json) -> Option<&str> {
    let error = || level.get("error").and_then(|error| error.text("message"));
    level.text("fail_reason").or_else(error).filter(|text| !is_url(text))
}

fn listed_video(video: &Json, task_id: &str) -> Option<Video> {
    let mut known = video_at(video.text("url")?, task_id)?;
    (known.id, known.duration) = (video.id("id"), video.seconds("duration"));
    Some(known)
}

/// The video at a URL, if it is one.
fn video_at(url: &str, task_id: &str) -> Option<Video> {
    let video = || Video { task_id: Some(task_id.to_owned()), id: None, url: url.to_owned(), duration: None };
    (is_url(url) && !is_redacted(url)).then(video)
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}
