//! A file seen through one window that moves over it, so that readers of formats need no `async` and little is read.
//!
//! A reader keeps its place in [`Window::at`] and asks for what it needs from there on. Where that is not in the window it
//! is given [`Missing`], which it passes up; the window then moves to its place, and it starts over from there. Each window
//! is twice as long as the one before, up to 1 MiB.
//!
//! Nothing is read beyond [`limits::MAX_IMAGE_BYTES`], because no larger file is accepted. So whatever is in a file, it takes at
//! most 21 reads: four until the windows are 1 MiB long, fourteen for the rest (each steps on by 768 KiB at least, because
//! no piece that makes a window move early is longer than [`PIECE`]), two of the tail, and one to come back from there.

use super::limits;

/// The first window, bytes: Exif data with its thumbnail, a colour profile and the tables of a JPEG fit.
const FIRST: u64 = 131_072;
/// A file up to this size is read at once, because its tail would cost a second read.
const WHOLE: u64 = 196_608;
/// The longest window, bytes: what is read stays in memory, and in WebAssembly memory never shrinks.
const LONGEST: u64 = 1_048_576;
/// The longest piece that is handed out, bytes. One segment of a JPEG has at most 65,533.
pub(super) const PIECE: usize = 262_144;

/// The window must reach this far from the start of the file, bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing(u64);

/// A file, of which one window is in memory.
#[derive(Debug)]
pub(super) struct Window {
    /// Where the reader is. Nothing before it is needed any more.
    pub(super) at: u64,
    /// Where the data ends, as far as is known.
    end: u64,
    /// Whether the file goes on where `end` says that it ends.
    beyond: bool,
    start: u64,
    bytes: Vec<u8>,
    next: u64,
}

impl Window {
    pub(super) fn new(len: u64) -> Self {
        let next = if len <= WHOLE { WHOLE } else { FIRST };
        let end = len.min(limits::MAX_IMAGE_BYTES);
        Self { at: 0, end, beyond: len > end, start: 0, bytes: Vec::new(), next }
    }

    /// Moves the reader to the last `count` bytes of the data, but not before `floor`.
    pub(super) fn seek_tail(&mut self, count: u64, floor: u64) {
        self.at = self.end.saturating_sub(count).max(floor);
    }

    /// Whether the file is longer than what is looked at.
    pub(super) fn goes_on(&self) -> bool {
        self.beyond
    }

    /// Moves to the reader's place: what to read for it. Drops what was there, so that there are never two in memory.
    pub(super) fn move_for(&mut self, Missing(to): Missing) -> std::ops::Range<u64> {
        self.bytes = Vec::new();
        self.start = self.at;
        let to = self.at.saturating_add(self.next).max(to).min(self.end);
        self.next = self.next.saturating_mul(2).min(LONGEST);
        self.at..to
    }

    /// Takes what was read, up to `to`. Less than that is the end of the data.
    pub(super) fn fill(&mut self, mut bytes: Vec<u8>, to: u64) {
        bytes.truncate(usize::try_from(to.saturating_sub(self.start)).unwrap_or(usize::MAX));
        let got = self.start.saturating_add(wide(bytes.len()));
        if got < to {
            self.end = got;
            self.beyond = false;
        }
        self.bytes = bytes;
    }

    /// The beginning of the file; empty only when the file is.
    pub(super) fn head(&self) -> Result<&[u8], Missing> {
        if self.end > 0 && self.bytes.is_empty() { Err(Missing(1)) } else { Ok(&self.bytes) }
    }

    /// The `count` bytes from `from` on; none where the data ends before, or when that is more than [`PIECE`].
    pub(super) fn piece(&self, from: u64, count: usize) -> Result<Option<&[u8]>, Missing> {
        let to = from.saturating_add(wide(count));
        if count == 0 {
            return Ok(Some(&[]));
        }
        if count > PIECE || to > self.end {
            return Ok(None);
        }
        self.loaded(from).and_then(|bytes| bytes.get(..count)).map(Some).ok_or(Missing(to))
    }

    /// The `N` bytes from `from` on; none where the data ends before.
    pub(super) fn array<const N: usize>(&self, from: u64) -> Result<Option<[u8; N]>, Missing> {
        Ok(self.piece(from, N)?.and_then(|bytes| bytes.try_into().ok()))
    }

    /// From the reader's place to the end of the data, if that is no more than [`PIECE`].
    pub(super) fn rest(&self) -> Result<&[u8], Missing> {
        let count = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        Ok(self.piece(self.at, count)?.unwrap_or_default())
    }

    /// Moves the reader to the next marker of a JPEG: a 0xFF, then neither a fill byte nor a stuffed zero. None if none is left.
    pub(super) fn marker(&mut self) -> Result<Option<u8>, Missing> {
        let bytes = self.loaded(self.at).unwrap_or_default();
        let found = bytes.windows(2).zip(self.at..).find_map(|(pair, at)| match pair {
            [0xFF, marker @ 0x01..=0xFE] => Some((*marker, at)),
            _ => None,
        });
        // Without one, the last byte may still be its first half.
        let last = self.at.saturating_add(wide(bytes.len().saturating_sub(1)));
        self.at = found.map_or(last, |(_, at)| at);
        let to = self.at.saturating_add(2);
        match found {
            Some((marker, _)) => Ok(Some(marker)),
            None if to > self.end => Ok(None),
            None => Err(Missing(to)),
        }
    }

    /// What of the window stands at `from` and after, if that is inside it.
    fn loaded(&self, from: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(from.checked_sub(self.start)?).ok()?..)
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
