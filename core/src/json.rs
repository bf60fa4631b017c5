//! A JSON value as the service sends it.
//!
//! A number is kept as a string of its digits, because ids exceed 2^53 and `JSON.parse` would round them, and because code for
//! floats would be a fifth of the module's size. `serde_json` with `arbitrary_precision` makes the gzipped module 15.4 kB larger.

mod parse;

use crate::spelling::contains_any;

/// The largest whole number that JavaScript holds exactly: 2^53 − 1.
pub(crate) const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// Parsed JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool,
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses JSON; `None` if the text is not JSON.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse::parse(text)
    }

    /// Replaces strings of JSON by the JSON, in members whose name contains `result`, `output` or `data`, for example `resultJson`.
    pub(crate) fn expand_results(&mut self) {
        match self {
            Self::List(items) => items.iter_mut().for_each(Self::expand_results),
            Self::Object(members) => {
                for (name, value) in members {
                    match value {
                        Self::Text(text)
                            if text.starts_with(['{', '[']) && contains_any(name, "result output data") =>
                        {
                            if let Some(inner) = Self::parse(text) {
                                *value = inner;
                            }
                        }
                        value => value.expand_results(),
                    }
                }
            }
            Self::Null | Self::Bool | Self::Number(_) | Self::Text(_) => {}
        }
    }

    /// Whether a string within contains one of these words, in any spelling.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        match self {
            Self::Text(text) => contains_any(text, words),
            Self::List(items) => items.iter().any(|item| item.mentions(words)),
            Self::Object(members) => members.iter().any(|(_, value)| value.mentions(words)),
            Self::Null | Self::Bool | Self::Number(_) => false,
        }
    }

    /// The member with that name, unless it is null.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        // The last one counts, as in `JSON.parse`.
        members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value).filter(|value| **value != Self::Null)
    }

    /// The string with that name, unless it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let Some(Self::Text(text)) = self.get(name) else { return None };
        (!text.is_empty()).then_some(text)
    }

    /// The id with that name: a string that is not empty, or the digits of a whole number. The number 0 is a field that was not
    /// filled.
    pub(crate) fn id(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Self::Text(text) => (!text.is_empty()).then(|| text.clone()),
            Self::Number(number) => (is_digits(number) && number != "0").then(|| number.clone()),
            Self::Null | Self::Bool | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The time with that name, in ms since 1970. Seconds are recognised by their size; 0 is no time.
    pub(crate) fn time(&self, name: &str) -> Option<u64> {
        const MIN_MILLISECONDS: u64 = 100_000_000_000;
        let Self::Number(number) = self.get(name)? else { return None };
        match number.parse().ok()? {
            0 => None,
            seconds if seconds < MIN_MILLISECONDS => seconds.checked_mul(1000),
            milliseconds => Some(milliseconds).filter(|time| *time <= MAX_SAFE_INTEGER),
        }
    }

    /// The duration with that name, in seconds: a number or a string, for example `5` or `"5.041"`.
    pub(crate) fn seconds(&self, name: &str) -> Option<f64> {
        let (Self::Number(text) | Self::Text(text)) = self.get(name)? else { return None };
        decimal(text.trim())
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses a decimal number like `5.041`, to the thousandth. The parser of the standard library would add 16 kB.
fn decimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let mut thousandths = 0_u32;
    let mut place = 100_u32;
    for byte in fraction.bytes().take(3) {
        thousandths = thousandths.saturating_add(u32::from(byte.saturating_sub(b'0')).saturating_mul(place));
        place = place.checked_div(10).unwrap_or(0);
    }
    Some(f64::from(whole.parse::<u32>().ok()?) + f64::from(thousandths) / 1000.0)
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::{Json, decimal};
    use proptest::prelude::*;
    use serde_json::Value;

    /// Whether both are the same value.
    fn same(ours: &Json, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Json::Null, Value::Null) | (Json::Bool, Value::Bool(_)) => true,
            (Json::Number(ours), Value::Number(theirs)) => ours.parse::<f64>().ok() == theirs.as_f64(),
            (Json::Text(ours), Value::String(theirs)) => ours == theirs,
            (Json::List(ours), Value::Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Json::Object(_), Value::Object(theirs)) => theirs.iter().all(|(key, theirs)| match theirs {
                Value::Null => ours.get(key).is_none(),
                theirs => ours.get(key).is_some_and(|ours| same(ours, theirs)),
            }),
            _ => false,
        }
    }

    fn agrees(text: &str) -> bool {
        match (Json::parse(text), serde_json::from_str::<Value>(text)) {
            (Some(ours), Ok(theirs)) => same(&ours, &theirs),
            (None, Err(_)) => true,
            // A lone surrogate or a number beyond every float is accepted here.
            (Some(_), Err(_)) => text.contains("\\u") || text.contains(['e', 'E']),
            (None, Ok(_)) => false,
        }
    }

    #[test]
    fn it_reads_what_a_library_reads_and_refuses_what_it_refuses() {
        for text in [
            "",
            " ",
            "null",
            "nul",
            "true",
            "false",
            "truefalse",
            "0",
            "-0",
            "00",
            "01",
            "1.",
            ".5",
            "1.5",
            "-",
            "1e5",
            "1e",
            "1E+05",
            "+1",
            "\"\"",
            "\"",
            "\"a",
            "\"\\\"\"",
            "\"\\u0041\\ud83c\\udf0a\"",
            "\"\\ud83c\"",
            "\"\\ud83cx\"",
            "\"\\ud83c\\u0041\"",
            "\"\\u00g0\"",
            "\"\\x\"",
            "\"\n\"",
            "[]",
            "[1,]",
            "[,]",
            "[1 2]",
            "[1,2",
            "[[[1]]]",
            "{}",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{\"a\" :\r\n1 , \"a\":2}",
            "{a:1}",
            "{\"a\"}",
            "{\"a\":}",
            "1 1",
            "\u{feff}1",
            "\"\u{1F30A}\"",
            "1844674407370955161518446744073709551615",
        ] {
            assert!(agrees(text), "{text:?}: {:?}", Json::parse(text));
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(&nested(64)).is_some());
        assert!(Json::parse(&nested(65)).is_none());
    }

    #[test]
    fn decimals() {
        for (text, expected) in [
            ("5", Some(5.0)),
            ("5.1", Some(5.1)),
            ("5.041", Some(5.041)),
            ("5.0419", Some(5.041)),
            ("", None),
            (".", None),
            ("-1", None),
            ("5s", None),
            ("1e3", None),
            ("99999999999", None),
        ] {
            assert_eq!(decimal(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn on_any_text_it_agrees_with_a_library(text in "[\\[\\]{}\",:0-9eE.+\\-ntrufalse\\\\ \n]{0,24}") {
            prop_assert!(agrees(&text), "{text:?}");
        }

        #[test]
        fn any_text_survives(text: String) {
            let json = Value::String(text.clone()).to_string();
            prop_assert_eq!(Json::parse(&json), Some(Json::Text(text)));
        }
    }
}
