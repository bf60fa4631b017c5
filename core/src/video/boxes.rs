//! Whether an MP4 file is whole: its top-level boxes say their lengths.
//!
//! A box begins with its length, four bytes big-endian, and its type, four letters. Length 1: the length is in the eight bytes
//! after the type. Length 0: the box reaches to the end of the file. (ISO/IEC 14496-12, section 4.2)

use std::ops::Range;

/// How much of a box is read: length, type and long length.
const HEADER_BYTES: u64 = 16;
/// The shortest box: length and type.
const MIN_BOX_BYTES: u64 = 8;
/// More boxes than that are not read. A fragmented video of a minute has about a hundred.
const MAX_BOXES: u32 = 2_000;

/// What the boxes of a file say about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileEnd {
    /// The file does not begin with the box of an MP4 file.
    NotMp4,
    /// The last box, or a part of the video that must follow it, is missing.
    Cut,
    /// The last box ends where the file ends, and the video is in it.
    Whole,
    /// The last box ends where the file ends, and the video is in it, but no index: it may follow, and most players need it.
    Unindexed,
    /// The file may be whole; its boxes do not say so.
    Unknown,
}

/// The top-level boxes of a file, read one after the other.
#[derive(Debug, Default)]
pub struct Boxes {
    /// The length of the file, in bytes.
    length: u64,
    /// Where the next box begins.
    at: u64,
    /// How many boxes were read.
    count: u32,
    has_movie: bool,
    has_media: bool,
    is_fragmented: bool,
    /// The type of the last box that was read.
    last: [u8; 4],
}

impl Boxes {
    /// The boxes of a file of `length` bytes.
    pub fn new(length: u64) -> Self {
        Self { length, ..Self::default() }
    }

    /// Where the header of the next box is.
    pub fn next_header(&self) -> Range<u64> {
        self.at..self.at.saturating_add(HEADER_BYTES).min(self.length)
    }

    /// Takes the header of the next box. Returns what the boxes say, once they do.
    pub fn take(&mut self, header: &[u8]) -> Option<FileEnd> {
        self.count = self.count.saturating_add(1);
        self.step(header).or_else(|| (self.count == MAX_BOXES).then_some(FileEnd::Unknown))
    }

    fn step(&mut self, header: &[u8]) -> Option<FileEnd> {
        let kind = header.get(4..8).and_then(<[u8]>::first_chunk::<4>);
        if self.at == 0 {
            if kind != Some(b"ftyp") {
                return Some(FileEnd::NotMp4);
            }
        } else if self.at == self.length {
            return Some(self.at_the_end());
        }
        let Some(kind) = kind else { return Some(self.in_the_tail(FileEnd::Cut)) };
        if !kind.iter().all(|letter| (0x20..0x7f).contains(letter) || *letter == 0xa9) {
            return Some(self.in_the_tail(FileEnd::Unknown));
        }
        let size = match be_u32(header) {
            0 => return Some(FileEnd::Unknown),
            1 => be_u64(header.get(8..16)),
            size => Some(u64::from(size)),
        };
        // A header that is cut says no length.
        let Some(size) = size else { return Some(FileEnd::Cut) };
        if size < MIN_BOX_BYTES {
            return Some(self.in_the_tail(FileEnd::Unknown));
        }
        self.last = *kind;
        self.is_fragmented |= kind == b"moof";
        self.has_movie |= kind == b"moov";
        self.has_media |= kind == b"mdat";
        self.at = self.at.saturating_add(size);
        (self.at > self.length).then_some(FileEnd::Cut)
    }

    /// The last box ended with the file.
    fn at_the_end(&self) -> FileEnd {
        if !self.has_media || &self.last == b"moof" {
            FileEnd::Cut
        } else if self.is_fragmented {
            // More fragments may be missing.
            FileEnd::Unknown
        } else if self.has_movie {
            FileEnd::Whole
        } else {
            FileEnd::Unindexed
        }
    }

    /// What follows the last box is no box. A player does not need it.
    fn in_the_tail(&self, otherwise: FileEnd) -> FileEnd {
        let is_complete = self.has_movie && self.has_media && !self.is_fragmented;
        if is_complete { FileEnd::Whole } else { otherwise }
    }
}

fn be_u32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().copied().map_or(0, u32::from_be_bytes)
}

fn be_u64(bytes: Option<&[u8]>) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes?.first_chunk()?))
}
