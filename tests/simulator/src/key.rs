//! The bearer key of a request, and the search for a key in any other place.

use axum::http::{HeaderMap, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::sync::LazyLock;

/// The prefix of valid keys. No other service has such keys.
const PREFIX: &str = "sk-sim-";

/// The prefix in every spelling: each text with a valid key contains one of them.
static KEYS: LazyLock<Spellings> = LazyLock::new(|| Spellings::of(PREFIX));

/// Why a request has no valid key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// No `Authorization` header.
    Missing,
    /// One that is not `Bearer` and a key.
    Malformed,
    /// A key that is not one of the simulator's.
    Wrong,
}

/// The key of a request.
pub fn key(headers: &HeaderMap) -> Result<&str, KeyError> {
    let value = headers.get(header::AUTHORIZATION).ok_or(KeyError::Missing)?;
    let text = value.to_str().map_err(|_| KeyError::Malformed)?;
    let key = text.strip_prefix("Bearer ").ok_or(KeyError::Malformed)?;
    if key.starts_with(PREFIX) { Ok(key) } else { Err(KeyError::Wrong) }
}

/// Where the head of a request contains a key, other than in its one correct header.
pub fn misplaced_keys(uri: &Uri, headers: &HeaderMap) -> Vec<String> {
    let in_headers = headers
        .iter()
        .filter(|(name, value)| **name != header::AUTHORIZATION && KEYS.are_in(value.as_bytes()))
        .map(|(name, _)| format!("the key in the header {name}"));
    let in_names = headers
        .keys()
        .filter(|name| KEYS.are_in(name.as_str().as_bytes()))
        .map(|_| "the key in a header's name".to_owned());
    let repeated =
        headers.get_all(header::AUTHORIZATION).iter().nth(1).map(|_| "the key in a second header".to_owned());
    let in_url = KEYS.are_in(uri.to_string().as_bytes()).then(|| "the key in the URL".to_owned());
    in_headers.chain(in_names).chain(repeated).chain(in_url).collect()
}

/// Whether a body contains such a key.
pub fn is_in_body(body: &[u8]) -> bool {
    KEYS.are_in(body)
}

/// All spellings of a text inside another one: as it is, in upper or lower case; each character plain, percent-encoded or
/// as a JSON escape; and as a part of base64 in either alphabet. `spellings` in `tests/browser/leaks.js` is the same for pages.
#[derive(Clone, Debug)]
pub struct Spellings {
    plain: Vec<u8>,
    encoded: Vec<Vec<u8>>,
}

impl Spellings {
    /// The spellings of this text.
    pub fn of(text: &str) -> Self {
        let mut encoded = Vec::new();
        for before in 0..3_usize {
            let bytes = [vec![0; before], text.as_bytes().to_vec()].concat();
            // The neighbours of the text change the characters that share bits with them.
            let middle = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
            for base64 in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                encoded.push(base64[middle.clone()].as_bytes().to_vec());
            }
        }
        encoded.sort();
        encoded.dedup();
        Self { plain: text.as_bytes().to_vec(), encoded }
    }

    /// Whether the bytes contain any of them.
    pub fn are_in(&self, bytes: &[u8]) -> bool {
        holds(bytes, &self.plain, |one, other| one.eq_ignore_ascii_case(&other))
            || self.encoded.iter().any(|base64| holds(bytes, base64, |one, other| one == other))
    }
}

