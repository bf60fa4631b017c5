//! GIF: a screen, then blocks, the first image among them, then the trailer.

use super::window::{Missing, Window};
use super::{ImageFormat, ImageHeader};

/// The length of signature and screen.
const SCREEN_LEN: u64 = 13;

/// Reads the blocks up to the first image.
#[derive(Debug)]
pub(super) struct Gif {
    header: ImageHeader,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// At the start of the file.
    Screen,
    /// Before a block. The screen has this size.
    Blocks((u32, u32)),
    /// In an extension, before a part of its content.
    Extension((u32, u32)),
}

impl Gif {
    pub(super) fn new() -> Self {
        Self { header: ImageHeader::new(ImageFormat::Gif), stage: Stage::Screen }
    }

    /// Continues to read. At first, the window is at the start of the file.
    pub(super) fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        let (width, height) = loop {
            match self.stage {
                Stage::Screen => {
                    let Some([_, _, _, _, _, _, size @ ..]) = window.array::<10>(0)? else { break (0, 0) };
                    self.stage = Stage::Blocks(edges(size));
                    let palette = window.array(10)?.map_or(0, |[flags]| palette_len(flags));
                    window.at = SCREEN_LEN.saturating_add(palette);
                }
                Stage::Blocks(screen) => match window.array(window.at)? {
                    Some([b'!']) => {
                        self.stage = Stage::Extension(screen);
                        window.at = window.at.saturating_add(2);
                    }
                    Some([b',']) => {
                        let place = window.array::<8>(window.at.saturating_add(1))?;
                        break place.map_or(screen, |place| with_first_image(screen, place));
                    }
                    // The trailer, the end of the file, or damage.
                    _ => break screen,
                },
                Stage::Extension(screen) => {
                    let len = window.array(window.at)?.map_or(0, |[len]: [u8; 1]| len);
                    window.at = window.at.saturating_add(1).saturating_add(len.into());
                    if len == 0 {
                        self.stage = Stage::Blocks(screen);
                    }
                }
            }
        };
        self.header.set_size(width, height);
        Ok(self.header)
    }
}

/// The screen, enlarged to contain the first image, whose place is its left and upper edge, its width and its height.
fn with_first_image((width, height): (u32, u32), place: [u8; 8]) -> (u32, u32) {
    let [l0, l1, u0, u1, size @ ..] = place;
    let ((left, upper), (image_width, image_height)) = (edges([l0, l1, u0, u1]), edges(size));
    (width.max(left.saturating_add(image_width)), height.max(upper.saturating_add(image_height)))
}

/// Two numbers of 16 bits, the lower byte first.
fn edges([a0, a1, b0, b1]: [u8; 4]) -> (u32, u32) {
    (u16::from_le_bytes([a0, a1]).into(), u16::from_le_bytes([b0, b1]).into())
}

/// The length of the palette that follows, of three bytes a colour.
fn palette_len(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 6 << (flags & 7) }
}
