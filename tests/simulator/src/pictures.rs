//! The inspection of the submitted images, which the service does after it accepted them.
//!
//! Every image is decoded, then kept only as a frame of the video: a submission of 40 MB leaves a few
//! hundred kilobytes in memory.

use crate::inspector::Inspected;
use crate::parts::Parts;
use crate::request::{Aspect, Picture};
use image::codecs::{jpeg::JpegDecoder, png::PngDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, Rgb, RgbImage};
use openh264::formats::{RgbSliceU8, YUVBuffer, YUVSource};
use serde::Serialize;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Cursor;

const MIN_EDGE_PX: u32 = 300;
/// An image with more bytes of pixels is judged by its header only and drawn as a plain frame, so
/// that a small file with a huge image does not exhaust this machine. The decoders refuse images
/// that need more than 512 MiB.
const MAX_PIXEL_BYTES: u64 = 450_000_000;

/// The result of the inspection of one image.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// `jpeg`, `png`, `url`, or `unknown`.
    pub format: &'static str,
    /// As displayed; absent if it is unknown.
    pub width: Option<u32>,
    /// As displayed; absent if it is unknown.
    pub height: Option<u32>,
    /// Why a task with this image fails, in the service's wording if it is known.
    pub fault: Option<&'static str>,
    /// Whether a JPEG or PNG contains metadata other than a colour profile, or bytes after the image.
    pub metadata: bool,
}

/// A picture cut to the size of the video, in planar YUV 4:2:0.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Frame(pub Vec<u8>);

/// Inspects one image and cuts it to the shape of the video.
pub fn inspect(picture: &Picture, aspect: Aspect) -> (Finding, Option<Frame>) {
    match picture {
        Picture::Url(url) => {
            let finding = Finding { format: "url", width: None, height: None, fault: None, metadata: false };
            (finding, Some(flat(url, aspect)))
        }
        Picture::Bytes(bytes) => inspect_bytes(bytes, aspect),
    }
}

/// The finding for an image on which the decoder panicked.
pub fn undecodable() -> Inspected {
    let fault = Some("Image cannot be decoded");
    (Finding { format: "unknown", width: None, height: None, fault, metadata: false }, None)
}

fn inspect_bytes(bytes: &[u8], aspect: Aspect) -> (Finding, Option<Frame>) {
    let mut finding = Finding { format: "unknown", width: None, height: None, fault: None, metadata: false };
    let drawn = match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => {
            let parts = Parts::of_jpeg(bytes);
            finding.format = "jpeg";
            finding.metadata = parts.metadata;
            // Decoders fill missing data with grey and report success. Data after the end is no fault.
            if parts.is_complete {
                draw(JpegDecoder::new(Cursor::new(bytes)), (bytes, ImageFormat::Jpeg), &mut finding, aspect)
            } else {
                Err("Image file is truncated")
            }
        }
        Ok(ImageFormat::Png) => {
            finding.format = "png";
            finding.metadata = Parts::of_png(bytes).metadata;
            draw(PngDecoder::new(Cursor::new(bytes)), (bytes, ImageFormat::Png), &mut finding, aspect)
        }
        _ => Err("Image format is not supported"),
    };
    match drawn {
        Ok(frame) => (finding, Some(frame)),
        Err(fault) => {
            finding.fault = Some(fault);
            (finding, None)
        }
    }
}

fn draw<D: ImageDecoder>(
    decoder: image::ImageResult<D>,
    (bytes, format): (&[u8], ImageFormat),
    finding: &mut Finding,
    aspect: Aspect,
) -> Result<Frame, &'static str> {
    const UNREADABLE: &str = "Image cannot be decoded";
    let mut decoder = decoder.map_err(|_| UNREADABLE)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let (stored_width, stored_height) = decoder.dimensions();
    let (width, height) =
        if swaps_edges(orientation) { (stored_height, stored_width) } else { (stored_width, stored_height) };
    finding.width = Some(width);
    finding.height = Some(height);
    if width.min(height) < MIN_EDGE_PX {
        // The only wording that is known from the real service.
        return Err("Image pixel is invalid");
    }
    // 1:2.5 to 2.5:1, without fractions.
    if u64::from(width.max(height)) * 2 > u64::from(width.min(height)) * 5 {
        return Err("Image aspect ratio is invalid");
    }
    if decoder.total_bytes() > MAX_PIXEL_BYTES {
        return Ok(flat(&format!("{width}x{height}"), aspect));
    }
    // Not with the decoder from above: its generic code is compiled in this crate, in a development build
    // without optimisation, and takes several times as long.
    let picture = image::load_from_memory_with_format(bytes, format).map_err(|_| UNREADABLE)?;
    Ok(cut(picture, orientation, aspect))
}

