//! BMP: a header of fixed places.

use super::window::Window;
use super::{ImageFormat, ImageHeader};

/// The length of the header of OS/2 1, which has 16 bits for each edge.
const SHORT_HEADER_LEN: u32 = 12;

/// Whether these bytes begin a BMP file. The two bytes of the signature alone are too few to recognise a file; the length of the
/// header is checked too.
pub(super) fn is_bmp(head: &[u8]) -> bool {
    head.starts_with(b"BM") && matches!(little(head, 14), Some(SHORT_HEADER_LEN | 16..=64 | 108 | 124))
}

/// The header of a BMP file with these first bytes, which say how long the file is.
pub(super) fn read(window: &Window, head: &[u8]) -> ImageHeader {
    let is_truncated = little(head, 2).is_some_and(|len| window.ends_before(len.into()));
    ImageHeader { size: size(head), is_truncated, ..ImageHeader::new(ImageFormat::Bmp) }
}

/// The size of a BMP file with these first bytes.
///
/// Browsers refuse a negative width. A negative height means that the rows come from top to bottom.
fn size(head: &[u8]) -> Option<(u32, u32)> {
    let edge = |at| little(head, at).map(u32::cast_signed)?.checked_abs();
    let (width, height) = if little(head, 14)? == SHORT_HEADER_LEN {
        let both = little(head, 18)?;
        (both & 0xFFFF, both >> 16)
    } else {
        (little(head, 18).filter(|width| width.cast_signed() > 0)?, edge(22)?.unsigned_abs())
    };
    (width > 0 && height > 0).then_some((width, height))
}

fn little(head: &[u8], at: usize) -> Option<u32> {
    head.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
