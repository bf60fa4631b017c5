//! The header of an image: its format, its size as displayed, whether it is whole, whether it contains a GPS position.
//!
//! [`HeaderReader`] reads the header, [`check()`] finds its problems. No image is decoded. Only the content counts, and not the name
//! of the file or its media type, because the service checks the content too, minutes after the submission was paid for.
//!
//! # As displayed
//!
//! The size is the one in pixels after the orientation in the Exif data is applied, as `<img>` does in Chromium 156 and
//! Firefox 153. Both were tested with some 170 images. They agree on this, and this module follows them:
//!
//! - orientations 5 to 8 swap the edges, in either byte order, in JPEG and in PNG (`eXIf`) alike;
//! - the tag must be a single SHORT from 1 to 8: any other type, count or value is ignored;
//! - the first Exif segment counts, even if only a later one contains an orientation;
//! - in a PNG the `eXIf` chunk must precede the pixels, its checksum must be right, and it must hold bare TIFF;
//! - XMP, `zTXt` profiles, the directory of the thumbnail, and Exif after the start of a scan have no effect.
//!
//! In the other formats, which the service does not accept:
//!
//! - a GIF is as large as its screen, or larger if its first frame ends outside of it; Firefox then shows the frame alone;
//! - a BMP has a positive width, and a height of either sign;
//! - a WebP is as large as its canvas, and its Exif orientation has no effect;
//! - an AVIF is as large as its primary item, cropped by `clap` at the right and lower edge only (Firefox shows no AVIF with
//!   `clap`), and turned by `irot`; its Exif orientation has no effect;
//! - HEIC and TIFF, which neither shows, are read as libheif does and as the TIFF standard says.
//!
//! Where they differ (two orientations in one directory, an XMP segment before the Exif one), this module follows Chromium. The
//! result of the check is the same, because the limits do not depend on the orientation.
//!
//! Both also stretch a JPEG whose Exif resolution and Exif pixel size disagree with its real size in just the right way.
//! This module does not, because the service counts pixels, and the task of an image that is too small would fail.
//!
//! # What is read
//!
//! Each read of a slice takes about a millisecond. An ordinary image takes two: 128 KiB of its start, 64 KiB of its end. The maximum
//! number of reads for any file is in `image/window.rs`, and a test checks it.

mod bmp;
mod check;
mod coding;
mod exif;
mod gif;
mod heif;
mod jpeg;
pub mod limits;
mod png;
mod signature;
mod tiff;
mod webp;
mod window;
mod xmp;

use std::ops::Range;

pub use check::check;
pub use coding::Coding;
use exif::Exif;
use gif::Gif;
use heif::Heif;
use jpeg::Jpeg;
use png::Png;
use tiff::Tiff;
use window::{Missing, Window};

use crate::words::words;

/// How many bytes at the end of a file are searched for metadata, which many programs write there.
const TAIL_BYTES: usize = 65_536;

words! {
    /// The format of an image, by its content.
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
        /// Not accepted. The format of iPhones.
        Heic = "heic",
        /// Not accepted.
        Bmp = "bmp",
        /// Not accepted. Most raw formats of cameras are TIFF.
        Tiff = "tiff",
        /// None of these.
        Unknown = "unknown",
    }
}

impl ImageFormat {
    /// Its name for people; `None` for an unknown format.
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

/// The header of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageHeader {
    /// Its format, by its content.
    pub format: ImageFormat,
    /// Width and height in px, as displayed; `None` if the header is damaged or does not contain it.
    pub size: Option<(u32, u32)>,
    /// The orientation of a JPEG, PNG or TIFF, 1 to 8; 1 if the Exif data contains none, and `None` if there is no Exif data.
    pub orientation: Option<u8>,
    /// Whether its metadata contains a GPS position. In other formats than JPEG and PNG, the first 128 KiB and the last 64 KiB of
    /// the file are searched.
    pub has_location: bool,
    /// Whether the file ends before the image does, as far as its length or its end says so. Files larger than
    /// [`limits::MAX_IMAGE_BYTES`] are not searched for their end.
    pub is_truncated: bool,
    /// Whether the image ends before its pixels begin, although the file goes on to the end of the image.
    pub has_no_pixels: bool,
    /// How the pixels of a JPEG or PNG are coded; [`Coding::Usual`] in every other format.
    pub coding: Coding,
}

