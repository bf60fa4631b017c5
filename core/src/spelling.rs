//! Words in any spelling: case and separators do not count, so that `TIMED_OUT`, `timed-out` and `timedOut` are one word.

/// The letters and digits of a text, in lower case.
pub(crate) fn letters(text: &str) -> impl Iterator<Item = u8> + '_ {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    text.bytes().filter(is_letter).map(|byte| byte.to_ascii_lowercase())
}

/// Whether a text contains one of these words. They are in lower case, without separators, with a space between two.
pub(crate) fn contains_any(text: &str, words: &str) -> bool {
    let text: Vec<u8> = letters(text).collect();
    words.split(' ').any(|word| text.windows(word.len()).any(|part| part == word.as_bytes()))
}
