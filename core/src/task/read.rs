//! Reads a task from a response, in each of the known forms.
//!
//! The service documents the flat form of Kling, `{code, message, data: {task_id, task_status, …}}`. Gateways wrap it once or
//! twice, or use the form of another video service. So a response is read as a list of nested objects, outermost first, and
//! each field is taken from the level where it is most reliable. A status word that is not known says nothing: then a video, a
//! progress of 100 % or a completion time shows that the task has succeeded.

use std::ptr;

use super::status::{is_end, meaning, names_failure};
use super::urls::{has_part, videos};
use super::{Task, TaskId, TaskStatus};
use crate::json::Json;
use crate::redact::is_redacted;
use crate::url::is_absolute;

/// The names of the status of a task.
const STATUS_NAMES: [&str; 4] = ["task_status", "task_state", "status", "state"];

/// The members that contain the task. Below its id, only the first contains more of it. Each may be a list of one.
const WRAPPERS: [&str; 5] = ["data", "result", "output", "response", "task"];

/// The names of the id of a task.
const ID_NAMES: [&str; 3] = ["task_id", "taskId", "id"];

/// The maximum number of nested objects. The known forms have up to three.
const MAX_LEVELS: usize = 4;

impl Task {
    /// The task in a response, if it has a task id. The URLs of its videos may be relative to the base URL.
    pub(crate) fn read(answer: &Json, raw: &str) -> Option<Box<Self>> {
        let levels = Levels::of(answer);
        let task_id = levels.task_id()?;
        let outer = levels.outer_status();
        let outer_meaning = outer.and_then(meaning);
        // The status of Kling counts more than that of the gateway, which has a timeout of its own.
        let word = levels.innermost(&STATUS_NAMES[..2]).or_else(|| levels.inner_status());
        let mut videos = videos(answer, &task_id);
        // A video counts more than an unknown word: for example `completed_with_errors`.
        let failure = |word: &str| (videos.is_empty() && names_failure(word)).then_some(TaskStatus::Failed);
        let inner = word.and_then(|word| meaning(word).or_else(|| failure(word)));
        let is_inner_running = word.is_some() && inner.is_none_or(|status| !status.is_final());
        let has_ended = !videos.is_empty() || levels.has_ended();
        let status = match inner {
            // The gateway may wrap a stored response of Kling that is older than its video.
            Some(status) if is_inner_running && (videos.is_empty() || outer_meaning != Some(TaskStatus::Succeed)) => {
                status
            }
            Some(_) if is_inner_running => TaskStatus::Succeed,
            Some(status) => status,
            // The gateway gives up by a timeout of its own, and then reports the end of its work.
            None if has_ended && outer_meaning != Some(TaskStatus::Failed) => TaskStatus::Succeed,
            None if word.is_some() => TaskStatus::Processing,
            None => TaskStatus::Submitted,
        };
        if status != TaskStatus::Succeed {
            // The URL of a preview, or of something else.
            videos.clear();
        }
        let status_message = if is_inner_running && outer_meaning == Some(TaskStatus::Failed) {
            Some("the gateway has given up on the task; the service itself may still finish it".to_owned())
        } else {
            // A word says more than the status if it is unknown, or names the reason of the failure.
            let is_telling = match status {
                TaskStatus::Processing => inner.is_none(),
                TaskStatus::Failed => !word.is_some_and(|word| has_part(word, "fail error")),
                TaskStatus::Submitted | TaskStatus::Succeed => false,
            };
            levels.message(status).or_else(|| word.filter(|_| is_telling).map(str::to_owned))
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

/// The nested objects of a response, outermost first.
struct Levels<'a>(Vec<&'a Json>);

impl<'a> Levels<'a> {
    fn of(answer: &'a Json) -> Self {
        let (mut levels, mut wrappers) = (Vec::new(), &WRAPPERS[..]);
        let mut next = object(answer);
        while let Some(level) = next.filter(|_| levels.len() < MAX_LEVELS) {
            levels.push(level);
            if ID_NAMES.iter().any(|name| level.get(name).is_some()) {
                wrappers = &WRAPPERS[..1];
            }
            next = wrappers.iter().find_map(|name| object(level.get(name)?));
        }
        Self(levels)
    }

    fn innermost(&self, names: &[&str]) -> Option<&'a str> {
        self.0.iter().rev().find_map(|level| names.iter().find_map(|name| level.text(name)))
    }

    /// The status of the outermost level that has one.
    fn outer_status(&self) -> Option<&'a str> {
        self.0.iter().find_map(|level| self.status_of(level))
    }

    fn inner_status(&self) -> Option<&'a str> {
        self.0.iter().rev().find_map(|level| self.status_of(level))
    }

    /// The status word of a level. The word `success` of an envelope is about the request, not about the task.
    fn status_of(&self, level: &'a Json) -> Option<&'a str> {
        let word = level.text("status").or_else(|| level.text("state"))?;
        let is_of_request = meaning(word) == Some(TaskStatus::Succeed)
            && ID_NAMES.iter().all(|name| level.get(name).is_none())
            && self.0.last().is_some_and(|last| !ptr::eq(*last, level));
        (!is_of_request).then_some(word)
    }

    /// Whether a level shows the end of the work.
    fn has_ended(&self) -> bool {
        let shows_end = |level: &&Json| matches!(level, Json::Object(members) if members.iter().any(|(name, value)| is_end(name, value)));
        self.0.iter().any(shows_end)
    }

    /// The outermost task id, which this base URL knows. An id that no request may contain is taken only if there is no other.
    fn task_id(&self) -> Option<String> {
        let named = || self.0.iter().filter_map(|level| level.id("task_id").or_else(|| level.id("taskId")));
        // A member `id` is that of the task only in an object with a status.
        let has_status = |level: &&Json| STATUS_NAMES.iter().any(|name| level.text(name).is_some());
        let beside_status = || self.0.iter().copied().filter(has_status).find_map(|level| level.id("id"));
        let all = || named().chain(beside_status());
        all().find(|id| TaskId::is_usable(id)).or_else(|| all().next())
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
        let task_message = self.innermost(&["task_status_msg"]);
        let reasons = || self.0.iter().rev().find_map(|level| reason(level));
        // The outermost message is about the request and not about the task.
        let last = || self.0.iter().skip(1).rev().find_map(|level| level.text("message"));
        let failed = || if status == TaskStatus::Failed { reasons().or_else(last) } else { None };
        task_message.or_else(failed).map(str::to_owned)
    }
}

/// The value, or the only item of a list, if it is an object.
fn object(value: &Json) -> Option<&Json> {
    let value = if let Json::List(items) = value { items.first().filter(|_| items.len() == 1)? } else { value };
    Some(value).filter(|value| matches!(value, Json::Object(_)))
}

fn reason(level: &Json) -> Option<&str> {
    let error = || level.text("error").or_else(|| level.get("error")?.text("message"));
    level.text("fail_reason").or_else(error).filter(|text| !is_absolute(text))
}
