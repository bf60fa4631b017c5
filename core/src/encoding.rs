//! Base64 in blocks, so that memory does not grow with the image.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::plain::count;

/// The size of a block. It is divisible by three, so that only the last block is padded.
pub const BLOCK_BYTES: usize = 196_608;

/// The size of an encoded block.
pub const ENCODED_BLOCK_BYTES: usize = 262_144;

/// The size of the part of an image that becomes one part of the body: 1.5 MiB, 2 MiB encoded. Each is encoded in one task of the
/// main thread, from a buffer of WebAssembly memory, which never shrinks. Many smaller parts slow down the upload.
pub const SLICE_BYTES: usize = 8 * BLOCK_BYTES;

/// The size of an encoded slice.
pub const ENCODED_SLICE_BYTES: usize = 8 * ENCODED_BLOCK_BYTES;

/// How many slices are read at the same time, one of which is being encoded.
pub const MAX_READS: usize = 6;

/// The slices of files, one after the other.
#[derive(Debug, Default)]
pub struct Slices {
    file: usize,
    start: u64,
}

impl Slices {
    /// The next slice: the index of its file, and its range. `length` returns the length of a file; `None` after the last one.
    pub fn next(&mut self, length: impl Fn(usize) -> Option<u64>) -> Option<(usize, Range<u64>)> {
        loop {
            let length = length(self.file)?;
            let start = self.start;
            if start < length {
                self.start = start.saturating_add(count(SLICE_BYTES)).min(length);
                return Some((self.file, start..self.start));
            }
            self.file = self.file.saturating_add(1);
            self.start = 0;
        }
    }
}

/// The length of the base64 of that many bytes.
pub fn encoded_len(bytes: u64) -> u64 {
    bytes.div_ceil(3).saturating_mul(4)
}

/// Encodes a block of at most [`BLOCK_BYTES`] into `out`. Returns the number of bytes written.
pub fn encode_block(block: &[u8], out: &mut [u8]) -> usize {
    // It fails only if `out` is too short. ENCODED_BLOCK_BYTES are enough for any block.
    STANDARD.encode_slice(block, out).unwrap_or(0)
}
