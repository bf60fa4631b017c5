//! Base64 in blocks, so that memory does not grow with the image.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The size of a block. It is divisible by three, so that only the last block is padded.
pub const BLOCK_BYTES: usize = 196_608;

/// The size of an encoded block.
pub const ENCODED_BLOCK_BYTES: usize = 262_144;

/// The size of the part of an image that becomes one part of the body: 2.25 MiB, 3 MiB encoded. Larger parts block the main
/// thread for longer than a frame, and many smaller ones slow down the upload.
pub const SLICE_BYTES: usize = 12 * BLOCK_BYTES;

/// The length of the base64 of that many bytes.
pub fn encoded_len(bytes: u64) -> u64 {
    bytes.div_ceil(3).saturating_mul(4)
}

/// Encodes a block of at most [`BLOCK_BYTES`] into `out`. Returns the number of bytes written.
pub fn encode_block(block: &[u8], out: &mut [u8]) -> usize {
    // It fails only if `out` is too short. ENCODED_BLOCK_BYTES are enough for any block.
    STANDARD.encode_slice(block, out).unwrap_or(0)
}
