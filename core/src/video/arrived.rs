//! How much of a video has arrived, and whether that is all of it.

use super::{Announced, FileEnd};

/// After this many clean ends at the same byte a host is not asked for the rest again.
const MAX_SAME_ENDS: u32 = 3;

/// How much of a video has arrived from one source, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// How many bytes are held.
    pub loaded: u64,
    /// The first byte that the last response added.
    from: u64,
    /// The length of the whole video, as announced. It may count something else: compressed bytes, for example.
    total: Option<u64>,
    /// The host sent a part of the video without being asked for a part.
    is_part: bool,
    /// Where the last response ended, and whether it ended cleanly.
    last_end: (u64, bool),
    /// How many responses in a row ended there.
    same_ends: u32,
}

/// What the end of a response means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The video is whole.
    Whole,
    /// The rest is missing.
    Missing,
    /// The host does not send the rest.
    GivenUp,
    /// This is not an MP4 file.
    NotAVideo,
}

impl Arrived {
    /// Takes the head of a response whose body begins with byte `from`: a partial one, or one with the whole video.
    pub fn begin(&mut self, from: u64, is_partial: bool, announced: &Announced) {
        (self.loaded, self.from) = (from, from);
        if from == 0 {
            self.is_part = is_partial;
            self.total = if is_partial { announced.total } else { announced.length };
        } else {
            // The rest ends with the video, except at a host that sends parts as it likes.
            let length = announced.length.filter(|_| !self.is_part);
            let total = announced.total.or_else(|| from.checked_add(length?));
            self.total = self.total.max(total);
        }
    }

    /// The announced length of the video, unless it is shorter than `loaded`.
    pub fn total(&self, loaded: u64) -> Option<u64> {
        self.total.filter(|total| loaded <= *total)
    }

    /// Whether the last response continued the earlier ones, and ended cleanly without a new byte.
    pub fn is_stuck(&self) -> bool {
        self.from > 0 && self.last_end.1 && self.same_ends > 1
    }

    /// Judges the end of a response. The boxes of the file decide; where they do not say it, the announced length does, unless
    /// the host ends twice at the same byte: then that length counts something else.
    pub fn judge(&mut self, end: FileEnd, is_clean: bool) -> Verdict {
        let here = (self.loaded, is_clean);
        self.same_ends = if self.last_end == here { self.same_ends.saturating_add(1) } else { 1 };
        self.last_end = here;
        let is_repeated = self.same_ends > 1;
        let is_complete = self.total.map_or(!self.is_part, |total| self.loaded >= total);
        match end {
            FileEnd::Whole if is_clean || is_repeated || self.total == Some(self.loaded) => Verdict::Whole,
            // A browser reports an error if fewer bytes came than `Content-Length` says, unless that counts compressed bytes.
            FileEnd::Unindexed if is_clean && !self.is_part => Verdict::Whole,
            FileEnd::Unindexed | FileEnd::Unknown
                if is_clean && (is_complete || is_repeated && !self.ends_a_part()) =>
            {
                Verdict::Whole
            }
            FileEnd::NotMp4 if is_clean && (is_complete || is_repeated) => Verdict::NotAVideo,
            _ if is_clean && self.same_ends >= MAX_SAME_ENDS => Verdict::GivenUp,
            _ => Verdict::Missing,
        }
    }

    /// Whether the last response was a part that was not asked for: it ends where the host likes.
    fn ends_a_part(&self) -> bool {
        self.is_part && self.from == 0
    }
}
