//! PNG: a list of chunks, each of a length, a type, content and a checksum.

use super::exif::Exif;
use super::window::{MAX_PIECE_BYTES, Missing, Window};
use super::{Coding, ImageFormat, ImageHeader, MetadataEnd, xmp};

const SIGNATURE_LEN: u64 = 8;
/// The length of a chunk without its content: length, type, checksum.
const FRAME_LEN: u64 = 12;
/// The maximum number of the format, for edges and lengths.
const MAX_NUMBER: u32 = 0x7FFF_FFFF;
/// The last chunk, which is the same in every file.
const END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";
/// How many bytes at the end of the file are searched for the last chunk first.
const TAIL_BYTES: usize = 65_536;
const XMP: &[u8] = b"XML:com.adobe.xmp\0";

/// Reads the chunks up to the pixels, and whether the last chunk exists.
///
/// The size is unknown where libpng, which nearly all decoders use, fails: with a first chunk other than IHDR or with a wrong
/// checksum, or with an unknown critical chunk.
#[derive(Debug)]
pub(super) struct Png {
    header: ImageHeader,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Before the first chunk.
    Start,
    /// Before the pixels of an image of that size.
    Chunks((u32, u32)),
    /// Before the end of the file. The pixels begin at that position.
    Tail(u64),
    /// Between the pixels and the last chunk.
    Pixels,
}

impl Png {
    pub(super) fn new() -> Self {
        Self { header: ImageHeader::new(ImageFormat::Png), stage: Stage::Start }
    }

    /// Continues to read. At first, the window is at the start of the file.
    pub(super) fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        let has_end = loop {
            match self.stage {
                Stage::Start => {
                    let Some(first) = window.array(SIGNATURE_LEN)? else { break false };
                    if first.get(4..8) == Some(b"CgBI") {
                        self.header.coding = Coding::ApplePng;
                    }
                    let Some(size) = size(&first) else { break true };
                    self.stage = Stage::Chunks(size);
                    window.at = SIGNATURE_LEN.saturating_add(25);
                }
                Stage::Chunks((width, height)) => {
                    let end = self.chunks(window)?;
                    if !matches!(end, MetadataEnd::Damage) {
                        self.header.set_size(width, height);
                    }
                    match end {
                        MetadataEnd::Damage => break true,
                        MetadataEnd::Pixels | MetadataEnd::EndOfFile if window.is_longer() => break true,
                        MetadataEnd::EndOfFile => break self.header.has_no_pixels,
                        MetadataEnd::Pixels => {}
                    }
                    self.stage = Stage::Tail(window.at);
                    window.seek_tail(TAIL_BYTES, window.at);
                }
                Stage::Tail(pixels) => {
                    let tail = window.rest()?;
                    self.header.has_location = self.header.has_location || late_location(tail);
                    if tail.windows(END.len()).any(|bytes| bytes == END) {
                        break true;
                    }
                    self.stage = Stage::Pixels;
                    window.at = pixels;
                }
                Stage::Pixels => break pixels(window)?,
            }
        };
        self.header.is_truncated = !has_end;
        Ok(self.header)
    }

    fn chunks(&mut self, window: &mut Window) -> Result<MetadataEnd, Missing> {
        while let Some(chunk) = Chunk::read(window)? {
            match &chunk.kind {
                b"IDAT" if chunk.len == 0 => {}
                b"IDAT" => return Ok(MetadataEnd::Pixels),
                b"IEND" => {
                    // With its checksum, right or wrong. Without it, the file is truncated.
                    self.header.has_no_pixels = window.piece(window.at, END.len())?.is_some();
                    break;
                }
                b"PLTE" => {}
                b"eXIf" => {
                    // Its type, content and checksum.
                    let content = window.piece(window.at.saturating_add(4), chunk.len.saturating_add(8))?;
                    if let Some(tiff) = content.and_then(checked) {
                        self.header.add_exif(Exif::read(tiff));
                    }
                }
                b"iTXt" => {
                    let content = window.piece(window.at.saturating_add(8), chunk.len.min(MAX_PIECE_BYTES))?;
                    if let Some(xmp) = content.and_then(|content| content.strip_prefix(XMP)) {
                        self.header.has_location = self.header.has_location || xmp::has_location(xmp);
                    }
                }
                [initial, ..] if initial & 0x20 == 0 => return Ok(MetadataEnd::Damage),
                _ => {}
            }
            window.at = chunk.next;
        }
        Ok(MetadataEnd::EndOfFile)
    }
}

/// The frame of the chunk at the reader.
struct Chunk {
    len: usize,
    kind: [u8; 4],
    next: u64,
}

impl Chunk {
    fn read(window: &Window) -> Result<Option<Self>, Missing> {
        Ok(window.array(window.at)?.map(|[a, b, c, d, kind @ ..]: [u8; 8]| {
            let len = u32::from_be_bytes([a, b, c, d]);
            let next = window.at.saturating_add(FRAME_LEN).saturating_add(len.into());
            Self { len: usize::try_from(len).unwrap_or(usize::MAX), kind, next }
        }))
    }
}

/// Whether the last chunk exists after the reader. Bytes after that chunk do not matter.
fn pixels(window: &mut Window) -> Result<bool, Missing> {
    while let Some(chunk) = Chunk::read(window)? {
        if &chunk.kind == b"IEND" {
            // With its checksum, right or wrong. Without it, the file is truncated.
            return Ok(window.piece(window.at, END.len())?.is_some());
        }
        window.at = chunk.next;
    }
    Ok(false)
}

/// The size in the first chunk, if that is a valid IHDR.
fn size(first: &[u8; 25]) -> Option<(u32, u32)> {
    let content = checked(first.get(4..)?).filter(|_| first.starts_with(b"\0\0\0\x0DIHDR"))?;
    let (width, rest) = content.split_first_chunk()?;
    let (height, rest) = rest.split_first_chunk()?;
    let (width, height) = (u32::from_be_bytes(*width), u32::from_be_bytes(*height));
    // The pairs of bit depth and colour type of the standard, then compression, filter and interlacing.
    let is_known = matches!(
        rest,
        [1 | 2 | 4 | 8, 3, 0, 0, 0 | 1] | [1 | 2 | 4 | 8 | 16, 0, 0, 0, 0 | 1] | [8 | 16, 2 | 4 | 6, 0, 0, 0 | 1]
    );
    (is_known && (1..=MAX_NUMBER).contains(&width) && (1..=MAX_NUMBER).contains(&height)).then_some((width, height))
}

/// The content of a chunk, which is passed from its type to its checksum, if the checksum is right.
fn checked(chunk: &[u8]) -> Option<&[u8]> {
    let (summed, sum) = chunk.split_last_chunk()?;
    (crc32(summed) == u32::from_be_bytes(*sum)).then(|| summed.get(4..))?
}

/// The checksum of PNG, bit by bit: it is calculated for few bytes.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 0 { sum >> 1 } else { (sum >> 1) ^ 0xEDB8_8320 })
    })
}

/// Whether the end of a file contains a position. Many tools write metadata after the pixels.
fn late_location(tail: &[u8]) -> bool {
    late_exif(tail).is_some_and(|tiff| Exif::read(tiff).has_location) || xmp::has_location(tail)
}

fn late_exif(tail: &[u8]) -> Option<&[u8]> {
    let at = tail.windows(8).position(|frame| frame.ends_with(b"eXIf"))?;
    let (len, rest) = tail.get(at..)?.split_first_chunk()?;
    rest.get(4..)?.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)
}
