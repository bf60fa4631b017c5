//! WebP: a RIFF file of chunks, each of a type, a length and content. No browser applies the orientation in its Exif data.

use super::window::Window;
use super::{ImageFormat, ImageHeader};

/// The header of a WebP file with these first bytes, which say how long the file is.
pub(super) fn read(window: &Window, head: &[u8]) -> ImageHeader {
    let len = head.get(4..).and_then(<[u8]>::first_chunk).map_or(0, |len| u32::from_le_bytes(*len));
    ImageHeader {
        size: head.get(12..).and_then(size).filter(|(width, height)| *width > 0 && *height > 0),
        is_truncated: window.ends_before(u64::from(len).saturating_add(8)),
        ..ImageHeader::new(ImageFormat::Webp)
    }
}

/// The size in the first chunk: that of the canvas, or that of the only image, lossless or not.
fn size(chunk: &[u8]) -> Option<(u32, u32)> {
    match chunk {
        [b'V', b'P', b'8', b'X', _, _, _, _, _, _, _, _, w0, w1, w2, h0, h1, h2, ..] => {
            let edge = |bytes| u32::from_le_bytes(bytes).saturating_add(1);
            Some((edge([*w0, *w1, *w2, 0]), edge([*h0, *h1, *h2, 0])))
        }
        [b'V', b'P', b'8', b'L', _, _, _, _, 0x2F, a, b, c, d, ..] => {
            let bits = u32::from_le_bytes([*a, *b, *c, *d]);
            Some(((bits & 0x3FFF).saturating_add(1), (bits >> 14 & 0x3FFF).saturating_add(1)))
        }
        // The two highest bits of each edge are a scale that no decoder applies.
        [b'V', b'P', b'8', b' ', _, _, _, _, _, _, _, 0x9D, 1, 0x2A, w0, w1, h0, h1, ..] => {
            let edge = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3FFF);
            Some((edge([*w0, *w1]), edge([*h0, *h1])))
        }
        _ => None,
    }
}
