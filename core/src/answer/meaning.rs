//! What the codes, words and statuses of the service mean: the one table of them.

use crate::error::{ErrorCode, ServiceCode};

/// What a refusal means, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What a program decides on.
    pub code: ErrorCode,
    /// What a person reads first.
    pub advice: &'static str,
    /// Whether the same call may simply be made again later: the cause passes by itself, and nothing was created.
    pub passes: bool,
}

const fn lasting(code: ErrorCode, advice: &'static str) -> Meaning {
    Meaning { code, advice, passes: false }
}

const fn passing(code: ErrorCode, advice: &'static str) -> Meaning {
    Meaning { code, advice, passes: true }
}

const KEY: Meaning = lasting(ErrorCode::Unauthorized, "the service refused the key; check the API key");
const RIGHTS: Meaning =
    lasting(ErrorCode::Forbidden, "the key may not do this; check its rights, model limits and allowed IP addresses");
const ACCOUNT: Meaning = lasting(ErrorCode::Forbidden, "the account has a problem; see the provider's console");
const BALANCE: Meaning = lasting(
    ErrorCode::InsufficientBalance,
    "the balance, resource pack or key quota is used up; top up in the provider's console",
);
const INVALID: Meaning = lasting(ErrorCode::Rejected, "the service refused the request; read its message");
const POLICY: Meaning =
    lasting(ErrorCode::ContentPolicy, "the content policy refused the request; change prompt or images");
const MODEL: Meaning =
    lasting(ErrorCode::ModelUnavailable, "the model is not available on this route; try another modelName");
const TOO_FAST: Meaning = passing(ErrorCode::RateLimited, "the service asks to slow down; try again later");
const TOO_MANY: Meaning =
    passing(ErrorCode::ConcurrencyLimited, "the account's limit of concurrent tasks is reached; wait for one to end");
const SERVER: Meaning = passing(ErrorCode::ServerError, "the service has a problem of its own; try again later");
/// Of HTTP 413, in whatever form.
pub(super) const TOO_LARGE: Meaning =
    lasting(ErrorCode::PayloadTooLarge, "the request is too large for the service; use smaller images");
const NO_TASK: Meaning = lasting(ErrorCode::TaskNotFound, "the service knows no such task");

/// Kling's numbers. 1203 is about a task where a task was asked for, and about the model where one was to be created.
pub const NUMBERS: &[(i64, Meaning)] = &[
    (1000, KEY),
    (1001, KEY),
    (1002, KEY),
    (1003, KEY),
    (1004, KEY),
    (1100, ACCOUNT),
    (1101, BALANCE),
    (1102, BALANCE),
    (1103, RIGHTS),
    (1200, INVALID),
    (1201, INVALID),
    (1202, INVALID),
    (1203, MODEL),
    (1300, POLICY),
    (1301, POLICY),
    (1302, TOO_FAST),
    (1303, TOO_MANY),
    (1304, RIGHTS),
    (5000, SERVER),
    (5001, SERVER),
    (5002, SERVER),
];

/// The gateway's words.
pub const WORDS: &[(&str, Meaning)] = &[
    ("task_not_exist", NO_TASK),
    ("invalid_request", INVALID),
    ("insufficient_user_quota", BALANCE),
    ("model_not_found", MODEL),
    ("do_request_failed", SERVER),
];

/// HTTP statuses, where neither a number nor a word says more; then any other 4xx, then 5xx.
pub const STATUSES: &[(u16, Meaning)] = &[
    (401, KEY),
    (403, RIGHTS),
    (413, TOO_LARGE),
    // It may hide any of the numbers above that come with 429, also those that do not pass.
    (429, lasting(ErrorCode::RateLimited, "the service takes nothing more now, or a limit of the account is reached")),
];

/// What a question was about, which decides what "not found" is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To create a task.
    Submission,
    /// About a task.
    Query,
}

impl Meaning {
    /// The meaning of an answer other than 2xx, or of a 2xx that holds an error.
    pub(super) fn of(asked: Asked, status: u16, code: Option<&ServiceCode>, message: &str) -> Self {
        if asked == Asked::Query && (matches!(code, Some(ServiceCode::Number(1203))) || status == 404) {
            return NO_TASK;
        }
        let said = match code {
            Some(ServiceCode::Number(number)) => find(NUMBERS, |known| known == number),
            Some(ServiceCode::Word(word)) => find(WORDS, |known| known == word),
            None => None,
        };
        if let Some(meaning) = said.filter(|meaning| *meaning != INVALID) {
            return meaning;
        }
        // What has no code of its own at the gateway, or a general one only: then the status says more.
        if mentions(message, "invalid model") || mentions(message, "no access to model") {
            return MODEL;
        }
        find(STATUSES, |known| *known == status).or(said).unwrap_or(match (status, asked) {
            (500.., _) => SERVER,
            _ => INVALID,
        })
    }
}

fn find<K>(table: &[(K, Meaning)], is: impl Fn(&K) -> bool) -> Option<Meaning> {
    table.iter().find(|(known, _)| is(known)).map(|(_, meaning)| *meaning)
}

/// Whether a text holds a word, whatever its case. `word` is in lower case.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}
