//! Every form of answer in which a task is known to come, read into one.
//!
//! The service documents the flat Kling form, `{code, message, data: {task_id, task_status, …}}`. Gateways wrap it, once or
//! twice, or speak the language of another video service. So an answer is a handful of nested objects, outermost first, and
//! each fact is looked for where it can be trusted most.

use super::{Task, TaskStatus, Video};
use crate::json::Json;
use crate::redact::is_redacted;

/// The forms that are known nest three times.
const DEEPEST: usize = 4;

impl Task {
    /// The task in an answer, if there is one. What makes it a task is its id.
    pub(crate) fn read(answer: &Json, raw: &str) -> Option<Box<Self>> {
        let levels = Levels::of(answer);
        let task_id = levels.task_id()?;
        let outer = levels.outermost("status").map(Word::of);
        // The provider's own word decides over the gateway's, which counts by its own timer.
        let inner = levels.innermost("task_status").or_else(|| levels.innermost("status")).map(Word::of);
        let mut videos = levels.videos(&task_id);
        if videos.is_empty() && (inner == Some(Word::Succeed) || outer == Some(Word::Succeed)) {
            videos.extend(levels.outermost("fail_reason").and_then(|url| plain(url, &task_id)));
        }
        let is_inner_running = matches!(inner, Some(Word::Submitted | Word::Running));
        let status = match inner {
            // A stored answer of the provider may be older than the gateway's video.
            _ if is_inner_running && outer == Some(Word::Succeed) && !videos.is_empty() => TaskStatus::Succeed,
            Some(word) => word.status(),
            None if videos.is_empty() => TaskStatus::Submitted,
            None => TaskStatus::Succeed,
        };
        if status != TaskStatus::Succeed {
            // A preview, or the address of something else: not what was asked for.
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

/// What a status word says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Submitted,
    Running,
    Succeed,
    Failed,
}

impl Word {
    /// A word never seen before is a task still running.
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

/// The objects within each other, outermost first.
struct Levels<'a>(Vec<&'a Json>);

impl<'a> Levels<'a> {
    fn of(answer: &'a Json) -> Self {
        let mut levels = Vec::new();
        let mut next = Some(answer);
        while let Some(level) = next.filter(|level| matches!(level, Json::Object(_)) && levels.len() < DEEPEST) {
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

    /// The outermost id: the one that this address knows the task by. A request's id is never one. An id that contained
    /// the key is taken only if there is no other one.
    fn task_id(&self) -> Option<String> {
        let named = || self.0.iter().filter_map(|level| level.id("task_id"));
        // Elsewhere `id` is a row of somebody's table; beside a status it is the task's.
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

    /// The first of these times that any level has.
    fn time(&self, names: &[&str]) -> Option<u64> {
        names.iter().find_map(|name| self.0.iter().rev().find_map(|level| level.time(name)))
    }

    /// The service's words on a task, and of a failure whoever has any.
    fn message(&self, status: TaskStatus) -> Option<String> {
        let said = self.innermost("task_status_msg");
        let told = || self.0.iter().rev().find_map(|level| reason(level));
        // The outermost message is about the question, not about the task.
        let last = || self.0.iter().skip(1).rev().find_map(|level| level.text("message"));
        let failed = || if status == TaskStatus::Failed { told().or_else(last) } else { None };
        said.or_else(failed).map(str::to_owned)
    }

    fn videos(&self, task_id: &str) -> Vec<Video> {
        for level in self.0.iter().rev() {
            let of_result = level.get("task_result").map_or(&[][..], |result| result.list("videos"));
            let listed = of_result.iter().chain(level.list("outputs"));
            let videos: Vec<Video> = listed.filter_map(|video| full(video, task_id)).collect();
            if !videos.is_empty() {
                return videos;
            }
        }
        let named = || self.outermost("result_url").or_else(|| self.outermost("video_url"));
        let nested = || self.0.iter().find_map(|level| level.get("metadata")?.text("url"));
        let url = named().or_else(nested).or_else(|| self.outermost("url"));
        url.and_then(|url| plain(url, task_id)).into_iter().collect()
    }
}

fn reason(level: &Json) -> Option<&str> {
    let error = || level.get("error").and_then(|error| error.text("message"));
    level.text("fail_reason").or_else(error).filter(|text| !is_address(text))
}

fn full(video: &Json, task_id: &str) -> Option<Video> {
    let mut known = plain(video.text("url")?, task_id)?;
    (known.id, known.duration) = (video.id("id"), video.seconds("duration"));
    Some(known)
}

/// A video of which nothing but the address is said.
fn plain(url: &str, task_id: &str) -> Option<Video> {
    let video = || Video { task_id: Some(task_id.to_owned()), id: None, url: url.to_owned(), duration: None };
    (is_address(url) && !is_redacted(url)).then(video)
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}
