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

/// Decodes base64 that comes in pieces of any length. White space is skipped, missing padding is tolerated.
///
/// The library's decoder takes whole texts only, and would be a fortieth of the module for a path that few take.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Six for each character that waits for the rest of its group of four.
    bits: u32,
    pending: u8,
    padded: bool,
}

/// The text is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBase64;

impl Decoder {
    /// Appends the bytes of the next piece to `out`.
    ///
    /// # Errors
    ///
    /// [`NotBase64`] for a character outside the standard alphabet, and for anything after the padding.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), NotBase64> {
        for &byte in piece {
            let value = match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0c => continue,
                b'=' => {
                    self.padded = true;
                    continue;
                }
                _ if self.padded => return Err(NotBase64),
                b'A'..=b'Z' => byte.wrapping_sub(b'A'),
                b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
                b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
                b'+' => 62,
                b'/' => 63,
                _ => return Err(NotBase64),
            };
            self.bits = self.bits << 6 | u32::from(value);
            self.pending = self.pending.wrapping_add(1);
            if self.pending == 4 {
                let [_, first, second, third] = self.bits.to_be_bytes();
                out.extend_from_slice(&[first, second, third]);
                (self.bits, self.pending) = (0, 0);
            }
        }
        Ok(())
    }

    /// Appends the bytes of the last, shorter group.
    ///
    /// # Errors
    ///
    /// [`NotBase64`] when the text ends where no base64 can end, or with bits that stand for nothing.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), NotBase64> {
        let [_, first, second, third] = match self.pending {
            0 => return Ok(()),
            2 => self.bits << 12,
            3 => self.bits << 6,
            _ => return Err(NotBase64),
        }
        .to_be_bytes();
        match (self.pending, second, third) {
            (2, 0, 0) => out.push(first),
            (3, _, 0) => out.extend_from_slice(&[first, second]),
            _ => return Err(NotBase64),
        }
        Ok(())
    }
}
