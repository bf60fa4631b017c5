//! Removes an API key from a text, however the text spells the key.
//!
//! A response may repeat the key as it is, percent-encoded, JSON-escaped, in base64, or in a mixture of these: an error
//! page quotes a URL that holds a header, inside a JSON string inside a JSON string. The search therefore works on the text
//! before anything parses it. At each place it reads one character after 0, 1, 2 and 3 decodings, and compares each result
//! with the next character of the key.
//!
//! The time is linear in the length of the text: each place costs at most a fixed number of steps.

use std::{fmt, mem};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What stands in the place of a key.
pub const PLACEHOLDER: &str = "[key]";

/// Whether a part of the text was a key.
pub(crate) fn is_redacted(text: &str) -> bool {
    text.contains(PLACEHOLDER)
}

/// How many encodings on top of each other are read: a percent-encoded JSON escape of a percent-encoded character has three.
/// Repeated percent-encoding (`%2525…`) has no limit of its own.
const MAX_LAYERS: u32 = 3;

/// How many backslashes before a character are read as one escape: JSON strings within each other, five deep, have 31.
const MAX_BACKSLASHES: u32 = 32;

const BACKSLASH: u32 = 0x5c;
const PERCENT: u32 = 0x25;
const LETTER_U: u32 = 0x75;
const HYPHEN: u32 = 0x2d;
const UNDERSCORE: u32 = 0x5f;

/// The length from which a key is a secret. Relays may know callers by shorter words, which may be part of any word.
const MIN_SECRET_BYTES: usize = 8;

/// Finds and removes a set of keys.
#[derive(Debug, Default)]
pub struct Redactor(Vec<Needle>);

/// What is searched for.
struct Needle {
    bytes: Vec<u8>,
    /// Whether `-` and `_` of the URL-safe alphabet stand for `+` and `/`.
    is_base64: bool,
}

/// One character of a text after some decodings.
#[derive(Clone, Copy)]
struct Unit {
    value: u32,
    /// Where the next one begins.
    end: usize,
}

impl Redactor {
    /// Adds a key of visible ASCII characters. Keys shorter than 8 characters are ignored.
    #[must_use]
    pub fn with(mut self, key: &str) -> Self {
        if key.len() < MIN_SECRET_BYTES {
            return self;
        }
        self.0.push(Needle { bytes: key.as_bytes().to_vec(), is_base64: false });
        // A group of base64 is three bytes, so the key may begin at one of three places in its group.
        for (bytes_before, shared) in [(0, 0), (1, 2), (2, 3)] {
            let mut longer = vec![0_u8; bytes_before];
            longer.extend_from_slice(key.as_bytes());
            let mut encoded = STANDARD_NO_PAD.encode(&longer).into_bytes();
            if longer.len().checked_rem(3) != Some(0) {
                // Its last character also depends on what follows the key.
                encoded.pop();
            }
            let bytes = encoded.split_off(shared);
            self.0.push(Needle { bytes, is_base64: true });
        }
        self
    }

    /// Whether the text contains one of the keys.
    pub fn finds(&self, text: &str) -> bool {
        self.next_key(text.as_bytes(), 0).is_some()
    }

    /// The text with [`PLACEHOLDER`] in place of each key. JSON stays JSON.
    pub fn redact(&self, text: String) -> String {
        let bytes = text.as_bytes();
        let mut redacted = String::new();
        let mut copied = 0;
        while let Some((start, end)) = self.next_key(bytes, copied) {
            let start = escape_start(bytes, copied, start);
            redacted.push_str(text.get(copied..start).unwrap_or_default());
            redacted.push_str(PLACEHOLDER);
            copied = end;
        }
        if copied == 0 {
            return text;
        }
        redacted.push_str(text.get(copied..).unwrap_or_default());
        redacted
    }

