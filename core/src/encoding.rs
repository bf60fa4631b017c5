//! Base64 in blocks, so that memory does not grow with the image.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How many bytes of an image are encoded at a time: divisible by three, so that no block but the last is padded.
pub const BLOCK: usize = 196_608;

/// How many characters a block becomes.
pub const ENCODED_BLOCK: usize = 262_144;

/// How many bytes of an image become one part of the body: 2.25 MiB, 3 MiB encoded. Larger parts block the main thread
/// for longer than a frame, many smaller ones make the upload slow.
pub const SLICE: usize = 12 * BLOCK;

/// The length of the base64 of that many bytes.
pub fn encoded_len(bytes: u64) -> u64 {
    bytes.div_ceil(3).saturating_mul(4)
}

/// Encodes a block of at most [`BLOCK`] bytes into `out`; says how many characters it wrote.
pub fn encode_block(block: &[u8], out: &mut [u8]) -> usize {
    // The one error is a buffer too short, which writes nothing; ENCODED_BLOCK characters are enough for any block.
    STANDARD.encode_slice(block, out).unwrap_or(0)
}
