//! Laws that hold for any bytes.

use proptest::prelude::*;

use kling_core::image::{ImageFormat, check};

use super::build::{chunk, exif, frame, jpeg_with, located, orientation, png_with, scan, segment, tiff};
use super::reads::MOST_READS;
use super::{case, look, measure};

/// A segment of any content; the markers that stand for something come up often.
fn any_segment() -> impl Strategy<Value = Vec<u8>> {
    let marker = prop_oneof![Just(0xE1_u8), Just(0xDB), Just(0xC4), Just(0xFE), 0xE0..=0xEF_u8];
    let content = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        Just([b"Exif\0\0", &tiff(true, &[orientation(6)], &[])[..]].concat()),
        Just([b"Exif\0\0", &located(false, [(1, 1); 3], [(2, 1); 3])[..]].concat()),
        prop::collection::vec(any::<u8>(), 60_000..65_000),
    ];
    (marker, content).prop_map(|(marker, content)| segment(marker, &content))
}

/// Bytes of a scan: a 0xFF is followed by 0 or a restart marker.
fn any_scan() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        20 => any::<u8>().prop_map(|byte| vec![byte.min(0xFE)]),
        1 => Just(vec![0xFF, 0]),
        1 => (0xD0..=0xD7_u8).prop_map(|marker| vec![0xFF, marker]),
    ];
    prop::collection::vec(byte, 0..300).prop_map(|bytes| bytes.concat())
}

/// A JPEG without its end, and its size.
fn any_jpeg() -> impl Strategy<Value = (Vec<u8>, (u32, u32))> {
    let segments = || prop::collection::vec(any_segment(), 0..4).prop_map(|segments| segments.concat());
    let scans = prop::collection::vec(any_scan(), 1..4);
    let kind = prop::sample::select(vec![0xC0, 0xC1, 0xC2, 0xC9, 0xCA]);
    (segments(), kind, 1..5000_u16, 1..5000_u16, segments(), scans).prop_map(
        |(before, kind, width, height, after, scans)| {
            let frame = frame(kind, width, height);
            let scans =
                scans.iter().flat_map(|data| [segment(0xC4, &[1; 20]), scan(data)]).collect::<Vec<_>>().concat();
            ([b"\xFF\xD8", &before[..], &frame, &after, &scans].concat(), (width.into(), height.into()))
        },
    )
}

/// A PNG without its end, and its size.
fn any_png() -> impl Strategy<Value = (Vec<u8>, (u32, u32))> {
    let extra = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|content| chunk(b"teXt", &content)),
        Just(chunk(b"eXIf", &tiff(true, &[orientation(6)], &[]))),
        Just(chunk(b"tEXt", &vec![0; 70_000])),
    ];
    let extras = || prop::collection::vec(extra.clone(), 0..4).prop_map(|chunks| chunks.concat());
    (extras(), 1..5000_u32, 1..5000_u32, extras()).prop_map(|(before, width, height, after)| {
        let bytes = png_with(&before, &after, width, height);
        (bytes[..bytes.len() - 12].to_vec(), (width, height))
    })
}

/// The start of one file of the corpus and the end of another one, cut anywhere.
fn spliced() -> impl Strategy<Value = Vec<u8>> {
    let corpus: Vec<Vec<u8>> = super::corpus::rows().into_iter().map(|row| row.bytes).collect();
    let part = || (prop::sample::select(corpus.clone()), any::<prop::sample::Index>());
    (part(), part()).prop_map(|((one, end), (other, start))| {
        [&one[..end.index(one.len() + 1)], &other[start.index(other.len() + 1)..]].concat()
    })
}

/// Whole files to do harm to.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let small = [
        "progressive-turned-thumbnail.jpg",
        "restarts-location.jpg",
        "palette-turned.png",
        "picture.heic",
        "picture.gif",
    ];
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..400),
        1 => prop::collection::vec(any::<u8>(), 0..400).prop_map(|bytes| [b"\xFF\xD8\xFF", &bytes[..]].concat()),
        1 => prop::collection::vec(any::<u8>(), 0..400).prop_map(|bytes| jpeg_with(
            &exif(&[b"MM\0*", &bytes[..]].concat()),
            640,
            480
        )),
        1 => prop::collection::vec(any::<u8>(), 0..400).prop_map(|bytes| jpeg_with(
            &exif(&[b"II*\0", &bytes[..]].concat()),
            640,
            480
        )),
        1 => prop::collection::vec(any::<u8>(), 0..400).prop_map(|bytes| png_with(&bytes, &[], 640, 480)),
        1 => any_jpeg().prop_map(|(bytes, _)| bytes),
        1 => any_png().prop_map(|(bytes, _)| bytes),
        3 => prop::sample::select(super::corpus::rows().into_iter().map(|row| row.bytes).collect::<Vec<_>>()),
        2 => spliced(),
        1 => prop::sample::select(small.to_vec()).prop_map(|name| case(&format!("images/{name}"))),
    ]
}

fn sorted((one, other): (u32, u32)) -> (u32, u32) {
    (one.min(other), one.max(other))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_ends_and_is_bounded(
        mut bytes in any_file(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        keep in any::<prop::sample::Index>(),
        cut in any::<bool>(),
        padding in prop_oneof![4 => Just(0_usize), 1 => 0..2_000_000_usize],
    ) {
        for (at, byte) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        if cut {
            bytes.truncate(keep.index(bytes.len() + 1));
        }
        bytes.resize(bytes.len() + padding, 0);
        let (header, cost) = measure(&bytes);
        prop_assert!(cost.reads <= MOST_READS && cost.bytes <= 3 * bytes.len() as u64, "{:?}", cost);
        prop_assert!(header.size.is_none_or(|(width, height)| width > 0 && height > 0));
        // A file without a known format, size or end is refused.
        let accepted = check("images[0]", bytes.len() as u64, &header).iter().all(|issue| !issue.is_error());
        let sound = matches!(header.format, ImageFormat::Jpeg | ImageFormat::Png) && header.size.is_some() && !header.is_truncated;
        prop_assert!(sound || !accepted);
    }

    #[test]
    fn a_jpeg_is_cut_off_until_its_end((bytes, size) in any_jpeg(), behind in prop::collection::vec(any::<u8>(), 0..300), keep in any::<prop::sample::Index>()) {
        let cut = &bytes[..keep.index(bytes.len() - 2) + 3];
        prop_assert!(look(cut).is_truncated, "{} of {}", cut.len(), bytes.len());
        let header = look(&[&bytes[..], b"\xFF\xD9", &behind].concat());
        prop_assert!(!header.is_truncated);
        prop_assert_eq!(header.size.map(sorted), Some(sorted(size)));
    }

    #[test]
    fn a_png_is_cut_off_until_its_end((bytes, size) in any_png(), behind in prop::collection::vec(any::<u8>(), 0..300), keep in any::<prop::sample::Index>(), more in 0..12_usize) {
        let end = super::build::IEND;
        let cut = &bytes[..keep.index(bytes.len() - 7) + 8];
        prop_assert!(look(cut).is_truncated, "{} of {}", cut.len(), bytes.len());
        prop_assert!(look(&[&bytes[..], &end[..more]].concat()).is_truncated);
        let header = look(&[&bytes[..], end, &behind].concat());
        prop_assert!(!header.is_truncated);
        prop_assert_eq!(header.size.map(sorted), Some(sorted(size)));
    }
}
