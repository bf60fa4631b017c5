//! Recognises formats by their first bytes.

use super::{ImageFormat, bmp};

/// The brands of HEIF files with HEVC images, or with images of any codec.
const HEIC: [&[u8; 4]; 10] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"];
/// The brands of HEIF files with AV1 images. Files of both kinds may have `mif1` as their first brand.
const AVIF: [&[u8; 4]; 2] = [b"avif", b"avis"];

/// The format of a file with these first bytes. A kilobyte is enough.
pub(super) fn recognise(head: &[u8]) -> ImageFormat {
    match head {
        // With the third byte, as in browsers: a marker always follows the start of an image.
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => ImageFormat::Png,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => ImageFormat::Webp,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => ImageFormat::Gif,
        // 42, and 43 for BigTIFF.
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => ImageFormat::Tiff,
        _ if bmp::is_bmp(head) => ImageFormat::Bmp,
        [a, b, c, d, b'f', b't', b'y', b'p', ..] => of_brands(head, u32::from_be_bytes([*a, *b, *c, *d])),
        _ => ImageFormat::Unknown,
    }
}

/// The format by the brands of an ISO media file: the first is at 8, the compatible ones are from 16 to the end of the box.
fn of_brands(head: &[u8], len: u32) -> ImageFormat {
    let len = usize::try_from(len).unwrap_or(usize::MAX).clamp(12, 1024);
    let known = |brands: &[&[u8; 4]]| {
        let words = head.get(8..len.min(head.len())).unwrap_or_default().chunks_exact(4);
        // The second word is the version of the first brand.
        words.enumerate().any(|(at, word)| at != 1 && brands.iter().any(|brand| *brand == word))
    };
    if known(&AVIF) {
        ImageFormat::Avif
    } else if known(&HEIC) {
        ImageFormat::Heic
    } else {
        ImageFormat::Unknown
    }
}