    /// Where the next key begins and ends.
    fn next_key(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let firsts = self.firsts();
        let is_first = |value: u32| usize::try_from(value).ok().and_then(|value| firsts.get(value)) == Some(&true);
        let reads_within_runs = is_first(BACKSLASH);
        let mut run_end = 0;
        for (at, byte) in text.iter().enumerate().skip(from) {
            let may_begin = if !is_escape(*byte) {
                is_first((*byte).into())
            } else if at < run_end && !reads_within_runs {
                // A run of backslashes is read from its first one, unless a key begins with one itself.
                false
            } else {
                run_end = backslashes(text, at);
                Unit::readings(text, at).any(|unit| is_first(unit.value))
            };
            if may_begin && let Some(end) = self.0.iter().filter_map(|needle| needle.matches(text, at)).max() {
                return Some((at, end));
            }
        }
        None
    }

    /// Which characters a needle begins with.
    fn firsts(&self) -> [bool; 128] {
        let mut firsts = [false; 128];
        for (value, is_first) in (0_u32..).zip(&mut firsts) {
            *is_first = self.0.iter().any(|needle| needle.is_same_at(0, value));
        }
        firsts
    }
}

impl fmt::Debug for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Needle(…)")
    }
}

impl Needle {
    /// Where the needle ends in the text, if it begins there.
    fn matches(&self, text: &[u8], at: usize) -> Option<usize> {
        let (mut at, mut begun) = (at, 0_usize);
        // Nearly all of a text is plain.
        while let Some(byte) = text.get(at).filter(|byte| !is_escape(**byte) && begun < self.bytes.len()) {
            if !self.is_same_at(begun, (*byte).into()) {
                return None;
            }
            (at, begun) = (at.saturating_add(1), begun.saturating_add(1));
        }
        if begun < self.bytes.len() && !Unit::readings(text, at).any(|unit| self.is_same_at(begun, unit.value)) {
            return None;
        }
        // Different decodings may end at different places: a key may contain `%` or `\` itself.
        let (mut ends, mut next) = (vec![at], Vec::new());
        for index in begun..self.bytes.len() {
            next.clear();
            for unit in ends.iter().flat_map(|at| Unit::readings(text, *at)) {
                if self.is_same_at(index, unit.value) && !next.contains(&unit.end) {
                    next.push(unit.end);
                }
            }
            if next.is_empty() {
                return None;
            }
            mem::swap(&mut ends, &mut next);
        }
        let mut end = ends.into_iter().max()?;
        if self.bytes.last() == Some(&b'\\') {
            // Half of an escaped backslash would escape what follows.
            while text.get(end) == Some(&b'\\') {
                end = end.saturating_add(1);
            }
        }
        Some(end)
    }

    fn is_same_at(&self, index: usize, value: u32) -> bool {
        let Some(wanted) = self.bytes.get(index).copied() else { return false };
        let is_url_safe = |plain, safe| self.is_base64 && wanted == plain && value == safe;
        u32::from(wanted) == value || is_url_safe(b'+', HYPHEN) || is_url_safe(b'/', UNDERSCORE)
    }
}

impl Unit {
    /// What may stand at that place: its character after each number of decodings.
    fn readings(text: &[u8], at: usize) -> impl Iterator<Item = Self> {
        let is_plain = text.get(at).is_none_or(|byte| !is_escape(*byte));
        let most = if is_plain { 0 } else { MAX_LAYERS };
        let after = if is_plain { at } else { backslashes(text, at) };
        let letter = (after > at && text.get(after) == Some(&b'u'))
            // It looks like `\u0041`, but may be an escaped backslash before a plain `u0041`.
            .then_some(Self { value: LETTER_U, end: after.saturating_add(1) });
        let backslash = if after > at { Self::backslash(text, at) } else { None };
        let read = move |layers| Self::read_past(text, at, after, layers);
        (0..=most).filter_map(read).chain(backslash).chain(letter)
    }

