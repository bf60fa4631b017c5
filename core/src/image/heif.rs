//! AVIF and HEIC: boxes, of which `meta` describes the items: images, tiles, metadata. One image is the primary item.
//!
//! A box begins with its length, four bytes, and its type. Length 1: the length is in the eight bytes after the type. Length 0:
//! the box reaches to the end. (ISO/IEC 14496-12, section 4.2, and 23008-12)

use super::window::{Missing, Window};
use super::{ImageFormat, ImageHeader};

/// The length of the version and the flags at the start of many boxes.
const VERSION_LEN: usize = 4;

/// Reads the properties of the primary item, and whether the last box is whole.
///
/// The size is that of `ispe`, which a grid of tiles has too, then cropped by `clap` and turned by `irot`. The orientation in the
/// Exif data has no effect.
#[derive(Debug)]
pub(super) struct Heif {
    header: ImageHeader,
    /// Whether the first `meta` box was read.
    has_meta: bool,
    /// Whether there is a box of pixels.
    has_pixels: bool,
}

impl Heif {
    pub(super) fn new(format: ImageFormat) -> Self {
        Self { header: ImageHeader::new(format), has_meta: false, has_pixels: false }
    }

    /// Continues to read. At first, the window is at the start of the file.
    pub(super) fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        loop {
            let mut header = window.piece(window.at, 16)?;
            if header.is_none() {
                header = window.piece(window.at, 8)?;
            }
            let Some((kind, header_len, len)) = header.and_then(start) else {
                let is_complete = self.has_meta && self.has_pixels;
                self.header.is_truncated |= !is_complete && !window.is_longer();
                return Ok(self.header);
            };
            self.has_pixels |= &kind == b"mdat";
            if &kind == b"meta" && !self.has_meta {
                let meta = window.piece(window.at, usize::try_from(len).unwrap_or(usize::MAX))?;
                if let Some(meta) = meta.and_then(|meta| meta.get(header_len.saturating_add(VERSION_LEN)..)) {
                    self.header.size = size(meta, self.header.format);
                    self.has_pixels |= child(meta, *b"idat").is_some();
                }
                self.has_meta = true;
            }
            let end = window.at.saturating_add(len);
            self.header.is_truncated = len < u64::MAX && window.ends_before(end);
            window.at = end;
        }
    }
}

/// The displayed size of the primary item.
fn size(meta: &[u8], format: ImageFormat) -> Option<(u32, u32)> {
    let pitm = &mut child(meta, *b"pitm")?;
    let len = id_len(pitm);
    let primary = number(pitm, len);
    let iprp = child(meta, *b"iprp")?;
    let ipco = child(iprp, *b"ipco")?;
    let mut boxes = iprp;
    // Usually one box has the properties of all items.
    let (ipma, is_long) = &mut loop {
        let (kind, content) = next_box(&mut boxes)?;
        if &kind == b"ipma"
            && let Some(found) = associations(content, primary)
        {
            break found;
        }
    };
    let (mut size, mut crop, mut is_turned) = (None, None, false);
    for _ in 0..number(ipma, 1) {
        // The highest bit says that the property is essential.
        let index = if *is_long { number(ipma, 2) & 0x7FFF } else { number(ipma, 1) & 0x7F };
        let mut properties = ipco;
        match (0..index).map_while(|_| next_box(&mut properties)).last() {
            Some((kind, mut ispe)) if &kind == b"ispe" => {
                number(&mut ispe, VERSION_LEN);
                size = Some((number(&mut ispe, 4), number(&mut ispe, 4)));
            }
            Some((kind, clap)) if &kind == b"clap" => crop = Some(clap),
            Some((kind, [angle, ..])) if &kind == b"irot" => is_turned = angle & 1 == 1,
            _ => {}
        }
    }
    let (width, height) = size.map(|size| crop.and_then(|clap| cropped(clap, size, format)).unwrap_or(size))?;
    let (width, height) = if is_turned { (height, width) } else { (width, height) };
    (width > 0 && height > 0).then_some((width, height))
}

/// The numbers of the properties of an item, if this `ipma` box has that item, and whether each number is long.
fn associations(mut ipma: &[u8], item: u32) -> Option<(&[u8], bool)> {
    let is_long = ipma.get(3)? & 1 == 1;
    let id_len = id_len(&mut ipma);
    number(&mut ipma, 4);
    while !ipma.is_empty() {
        if number(&mut ipma, id_len) == item {
            return Some((ipma, is_long));
        }
        for _ in 0..number(&mut ipma, 1) {
            number(&mut ipma, if is_long { 2 } else { 1 });
        }
    }
    None
}

/// The size of a crop. Chromium crops an AVIF only at its right and lower edge, where encoders fill the last tile; programs that show
/// HEIC crop all edges.
fn cropped(mut clap: &[u8], (width, height): (u32, u32), format: ImageFormat) -> Option<(u32, u32)> {
    // Fractions: width, height, distance from the centre.
    let [w, by_w, h, by_h, x, by_x, y, by_y] = std::array::from_fn(|_| number(&mut clap, 4));
    let edge = |edge: u32, by: u32, stored: u32, distance: u32, distance_by: u32| {
        let edge = edge.checked_div(by).filter(|edge| (1..=stored).contains(edge))?;
        let twice = distance.cast_signed().checked_mul(2)?.checked_div(distance_by.cast_signed())?;
        let is_applied = format == ImageFormat::Heic || twice == edge.wrapping_sub(stored).cast_signed();
        is_applied.then_some(edge)
    };
    Some((edge(w, by_w, width, x, by_x)?, edge(h, by_h, height, y, by_y)?))
}

/// Type, length of the header and length of the box that begins with these bytes. A box that reaches to the end has the maximum length.
fn start(mut bytes: &[u8]) -> Option<([u8; 4], usize, u64)> {
    let bytes = &mut bytes;
    let short = number(bytes, 4);
    let (kind, mut rest) = bytes.split_first_chunk()?;
    let (header_len, len) = match short {
        0 => (8, u64::MAX),
        1 => (16, u64::from(number(&mut rest, 4)) << 32 | u64::from(number(&mut rest, 4))),
        _ => (8, short.into()),
    };
    (len >= header_len).then_some((*kind, usize::try_from(header_len).ok()?, len))
}

/// Takes a box: its type and its content, which may be cut.
fn next_box<'a>(bytes: &mut &'a [u8]) -> Option<([u8; 4], &'a [u8])> {
    let (kind, header_len, len) = start(bytes)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len());
    let (whole, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some((kind, whole.get(header_len..)?))
}

fn child(mut bytes: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    while let Some((found, content)) = next_box(&mut bytes) {
        if found == kind {
            return Some(content);
        }
    }
    None
}

/// Takes a number of `len` bytes, the highest first; all bytes and 0 if there are fewer.
fn number(bytes: &mut &[u8], len: usize) -> u32 {
    let (number, rest) = bytes.split_at_checked(len).unwrap_or_default();
    *bytes = rest;
    number.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Takes version and flags. Returns the length of the ids of items.
fn id_len(bytes: &mut &[u8]) -> usize {
    if number(bytes, VERSION_LEN) >> 24 == 0 { 2 } else { 4 }
}
