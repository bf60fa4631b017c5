//! The fields of a request. Each type contains valid values only.

use std::fmt;

use crate::issue::{Issue, IssueCode};
use crate::task_id::TaskId;
use crate::words::words;

/// The maximum length of either prompt, in characters (Unicode code points). Source: Kling's documentation. CometAPI's schema has no
/// limit, and its translated pages still have the 500 and 200 characters that Kling allowed before September 2024.
pub const MAX_PROMPT_CHARACTERS: usize = 2500;

/// A prompt or a negative prompt: at most [`MAX_PROMPT_CHARACTERS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt(String);

impl Prompt {
    pub(super) fn check(path: &str, text: String) -> Result<Self, Issue> {
        let length = text.bytes().filter(|byte| !matches!(byte, 0x80..0xc0)).count();
        if length <= MAX_PROMPT_CHARACTERS {
            return Ok(Self(text));
        }
        let message = format!("expected at most {MAX_PROMPT_CHARACTERS} characters, found {length}; shorten it");
        Err(Issue::error(IssueCode::PromptTooLong, path, message)
            .with("limit", MAX_PROMPT_CHARACTERS)
            .with("actual", length))
    }

    /// It as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

words! {
    /// Quality and price class: `std` is 720p, `pro` 1080p. The service's default is `std`.
    Mode {
        /// 720p.
        Std = "std",
        /// 1080p.
        Pro = "pro",
    }
}

words! {
    /// Length of the video in seconds, a string in JSON. The service's default is `5`.
    Duration {
        /// 5 s.
        Five = "5",
        /// 10 s, twice the price.
        Ten = "10",
    }
}

words! {
    /// Shape of the frame.
    AspectRatio {
        /// Landscape.
        Landscape = "16:9",
        /// Portrait.
        Portrait = "9:16",
        /// Square.
        Square = "1:1",
    }
}

/// The problem of a word that is none of `words`.
pub(super) fn unknown_word(path: &str, words: &[&str], found: &str) -> Issue {
    let found: String = found.chars().take(MAX_QUOTED_CHARACTERS).collect();
    let message = format!("expected {}, found \"{found}\"", enumerate(words, " or "));
    Issue::error(IssueCode::BadValue, path, message).with("expected", enumerate(words, ", ")).with("actual", found)
}

/// How much of an unknown word is quoted.
const MAX_QUOTED_CHARACTERS: usize = 40;

/// The words with a separator.
pub fn enumerate(words: &[&str], separator: &str) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(word);
    }
    text
}

/// The name of the model. Without it, the service chooses the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelName(String);

impl ModelName {
    const MAX_BYTES: usize = 100;

    pub(super) fn check(path: &str, text: String) -> Result<Self, Issue> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            return Ok(Self(text));
        }
        let message = format!(
            "expected a model name of 1–{} visible ASCII characters; leave it out for the default",
            Self::MAX_BYTES
        );
        Err(Issue::error(IssueCode::BadValue, path, message))
    }

    /// It as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The caller's own id of a task, unique per account: 1–64 letters, digits, `-` and `_`.
///
/// The service documents no character set. These characters need no encoding in the path of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalTaskId(String);

impl ExternalTaskId {
    const MAX_BYTES: usize = 64;

    pub(super) fn check(path: &str, text: String) -> Result<Self, Issue> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
            return Ok(Self(text));
        }
        let message =
            format!("expected 1–{} letters, digits, '-' and '_'; leave it out to have one generated", Self::MAX_BYTES);
        Err(Issue::error(IssueCode::BadValue, path, message))
    }

    /// A UUID of version 4 from random bytes: 122 random bits.
    pub fn from_random(random: [u8; 16]) -> Self {
        const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
        let mut text = String::with_capacity(36);
        for (index, byte) in random.into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let byte = match index {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => byte,
            };
            text.push(digit(byte >> 4));
            text.push(digit(byte & 0x0f));
        }
        Self(text)
    }

    /// It as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&ExternalTaskId> for TaskId {
    /// The external task id, for the URL of a query.
    fn from(id: &ExternalTaskId) -> Self {
        Self(id.0.clone())
    }
}

impl fmt::Display for ExternalTaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