fn swaps_edges(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// Fills the frame with the middle of the image. Shrinks first: rotating and cropping a small image
/// is cheap, rotating one of a hundred megapixels is not.
fn cut(picture: DynamicImage, orientation: Orientation, aspect: Aspect) -> Frame {
    let (width, height) = aspect.size();
    let longest = width.max(height) * 5 / 2;
    let mut small =
        if picture.width().max(picture.height()) > longest { picture.thumbnail(longest, longest) } else { picture };
    small.apply_orientation(orientation);
    let filled = small.resize_to_fill(width, height, image::imageops::FilterType::Triangle);
    Frame::from_rgb(&over_white(&filled))
}

/// Draws transparent pixels on white: their own colour is not visible on a page.
fn over_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let rgba = picture.to_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0.map(u16::from);
        Rgb([r, g, b].map(|c| u8::try_from((c * a + 255 * (255 - a)) / 255).unwrap_or(u8::MAX)))
    })
}

/// A frame in one colour, which the text determines.
fn flat(text: &str, aspect: Aspect) -> Frame {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let [r, g, b, ..] = hasher.finish().to_be_bytes();
    let (width, height) = aspect.size();
    Frame::from_rgb(&RgbImage::from_pixel(width, height, Rgb([r, g, b])))
}

impl Frame {
    fn from_rgb(picture: &RgbImage) -> Self {
        let size = (pixels(picture.width()), pixels(picture.height()));
        let yuv = YUVBuffer::from_rgb8_source(RgbSliceU8::new(picture.as_raw(), size));
        Self([yuv.y(), yuv.u(), yuv.v()].concat())
    }
}

impl Aspect {
    /// Pixels of the video, both even.
    pub fn size(self) -> (u32, u32) {
        match self {
            Self::Wide => (640, 360),
            Self::Tall => (360, 640),
            Self::Square => (480, 480),
        }
    }
}

/// A video's edge as a length in memory.
pub fn pixels(edge: u32) -> usize {
    usize::try_from(edge).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Frame, inspect};
    use crate::request::{Aspect, Picture};
    use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
    use std::io::Cursor;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x, y, x ^ y].map(|n| n.to_le_bytes()[0])));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn check(bytes: Vec<u8>, width: Option<u32>, height: Option<u32>, fault: Option<&str>) {
        let (finding, frame) = inspect(&Picture::Bytes(bytes), Aspect::Wide);
        assert_eq!((finding.width, finding.height), (width, height));
        assert_eq!(finding.fault, fault);
        assert_eq!(frame.is_some(), fault.is_none());
    }

    /// Puts an EXIF segment with nothing but an orientation behind the start-of-image marker.
    fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let exif = [
            b"\xFF\xE1\x00\x22Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
            &[orientation, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        [&jpeg[..2], &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn good_pictures_become_frames() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            check(encoded(300, 750, format), Some(300), Some(750), None);
            check(encoded(750, 300, format), Some(750), Some(300), None);
            check(encoded(2000, 1500, format), Some(2000), Some(1500), None);
        }
    }

    #[test]
    fn metadata_is_found() {
        let metadata = |bytes: Vec<u8>| inspect(&Picture::Bytes(bytes), Aspect::Wide).0.metadata;
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            assert!(!metadata(encoded(400, 300, format)));
            assert!(metadata([encoded(400, 300, format), b"more".to_vec()].concat()));
        }
        assert!(metadata(turned(&encoded(400, 300, ImageFormat::Jpeg), 1)));
    }

    #[test]
    fn edges_are_judged_as_displayed() {
        let jpeg = turned(&encoded(400, 300, ImageFormat::Jpeg), 6);
        check(jpeg, Some(300), Some(400), None);
    }

    #[test]
    fn faults_are_found() {
        let jpeg = encoded(400, 300, ImageFormat::Jpeg);
        let png = encoded(400, 300, ImageFormat::Png);
        let pixel = Some("Image pixel is invalid");
        check(encoded(299, 300, ImageFormat::Jpeg), Some(299), Some(300), pixel);
        let ratio = Some("Image aspect ratio is invalid");
        check(encoded(751, 300, ImageFormat::Png), Some(751), Some(300), ratio);
        let unreadable = Some("Image cannot be decoded");
        check(png[..png.len() / 2].to_vec(), Some(400), Some(300), unreadable);
        let truncated = Some("Image file is truncated");
        check(jpeg[..jpeg.len() - 2].to_vec(), None, None, truncated);
        check(jpeg[..jpeg.len() / 2].to_vec(), None, None, truncated);
        check(b"GIF89a".to_vec(), None, None, Some("Image format is not supported"));
        check(b"hello".to_vec(), None, None, Some("Image format is not supported"));
    }

    #[test]
    fn data_after_a_jpegs_end_is_no_fault() {
        let mut jpeg = encoded(400, 300, ImageFormat::Jpeg);
        jpeg.extend_from_slice(b"\xFF\xE0 motion photo");
        check(jpeg, Some(400), Some(300), None);
    }

    #[test]
    fn each_url_has_a_colour_of_its_own() {
        let frame = |text: &str| inspect(&Picture::Url(text.into()), Aspect::Square).1;
        assert_eq!(frame("https://a"), frame("https://a"));
        assert_ne!(frame("https://a"), frame("https://b"));
        let Some(Frame(bytes)) = frame("https://a") else { panic!("no frame") };
        assert_eq!(bytes.len(), 480 * 480 * 3 / 2);
    }
}
