//! Files that end before their picture does, and files that go on after it.

use super::build::{EOI, IEND, SCAN_DATA, chunk, frame, jpeg, jpeg_with, large_jpeg, png, png_with, scan, segment};
use super::{case, look};

use kling_core::image::check;
use kling_core::issue::IssueCode;

/// Every picture that is whole here, and where its end begins.
fn whole() -> Vec<(&'static str, Vec<u8>, usize)> {
    let tables = segment(0xC4, &[1; 20]);
    let progressive =
        [b"\xFF\xD8", &frame(0xC2, 640, 480)[..], &scan(SCAN_DATA), &tables, &scan(SCAN_DATA), EOI].concat();
    let thumbnail = segment(0xE1, &[b"Exif\0\0", &jpeg(160, 120)[..]].concat());
    [
        ("jpeg", jpeg(640, 480), 2),
        ("with a thumbnail", jpeg_with(&thumbnail, 640, 480), 2),
        ("several scans", progressive, 2),
        ("png", png(640, 480), 12),
        ("png with more behind the pixels", png_with(b"", &chunk(b"tEXt", b"a\0IEND"), 640, 480), 12),
        ("progressive", case("images/progressive-turned-thumbnail.jpg"), 2),
        ("restarts", case("images/restarts-location.jpg"), 2),
        ("grey", case("images/grey-icc-comment.jpg"), 2),
        ("palette", case("images/palette-turned.png"), 12),
    ]
    .into_iter()
    .map(|(name, bytes, end)| {
        let from = bytes.len() - end;
        (name, bytes, from)
    })
    .collect()
}

#[test]
fn a_whole_picture_is_whole_with_anything_behind_it() {
    let behind: &[&[u8]] =
        &[b"", b"\0", &vec![0; 70_000], &[0xFF; 300], b"\0\0\0\x18ftypmp42", &jpeg(160, 120)[..100], b"\xFF"];
    for (name, bytes, _) in whole() {
        for more in behind {
            let header = look(&[&bytes[..], more].concat());
            assert!(!header.is_truncated && header.size.is_some(), "{name}, {} bytes more", more.len());
        }
    }
}

#[test]
fn every_beginning_of_a_picture_is_cut_off() {
    for (name, bytes, end) in whole() {
        let step = if end > 1000 { 7 } else { 1 };
        for len in (8..end).step_by(step).chain(end..bytes.len()) {
            let header = look(&bytes[..len]);
            assert!(header.is_truncated, "{name}, {len} of {}", bytes.len());
        }
    }
}

#[test]
fn an_end_marker_in_a_segment_between_scans_is_no_end() {
    let comment = segment(0xFE, b"\xFF\xD9 is no end here");
    let start =
        [b"\xFF\xD8", &frame(0xC2, 640, 480)[..], &scan(SCAN_DATA), &comment, &scan(&vec![0x55; 300_000])].concat();
    assert!(look(&start).is_truncated);
    assert!(!look(&[&start[..], EOI].concat()).is_truncated);
}

#[test]
fn long_files() {
    let large = large_jpeg(&[], 3_000_000);
    let video = [&large[..], &vec![0x11; 4_000_000]].concat();
    let mut cut = large.clone();
    cut.truncate(2_999_998);
    let zeroed = [&cut[..1_000_000], &vec![0; 2_000_000]].concat();
    let small_chunks =
        [&png(640, 480)[..png(640, 480).len() - 12], &chunk(b"IDAT", &vec![7; 8192]).repeat(500)].concat();
    let cases: &[(&str, Vec<u8>, bool)] = &[
        ("a photo", large.clone(), false),
        ("with a video", video.clone(), false),
        ("cut in the video", video[..5_000_000].to_vec(), false),
        ("cut before the end", cut, true),
        ("cut within the end", large[..2_999_999].to_vec(), true),
        ("cut by half", large[..1_500_000].to_vec(), true),
        ("the rest is zeros", zeroed, true),
        ("png of many chunks", [&small_chunks[..], IEND].concat(), false),
        ("png with a video", [&small_chunks[..], IEND, &vec![0x11; 200_000]].concat(), false),
        ("png without end", small_chunks.clone(), true),
        ("png cut in a chunk", small_chunks[..2_000_000].to_vec(), true),
        ("png cut in the last checksum", [&small_chunks[..], &IEND[..11]].concat(), true),
        ("png with a wrong last checksum", [&small_chunks[..], &IEND[..11], b"x"].concat(), false),
    ];
    for (name, bytes, expected) in cases {
        let header = look(bytes);
        assert_eq!(header.is_truncated, *expected, "{name}");
        assert!(header.size.is_some(), "{name}");
    }
}

#[test]
fn an_end_before_the_pixels_is_no_cut() {
    let (jpeg, png) = (jpeg(640, 480), png(640, 480));
    let head = &png[..33];
    let fragment = chunk(b"fdAT", &[0; 60]);
    let start = [b"\xFF\xD8", &segment(0xE0, b"JFIF\0")[..], &frame(0xC0, 640, 480)].concat();
    // Whether it is cut, and whether it ends before its pixels.
    let cases: &[(&str, Vec<u8>, (bool, bool))] = &[
        ("png: nothing between", [head, IEND].concat(), (false, true)),
        ("png: a palette", [head, &chunk(b"PLTE", &[0; 3]), IEND].concat(), (false, true)),
        ("png: a comment", [head, &chunk(b"tEXt", b"a\0b"), IEND].concat(), (false, true)),
        ("png: only later frames", [head, &chunk(b"acTL", &[0; 8]), &fragment, IEND].concat(), (false, true)),
        ("png: more after the end", [head, IEND, &png].concat(), (false, true)),
        ("png: the last checksum is wrong", [head, &IEND[..11], b"x"].concat(), (false, true)),
        ("png: larger than the limit", [head, IEND, &vec![0; 10_485_760]].concat(), (false, true)),
        ("png: the last checksum is cut", [head, &IEND[..11]].concat(), (true, false)),
        ("png: no end", head.to_vec(), (true, false)),
        ("png: an empty chunk of pixels", [head, &chunk(b"IDAT", b""), IEND].concat(), (false, true)),
        ("png: whole", png.clone(), (false, false)),
        ("jpeg: two markers", [b"\xFF\xD8", EOI].concat(), (false, true)),
        ("jpeg: a frame without a scan", [&start[..], EOI].concat(), (false, true)),
        ("jpeg: no frame", [b"\xFF\xD8", &segment(0xDB, &[1; 65])[..], EOI].concat(), (false, true)),
        ("jpeg: fill bytes", [&start[..], b"\xFF\xFF\xFF\xD9"].concat(), (false, true)),
        ("jpeg: more after the end", [&start[..], EOI, &jpeg].concat(), (false, true)),
        ("jpeg: no end", start, (true, false)),
        ("jpeg: whole", jpeg, (false, false)),
    ];
    for (name, bytes, expected) in cases {
        let header = look(bytes);
        assert_eq!((header.is_truncated, header.has_no_pixels), *expected, "{name}");
        let codes: Vec<_> = check("image", bytes.len() as u64, &header).into_iter().map(|issue| issue.code).collect();
        assert_eq!(codes == [IssueCode::ImageEmpty], expected.1, "{name}: {codes:?}");
    }
}
