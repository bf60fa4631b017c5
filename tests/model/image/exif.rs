//! What Exif and XMP turn, and where they say the picture was taken. Every row on orientation was shown to Chromium 156 and
//! Firefox 153; `either` marks the rows on which the two differ.

use super::build::{
    Field, SCAN_DATA, chunk, directory, exif, frame, jpeg_with, located, orientation, png_with, scan, segment, tiff,
};
use super::{look, size};

type Size = Option<(u32, u32)>;

const AS_STORED: Size = Some((640, 480));
const TURNED: Size = Some((480, 640));

fn turning(value: u16) -> Vec<u8> {
    tiff(false, &[orientation(value)], &[])
}

#[test]
fn orientations_5_to_8_swap_the_edges() {
    for value in 0..=9 {
        for big in [false, true] {
            let data = tiff(big, &[orientation(value)], &[]);
            let expected = if (5..=8).contains(&value) { TURNED } else { AS_STORED };
            let jpeg = look(&jpeg_with(&exif(&data), 640, 480));
            let png = look(&png_with(&chunk(b"eXIf", &data), b"", 640, 480));
            assert_eq!((jpeg.size, png.size), (expected, expected), "{value} {big}");
            let known = if (1..=8).contains(&value) { value as u8 } else { 1 };
            assert_eq!((jpeg.orientation, png.orientation), (Some(known), Some(known)), "{value} {big}");
        }
    }
    assert_eq!(look(&jpeg_with(b"", 640, 480)).orientation, None);
}

#[test]
fn only_a_single_short_is_an_orientation() {
    for big in [false, true] {
        for kind in 0..=13_u16 {
            let data = tiff(big, &[Field(0x0112, kind, 1, 6)], &[]);
            let expected = if kind == 3 { TURNED } else { AS_STORED };
            assert_eq!(size(&jpeg_with(&exif(&data), 640, 480)), expected, "type {kind}");
            assert_eq!(size(&png_with(&chunk(b"eXIf", &data), b"", 640, 480)), expected, "type {kind}");
        }
        for count in [0, 2, 3, u32::MAX] {
            let data = tiff(big, &[Field(0x0112, 3, count, 6)], &[]);
            assert_eq!(size(&jpeg_with(&exif(&data), 640, 480)), AS_STORED, "count {count}");
        }
    }
}

#[test]
fn directories_as_browsers_read_them() {
    let other = Field(0x9000, 3, 1, 1);
    let far = [&b"II*\0\xE8\x03\0\0"[..], &[0; 992], &directory(false, &[orientation(6)])].concat();
    let thumbnail = {
        let mut bytes = tiff(false, &[other], &directory(false, &[orientation(6)]));
        // The first directory is followed by another one: that of the thumbnail.
        bytes[22] = 26;
        bytes
    };
    let mut more_than_there_are = turning(6);
    more_than_there_are[8] = 5;
    let mut none = turning(6);
    none[8] = 0;
    let mut no_magic = turning(6);
    no_magic[2] = 43;
    let without_end = turning(6)[..22].to_vec();
    let without_value = turning(6)[..18].to_vec();
    let many = [vec![Field(1, 3, 1, 1); 200], vec![orientation(6)]].concat();
    let cases: &[(&str, Vec<u8>, Size)] = &[
        ("unsorted", tiff(false, &[other, orientation(6)], &[]), TURNED),
        ("after many", tiff(true, &many, &[]), TURNED),
        ("far away", far, TURNED),
        ("of the thumbnail", thumbnail, AS_STORED),
        ("more fields than there are", more_than_there_are, TURNED),
        ("no fields", none, AS_STORED),
        ("no TIFF", no_magic, AS_STORED),
        ("cut behind the field", without_end, TURNED),
        ("cut in the field", without_value, AS_STORED),
        ("either: twice", tiff(false, &[orientation(6), orientation(1)], &[]), TURNED),
        ("either: twice, the first wrong", tiff(false, &[orientation(9), orientation(6)], &[]), TURNED),
    ];
    for (name, data, expected) in cases {
        assert_eq!(size(&jpeg_with(&exif(data), 640, 480)), *expected, "{name}");
    }
}

#[test]
fn the_first_exif_segment_counts() {
    let xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"6\"/>");
    let extended = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0........................");
    let of = |content: &[u8]| segment(0xE1, content);
    let cases: &[(&str, Vec<u8>, Size)] = &[
        ("6, then 1", [exif(&turning(6)), exif(&turning(1))].concat(), TURNED),
        ("1, then 6", [exif(&turning(1)), exif(&turning(6))].concat(), AS_STORED),
        ("none, then 6", [exif(&tiff(false, &[], &[])), exif(&turning(6))].concat(), AS_STORED),
        ("9, then 6", [exif(&turning(9)), exif(&turning(6))].concat(), AS_STORED),
        ("unreadable, then 6", [exif(&[b'X'; 26]), exif(&turning(6))].concat(), AS_STORED),
        ("either: empty, then 6", [exif(&[]), exif(&turning(6))].concat(), TURNED),
        ("either: XMP, then 6", [xmp.clone(), extended, exif(&turning(6))].concat(), TURNED),
        ("XMP alone", xmp, AS_STORED),
        ("either: another padding", of(&[b"Exif\0\xFF", &turning(6)[..]].concat()), TURNED),
        ("small letters", of(&[b"exif\0\0", &turning(6)[..]].concat()), AS_STORED),
        ("in another segment", segment(0xE2, &[b"Exif\0\0", &turning(6)[..]].concat()), AS_STORED),
    ];
    for (name, extra, expected) in cases {
        assert_eq!(size(&jpeg_with(extra, 640, 480)), *expected, "{name}");
    }
}

