//! What reading costs: at a millisecond and more for each slice, this is most of the time that a check takes.

use std::cell::Cell;
use std::ops::Range;

use kling_core::image::{ImageFormat, limits};

use super::build::{
    EOI, SCAN_DATA, chunk, exif, frame, jpeg, large_jpeg, orientation, png, png_with, scan, segment, tiff,
};
use super::{Cost, look, measure, now, read_header};

/// No file takes more.
pub(super) const MOST_READS: u32 = 21;
const TEN_MIB: usize = 10_485_760;

#[test]
fn four_ordinary_photos_take_two_reads_each_and_less_than_a_mebibyte() {
    let metadata = [
        exif(&tiff(true, &[orientation(6)], &vec![0x42; 40_000])),
        segment(0xE1, &[&b"http://ns.adobe.com/xap/1.0/\0"[..], &vec![b' '; 8000]].concat()),
        segment(0xE2, &vec![0; 3000]),
    ]
    .concat();
    let (header, cost) = measure(&large_jpeg(&metadata, TEN_MIB));
    assert_eq!((header.size, header.is_truncated), (Some((3000, 4000)), false));
    assert_eq!(cost, Cost { reads: 2, bytes: 196_608 });
    assert!(4 * cost.bytes <= 1_048_576);

    let pixels = chunk(b"IDAT", &vec![7; 8192]).repeat(1278);
    let (header, cost) = measure(&png_with(&[], &pixels, 4000, 3000));
    assert_eq!((header.size, header.is_truncated), (Some((4000, 3000)), false));
    assert_eq!(cost, Cost { reads: 2, bytes: 196_608 });
}

#[test]
fn a_small_file_takes_one_read() {
    for bytes in [jpeg(640, 480), png(640, 480), large_jpeg(&[], 196_608)] {
        assert_eq!(measure(&bytes).1, Cost { reads: 1, bytes: bytes.len() as u64 });
    }
    assert_eq!(measure(b"").1, Cost::default());
}

#[test]
fn a_motion_photo_rarely_takes_more_than_three() {
    // What follows the picture is compressed video, to which the end marker is as likely as any other two bytes.
    let mut state = 1_u32;
    let video: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(3_000_000)
    .collect();
    let photo = large_jpeg(&[], 4_000_000);
    let costs = (0..20).map(|nth| measure(&[&photo[..], &video[..video.len() - nth * 65_536]].concat()));
    let more = costs.filter(|(header, cost)| {
        assert!(!header.is_truncated);
        cost.reads > 3
    });
    assert!(more.count() <= 1);
}

#[test]
fn files_made_to_be_slow_are_bounded() {
    const TWO_MIB: usize = 2_097_152;
    let jpeg = [b"\xFF\xD8", &segment(0xE0, b"JFIF\0")[..]].concat();
    let scanned = [&jpeg[..], &frame(0xC2, 640, 480), &scan(SCAN_DATA)].concat();
    let png = png(640, 480)[..33].to_vec();
    let pixels = [&png[..], &chunk(b"IDAT", b"")].concat();
    let full_exif = exif(&tiff(false, &[orientation(6)], &vec![0; 65_501]));
    let gif = b"GIF89a\x40\x01\xC8\0\0\0\0!\xFE".to_vec();
    let boxes = b"\0\0\0\x10ftypheic\0\0\0\0".to_vec();
    // A start, and what is repeated behind it. Where a piece is a few bytes, the machine has work and the reader has none:
    // a fifth of the length shows as much.
    let cases = [
        ("garbage", TWO_MIB, &jpeg, b"a".to_vec()),
        ("fill bytes", TWO_MIB, &jpeg, b"\xFF".to_vec()),
        ("stuffed bytes", TWO_MIB, &jpeg, b"\xFF\0".to_vec()),
        ("empty segments", TWO_MIB, &jpeg, segment(0xE1, b"")),
        ("full segments", TEN_MIB, &jpeg, segment(0xE2, &vec![0; 65_533])),
        ("full Exif segments", TEN_MIB, &jpeg, full_exif),
        ("scans", TWO_MIB, &scanned, scan(SCAN_DATA)),
        ("full segments between scans", TEN_MIB, &scanned, segment(0xE2, &vec![0; 65_533])),
        ("a scan without end", TEN_MIB, &scanned, b"U".to_vec()),
        ("empty chunks", TWO_MIB, &png, chunk(b"teXt", b"")),
        ("chunks as long as a piece", TEN_MIB, &png, chunk(b"iTXt", &vec![0; 262_144])),
        ("profiles as long as a piece", TWO_MIB, &png, chunk(b"eXIf", &vec![0; 262_136])),
        ("chunks that are too long", TEN_MIB, &png, chunk(b"eXIf", &vec![0; 262_137])),
        ("pixels without end", TWO_MIB, &pixels, chunk(b"IDAT", b"")),
        ("empty extensions of a GIF", TWO_MIB, &gif, b"!\xFE\0".to_vec()),
        ("an extension without end", TEN_MIB, &gif, [&b"\xFF"[..], &[7; 255]].concat()),
        ("parts of one byte", TWO_MIB, &gif, b"\x01\x01".to_vec()),
        ("empty boxes", TWO_MIB, &boxes, b"\0\0\0\x08free".to_vec()),
        ("boxes with long lengths", TWO_MIB, &boxes, b"\0\0\0\x01free\0\0\0\0\0\0\0\x10".to_vec()),
        ("full boxes", TEN_MIB, &boxes, [&b"\0\x01\x86\xA0free"[..], &vec![0; 99_992]].concat()),
        (
            "many boxes of properties",
            TEN_MIB,
            &boxes,
            [
                &b"\0\x03\xFF\xEAmeta\0\0\0\0\0\0\0\x0Epitm\0\0\0\0\x01\0\0\x03\xFF\xD0iprp\0\0\0\x08ipco"[..],
                &b"\0\0\0\x10ipma\0\0\0\0\0\0\0\0".repeat(16_380),
            ]
            .concat(),
        ),
        ("many descriptions", TEN_MIB, &boxes, [&b"\0\x03\xFF\xFFmeta"[..], &vec![0; 262_135]].concat()),
    ];
    for (name, len, start, piece) in cases {
        let mut bytes = [&start[..], &piece.repeat(len / piece.len() + 1)].concat();
        bytes.truncate(len);
        let (header, cost) = measure(&bytes);
        assert!(header.is_truncated, "{name}");
        assert!(cost.reads <= MOST_READS && cost.bytes <= 15_000_000, "{name}: {cost:?}");
    }
}

