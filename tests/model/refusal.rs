//! Every code, word and status of the service: what it means on a submission and on a question.

use std::fs;
use std::path::Path;

use kling_core::answer::Answer;
use kling_core::answer::meaning::{Meaning, NUMBERS, STATUSES, WORDS};
use kling_core::endpoint::{HttpResponse, Status};
use kling_core::error::{Error, ErrorCode, ServiceCode};
use kling_core::issue::Param;

/// A code, and whether the same call may be made again.
type Means = (&'static str, bool);

/// What the service says, with the HTTP status it comes with, and what that is to a submission and to a question; in
/// brackets whether the same call may be made again.
#[rustfmt::skip]
const TABLE: &[(u16, &str, Means, Means)] = &[
    (401, "1000", ("unauthorized", false), ("unauthorized", false)),
    (401, "1001", ("unauthorized", false), ("unauthorized", false)),
    (401, "1002", ("unauthorized", false), ("unauthorized", false)),
    (401, "1003", ("unauthorized", false), ("unauthorized", false)),
    (401, "1004", ("unauthorized", false), ("unauthorized", false)),
    (429, "1100", ("forbidden", false), ("forbidden", false)),
    (429, "1101", ("insufficient_balance", false), ("insufficient_balance", false)),
    (429, "1102", ("insufficient_balance", false), ("insufficient_balance", false)),
    (403, "1103", ("forbidden", false), ("forbidden", false)),
    (400, "1200", ("rejected", false), ("rejected", false)),
    (400, "1201", ("rejected", false), ("rejected", false)),
    (404, "1202", ("rejected", false), ("task_not_found", false)),
    (404, "1203", ("model_unavailable", false), ("task_not_found", false)),
    (400, "1300", ("content_policy", false), ("content_policy", false)),
    (400, "1301", ("content_policy", false), ("content_policy", false)),
    (429, "1302", ("rate_limited", true), ("rate_limited", true)),
    (429, "1303", ("concurrency_limited", true), ("concurrency_limited", true)),
    (429, "1304", ("forbidden", false), ("forbidden", false)),
    (500, "5000", ("server_error", true), ("server_error", true)),
    (503, "5001", ("server_error", true), ("server_error", true)),
    (504, "5002", ("server_error", true), ("server_error", true)),
    (400, "task_not_exist", ("task_not_found", false), ("task_not_found", false)),
    (500, "invalid_request", ("rejected", false), ("rejected", false)),
    (403, "insufficient_user_quota", ("insufficient_balance", false), ("insufficient_balance", false)),
    (503, "model_not_found", ("model_unavailable", false), ("model_unavailable", false)),
    (500, "do_request_failed", ("server_error", true), ("server_error", true)),
    // Neither number nor word: the status decides.
    (400, "", ("rejected", false), ("rejected", false)),
    (401, "", ("unauthorized", false), ("unauthorized", false)),
    (403, "", ("forbidden", false), ("forbidden", false)),
    (404, "", ("rejected", false), ("task_not_found", false)),
    (413, "", ("payload_too_large", false), ("payload_too_large", false)),
    (429, "", ("rate_limited", false), ("rate_limited", true)),
    (500, "", ("server_error", true), ("server_error", true)),
    (524, "", ("server_error", true), ("server_error", true)),
];

fn word(code: ErrorCode) -> String {
    code.as_str().to_owned()
}

fn outcome(error: &Error) -> (String, bool) {
    (word(error.code()), error.is_retryable())
}

fn refusals(status: u16, body: &str) -> (Error, Error) {
    let read =
        || match Answer::read(&HttpResponse { status: Status::Code(status), body: body.into(), retry_after: None }) {
            Answer::Refused(refusal) => *refusal,
            other => panic!("no refusal in {status} {body}: {other:?}"),
        };
    (read().into_submission_error(), read().into_query_error())
}

#[test]
fn each_means_one_thing() {
    for &(status, code, submission, query) in TABLE {
        let number = code.parse::<i64>().ok();
        let kling = number.map(|number| format!(r#"{{"code":{number},"message":"m","request_id":"r1"}}"#));
        let as_text = number.map(|number| format!(r#"{{"code":"{number}","message":"m","request_id":"r1"}}"#));
        let comet =
            format!(r#"{{"error":{{"message":"m (request id: r1)","type":"comet_api_error","code":"{code}"}}}}"#);
        let gateway = format!(r#"{{"code":"{code}","message":"m (request id: r1)","data":null}}"#);
        for body in [kling, as_text, Some(comet), Some(gateway)].into_iter().flatten() {
            let (on_submission, on_query) = refusals(status, &body);
            assert_eq!(outcome(&on_submission), (submission.0.to_owned(), submission.1), "submission: {status} {body}");
            assert_eq!(outcome(&on_query), (query.0.to_owned(), query.1), "question: {status} {body}");
            for error in [on_submission, on_query] {
                let details = error.details();
                assert_eq!(details.status, Some(status), "{body}");
                assert_eq!(details.request_id.as_deref(), Some("r1"), "{body}");
                let expected = number.map(ServiceCode::Number);
                let expected = expected.or((!code.is_empty()).then(|| ServiceCode::Word(code.into())));
                assert_eq!(details.service_code, expected, "{body}");
                assert!(error.message().contains(&format!("(HTTP {status}")), "{error}");
                assert!(error.message().contains(": m"), "{error} has not the service's own words");
                let Some(Param::Text(reason)) = details.params.get("reason") else { panic!("{error} has no reason") };
                assert!(reason.starts_with('m'), "{error} has not the service's own words apart");
            }
        }
    }
}

#[test]
fn the_status_says_more_than_a_general_word() {
    for (status, code) in [(401, "unauthorized"), (403, "forbidden"), (413, "payload_too_large"), (429, "rate_limited")]
    {
        let (error, _) = refusals(status, r#"{"error":{"message":"m","code":"invalid_request"}}"#);
        assert_eq!(word(error.code()), code);
    }
}

#[test]
fn what_the_gateway_passes_on_is_read() {
    let body = r#"{"code":"fail_to_fetch_task","message":"{\"code\":1303,\"message\":\"parallel task over resource pack limit\",\"request_id\":\"k\"}","data":null}"#;
    let (error, _) = refusals(429, body);
    assert_eq!(outcome(&error), ("concurrency_limited".into(), true));
    assert_eq!(error.details().service_code, Some(ServiceCode::Number(1303)));
    assert_eq!(error.details().request_id.as_deref(), Some("k"));
    assert!(error.message().contains("parallel task"), "{error}");
    let (error, _) = refusals(400, r#"{"code":"fail_to_fetch_task","message":"upstream said no","data":null}"#);
    assert_eq!(outcome(&error), ("rejected".into(), false));
    assert_eq!(error.details().service_code, Some(ServiceCode::Word("fail_to_fetch_task".into())));
}

#[test]
fn models_are_known_by_words() {
    for message in ["invalid model name", "This token has no access to model kling-v9 (request id: r)"] {
        let (error, _) = refusals(400, &format!(r#"{{"error":{{"message":"{message}","code":""}}}}"#));
        assert_eq!(word(error.code()), "model_unavailable", "{message}");
    }
}

#[test]
fn request_ids_hide_in_messages() {
    for (message, expected) in [
        ("no (request id: 2026B)", Some("2026B")),
        ("no (Request ID:2026B) more", Some("2026B")),
        ("no (request id: )", None),
        ("request id: 2026B", None),
        ("ü (request id: ü)", Some("ü")),
    ] {
        let (error, _) = refusals(400, &format!(r#"{{"code":1200,"message":"{message}"}}"#));
        assert_eq!(error.details().request_id.as_deref(), expected, "{message}");
    }
}

#[test]
fn an_error_inside_a_success_is_an_error() {
    for body in [r#"{"code":1203,"message":"m","data":null}"#, r#"{"code":"task_not_exist","message":"m","data":null}"#]
    {
        let (_, error) = refusals(200, body);
        assert_eq!(word(error.code()), "task_not_found", "{body}");
    }
    for body in
        [r#"{"code":0,"message":"SUCCEED"}"#, r#"{"code":"success","message":""}"#, r#"{"code":200,"data":null}"#]
    {
        let answer = Answer::read(&HttpResponse { status: Status::Code(200), body: body.into(), retry_after: None });
        assert!(matches!(answer, Answer::Unrecognized(_)), "{body}: {answer:?}");
    }
}

#[test]
fn numbers_that_javascript_cannot_hold_are_words() {
    let (error, _) = refusals(500, r#"{"code":9223372036854775807,"message":"m"}"#);
    assert_eq!(error.details().service_code, Some(ServiceCode::Word("9223372036854775807".into())));
}

#[test]
fn a_long_message_is_cut() {
    let body = format!(r#"{{"code":1200,"message":"{}"}}"#, "ü".repeat(10_000));
    assert!(refusals(400, &body).0.message().chars().count() < 700);
}

/// The code's table, as `docs/errors.md` prints it.
fn rows() -> Vec<(String, String)> {
    let row = |key: &str, meaning: &Meaning| {
        let again = if meaning.is_temporary { "yes" } else { "no" };
        (key.to_owned(), format!("| {key} | `{}` | {again} | {} |", word(meaning.code), meaning.advice))
    };
    let numbers = NUMBERS.iter().map(|(number, meaning)| row(&number.to_string(), meaning));
    let words = WORDS.iter().map(|(word, meaning)| row(&format!("`{word}`"), meaning));
    let statuses = STATUSES.iter().map(|(status, meaning)| row(&format!("HTTP {status}"), meaning));
    numbers.chain(words).chain(statuses).collect()
}

#[test]
fn code_tests_and_documents_know_the_same() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md")).unwrap();
    let missing: Vec<String> = rows().into_iter().map(|(_, row)| row).filter(|row| !page.contains(row)).collect();
    assert!(missing.is_empty(), "docs/errors.md lacks:\n{}", missing.join("\n"));
    let known: Vec<String> = rows().into_iter().map(|(key, _)| key).collect();
    let tested = |key: &String| {
        TABLE.iter().any(|(status, code, ..)| {
            *key == *code || *key == format!("`{code}`") || code.is_empty() && *key == format!("HTTP {status}")
        })
    };
    let untested: Vec<&String> = known.iter().filter(|key| !tested(key)).collect();
    assert!(untested.is_empty(), "no row of the tests for {untested:?}");
    for (_, code, ..) in TABLE.iter().filter(|(_, code, ..)| !code.is_empty()) {
        assert!(known.contains(&(*code).to_owned()) || known.contains(&format!("`{code}`")), "{code} is unknown");
    }
}
