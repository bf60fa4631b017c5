//! One window that moves over a file, so that the readers of formats are synchronous and read little.
//!
//! A reader keeps its position in [`Window::at`] and reads from there on. Bytes outside the window are [`Missing`]: the reader
//! returns that error, the window moves to its position, and the reader starts again from there. Each window is twice as long as
//! the one before, up to 1 MiB.
//!
//! Bytes beyond [`limits::MAX_IMAGE_BYTES`] are not read, because no larger file is accepted. So any file takes at most 21 reads:
//! four until the windows are 1 MiB long, fourteen for the rest (each moves by at least 768 KiB, because no piece is longer than
//! [`MAX_PIECE_BYTES`]), two of the end, and one to come back from there.

use super::limits;

/// The length of the first window: enough for Exif data with its thumbnail, a colour profile and the tables of a JPEG.
const FIRST_WINDOW_BYTES: u64 = 131_072;
/// A file up to this size is read at once, because its end would take a second read.
const MAX_WHOLE_BYTES: u64 = 196_608;
/// The maximum length of a window. The memory of WebAssembly never shrinks.
const MAX_WINDOW_BYTES: u64 = 1_048_576;
/// The maximum length of a piece. A segment of a JPEG has at most 65,533 bytes.
pub(super) const MAX_PIECE_BYTES: usize = 262_144;

/// The window does not contain bytes that a reader needs. It must end at least here, in bytes from the start of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing(u64);

/// A file, of which one window is in memory.
#[derive(Debug)]
pub(super) struct Window {
    /// The position of the reader. It needs no bytes before it any more.
    pub(super) at: u64,
    /// The end of the bytes that can be read.
    end: u64,
    /// Whether the file is longer than `end`.
    is_longer: bool,
    start: u64,
    bytes: Vec<u8>,
    next: u64,
}

impl Window {
    pub(super) fn new(len: u64) -> Self {
        let next = if len <= MAX_WHOLE_BYTES { MAX_WHOLE_BYTES } else { FIRST_WINDOW_BYTES };
        let end = len.min(limits::MAX_IMAGE_BYTES);
        Self { at: 0, end, is_longer: len > end, start: 0, bytes: Vec::new(), next }
    }

    /// Moves the reader to the last `count` bytes, but not before `floor`.
    pub(super) fn seek_tail(&mut self, count: usize, floor: u64) {
        self.at = self.end.saturating_sub(wide(count)).max(floor);
    }

    /// Whether the file ends before that position. Unknown, so `false`, for a position beyond the part that is read.
    pub(super) fn ends_before(&self, to: u64) -> bool {
        to > self.end && !self.is_longer
    }

    /// Whether the file is longer than the part that is read.
    pub(super) fn is_longer(&self) -> bool {
        self.is_longer
    }

    /// Moves the window to the reader. Returns the range to read. Its bytes are dropped first, so that memory holds one window at
    /// most.
    pub(super) fn move_for(&mut self, Missing(to): Missing) -> std::ops::Range<u64> {
        self.bytes = Vec::new();
        self.start = self.at;
        let to = self.at.saturating_add(self.next).max(to).min(self.end);
        self.next = self.next.saturating_mul(2).min(MAX_WINDOW_BYTES);
        self.at..to
    }

    /// Fills the window with bytes that were read, up to `to`. If there are fewer, the file ends there.
    pub(super) fn fill(&mut self, mut bytes: Vec<u8>, to: u64) {
        bytes.truncate(usize::try_from(to.saturating_sub(self.start)).unwrap_or(usize::MAX));
        let got = self.start.saturating_add(wide(bytes.len()));
        if got < to {
            self.end = got;
            self.is_longer = false;
        }
        self.bytes = bytes;
    }

    /// The start of the file; empty only if the file is.
    pub(super) fn head(&self) -> Result<&[u8], Missing> {
        if self.end > 0 && self.bytes.is_empty() { Err(Missing(1)) } else { Ok(&self.bytes) }
    }

    /// The `count` bytes from `from` on; `None` if the file ends before, or if they are more than [`MAX_PIECE_BYTES`].
    pub(super) fn piece(&self, from: u64, count: usize) -> Result<Option<&[u8]>, Missing> {
        let to = from.saturating_add(wide(count));
        if count == 0 {
            return Ok(Some(&[]));
        }
        if count > MAX_PIECE_BYTES || to > self.end {
            return Ok(None);
        }
        self.loaded(from).and_then(|bytes| bytes.get(..count)).map(Some).ok_or(Missing(to))
    }

    /// The `N` bytes from `from` on; `None` if the file ends before.
    pub(super) fn array<const N: usize>(&self, from: u64) -> Result<Option<[u8; N]>, Missing> {
        Ok(self.piece(from, N)?.and_then(|bytes| bytes.try_into().ok()))
    }

    /// The bytes from the reader to the end, at most [`MAX_PIECE_BYTES`].
    pub(super) fn rest(&self) -> Result<&[u8], Missing> {
        let count = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        Ok(self.piece(self.at, count.min(MAX_PIECE_BYTES))?.unwrap_or_default())
    }

    /// Moves the reader to the next marker of a JPEG: a 0xFF without a fill byte or a stuffed zero after it. `None` if there is none.
    pub(super) fn marker(&mut self) -> Result<Option<u8>, Missing> {
        let bytes = self.loaded(self.at).unwrap_or_default();
        let found = bytes.windows(2).zip(self.at..).find_map(|(pair, at)| match pair {
            [0xFF, marker @ 0x01..=0xFE] => Some((*marker, at)),
            _ => None,
        });
        // The last byte may be the first half of a marker.
        let last = self.at.saturating_add(wide(bytes.len().saturating_sub(1)));
        self.at = found.map_or(last, |(_, at)| at);
        let to = self.at.saturating_add(2);
        match found {
            Some((marker, _)) => Ok(Some(marker)),
            None if to > self.end => Ok(None),
            None => Err(Missing(to)),
        }
    }

    /// The bytes of the window from `from` on, if it contains that position.
    fn loaded(&self, from: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(from.checked_sub(self.start)?).ok()?..)
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