impl ImageHeader {
    fn new(format: ImageFormat) -> Self {
        Self {
            format,
            size: None,
            orientation: None,
            has_location: false,
            is_truncated: false,
            has_no_pixels: false,
            coding: Coding::Usual,
        }
    }

    /// Adds Exif data. The first one has the orientation; any of them may contain a position.
    fn add_exif(&mut self, exif: Exif) {
        self.orientation.get_or_insert(exif.orientation.unwrap_or(1));
        self.has_location |= exif.has_location;
    }

    /// Sets the size. `width` and `height` are those of the stored image; the orientation is known by now.
    fn set_size(&mut self, width: u32, height: u32) {
        let sizes = if self.orientation >= Some(5) { (height, width) } else { (width, height) };
        self.size = (width > 0 && height > 0).then_some(sizes);
    }
}

/// Reads the header of an image. The caller reads the bytes and passes them on, so that no function here waits.
#[derive(Debug)]
pub struct HeaderReader {
    window: Window,
    format: Reader,
}

impl HeaderReader {
    /// For an image of `len` bytes.
    pub fn new(len: u64) -> Self {
        Self { window: Window::new(len), format: Reader::Unknown }
    }

    /// Continues to read. No content of a file is an error.
    ///
    /// # Errors
    ///
    /// The range of the bytes to [`fill`](Self::fill) in before the next call. It is within `0..len` and never empty.
    pub fn read(&mut self) -> Result<ImageHeader, Range<u64>> {
        self.format.read(&mut self.window).map_err(|missing| self.window.move_for(missing))
    }

    /// Takes the bytes of the range up to `end`. If there are fewer, the file ends there.
    pub fn fill(&mut self, bytes: Vec<u8>, end: u64) {
        self.window.fill(bytes, end);
    }
}

/// The reader of a format, once the format is known.
#[derive(Debug)]
enum Reader {
    Unknown,
    Jpeg(Jpeg),
    Png(Png),
    /// A format that the service does not accept, and whether the start of the file contains a position.
    Other(Other, bool),
    /// The end of such a file, whose header was read.
    Tail(ImageHeader),
}

#[derive(Debug)]
enum Other {
    Gif(Gif),
    Tiff(Tiff),
    Heif(Heif),
}

impl Reader {
    fn read(&mut self, window: &mut Window) -> Result<ImageHeader, Missing> {
        loop {
            *self = match self {
                Self::Jpeg(jpeg) => return jpeg.read(window),
                Self::Png(png) => return png.read(window),
                Self::Unknown => {
                    let head = window.head()?;
                    let other = |other| Self::Other(other, is_located(head));
                    match signature::recognise(head) {
                        ImageFormat::Jpeg => Self::Jpeg(Jpeg::new()),
                        ImageFormat::Png => Self::Png(Png::new()),
                        ImageFormat::Gif => other(Other::Gif(Gif::new())),
                        ImageFormat::Tiff => other(Other::Tiff(Tiff::new())),
                        format @ (ImageFormat::Avif | ImageFormat::Heic) => other(Other::Heif(Heif::new(format))),
                        ImageFormat::Webp => {
                            Self::Tail(ImageHeader { has_location: is_located(head), ..webp::read(window, head) })
                        }
                        ImageFormat::Bmp => return Ok(bmp::read(window, head)),
                        ImageFormat::Unknown => return Ok(ImageHeader::new(ImageFormat::Unknown)),
                    }
                }
                Self::Other(other, is_located) => {
                    let mut header = match other {
                        Other::Gif(gif) => gif.read(window),
                        Other::Tiff(tiff) => tiff.read(window),
                        Other::Heif(heif) => heif.read(window),
                    }?;
                    header.has_location |= *is_located;
                    Self::Tail(header)
                }
                Self::Tail(header) => {
                    window.seek_tail(TAIL_BYTES, 0);
                    let tail = window.rest()?;
                    header.has_location |= is_located(tail);
                    header.is_truncated |=
                        header.format == ImageFormat::Gif && !window.is_longer() && !gif::has_end(tail);
                    return Ok(*header);
                }
            }
        }
    }
}

/// Whether a part of a file contains a position, in Exif or XMP data anywhere.
fn is_located(bytes: &[u8]) -> bool {
    exif::is_located(bytes) || xmp::has_location(bytes)
}

/// Where the metadata before the pixels ends.
enum MetadataEnd {
    /// At the pixels. The reader is there.
    Pixels,
    /// At the end of the file, or of the image.
    EndOfFile,
    /// At damage where decoders stop.
    Damage,
}
