//! No spelling of a key survives in a text, and nothing else in a text changes.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use kling_core::answer::Answer;
use kling_core::endpoint::{ApiKey, HttpResponse, KnownKeys, Status};
use kling_core::redact::{PLACEHOLDER, Redactor};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::script::{Script, answer};

const KEY: &str = "sk-Test/12345~ab?";

/// The cases that the tests of the relay read too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cases {
    key: String,
    /// Texts, and what they are without the key.
    found: Vec<(String, String)>,
    /// The same for other keys, which come first.
    other_keys: Vec<(String, String, String)>,
    keys_like_escapes: Vec<String>,
    /// What comes before the key in base64.
    before_base64: Vec<String>,
    /// Units of long texts that take long to search.
    repeated: Vec<String>,
}

impl Cases {
    fn read() -> Self {
        serde_json::from_str(include_str!("../cases/redact.json")).unwrap()
    }
}

fn redact(key: &str, text: &str) -> String {
    Redactor::default().with(key).redact(text.to_owned())
}

/// A way to write one character.
#[derive(Clone, Debug)]
enum Spelling {
    Plain,
    /// `%73`, or `%252573` when it is encoded three times.
    Percent(usize, bool),
    /// The digits of the code are percent-encoded too.
    PercentOfPercent,
    /// `\u0073`, with more backslashes in a nested JSON string.
    Escape(usize, bool),
    /// `\/`, with more backslashes in a nested JSON string.
    Backslash(usize),
    /// `%5Cu0073`
    PercentOfEscape,
    /// `\u002573`
    EscapeOfPercent,
    /// `%5Cu002573`
    PercentOfEscapeOfPercent,
}

impl Spelling {
    fn of(&self, c: char) -> String {
        let code = u32::from(c);
        let hex = |is_upper| if is_upper { format!("{code:02X}") } else { format!("{code:02x}") };
        let percent = |text: &str| text.bytes().fold(String::new(), |all, byte| all + &format!("%{byte:02x}"));
        match *self {
            Self::Percent(times, is_upper) => format!("%{}{}", "25".repeat(times - 1), hex(is_upper)),
            Self::PercentOfPercent => percent(&format!("%{}", hex(true))),
            Self::Escape(run, is_upper) => format!("{}u00{}", "\\".repeat(run), hex(is_upper)),
            // Another character after a backslash would be another escape.
            Self::Backslash(run) if matches!(c, '/' | '"' | '\\') => format!("{}{c}", "\\".repeat(run)),
            Self::Plain | Self::Backslash(_) => c.to_string(),
            Self::PercentOfEscape => percent(&format!("\\u00{}", hex(false))),
            Self::EscapeOfPercent => format!("\\u0025{}", hex(false)),
            Self::PercentOfEscapeOfPercent => format!("%5Cu0025{}", hex(true)),
        }
    }
}

fn spelling() -> impl Strategy<Value = Spelling> {
    prop_oneof![
        Just(Spelling::Plain),
        (1..7_usize, any::<bool>()).prop_map(|(times, is_upper)| Spelling::Percent(times, is_upper)),
        Just(Spelling::PercentOfPercent),
        (1..9_usize, any::<bool>()).prop_map(|(run, is_upper)| Spelling::Escape(run, is_upper)),
        (1..9_usize).prop_map(Spelling::Backslash),
        Just(Spelling::PercentOfEscape),
        Just(Spelling::EscapeOfPercent),
        Just(Spelling::PercentOfEscapeOfPercent),
    ]
}