/// Whether the bytes contain a text, each of its characters escaped or not.
fn holds(bytes: &[u8], text: &[u8], is_same: fn(u8, u8) -> bool) -> bool {
    let Some(first) = text.first() else { return false };
    let mut rest = bytes;
    while let Some(byte) = rest.first() {
        let may_begin = is_same(*byte, *first) || *byte == b'%' || *byte == b'\\';
        if may_begin && begins(rest, text, is_same) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

fn begins(bytes: &[u8], text: &[u8], is_same: fn(u8, u8) -> bool) -> bool {
    let mut rest = bytes;
    text.iter().all(|expected| {
        let found = character(rest).filter(|(byte, _)| is_same(*byte, *expected));
        rest = found.map_or(rest, |(_, behind)| behind);
        found.is_some()
    })
}

/// The first character without its escape, and the rest. Doubly escaped characters are read too.
fn character(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first {
        b'%' => {
            let mut rest = rest;
            while let Some(again) = rest.strip_prefix(b"25") {
                rest = again;
            }
            hexadecimal(rest)
        }
        b'\\' => {
            let mut escaped = rest;
            while let Some(again) = escaped.strip_prefix(b"\\") {
                escaped = again;
            }
            match escaped.strip_prefix(b"u00") {
                Some(digits) => hexadecimal(digits),
                None => escaped.split_first().map(|(byte, behind)| (*byte, behind)),
            }
        }
        _ => Some((*first, rest)),
    }
}

fn hexadecimal(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(2)?;
    let byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((byte, rest))
}

#[cfg(test)]
mod tests {
    use super::{Spellings, is_in_body, misplaced_keys};
    use axum::http::{HeaderMap, HeaderValue, Uri, header};
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    const KEY: &str = "sk-sim-1f?~>0";

    /// Texts that have the key, each in another spelling.
    fn planted() -> Vec<String> {
        let each = |spell: fn(u8) -> String| KEY.bytes().map(spell).collect::<String>();
        let mut texts = vec![
            KEY.to_owned(),
            KEY.to_uppercase(),
            each(|byte| format!("%{byte:02x}")),
            each(|byte| format!("%{byte:02X}")),
            each(|byte| format!("%25{byte:02X}")),
            each(|byte| format!("\\u{byte:04x}")),
            each(|byte| format!("\\u{byte:04X}")),
            each(|byte| format!("\\\\u{byte:04x}")),
            each(|byte| if byte % 2 == 0 { format!("\\u{byte:04x}") } else { format!("%{byte:02X}") }),
            KEY.replacen('s', "\\u0073", 1),
            KEY.replace('?', "%3f"),
        ];
        for before in ["", "a", "ab", "abc", "Bearer "] {
            for behind in ["", "!", "!!", "!!!"] {
                let text = format!("{before}{KEY}{behind}");
                texts.extend([STANDARD.encode(&text), URL_SAFE.encode(&text)]);
                texts.push(STANDARD.encode(&text).replace('/', "%2F").replace('+', "%2b"));
            }
        }
        texts
    }

    #[test]
    fn each_spelling_is_found() {
        let key = Spellings::of(KEY);
        for text in planted() {
            assert!(key.are_in(text.as_bytes()), "{text}");
            assert!(key.are_in(format!("before {text} behind").as_bytes()), "{text}");
            assert!(is_in_body(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_key() {
        let key = Spellings::of(KEY);
        let shorter = KEY.strip_suffix('0').unwrap_or_default();
        for text in ["", "%", "%7", "\\", "\\u00", "\\u007", "sk-sim", shorter, "sk-sim-other"] {
            assert!(!key.are_in(text.as_bytes()), "{text}");
        }
        for before in ["", "a", "ab"] {
            assert!(!key.are_in(STANDARD.encode(format!("{before}{shorter}~")).as_bytes()), "{before}");
        }
    }

    #[test]
    fn a_key_is_found_wherever_it_should_not_be() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer sk-sim-1"));
        assert!(misplaced_keys(&Uri::from_static("/v1/videos/1?x=1"), &headers).is_empty());
        headers.insert(header::REFERER, HeaderValue::from_static("http://a/?key=SK%2dsim-1"));
        assert_eq!(misplaced_keys(&Uri::from_static("/v1/c2stc2ltLTE"), &headers).len(), 2);
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer sk-sim-1"));
        headers.insert("sk-sim-1", HeaderValue::from_static("1"));
        assert_eq!(misplaced_keys(&Uri::from_static("/"), &headers).len(), 3);
    }
}
