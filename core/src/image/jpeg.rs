//! JPEG: a list of segments, then the scans, then the end marker.

use super::exif::Exif;
use super::window::{Missing, Window};
use super::{ImageFormat, ImageHeader, Walk, xmp};

/// What the segment of the Exif data begins with; a byte of padding of any value follows. A segment too short for a TIFF
/// header is none.
const EXIF: &[u8] = b"Exif\0";
const EXIF_LEN: usize = 6;
const TIFF_HEADER_LEN: usize = 8;
/// What the segment of the main XMP data begins with. The extended one begins otherwise, and is megabytes of depth maps.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// How far from the end of the file the end of the picture is looked for, bytes, before all of it is read.
const TAIL: u64 = 65_536;
/// The same for motion photos: in the compressed video behind the picture the two bytes of the end marker turn up by chance,
/// once in 64 KiB or so, and in a scan that is cut off they cannot turn up at all.
const LONG_TAIL: u64 = 262_144;

/// Reads the segments up to the first scan, and whether the last scan ends.
///
/// Tolerated is what libjpeg, and so nearly everybody, tolerates: fill bytes, garbage between segments, any order, a segment
/// length of 0 or 1. Where it gives up (a second frame header or start of image, the end before the first scan, a marker
/// that has no meaning), there is no size.
#[derive(Debug)]
pub(super) struct Jpeg {
    header: ImageHeader,
    frame: Option<(u32, u32)>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// On the way through the segments.
    Segments,
    /// Before the last bytes; the first scan begins at the place named.
    Tail(u64),
    /// Before more of the last bytes.
    LongTail(u64),
    /// On the way through the scans.
    Scans,
}

impl Jpeg {
    pub(super) fn new() -> Self {
        Self { header: ImageHeader::new(ImageFormat::Jpeg), frame: None, stage: Stage::Segments }
    }

    /// Reads on. Begins with the window at the start of the file.
    pub(super) fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        let has_end = loop {
            match self.stage {
                Stage::Segments => {
                    window.at = window.at.max(2);
                    let walk = self.segments(window)?;
                    if let (Some((width, height)), Walk::Pixels | Walk::End) = (self.frame, &walk) {
                        self.header.set_size(width, height);
                    }
                    match walk {
                        Walk::Damaged => break true,
                        _ if window.goes_on() => break true,
                        Walk::End => break false,
                        Walk::Pixels => {}
                    }
                    self.stage = Stage::Tail(window.at);
                    window.seek_tail(TAIL, window.at);
                }
                Stage::Tail(scan) => {
                    if has_end_marker(window.rest()?) {
                        break true;
                    }
                    self.stage = Stage::LongTail(scan);
                    window.seek_tail(LONG_TAIL, scan);
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
        self.header.truncated = !has_end;
        Ok(self.header)
    }

    fn segments(&mut self, window: &mut Window) -> Result<Walk, Missing> {
        while let Some(marker) = window.marker()? {
            let body = window.at.saturating_add(2);
            let len = match marker {
                // Those that stand alone.
                0x01 | 0xD0..=0xD7 => 0,
                0xC0..=0xC7 | 0xC9..=0xCF | 0xDA..=0xDD | 0xE0..=0xEF | 0xFE => match window.array(body)? {
                    Some(len) => u16::from_be_bytes(len).max(2),
                    None => break,
                },
                _ => return Ok(Walk::Damaged),
            };
            let content = body.saturating_add(2);
            let content_len = usize::from(len.saturating_sub(2));
            match marker {
                // Huffman tables and arithmetic conditions, whose numbers lie between those of the frames.
                0xC4 | 0xCC => {}
                0xC0..=0xCF => {
                    let Some([_, h1, h0, w1, w0, components]) = window.array(content)? else { break };
                    let expected = usize::from(components).saturating_mul(3).saturating_add(6);
                    if self.frame.is_some() || content_len != expected {
                        return Ok(Walk::Damaged);
                    }
                    self.frame = Some((u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into()));
                }
                0xE1 => match window.piece(content, content_len)? {
                    Some(content) => self.application(content),
                    None => break,
                },
                0xDA if self.frame.is_none() => return Ok(Walk::Damaged),
                _ => {}
            }
            window.at = body.saturating_add(len.into());
            if marker == 0xDA {
                return Ok(Walk::Pixels);
            }
        }
        Ok(Walk::End)
    }

    /// Takes what a segment for applications says.
    fn application(&mut self, content: &[u8]) {
        if let Some(tiff) = exif(content) {
            self.header.take(Exif::read(tiff));
        } else if content.starts_with(XMP) {
            self.header.has_location = self.header.has_location || xmp::has_location(content);
        }
    }
}

/// Whether the scans, on from the reader's place, come to an end.
fn scans(window: &mut Window) -> Result<bool, Missing> {
    while let Some(marker) = window.marker()? {
        let body = window.at.saturating_add(2);
        window.at = match marker {
            0xD9 => return Ok(true),
            // Tables and the headers of further scans, in whose content the end marker would be none.
            0xC0..=0xCF | 0xDA..=0xDF | 0xE0..=0xEF | 0xFE => match window.array(body)? {
                Some(len) => body.saturating_add(u16::from_be_bytes(len).into()),
                None => break,
            },
            _ => body,
        };
    }
    Ok(false)
}

/// Whether the last bytes of a file hold the end of its picture. In a scan, a 0xFF is always followed by something else;
/// what follows the end does not matter: further pictures, a video, zeros.
fn has_end_marker(tail: &[u8]) -> bool {
    tail.windows(2).any(|pair| pair == [0xFF, 0xD9])
}

/// The TIFF structure in a segment, if that is one with Exif data.
fn exif(segment: &[u8]) -> Option<&[u8]> {
    let tiff = segment.get(EXIF_LEN..).filter(|_| segment.starts_with(EXIF))?;
    (tiff.len() >= TIFF_HEADER_LEN).then_some(tiff)
}
