//! Recognises formats by their first bytes.

use super::ImageFormat;

/// The brands of HEIF files with HEVC images, or with images of any codec.
const HEIC: [&[u8; 4]; 10] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"];
/// The brands of HEIF files with AV1 images. Files of both kinds may have `mif1` as their first brand.
const AVIF: [&[u8; 4]; 2] = [b"avif", b"avis"];
/// The lengths of the headers of BMP files. The two bytes of the signature alone are too few to recognise a file.
const BMP_HEADERS: [u32; 8] = [12, 16, 40, 52, 56, 64, 108, 124];

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
        [b'B', b'M', ..] if little(head, 14).is_some_and(|len| BMP_HEADERS.contains(&len)) => ImageFormat::Bmp,
        [a, b, c, d, b'f', b't', b'y', b'p', ..] => of_brands(head, u32::from_be_bytes([*a, *b, *c, *d])),
        _ => ImageFormat::Unknown,
    }
}

/// The size of an image, in a format that has it at a fixed place.
///
/// WebP, AVIF, HEIC and TIFF do not, and have an orientation.
pub(super) fn fixed_size(format: ImageFormat, head: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = match format {
        ImageFormat::Gif => halves(little(head, 6)?),
        ImageFormat::Bmp if little(head, 14)? == 12 => halves(little(head, 18)?),
        // A negative height means that the rows come from top to bottom.
        ImageFormat::Bmp => (little(head, 18)?, i32::from_le_bytes(little(head, 22)?.to_le_bytes()).unsigned_abs()),
        ImageFormat::Jpeg
        | ImageFormat::Png
        | ImageFormat::Webp
        | ImageFormat::Avif
        | ImageFormat::Heic
        | ImageFormat::Tiff
        | ImageFormat::Unknown => return None,
    };
    (width > 0 && height > 0).then_some((width, height))
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

fn little(head: &[u8], at: usize) -> Option<u32> {
    head.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Two numbers of 16 bits, the lower first.
fn halves(both: u32) -> (u32, u32) {
    (both & 0xFFFF, both >> 16)
}