#[test]
fn exif_after_the_frame_counts_and_after_the_scan_does_not() {
    let parts = |before: &[u8], after: &[u8]| {
        [b"\xFF\xD8", &frame(0xC2, 640, 480)[..], before, &scan(SCAN_DATA), after, &scan(SCAN_DATA), b"\xFF\xD9"]
            .concat()
    };
    assert_eq!(size(&parts(&exif(&turning(6)), b"")), TURNED);
    assert_eq!(size(&parts(b"", &exif(&turning(6)))), AS_STORED);
}

#[test]
fn an_exif_chunk_counts_before_the_pixels_with_its_checksum() {
    let of = |value| chunk(b"eXIf", &turning(value));
    let mut wrong = of(6);
    *wrong.last_mut().unwrap() ^= 1;
    let cases: &[(&str, Vec<u8>, Vec<u8>, Size)] = &[
        ("before", of(6), vec![], TURNED),
        ("after", vec![], of(6), AS_STORED),
        ("1 before, 6 after", of(1), of(6), AS_STORED),
        ("6, then 1", [of(6), of(1)].concat(), vec![], TURNED),
        ("1, then 6", [of(1), of(6)].concat(), vec![], AS_STORED),
        ("wrong checksum", wrong, vec![], AS_STORED),
        ("with the prefix of JPEG", chunk(b"eXIf", &[b"Exif\0\0", &turning(6)[..]].concat()), vec![], AS_STORED),
        ("the compressed proposal", chunk(b"zxIf", &turning(6)), vec![], AS_STORED),
        ("a raw profile", chunk(b"zTXt", b"Raw profile type exif\0\0x"), vec![], AS_STORED),
        (
            "behind other chunks",
            [chunk(b"PLTE", &[0; 3]), chunk(b"iCCP", &vec![0; 9000]), of(8)].concat(),
            vec![],
            TURNED,
        ),
    ];
    for (name, before, after, expected) in cases {
        let header = look(&png_with(before, after, 640, 480));
        assert_eq!((header.size, header.is_truncated), (*expected, false), "{name}");
    }
}

#[test]
fn a_position_is_two_coordinates_with_values() {
    const SOME: [(u32, u32); 3] = [(48, 1), (12, 1), (30, 1)];
    const ZERO: [(u32, u32); 3] = [(0, 1), (0, 1), (0, 1)];
    const NONE: [(u32, u32); 3] = [(0, 0), (0, 0), (0, 0)];
    for big in [false, true] {
        let cases = [
            ("a place", located(big, SOME, SOME), true),
            ("on the equator", located(big, ZERO, SOME), true),
            ("half a degree", located(big, [(0, 1), (30, 1), (0, 1)], ZERO), true),
            ("decimal degrees", located(big, [(48_208_333, 1_000_000), (0, 1), (0, 1)], SOME), true),
            ("zeros, as cameras without a fix write", located(big, ZERO, ZERO), false),
            ("no numbers", located(big, NONE, NONE), false),
            ("a latitude alone", located(big, SOME, NONE), false),
            ("values behind the end", located(big, SOME, SOME)[..110].to_vec(), false),
            ("only a version", tiff(big, &[Field(0x8825, 4, 1, 26)], &directory(big, &[Field(0, 1, 4, 2)])), false),
            ("a directory behind the end", tiff(big, &[Field(0x8825, 4, 1, 5000)], &[]), false),
            ("itself", tiff(big, &[Field(0x8825, 4, 1, 8)], &[]), false),
        ];
        for (name, data, expected) in cases {
            assert_eq!(look(&jpeg_with(&exif(&data), 640, 480)).has_location, expected, "JPEG: {name}");
            let late = chunk(b"eXIf", &data);
            assert_eq!(look(&png_with(&late, b"", 640, 480)).has_location, expected, "PNG: {name}");
            assert_eq!(look(&png_with(b"", &late, 640, 480)).has_location, expected, "PNG, behind the pixels: {name}");
        }
    }
    let second = [exif(&turning(1)), exif(&located(true, SOME, SOME))].concat();
    assert!(look(&jpeg_with(&second, 640, 480)).has_location, "of the second segment");
}

#[test]
fn a_position_in_xmp() {
    let cases: &[(&str, bool)] = &[
        (r#"<d exif:GPSLatitude="48,12.5N" exif:GPSLongitude="16,22.2E"/>"#, true),
        (r"<d exif:GPSLatitude='48,12.5N' exif:GPSLongitude='16,22.2E'/>", true),
        ("<exif:GPSLatitude>48,12.5N</exif:GPSLatitude><exif:GPSLongitude>16,22.2E</exif:GPSLongitude>", true),
        (r#"<d exif:GPSLatitude="48,12.5N"/>"#, false),
        (r#"<d exif:GPSLatitude="" exif:GPSLongitude=""/>"#, false),
        (r#"<d exif:GPSLatitudeRef="48" exif:GPSLongitudeRef="16"/>"#, false),
        ("<d/>", false),
        ("exif:GPSLatitude", false),
    ];
    for (text, expected) in cases {
        let packet = [b"http://ns.adobe.com/xap/1.0/\0", text.as_bytes()].concat();
        assert_eq!(look(&jpeg_with(&segment(0xE1, &packet), 640, 480)).has_location, *expected, "JPEG: {text}");
        let packet = chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", text.as_bytes()].concat());
        assert_eq!(look(&png_with(&packet, b"", 640, 480)).has_location, *expected, "PNG: {text}");
        assert_eq!(look(&png_with(b"", &packet, 640, 480)).has_location, *expected, "PNG, behind: {text}");
    }
}
