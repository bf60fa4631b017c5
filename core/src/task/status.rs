//! What the status words of a task mean.
//!
//! The words are an open set: Kling has four, and gateways have their own. A word is compared in any spelling.

use super::TaskStatus;
use crate::json::Json;
use crate::spelling::{contains_any, letters};

/// The known words, in lower case, separated by spaces: for each status, in the order of [`TaskStatus::ALL`].
#[rustfmt::skip]
pub const STATUS_WORDS: [&str; 4] = [
    "submitted queued queue in_queue pending waiting created accepted received scheduled not_start not_started initializing \
        starting new",
    "processing running in_progress generating started working rendering active executing preparing",
    "succeed succeeded success successful completed complete done finished finish ok ready",
    "failed fail failure error errored cancelled canceled expired timeout timed_out rejected refused denied aborted killed \
        terminated stopped blocked moderated content_moderated content_violation content_filtered filtered nsfw banned \
        invalid crashed deleted dead",
];

/// What may precede a known word, in lower case, separated by spaces: for example `VIDEO_READY` and `TASK_STATUS_SUCCEED`.
const SUBJECTS: &str = "task taskstatus video videogeneration generation job jobstatus";

/// Parts of unknown words that name a failure: for example `failed_permanently` and `cancelled_by_admin`.
const FAILURES: &str = "fail error cancelled canceled reject expired timeout timedout aborted denied violat unsuccess invalid refused nsfw";

/// Parts of unknown words of tasks that go on in spite of a failure: for example `error_recovery` and `failover`.
const NO_FAILURES: &str = "retr recover correcting pending failover fallback noerror notfail";

/// The names of the completion time.
const END_TIMES: &str =
    "finish_time finished_at completed_at complete_time completed_time completion_time end_time ended_at";

/// The meaning of a status word; `None` if the word is unknown.
pub(super) fn meaning(word: &str) -> Option<TaskStatus> {
    let is_known =
        |words: &str| is_one_of(words, "", word) || SUBJECTS.split(' ').any(|subject| is_one_of(words, subject, word));
    TaskStatus::ALL.iter().zip(STATUS_WORDS).find(|(_, words)| is_known(words)).map(|(status, _)| *status)
}

/// Whether an unknown word names a failure.
pub(super) fn names_failure(word: &str) -> bool {
    contains_any(word, FAILURES) && !contains_any(word, NO_FAILURES)
}

/// Whether a member shows the end of the work: a progress of 100 %, or a completion time, which begins with a 0, a minus or 1970
/// if there is none.
pub(super) fn is_end(name: &str, value: &Json) -> bool {
    let (Json::Number(value) | Json::Text(value)) = value else { return false };
    if is_one_of("progress", "", name) {
        value.starts_with("100")
    } else {
        matches!(value.bytes().next(), Some(b'1'..=b'9'))
            && !value.starts_with("1970-")
            && is_one_of(END_TIMES, "", name)
    }
}

/// Whether a word, in any spelling, consists of `start` and one of these words.
fn is_one_of(words: &str, start: &str, word: &str) -> bool {
    words.split(' ').any(|known| letters(start).chain(letters(known)).eq(letters(word)))
}