#[test]
fn nothing_is_read_beyond_the_limit() {
    let mut large = large_jpeg(&[], TEN_MIB);
    large.truncate(TEN_MIB - 2);
    large.resize(TEN_MIB + 1, 0x55);
    let (header, cost) = measure(&large);
    assert_eq!((header.size, header.is_truncated, cost.reads), (Some((4000, 3000)), false, 1));

    let without_frame = [b"\xFF\xD8", &segment(0xE2, &vec![0; 65_533]).repeat(200)[..]].concat();
    let (header, cost) = measure(&without_frame);
    assert_eq!((header.size, header.is_truncated), (None, false));
    assert!(cost.bytes <= limits::MAX_IMAGE_BYTES, "{cost:?}");
}

#[test]
fn a_file_that_ends_early_is_cut_off() {
    let bytes = large_jpeg(&[], 1_000_000);
    for there in [0, 1, 2, 3, 100, 131_072, 500_000, 999_999] {
        let read = async |range: Range<u64>| {
            let range = range.start.min(there)..range.end.min(there);
            Ok::<_, ()>(bytes[range.start as usize..range.end as usize].to_vec())
        };
        let header = now(read_header(1_000_000, &read)).unwrap();
        assert!(header.is_truncated || header.format == ImageFormat::Unknown, "{there}");
    }
}

#[test]
fn a_reader_that_never_keeps_its_word_is_left() {
    let bytes = large_jpeg(&[], 5_000_000);
    for short in [1, 2, 1000, 131_071, 1_048_576] {
        let reads = Cell::new(0);
        let read = async |range: Range<u64>| {
            reads.set(reads.get() + 1);
            let len = (range.end - range.start).saturating_sub(short);
            Ok::<_, ()>(bytes[range.start as usize..(range.start + len) as usize].to_vec())
        };
        let header = now(read_header(5_000_000, &read)).unwrap();
        assert!(header.is_truncated || header.format == ImageFormat::Unknown, "{short}");
        assert!(reads.get() <= 4, "{short}: {}", reads.get());
    }
}

#[test]
fn more_bytes_than_asked_for_do_no_harm() {
    let bytes = large_jpeg(&[], 1_000_000);
    let read = async |range: Range<u64>| Ok::<_, ()>(bytes[range.start as usize..].to_vec());
    assert_eq!(now(read_header(1_000_000, &read)), Ok(look(&bytes)));
}

#[test]
fn an_error_of_the_reader_is_passed_on() {
    let bytes = [&large_jpeg(&[], 1_000_000)[..999_998], &vec![0; 500_000], EOI].concat();
    for failing in 0..2 {
        let read = async |range: Range<u64>| match range.start {
            0 if failing == 0 => Err("gone"),
            0 => Ok(bytes[..range.end as usize].to_vec()),
            _ => Err("gone"),
        };
        assert_eq!(now(read_header(bytes.len() as u64, &read)), Err("gone"));
    }
}
