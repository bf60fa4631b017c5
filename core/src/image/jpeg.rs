//! JPEG: a list of segments, then the scans, then the end marker.

use super::exif::Exif;
use super::window::{Missing, Window};
use super::{Coding, ImageFormat, ImageHeader, MetadataEnd, xmp};

/// The start of the segment of the Exif data. One byte of padding with any value follows. A segment too short for a TIFF header is
/// ignored.
const EXIF: &[u8] = b"Exif\0";
const EXIF_LEN: usize = 6;
const TIFF_HEADER_LEN: usize = 8;
/// The start of the segment of the main XMP data. The extended XMP data has another start, and megabytes of depth maps.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// How many bytes at the end of the file are searched for the end of the image first.
const TAIL_BYTES: usize = 65_536;
/// How many bytes are searched next, for motion photos: the compressed video after the image contains the two bytes of the end marker
/// by chance, about once in 64 KiB, and a truncated scan cannot contain them.
const LONG_TAIL_BYTES: usize = 262_144;

/// Reads the segments up to the first scan, and whether the last scan ends.
///
/// It tolerates what libjpeg, which nearly all decoders use, tolerates: fill bytes, garbage between segments, any order, a segment
/// length of 0 or 1. The size is unknown where libjpeg fails: at a second frame header or start of image, at the end before the
/// first scan, at an unknown marker.
#[derive(Debug)]
pub(super) struct Jpeg {
    header: ImageHeader,
    frame: Option<(u32, u32)>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// In the segments.
    Segments,
    /// Before the end of the file. The first scan begins at that position.
    Tail(u64),
    /// Before a longer part of the end of the file.
    LongTail(u64),
    /// In the scans.
    Scans,
}

impl Jpeg {
    pub(super) fn new() -> Self {
        Self { header: ImageHeader::new(ImageFormat::Jpeg), frame: None, stage: Stage::Segments }
    }

    /// Continues to read. At first, the window is at the start of the file.
    pub(super) fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        let has_end = loop {
            match self.stage {
                Stage::Segments => {
                    window.at = window.at.max(2);
                    let end = self.segments(window)?;
                    if let (Some((width, height)), MetadataEnd::Pixels | MetadataEnd::EndOfFile) = (self.frame, &end) {
                        self.header.set_size(width, height);
                    }
                    match end {
                        MetadataEnd::Damage => break true,
                        MetadataEnd::Pixels | MetadataEnd::EndOfFile if window.is_longer() => break true,
                        MetadataEnd::EndOfFile => break false,
                        MetadataEnd::Pixels => {}
                    }
                    self.stage = Stage::Tail(window.at);
                    window.seek_tail(TAIL_BYTES, window.at);
                }
                Stage::Tail(scan) => {
                    if has_end_marker(window.rest()?) {
                        break true;
                    }
                    self.stage = Stage::LongTail(scan);
                    window.seek_tail(LONG_TAIL_BYTES, scan);
                }
                Stage::LongTail(scan) => {
                    if has_end_marker(window.rest()?) {
                        break true;
                    }
                    self.stage = Stage::Scans;
                    window.at = scan;
                }
                Stage::Scans => break scans(window)?,
            }
        };
        self.header.is_truncated = !has_end;
        Ok(self.header)
    }

    fn segments(&mut self, window: &mut Window) -> Result<MetadataEnd, Missing> {
        while let Some(marker) = window.marker()? {
            let body = window.at.saturating_add(2);
            let len = match marker {
                // Markers without content.
                0x01 | 0xD0..=0xD7 => 0,
                0xC0..=0xC7 | 0xC9..=0xCF | 0xDA..=0xDD | 0xE0..=0xEF | 0xFE => match window.array(body)? {
                    Some(len) => u16::from_be_bytes(len).max(2),
                    None => break,
                },
                _ => {
                    // The end of the image, before any scan.
                    self.header.has_no_pixels = marker == 0xD9;
                    self.header.coding = Coding::of_marker(marker).unwrap_or(self.header.coding);
                    return Ok(MetadataEnd::Damage);
                }
            };
            let content = body.saturating_add(2);
            let content_len = usize::from(len.saturating_sub(2));
            match marker {
                // Huffman tables and arithmetic conditions, with numbers between those of the frames.
                0xC4 | 0xCC => {}
                0xC0..=0xCF => {
                    let Some([bits, h1, h0, w1, w0, components]) = window.array(content)? else { break };
                    let expected = usize::from(components).saturating_mul(3).saturating_add(6);
                    if self.frame.is_some() || content_len != expected {
                        return Ok(MetadataEnd::Damage);
                    }
                    self.header.coding = Coding::of_frame(marker, bits, components);
                    self.frame = Some((u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into()));
                }
                0xE1 => match window.piece(content, content_len)? {
                    Some(content) => self.add_metadata(content),
                    None => break,
                },
                0xDA if self.frame.is_none() => return Ok(MetadataEnd::Damage),
                _ => {}
            }
            window.at = body.saturating_add(len.into());
            if marker == 0xDA {
                return Ok(MetadataEnd::Pixels);
            }
        }
        Ok(MetadataEnd::EndOfFile)
    }

    /// Adds the metadata of an application segment.
    fn add_metadata(&mut self, content: &[u8]) {
        if let Some(tiff) = exif(content) {
            self.header.add_exif(Exif::read(tiff));
        } else if content.starts_with(XMP) {
            self.header.has_location = self.header.has_location || xmp::has_location(content);
        }
    }
}

/// Whether the scans after the reader have an end.
fn scans(window: &mut Window) -> Result<bool, Missing> {
    while let Some(marker) = window.marker()? {
        let body = window.at.saturating_add(2);
        window.at = match marker {
            0xD9 => return Ok(true),
            // Tables and the headers of further scans, whose content may contain the bytes of the end marker.
            0xC0..=0xCF | 0xDA..=0xDF | 0xE0..=0xEF | 0xFE => match window.array(body)? {
                Some(len) => body.saturating_add(u16::from_be_bytes(len).into()),
                None => break,
            },
            _ => body,
        };
    }
    Ok(false)
}

/// Whether the last bytes of a file contain the end of its image. A scan cannot contain this marker. Bytes after it do not matter:
/// further images, a video, zeros.
fn has_end_marker(tail: &[u8]) -> bool {
    tail.windows(2).any(|pair| pair == [0xFF, 0xD9])
}

/// The TIFF structure of a segment with Exif data.
fn exif(segment: &[u8]) -> Option<&[u8]> {
    let tiff = segment.get(EXIF_LEN..).filter(|_| segment.starts_with(EXIF))?;
    (tiff.len() >= TIFF_HEADER_LEN).then_some(tiff)
}