    /// The character at that place after so many decodings.
    fn read(text: &[u8], at: usize, layers: u32) -> Option<Self> {
        let is_plain = layers == 0 || text.get(at).is_none_or(|byte| !is_escape(*byte));
        Self::read_past(text, at, if is_plain { at } else { backslashes(text, at) }, layers)
    }

    /// The same, where a run of backslashes ends at `after`.
    fn read_past(text: &[u8], at: usize, after: usize, layers: u32) -> Option<Self> {
        let byte = *text.get(at)?;
        let Some(below) = layers.checked_sub(1).filter(|_| is_escape(byte)) else {
            return Some(Self { value: byte.into(), end: at.saturating_add(1) });
        };
        let mut unit = Self::read(text, after, below)?;
        if after > at && unit.value == LETTER_U {
            unit = Self::hexadecimal(text, unit.end, 4, below).unwrap_or(unit);
        }
        while unit.value == PERCENT {
            let Some(decoded) = Self::hexadecimal(text, unit.end, 2, below) else { break };
            unit = decoded;
            // A key may contain `%` itself.
            if layers < MAX_LAYERS {
                break;
            }
        }
        Some(unit)
    }

    /// One backslash, plain or encoded.
    fn backslash(text: &[u8], at: usize) -> Option<Self> {
        let rest = text.get(at..)?;
        let starts =
            |rest: &[u8], word: &[u8]| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let mut length = match rest.first()? {
            b'%' => 1,
            b'\\' if starts(rest, b"\\u005c") => return Some(Self { value: BACKSLASH, end: at.saturating_add(6) }),
            b'\\' if starts(rest, b"\\u0025") => 6,
            b'\\' => return Some(Self { value: BACKSLASH, end: at.saturating_add(1) }),
            _ => return None,
        };
        while starts(rest.get(length..)?, b"25") {
            length = length.saturating_add(2);
        }
        let is_plain = starts(rest, b"\\");
        match (starts(rest.get(length..)?, b"5c"), is_plain) {
            (true, _) => Some(Self { value: BACKSLASH, end: at.saturating_add(length).saturating_add(2) }),
            (false, true) => Some(Self { value: BACKSLASH, end: at.saturating_add(1) }),
            (false, false) => None,
        }
    }

    fn hexadecimal(text: &[u8], at: usize, digits: u32, layers: u32) -> Option<Self> {
        let mut decoded = Self { value: 0, end: at };
        for _ in 0..digits {
            let digit = Self::read(text, decoded.end, layers)?;
            decoded = Self { value: decoded.value << 4 | char::from_u32(digit.value)?.to_digit(16)?, end: digit.end };
        }
        Some(decoded)
    }
}

/// Where the run of backslashes ends that begins at that place. Of a longer one it is read in parts.
fn backslashes(text: &[u8], at: usize) -> usize {
    let mut end = at;
    for _ in 0..MAX_BACKSLASHES {
        let Some(next) = Unit::backslash(text, end) else { break };
        end = next.end;
    }
    end
}

fn is_escape(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%')
}

/// Where the JSON escape begins that the place is in the middle of: what is left of one would make a text no JSON.
fn escape_start(text: &[u8], from: usize, at: usize) -> usize {
    const LONGEST_REST: usize = 5;
    let before = text.get(from..at).unwrap_or_default();
    let Some(back) = before.iter().rev().take(LONGEST_REST).position(|byte| *byte == b'\\') else { return at };
    let begun = before.len().checked_sub(back).and_then(|start| before.get(start..)).unwrap_or_default();
    let is_begun = match begun.split_first() {
        None => true,
        Some((first, digits)) => *first == b'u' && digits.iter().all(u8::is_ascii_hexdigit),
    };
    if !is_begun {
        return at;
    }
    let run = before.iter().rev().skip(back).take_while(|byte| **byte == b'\\').count();
    at.saturating_sub(back).saturating_sub(run)
}
