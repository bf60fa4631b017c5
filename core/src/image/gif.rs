//! GIF: a screen, then blocks, the first image among them, then the trailer.

use super::window::{Missing, Window};
use super::{ImageFormat, ImageHeader};

/// The length of signature and screen.
const SCREEN_LEN: u64 = 13;
/// The end of the last image, then the trailer.
const END: &[u8] = b"\0;";
/// How many bytes at the end of the file may contain them. Compressed pixels contain them by chance, once in 64 KiB.
const MAX_END_BYTES: usize = 64;

/// Reads the blocks up to the first image.
#[derive(Debug)]
pub(super) struct Gif {
    screen: (u32, u32),
    /// Whether the reader is in an extension, before a part of its content.
    is_in_extension: bool,
}

impl Gif {
    pub(super) fn new() -> Self {
        Self { screen: (0, 0), is_in_extension: false }
    }

    /// Continues to read. At first, the window is at the start of the file.
    pub(super) fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        if window.at == 0 {
            let head = window.head()?;
            self.screen = head.get(6..).and_then(<[u8]>::first_chunk).map_or((0, 0), |size| edges(*size));
            window.at = SCREEN_LEN.saturating_add(head.get(10).map_or(0, |flags| palette_len(*flags)));
        }
        while let Some([byte]) = window.piece(window.at, 1)? {
            let len = match byte {
                _ if self.is_in_extension => {
                    self.is_in_extension = *byte != 0;
                    u64::from(*byte).saturating_add(1)
                }
                b'!' => {
                    self.is_in_extension = true;
                    2
                }
                b',' => {
                    if let Some(place) = window.array(window.at.saturating_add(1))? {
                        self.enlarge(place);
                    }
                    break;
                }
                _ => break,
            };
            window.at = window.at.saturating_add(len);
        }
        let mut header = ImageHeader::new(ImageFormat::Gif);
        header.set_size(self.screen.0, self.screen.1);
        Ok(header)
    }

    /// Enlarges the screen, so that it contains the first image, whose place is its left and upper edge, its width and its height.
    fn enlarge(&mut self, [l0, l1, u0, u1, size @ ..]: [u8; 8]) {
        let ((left, upper), (width, height)) = (edges([l0, l1, u0, u1]), edges(size));
        self.screen = (self.screen.0.max(left.saturating_add(width)), self.screen.1.max(upper.saturating_add(height)));
    }
}

/// Whether a GIF with these last bytes has an end.
pub(super) fn has_end(tail: &[u8]) -> bool {
    let last = tail.rchunks(MAX_END_BYTES).next().unwrap_or_default();
    last.windows(END.len()).any(|bytes| bytes == END)
}

/// Two numbers of 16 bits, the lower byte first.
fn edges([a0, a1, b0, b1]: [u8; 4]) -> (u32, u32) {
    (u16::from_le_bytes([a0, a1]).into(), u16::from_le_bytes([b0, b1]).into())
}

/// The length of the palette that follows, of three bytes a colour.
fn palette_len(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 6 << (flags & 7) }
}
