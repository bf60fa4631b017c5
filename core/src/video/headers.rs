//! What the headers of a response say about the bytes in its body.

/// The headers that count bytes, where the host lets a page read them. A page of another origin mostly reads the length alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LengthHeaders {
    /// `Content-Length`: the length of the body as it was sent, which may be compressed.
    pub content_length: Option<String>,
    /// `Content-Encoding`: whether it is compressed.
    pub content_encoding: Option<String>,
    /// `Content-Range`: which part of the file the body is.
    pub content_range: Option<String>,
}

/// What those headers say, in bytes of the video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// The length of the body.
    pub length: Option<u64>,
    /// The first byte of the part.
    pub first: Option<u64>,
    /// The length of the whole video.
    pub total: Option<u64>,
    /// A header contradicts every part of a video: its range makes no sense, or it counts compressed bytes.
    pub is_no_part: bool,
}

impl LengthHeaders {
    /// Parses the headers.
    pub fn announced(&self) -> Announced {
        if self.content_encoding.as_deref().is_some_and(is_compressed) {
            return Announced { is_no_part: true, ..Announced::default() };
        }
        let length = self.content_length.as_deref().and_then(number);
        let Some(range) = &self.content_range else { return Announced { length, ..Announced::default() } };
        match content_range(range) {
            Some((first, total)) => Announced { length, first: Some(first), total, is_no_part: false },
            None => Announced { length, is_no_part: true, ..Announced::default() },
        }
    }
}

impl Announced {
    /// Whether the body of a partial response can begin with byte `from`.
    pub fn may_begin_at(&self, from: u64) -> bool {
        !self.is_no_part && self.first.is_none_or(|first| first == from)
    }
}

fn is_compressed(encoding: &str) -> bool {
    !encoding.trim().is_empty() && !encoding.trim().eq_ignore_ascii_case("identity")
}

/// The first byte and the total of `bytes 0-99/300`. A `*` stands for an unknown total.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (first, rest) = text.trim().strip_prefix("bytes ")?.split_once('-')?;
    let (_, total) = rest.split_once('/')?;
    Some((number(first)?, number(total)))
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}
