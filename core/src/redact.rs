//! Removes an API key from a text, in every spelling of the key.
//!
//! A response may quote the key within a URL, inside a JSON string inside a JSON string. The search therefore works on the
//! text before anything parses it, and decodes one character after the other. The spellings of `s`, which may be mixed:
//!
//! | Spelling                       | Where it comes from                                |
//! |--------------------------------|----------------------------------------------------|
//! | `%73`, `%252573`, `%25%37%33`  | percent-encoded once or more often                 |
//! | `\u0073`, `\\\u0073`           | a JSON string, alone or within another one         |
//! | `\s`, `\\\s`                   | the same; `/` and `"` are written in this way      |
//! | `%5Cu0073`, `\u002573`         | a percent-encoded JSON string, and the reverse     |
//!
//! The same holds for the key in base64, in either alphabet, alone or within other bytes. A key that contains `%` or `\` is
//! always found as it is, but encoded only where its own characters do not read as an escape together with the next ones.
//! The time is linear in the length of the text.

use crate::encoding::encode_block;

/// What stands in the place of a key.
pub const PLACEHOLDER: &str = "[key]";

/// The length from which a key is a secret. Relays may know callers by shorter words, which may be part of any word.
const MIN_SECRET_BYTES: usize = 8;

/// How deep escapes are read whose digits are escapes themselves.
const MAX_DEPTH: u32 = 4;

/// How many backslashes before a character and decodings of it are read. JSON strings within each other, five deep, have 31
/// backslashes; `%2525…` is decoded once for each `25`. An even number leaves no half of an escaped backslash.
const MAX_STEPS: u32 = 40;

/// Whether a part of the text was a key.
pub(crate) fn is_redacted(text: &str) -> bool {
    text.as_bytes().windows(PLACEHOLDER.len()).any(|part| part == PLACEHOLDER.as_bytes())
}

/// Finds and removes a set of keys.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "it holds keys")]
pub struct Redactor {
    needles: Vec<Needle>,
    /// The different characters that the needles begin with.
    firsts: Vec<char>,
}

/// What is searched for: a key or its base64.
struct Needle {
    /// Decoded in the same way as the text.
    chars: Vec<char>,
    /// No spelling is shorter.
    min_bytes: usize,
    /// [`MAX_DEPTH`], or 0 for a key as it is.
    depth: u32,
}

/// One character of a text, decoded.
struct Unit {
    value: char,
    /// Where the backslashes before the character end.
    run_end: usize,
    end: usize,
}

impl Redactor {
    /// Adds a key of visible ASCII characters. Keys shorter than 8 characters are ignored.
    #[must_use]
    pub fn with(mut self, key: &str) -> Self {
        if key.len() < MIN_SECRET_BYTES {
            return self;
        }
        self.add(key.as_bytes(), MAX_DEPTH);
        if key.contains(['\\', '%']) {
            self.add(key.as_bytes(), 0);
        }
        // The key may begin at one of three places in a group of base64. What also depends on other bytes is left out.
        for (before, shared) in [(0, 0), (1, 2), (2, 3)] {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(key.as_bytes());
            let whole = bytes.len().saturating_mul(4) / 3;
            // Longer than any base64 of these bytes.
            let mut encoded = vec![0; bytes.len().saturating_mul(2).saturating_add(4)];
            encode_block(&bytes, &mut encoded);
            self.add(encoded.get(shared..whole).unwrap_or_default(), MAX_DEPTH);
        }
        self
    }

    fn add(&mut self, bytes: &[u8], depth: u32) {
        let (mut chars, mut at) = (Vec::new(), 0);
        while let Some(unit) = Unit::read(bytes, at, depth) {
            chars.push(unit.value);
            at = unit.end;
        }
        self.firsts.extend(chars.first().filter(|first| !self.firsts.contains(first)));
        self.needles.push(Needle { chars, min_bytes: bytes.len(), depth });
    }

    /// Whether the text contains one of the keys.
    pub fn finds(&self, text: &str) -> bool {
        self.next_key(text.as_bytes(), 0).is_some()
    }

    /// The text with [`PLACEHOLDER`] in place of each key. JSON stays JSON.
    pub fn redact(&self, text: String) -> String {
        let (mut redacted, mut copied) = (String::new(), 0);
        while let Some((start, end)) = self.next_key(text.as_bytes(), copied) {
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
        // The last escape, and where it begins.
        let (mut escape_start, mut escape) = (from, Unit { value: '\\', run_end: from, end: from });
        for at in from..text.len() {
            let plain = Unit::read(text, at, 0)?.value;
            let mut may_begin = self.firsts.contains(&plain);
            let is_escape = matches!(plain, '\\' | '%');
            // The backslashes of a run come before the same character, so it is read from the first one only.
            let is_within_run = is_escape && at < escape.run_end;
            if is_escape && !is_within_run {
                (escape_start, escape) = (at, Unit::read(text, at, MAX_DEPTH)?);
                may_begin |= self.firsts.contains(&escape.value);
            }
            let needles = self.needles.iter().filter(|needle| needle.depth == 0 || !is_within_run);
            if may_begin && let Some(end) = needles.filter_map(|needle| needle.end(text, at)).max() {
                // A key may begin with the last digits of an escape, and half an escape is not valid JSON.
                return Some((if at < escape.end { escape_start } else { at }, end));
            }
        }
        None
    }
}

impl Needle {
    /// Where the needle ends in the text, if it begins there.
    fn end(&self, text: &[u8], start: usize) -> Option<usize> {
        let (mut at, mut end) = (start, None);
        for wanted in &self.chars {
            let unit = Unit::read(text, at, self.depth).filter(|unit| unit.value == *wanted)?;
            at = unit.end;
            // Backslashes at the end of a key stay in the text: they may escape the next character.
            if unit.value != '\\' {
                end = Some(at);
            }
        }
        end.filter(|_| at.saturating_sub(start) >= self.min_bytes)
    }
}

impl Unit {
    /// The character at that place; as it is if the depth is 0.
    fn read(text: &[u8], at: usize, depth: u32) -> Option<Self> {
        let byte = |at: usize| Some(Self { value: char::from(*text.get(at)?), run_end: at, end: at.saturating_add(1) });
        let (mut unit, mut is_escaped) = (byte(at)?, false);
        for _ in 0..MAX_STEPS {
            let digits = match unit.value {
                _ if depth == 0 => break,
                '\\' => {
                    let Some(next) = byte(unit.end) else { break };
                    (unit, is_escaped) = (next, true);
                    continue;
                }
                '%' => 2,
                'u' if is_escaped => 4,
                _ => break,
            };
            let decoded = (0..digits).try_fold((0, unit.end), |(code, at), _| {
                let digit = Self::read(text, at, depth.saturating_sub(1))?;
                Some((code << 4 | digit.value.to_digit(16)?, digit.end))
            });
            let Some((code, end)) = decoded else { break };
            is_escaped &= unit.value != 'u';
            // Half a surrogate pair is no character, but it is an escape.
            (unit.value, unit.end) = (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), end);
        }
        // Both alphabets of base64 count as the same, even in a key: a text that only differs in these is no loss.
        unit.value = match unit.value {
            '-' => '+',
            '_' => '/',
            other => other,
        };
        Some(unit)
    }
}