/// A text that contains the key in base64, alone or within other bytes.
fn in_base64(key: &str, before: &str, after: &str, alphabet: usize) -> String {
    let text = format!("{before}{key}{after}");
    match alphabet {
        0 => STANDARD.encode(text),
        1 => STANDARD_NO_PAD.encode(text),
        2 => URL_SAFE.encode(text),
        3 => URL_SAFE_NO_PAD.encode(text),
        4 => STANDARD.encode(text).replace('/', "\\/").replace('+', "\\u002b").replace('=', "\\u003d"),
        _ => STANDARD.encode(text).replace('/', "%2F").replace('+', "%2b").replace('=', "%3D"),
    }
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

fn json_decoded(text: &[u8]) -> Vec<u8> {
    let code = |at: usize| {
        let digits = std::str::from_utf8(text.get(at..at + 4)?).ok()?;
        u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok()
    };
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            (b'\\', Some(b'u')) if code(at + 2).is_some() => {
                decoded.extend(code(at + 2));
                at += 6;
            }
            (b'\\', Some(next)) => {
                decoded.push(match next {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'b' => 8,
                    b'f' => 12,
                    other => *other,
                });
                at += 2;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// Every stretch of base64 in a text, decoded from each of four places.
fn base64_decoded(text: &[u8]) -> Vec<u8> {
    let is_in = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let mut decoded = Vec::new();
    for stretch in text.split(|byte| !is_in(byte)) {
        let plain: Vec<u8> = stretch
            .iter()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            })
            .collect();
        for from in 0..plain.len().min(4) {
            let whole = (plain.len() - from) / 4 * 4;
            for length in [whole, whole + 2, whole + 3] {
                let part = plain.get(from..from + length).unwrap_or_default();
                let lenient = base64::engine::GeneralPurpose::new(
                    &base64::alphabet::STANDARD,
                    base64::engine::GeneralPurposeConfig::new()
                        .with_decode_allow_trailing_bits(true)
                        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
                );
                decoded.extend(lenient.decode(part).unwrap_or_default());
                decoded.push(b' ');
            }
        }
    }
    decoded
}

/// Whether the key is in the text after any decodings, one upon the other.
fn is_exposed(key: &str, text: &[u8], depth: usize) -> bool {
    if text.windows(key.len()).any(|part| part == key.as_bytes()) {
        return true;
    }
    depth > 0
        && [percent_decoded(text), json_decoded(text)]
            .iter()
            .any(|decoded| decoded != text && is_exposed(key, decoded, depth - 1))
        || depth > 2 && is_exposed(key, &base64_decoded(text), 0)
}

#[test]
fn each_spelling_is_found() {
    let cases = Cases::read();
    let key = cases.key.as_str();
    for (text, expected) in &cases.found {
        assert_eq!(&redact(key, text), expected, "{text}");
    }
    for (key, text, expected) in &cases.other_keys {
        assert_eq!(&redact(key, text), expected, "{key} in {text}");
    }
    for before in &cases.before_base64 {
        for alphabet in 0..6 {
            let text = format!("\"{}\"", in_base64(key, before, "!!", alphabet));
            let redacted = redact(key, &text);
            assert!(redacted.contains(PLACEHOLDER), "{before} {alphabet}: {text}");
            assert!(!is_exposed(key, redacted.as_bytes(), 4), "{redacted}");
        }
    }
}

#[test]
fn keys_that_look_like_escapes_are_found() {
    for key in &Cases::read().keys_like_escapes {
        let json = Value::from(format!("x{key}")).to_string();
        for text in [key.to_owned(), json, format!("\\{key}"), key.replace('%', "%25"), key.replace('\\', "%5C")] {
            let redacted = redact(key, &text);
            assert!(redacted.contains(PLACEHOLDER), "{key} in {text}: {redacted}");
            if text.starts_with('"') {
                assert!(serde_json::from_str::<Value>(&redacted).is_ok(), "{key} in {text}: {redacted}");
            }
        }
    }
}

#[test]
fn words_are_no_secrets() {
    for word in ["task", "1234567"] {
        let text = format!("{{\"{word}\":\"{word}\"}}");
        assert_eq!(redact(word, &text), text);
        assert!(!ApiKey::parse(word).unwrap().is_in(&text));
    }
    assert_eq!(redact("12345678", "12345678"), PLACEHOLDER);
}

#[test]
fn earlier_keys_are_remembered() {
    let mut keys = KnownKeys::default();
    for number in 0..=KnownKeys::MAX {
        keys.add(&ApiKey::parse(&format!("sk-test-{number:04}")).unwrap());
    }
    assert_eq!(keys.redact("sk-test-0000 sk-test-0001 sk-test-0032".into()), "sk-test-0000 [key] [key]");
    assert!(keys.are_in("https://cdn.example/?k=sk%2Dtest-0005") && !keys.are_in("https://cdn.example/"));
    assert!(!format!("{keys:?}").contains("test"));
}

#[test]
fn a_redacted_task_keeps_what_is_of_use() {
    let read = |body: &str| {
        let response = HttpResponse { status: Status::Code(200), body: redact(KEY, body).into(), retry_after: None };
        match Answer::read(&response) {
            Answer::Task(task) => task,
            other => panic!("{body}: {other:?}"),
        }
    };
    let video = format!("https://cdn.example/v.mp4?key={KEY}");
    let task = read(&format!(
        r#"{{"task_id":"outer","data":{{"task_id":"{KEY}","task_status":"succeed","task_info":{{"external_task_id":"{KEY}"}},
        "task_result":{{"videos":[{{"id":"{KEY}","url":"{video}"}},{{"id":"2","url":"https://cdn.example/w.mp4"}}]}}}}}}"#
    ));
    assert_eq!((task.task_id.as_str(), task.external_task_id.as_deref()), ("outer", None));
    assert_eq!(task.videos.iter().map(|video| video.url.as_str()).collect::<Vec<_>>(), ["https://cdn.example/w.mp4"]);
    let task = read(&format!(r#"{{"data":{{"task_id":"{KEY}","id":7,"status":"queued"}}}}"#));
    assert_eq!(task.task_id, "7", "another id");
    for body in [format!("{task:?}"), task.raw.unwrap()] {
        assert!(!is_exposed(KEY, body.as_bytes(), 3), "{body}");
    }
}

#[test]
fn a_task_whose_id_was_the_key_is_polled_by_the_id_it_was_found_under() {
    let script = Script::new([answer(
        200,
        r#"{"data":{"task_id":"[key]","task_status":"succeed","task_result":{"videos":[{"url":"https://cdn.example/v.mp4"}]}}}"#,
    )]);
    let task = script.wait(None).unwrap();
    assert_eq!((task.task_id.as_str(), task.videos[0].task_id.as_deref()), ("1", Some("1")));
}

/// A gateway cannot hold up the page with a text that is expensive to search. The limit is far from what a busy machine
/// takes, and far below what a square of the length would take.
#[test]
fn the_time_is_linear() {
    for unit in &Cases::read().repeated {
        let text = unit.repeat((1 << 17) / unit.len());
        let began = Instant::now();
        assert_eq!(redact(KEY, &text), text);
        assert!(began.elapsed() < Duration::from_secs(60), "{unit:?}: {:?}", began.elapsed());
    }
}

proptest! {
    #[test]
    fn no_mixture_of_spellings_survives(
        key in "[a-zA-Z0-9!-$&-\\[\\]-~]{8,40}",
        spellings in prop::collection::vec(spelling(), 40),
        before in ".{0,20}",
        after in ".{0,20}",
    ) {
        let spelled: String = key.chars().zip(&spellings).map(|(c, spelling)| spelling.of(c)).collect();
        let text = format!("{before}{spelled}{after}");
        let redacted = redact(&key, &text);
        prop_assert!(redacted.contains(PLACEHOLDER), "{}", redacted);
        prop_assert!(!is_exposed(&key, redacted.as_bytes(), 6), "{}", redacted);
        prop_assert_eq!(redact(&key, &redacted), redacted);
    }

    #[test]
    fn any_key_is_found_as_it_is(key in "[!-~]{8,40}", before in ".{0,20}", after in ".{0,20}") {
        let redacted = redact(&key, &format!("{before}{key}{after}"));
        prop_assert!(redacted.contains(PLACEHOLDER) && !redacted.contains(&key), "{}", redacted);
    }

    #[test]
    fn no_base64_survives(key in "[!-~]{8,40}", before in "[ -~]{0,20}", after in "[ -~]{0,20}", alphabet in 0..6_usize) {
        let text = format!("{{\"m\":\"{}\"}}", in_base64(&key, &before, &after, alphabet));
        let redacted = redact(&key, &text);
        prop_assert!(redacted.contains(PLACEHOLDER), "{}", redacted);
        prop_assert!(!is_exposed(&key, redacted.as_bytes(), 3), "{}", redacted);
        prop_assert!(serde_json::from_str::<Value>(&redacted).is_ok(), "{}", redacted);
    }

    #[test]
    fn without_the_key_a_text_comes_back_unchanged(text in ".{0,200}", escapes in "[\\\\%u0-9a-f]{0,200}") {
        for text in [text, escapes] {
            prop_assert_eq!(redact("sk-Test-Key-1", &text), text);
        }
    }

    #[test]
    fn json_stays_json(key in "[!-~]{8,16}", texts in prop::collection::vec(".{0,12}", 2..5)) {
        let json = Value::from(texts.join(&key));
        let nested = Value::from(json.to_string()).to_string();
        for text in [json.to_string(), nested] {
            prop_assert!(serde_json::from_str::<Value>(&redact(&key, &text)).is_ok(), "{} {}", key, text);
        }
    }
}
