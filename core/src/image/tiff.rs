//! TIFF: a directory anywhere in the file, with the size and the places of everything else.

use super::exif::{Field, Tiff as Part};
use super::window::{MAX_PIECE_BYTES, Missing, Window};
use super::{ImageFormat, ImageHeader};

const KIND: u16 = 0x00FE;
const REDUCED: u32 = 1;
const WIDTH: u16 = 0x0100;
const HEIGHT: u16 = 0x0101;

/// Reads the first directory, and the position if that is near it. A `BigTIFF`, which has another structure, has no size.
///
/// In the raw formats of some cameras the first directory belongs to a thumbnail: then the size is unknown.
#[derive(Debug)]
pub(super) struct Tiff {
    /// Its byte order, and the offset of the first directory.
    directory: Option<(bool, u32)>,
}

impl Tiff {
    pub(super) fn new() -> Self {
        Self { directory: None }
    }

    /// Continues to read. At first, the window is at the start of the file.
    pub(super) fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        let mut header = ImageHeader::new(ImageFormat::Tiff);
        if self.directory.is_none() {
            let Some((part, first)) = Part::new(window.head()?) else { return Ok(header) };
            self.directory = Some((part.big_endian, first));
            // Most programs write the directory at the end, and its values before it or after it.
            window.seek_tail(MAX_PIECE_BYTES, 0);
            window.at = window.at.min(first.into());
        }
        if let Some((big_endian, first)) = self.directory {
            let bytes = window.rest()?;
            let part = Part { bytes, start: u32::try_from(window.at).unwrap_or(u32::MAX), big_endian };
            header.add_exif(part.exif(first));
            let number = |tag| part.fields(first).find_map(|field: Field<'_>| field.number(tag));
            if number(KIND) != Some(REDUCED)
                && let (Some(width), Some(height)) = (number(WIDTH), number(HEIGHT))
            {
                header.set_size(width, height);
            }
            let count = part.at(first).and_then(|directory| directory.short(0)).unwrap_or(0);
            let len = u64::from(count).saturating_mul(12).saturating_add(2);
            header.is_truncated = window.ends_before(len.saturating_add(first.into()));
        }
        Ok(header)
    }
}
