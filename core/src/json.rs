//! A JSON value as the service sends it.
//!
//! Numbers stay the text that they are, because ids exceed 2^53, and because code for floats would be a fifth of the
//! module's size. `JSON.parse` would lose those digits.

mod parse;

/// The largest whole number that JavaScript holds exactly: 2^53 − 1.
pub(crate) const LARGEST: u64 = 9_007_199_254_740_991;

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
    /// The value of a text, or nothing when it is not JSON.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse::parse(text)
    }

    /// The member of that name, unless it is absent or null.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        // The last one wins, as in JSON.parse.
        members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value).filter(|value| **value != Self::Null)
    }

    /// The text of that member, unless it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Self::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// An id: a text, or the digits of a whole number.
    pub(crate) fn id(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Self::Text(text) if !text.is_empty() => Some(text.clone()),
            Self::Number(number) if is_digits(number) => Some(number.clone()),
            _ => None,
        }
    }

    /// A point in time in ms since 1970. Seconds are recognised by their size, 0 is none.
    pub(crate) fn time(&self, name: &str) -> Option<u64> {
        const SMALLEST_MILLISECONDS: u64 = 100_000_000_000;
        let Self::Number(number) = self.get(name)? else { return None };
        match number.parse().ok()? {
            0 => None,
            seconds if seconds < SMALLEST_MILLISECONDS => seconds.checked_mul(1000),
            milliseconds => Some(milliseconds).filter(|time| *time <= LARGEST),
        }
    }

    /// A duration in seconds: a number or a text, like `5` and `"5.041"`.
    pub(crate) fn seconds(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Self::Number(text) | Self::Text(text) => decimal(text.trim()),
            _ => None,
        }
    }

    /// The elements of that member, none when it is not a list.
    pub(crate) fn list(&self, name: &str) -> &[Self] {
        match self.get(name) {
            Some(Self::List(items)) => items,
            _ => &[],
        }
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A decimal number like `5.041`, to the thousandth. The standard library's parser would bring 16 kB of tables and code.
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

    /// The same value as a library reads it.
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
            // Half a surrogate pair, and numbers beyond every float, are no reason to refuse an answer.
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
