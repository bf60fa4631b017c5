//! What the bytes of a picture say about it: format, size as displayed, whether it is whole, whether it tells a place.
//!
//! [`read_header`] reads, [`check()`] judges. Nothing is decoded and nothing is believed but the content: a name or a media
//! type says what somebody thought, and the service refuses by content too, minutes after it was paid for.
//!
//! # As displayed
//!
//! The size is the one in pixels after the orientation in the Exif data is applied, as `<img>` does in Chromium 156 and
//! Firefox 153. Both were asked with some 170 pictures. They agree on this, and so does this module:
//!
//! - orientations 5 to 8 swap the edges, in either byte order, in JPEG and in PNG (`eXIf`) alike;
//! - the tag must be a single SHORT: any other type or count is no orientation, nor is 0 or 9;
//! - the first Exif segment counts, even when it names no orientation and a later one does;
//! - in a PNG the `eXIf` chunk must precede the pixels, its checksum must be right, and it must hold bare TIFF;
//! - XMP, `zTXt` profiles, the directory of the thumbnail, and Exif after the start of a scan turn nothing.
//!
//! Where they differ (two orientations in one directory, an XMP segment before the Exif one), Chromium is followed. It
//! decides nothing: both limits on the edges are symmetrical, so whoever is right, the verdict is the same.
//!
//! Both also stretch a JPEG whose Exif resolution and Exif pixel size disagree with its real size in just the right way.
//! That is not followed: the service counts pixels, and a picture that passes only when stretched would be paid for in vain.
//!
//! # What is read
//!
//! Every slice of a file costs its reader about a millisecond. An ordinary picture takes two: 128 KiB of head, 64 KiB of tail.
//! The bound for files made to be slow stands at `image/window.rs`, and a test holds it.

mod check;
mod exif;
mod jpeg;
pub mod limits;
mod png;
mod signature;
mod window;
mod xmp;

use std::ops::Range;

pub use check::check;
use exif::Exif;
use jpeg::Jpeg;
use png::Png;
use window::{Missing, Window};

use crate::words::words;

words! {
    /// The format of a picture, by its content.
    #[non_exhaustive]
    ImageFormat {
        /// Accepted by the service.
        Jpeg = "jpeg",
        /// Accepted by the service.
        Png = "png",
        /// Not accepted.
        Webp = "webp",
        /// Not accepted.
        Gif = "gif",
        /// Not accepted.
        Avif = "avif",
        /// Not accepted; what an iPhone saves.
        Heic = "heic",
        /// Not accepted.
        Bmp = "bmp",
        /// Not accepted; so are most raw formats of cameras.
        Tiff = "tiff",
        /// Nothing known here.
        Unknown = "unknown",
    }
}

impl ImageFormat {
    /// The name people know it by; none for what is unknown.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Jpeg => Some("JPEG"),
            Self::Png => Some("PNG"),
            Self::Webp => Some("WebP"),
            Self::Gif => Some("GIF"),
            Self::Avif => Some("AVIF"),
            Self::Heic => Some("HEIC"),
            Self::Bmp => Some("BMP"),
            Self::Tiff => Some("TIFF"),
            Self::Unknown => None,
        }
    }
}

/// What the bytes of a picture say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageHeader {
    /// By content.
    pub format: ImageFormat,
    /// Width and height in px, as displayed; none where the header does not say, or contradicts itself.
    pub size: Option<(u32, u32)>,
    /// What the Exif data says of the orientation, 1 to 8 and 1 if nothing; none where there is no Exif data.
    pub orientation: Option<u8>,
    /// Whether it tells where the picture was taken.
    pub has_location: bool,
    /// Whether the data ends before the picture does. Not looked for beyond [`limits::MAX_IMAGE_BYTES`].
    pub truncated: bool,
    /// A PNG as Apple's tools rewrite it for apps (`CgBI`): neither browsers nor services can read it.
    pub apple_png: bool,
}

impl ImageHeader {
    fn new(format: ImageFormat) -> Self {
        Self { format, size: None, orientation: None, has_location: false, truncated: false, apple_png: false }
    }

    /// Takes what Exif data says. Of several, the first decides on the orientation, but each may betray the place.
    fn take(&mut self, exif: Exif) {
        self.orientation.get_or_insert(exif.orientation.unwrap_or(1));
        self.has_location |= exif.has_location;
    }

    /// Takes the size in the order of the stored rows, once the orientation is known.
    fn set_size(&mut self, width: u32, height: u32) {
        let sizes = if self.orientation >= Some(5) { (height, width) } else { (width, height) };
        self.size = (width > 0 && height > 0).then_some(sizes);
    }
}

/// Reads what a picture of `len` bytes says about itself, through `read`, which supplies any range of its bytes.
///
/// The ranges are inside `0..len` and never empty. When fewer bytes come than were asked for, the data ends there.
///
/// # Errors
///
/// Only those of `read`: nothing that is in the data is an error here.
pub async fn read_header<E>(len: u64, read: &impl AsyncFn(Range<u64>) -> Result<Vec<u8>, E>) -> Result<ImageHeader, E> {
    let mut window = Window::new(len);
    let mut reader = Reader::Any;
    loop {
        match reader.read(&mut window) {
            Ok(header) => return Ok(header),
            Err(missing) => {
                let range = window.move_for(missing);
                let to = range.end;
                window.fill(read(range).await?, to);
            }
        }
    }
}

/// What reads on.
enum Reader {
    Any,
    Jpeg(Jpeg),
    Png(Png),
}

impl Reader {
    fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        loop {
            match self {
                Self::Jpeg(jpeg) => return jpeg.read(window),
                Self::Png(png) => return png.read(window),
                Self::Any => {
                    let head = window.head()?;
                    *self = match signature::recognise(head) {
                        ImageFormat::Jpeg => Self::Jpeg(Jpeg::new()),
                        ImageFormat::Png => Self::Png(Png::new()),
                        other => {
                            let size = signature::plain_size(other, head);
                            return Ok(ImageHeader { size, ..ImageHeader::new(other) });
                        }
                    };
                }
            }
        }
    }
}

/// What the part of a file before its pixels came to.
enum Walk {
    /// The pixels begin at the reader's place.
    Pixels,
    /// The data ends before them.
    End,
    /// No decoder goes on there.
    Damaged,
}
