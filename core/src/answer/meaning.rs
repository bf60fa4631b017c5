//! What the error codes and the statuses of the service mean.

use crate::error::{ErrorCode, ServiceCode};

/// What a refusal means, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What a program decides on.
    pub code: ErrorCode,
    /// The start of the message: what happened, and what to do.
    pub advice: &'static str,
    /// Whether the call may be repeated later: the cause is temporary, and no task was created.
    pub is_temporary: bool,
}

const fn permanent(code: ErrorCode, advice: &'static str) -> Meaning {
    Meaning { code, advice, is_temporary: false }
}

const fn temporary(code: ErrorCode, advice: &'static str) -> Meaning {
    Meaning { code, advice, is_temporary: true }
}

const KEY: Meaning = permanent(ErrorCode::Unauthorized, "the service refused the key; check the API key");
const RIGHTS: Meaning =
    permanent(ErrorCode::Forbidden, "the key may not do this; check its rights, model limits and allowed IP addresses");
const ACCOUNT: Meaning = permanent(ErrorCode::Forbidden, "the account has a problem; see the provider's console");
const BALANCE: Meaning = permanent(
    ErrorCode::InsufficientBalance,
    "the balance, resource pack or key quota is used up; top up in the provider's console",
);
const INVALID: Meaning = permanent(ErrorCode::Rejected, "the service refused the request; read its message");
const POLICY: Meaning =
    permanent(ErrorCode::ContentPolicy, "the content policy refused the request; change prompt or images");
const MODEL: Meaning =
    permanent(ErrorCode::ModelUnavailable, "the model is not available on this route; try another modelName");
const TOO_FAST: Meaning = temporary(ErrorCode::RateLimited, "the service asks to slow down; try again later");
const TOO_MANY: Meaning =
    temporary(ErrorCode::ConcurrencyLimited, "the account's limit of concurrent tasks is reached; wait for one to end");
const SERVER: Meaning = temporary(ErrorCode::ServerError, "the service has a problem of its own; try again later");
/// The meaning of HTTP 413, with any body.
pub(super) const TOO_LARGE: Meaning =
    permanent(ErrorCode::PayloadTooLarge, "the request is too large for the service; use smaller images");
const NO_TASK: Meaning = permanent(ErrorCode::TaskNotFound, "the service knows no such task");

/// The numeric codes of Kling. 1203 means an unknown task in a query, and an unavailable model in a submission.
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

/// The codes of the gateway, which are words.
pub const WORDS: &[(&str, Meaning)] = &[
    ("task_not_exist", NO_TASK),
    ("invalid_request", INVALID),
    ("insufficient_user_quota", BALANCE),
    ("model_not_found", MODEL),
    ("do_request_failed", SERVER),
];

/// The HTTP statuses whose meaning counts if the code has none. Any other 4xx is a refusal, any 5xx a problem of the service.
pub const STATUSES: &[(u16, Meaning)] = &[
    (401, KEY),
    (403, RIGHTS),
    (413, TOO_LARGE),
    // Any code that comes with 429 may be missing, also a permanent one.
    (
        429,
        permanent(ErrorCode::RateLimited, "the service takes nothing more now, or a limit of the account is reached"),
    ),
];

/// The kind of a request. It decides what "not found" is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A request to create a task.
    Submission,
    /// A look-up or a poll.
    Query,
}

impl Meaning {
    /// The meaning of a response other than 2xx, or of a 2xx that contains an error.
    pub(super) fn of(kind: RequestKind, status: u16, code: Option<&ServiceCode>, message: &str) -> Self {
        if kind == RequestKind::Query && (matches!(code, Some(ServiceCode::Number(1203))) || status == 404) {
            return NO_TASK;
        }
        let of_code = match code {
            Some(ServiceCode::Number(number)) => find(NUMBERS, |known| known == number),
            Some(ServiceCode::Word(word)) => find(WORDS, |known| known == word),
            None => None,
        };
        if let Some(meaning) = of_code.filter(|meaning| *meaning != INVALID) {
            return meaning;
        }
        // The gateway sends no code for these, or a general one.
        if mentions(message, "invalid model") || mentions(message, "no access to model") {
            return MODEL;
        }
        // A relay says itself why it refuses; the advice of HTTP 403 would be wrong.
        let is_of_relay = matches!(code, Some(ServiceCode::Word(word)) if word.starts_with("relay_"));
        if status == 403 && is_of_relay {
            return Meaning { code: ErrorCode::Forbidden, ..INVALID };
        }
        find(STATUSES, |known| *known == status).or(of_code).unwrap_or(if status >= 500 { SERVER } else { INVALID })
    }
}

fn find<K>(table: &[(K, Meaning)], is: impl Fn(&K) -> bool) -> Option<Meaning> {
    table.iter().find(|(known, _)| is(known)).map(|(_, meaning)| *meaning)
}

/// Whether the text contains the word in any case. The search of the standard library would add 3 kB.
pub(crate) fn mentions(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}
