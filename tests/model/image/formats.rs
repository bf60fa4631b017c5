//! Formats by content, and sizes where nothing turns them.

use kling_core::image::Coding;
use kling_core::image::ImageFormat::{self, Avif, Bmp, Gif, Heic, Jpeg, Png, Tiff, Unknown, Webp};

use super::build::{EOI, SCAN_DATA, chunk, frame, jpeg, jpeg_with, png, scan, segment};
use super::{case, look, size};

type Size = Option<(u32, u32)>;

/// A `ftyp` box with these brands, and the start of the next box.
fn media(brands: &[&[u8; 4]]) -> Vec<u8> {
    let first = brands[0];
    let rest: Vec<u8> = brands[1..].iter().flat_map(|brand| brand.to_vec()).collect();
    let len = u32::try_from(16 + rest.len()).unwrap();
    [&len.to_be_bytes()[..], b"ftyp", first, b"avif", &rest, b"\0\0\0\x08mdat"].concat()
}

#[test]
fn is_recognised_by_content() {
    let cases: &[(&[u8], ImageFormat)] = &[
        (b"", Unknown),
        (b"\xFF\xD8", Unknown),
        (b"\xFF\xD8\xFF", Jpeg),
        (b"\xFF\xD8\x00\xFF\xE0", Unknown),
        (b"\x00\xFF\xD8\xFF\xE0", Unknown),
        (b"\x89PNG\r\n\x1A\n", Png),
        (b"\x89PNG\r\n\x1A", Unknown),
        (b"\x89PNG\n\n\x1A\n", Unknown),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Webp),
        (b"RIFF\x10\0\0\0WAVEfmt ", Unknown),
        (b"GIF87a", Gif),
        (b"GIF89a\x40\x01\xC8\x00", Gif),
        (b"GIF88a", Unknown),
        (b"II*\0\x08\0\0\0", Tiff),
        (b"MM\0*\0\0\0\x08", Tiff),
        (b"II+\0\x08\0\0\0", Tiff),
        (b"MM\0+\0\x08\0\0", Tiff),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x40\x01\0\0\x38\xFF\xFF\xFF", Bmp),
        (b"BMW drivers may read this text, which is no bitmap", Unknown),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Unknown),
        (b"%PDF-1.7", Unknown),
    ];
    for (bytes, format) in cases {
        assert_eq!(look(bytes).format, *format, "{}", bytes.escape_ascii());
    }
}

#[test]
fn brands_tell_avif_from_heic_from_a_video() {
    let cases: &[(&[&[u8; 4]], ImageFormat)] = &[
        (&[b"avif"], Avif),
        (&[b"avis", b"msf1"], Avif),
        (&[b"mif1", b"miaf", b"avif"], Avif),
        (&[b"heic", b"mif1"], Heic),
        (&[b"heix"], Heic),
        (&[b"heim"], Heic),
        (&[b"heis"], Heic),
        (&[b"hevc"], Heic),
        (&[b"hevx"], Heic),
        (&[b"mif1"], Heic),
        (&[b"msf1", b"iso8"], Heic),
        (&[b"MiHB", b"heic"], Heic),
        // The version of the first brand is no brand, though it reads like one here.
        (&[b"isom", b"mp42"], Unknown),
        (&[b"qt  "], Unknown),
        (&[b"crx ", b"isom"], Unknown),
    ];
    for (brands, format) in cases {
        assert_eq!(look(&media(brands)).format, *format, "{brands:?}");
    }
    // A box that says it is endless, and one that ends before its brands.
    assert_eq!(look(b"\xFF\xFF\xFF\xFFftypheic").format, Heic);
    assert_eq!(look(b"\0\0\0\x00ftypavif\0\0\0\0").format, Avif);
}

#[test]
fn real_files() {
    let cases = [
        ("images/progressive-turned-thumbnail.jpg", Jpeg, Some((320, 480))),
        ("images/restarts-location.jpg", Jpeg, Some((480, 320))),
        ("images/grey-icc-comment.jpg", Jpeg, Some((480, 320))),
        ("images/two-pictures.mpo.jpg", Jpeg, Some((480, 320))),
        ("images/palette.png", Png, Some((480, 320))),
        ("images/palette-turned.png", Png, Some((320, 480))),
        ("images/picture.webp", Webp, Some((64, 48))),
        ("images/picture.gif", Gif, Some((64, 48))),
        ("images/picture.avif", Avif, Some((64, 48))),
        ("images/picture.heic", Heic, Some((64, 48))),
        ("images/picture.bmp", Bmp, Some((64, 48))),
        ("images/picture.tiff", Tiff, Some((64, 48))),
        ("photos/china.jpg", Jpeg, Some((640, 427))),
        ("photos/flower.jpg", Jpeg, Some((640, 427))),
        ("photos/grace_hopper.jpg", Jpeg, Some((512, 600))),
        ("photos/chelsea.png", Png, Some((451, 300))),
    ];
    for (name, format, size) in cases {
        let header = look(&case(name));
        assert_eq!((header.format, header.size, header.is_truncated), (format, size, false), "{name}");
        assert_eq!(header.has_location, name.contains("location"), "{name}");
    }
}

#[test]
fn every_kind_of_frame_has_a_size() {
    for marker in 0xC0..=0xCF_u8 {
        let bytes = [b"\xFF\xD8", &frame(marker, 640, 480)[..], &scan(SCAN_DATA), EOI].concat();
        let expected = (!matches!(marker, 0xC4 | 0xC8 | 0xCC)).then_some((640, 480));
        assert_eq!(size(&bytes), expected, "{marker:x}");
    }
}

#[test]
fn segments_come_in_any_order_and_number() {
    let thumbnail = segment(0xE0, &[b"JFXX\0\x10", &jpeg(160, 120)[..]].concat());
    let giant: Vec<u8> = segment(0xE2, &vec![0xD9; 65_533]).repeat(40);
    let between: &[(&str, &[u8])] = &[
        ("nothing", b""),
        ("fill bytes", b"\xFF\xFF\xFF"),
        ("garbage", b"hello\0"),
        ("stuffed garbage", b"a\xFF\x00b"),
        ("zeros", &vec![0; 5000]),
        ("markers that stand alone", b"\xFF\xD0\xFF\x01\xFF\xD7"),
        ("a segment of length 0", b"\xFF\xE5\0\0"),
        ("a segment of length 1", b"\xFF\xFE\0\x01"),
        ("a thumbnail", &thumbnail),
        ("a number of lines", b"\xFF\xDC\0\x04\x01\x2C"),
        ("two and a half MiB", &giant),
    ];
    for (name, extra) in between {
        let header = look(&jpeg_with(extra, 640, 480));
        assert_eq!((header.size, header.is_truncated), (Some((640, 480)), false), "{name}");
    }
    let frame_first =
        [b"\xFF\xD8", &frame(0xC2, 640, 480)[..], &segment(0xDB, &[1; 65]), &scan(SCAN_DATA), EOI].concat();
    assert_eq!(size(&frame_first), Some((640, 480)));
}

#[test]
fn a_damaged_header_has_no_size() {
    let frame_of = |content: &[u8]| [b"\xFF\xD8", &segment(0xC0, content)[..], &scan(SCAN_DATA), EOI].concat();
    let mut bad_checksum = png(640, 480);
    bad_checksum[29] ^= 1;
    let mut late_header = png(640, 480);
    late_header.splice(8..8, chunk(b"tEXt", b"a\0b"));
    let cases: &[(&str, Vec<u8>)] = &[
        ("two frames", jpeg_with(&frame(0xC0, 160, 120), 640, 480)),
        ("two starts", jpeg_with(b"\xFF\xD8", 640, 480)),
        ("end first", jpeg_with(EOI, 640, 480)),
        ("a scan first", jpeg_with(&scan(SCAN_DATA), 640, 480)),
        ("an unassigned marker", jpeg_with(b"\xFF\xF0\0\x02", 640, 480)),
        ("a reserved marker", jpeg_with(b"\xFF\x02\0\x02", 640, 480)),
        ("JPEG-LS", [b"\xFF\xD8", &frame(0xF7, 640, 480)[..], &scan(SCAN_DATA), EOI].concat()),
        ("height after the scan", jpeg(640, 0)),
        ("no width", jpeg(0, 480)),
        ("a frame cut short", frame_of(&[8, 1, 0xE0, 2, 0x80, 3, 1, 0x22, 0])),
        ("a frame with more than its components", frame_of(&[8, 1, 0xE0, 2, 0x80, 1, 1, 0x22, 0, 9])),
        ("an empty frame", frame_of(&[])),
        ("PNG: no width", png(0, 480)),
        ("PNG: no height", png(640, 0)),
        ("PNG: more than the format allows", png(0x8000_0000, 480)),
        ("PNG: checksum of the header", bad_checksum),
        ("PNG: another chunk first", late_header),
        ("PNG: an unknown critical chunk", super::build::png_with(&chunk(b"ABCD", b"x"), b"", 640, 480)),
    ];
    for (name, bytes) in cases {
        let header = look(bytes);
        assert_eq!((header.size, header.is_truncated), (None, false), "{name}");
        assert_ne!(header.coding, Coding::ApplePng, "{name}");
    }
}

#[test]
fn a_png_for_apps_is_named() {
    let mut bytes = png(640, 480);
    bytes.splice(8..8, chunk(b"CgBI", b"\x50\0\x20\x02"));
    let header = look(&bytes);
    assert_eq!((header.format, header.size, header.coding), (Png, None, Coding::ApplePng));
}

/// A GIF with a screen, a palette of two colours, blocks before its first image, and the place of that image.
fn gif(screen: [u16; 2], blocks: &[u8], place: [u16; 4]) -> Vec<u8> {
    let little = |numbers: &[u16]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
    let screen = [b"GIF89a", &little(&screen)[..], b"\x80\0\0", &[0; 6]].concat();
    [&screen[..], blocks, b",", &little(&place), b"\0\x02\x01\x2C\0;"].concat()
}

/// Each row was shown to Chromium 156; Firefox 153 differs where `either` says so.
#[test]
fn a_gif_is_as_large_as_its_screen_and_its_first_image() {
    let comment = b"!\xFE\x05hello\0";
    let control = b"!\xF9\x04\x04\x0A\0\0\0";
    let long = [b"!\xFE", &[&b"\xFF"[..], &[b'a'; 255]].concat().repeat(2000)[..], b"\0"].concat();
    let later = [&gif([32, 24], b"", [0, 0, 32, 24])[19..34], control].concat();
    let cases: &[(&str, Vec<u8>, (u32, u32))] = &[
        ("equal", gif([32, 24], b"", [0, 0, 32, 24]), (32, 24)),
        ("within", gif([32, 24], b"", [10, 10, 8, 8]), (32, 24)),
        ("larger", gif([32, 24], b"", [0, 0, 64, 48]), (64, 48)),
        ("either: wider", gif([32, 24], b"", [0, 0, 64, 10]), (64, 24)),
        ("either: higher", gif([32, 24], b"", [0, 0, 10, 48]), (32, 48)),
        ("either: outside", gif([32, 24], b"", [10, 10, 32, 24]), (42, 34)),
        ("either: far outside", gif([32, 24], b"", [100, 100, 8, 8]), (108, 108)),
        ("no screen", gif([0, 0], b"", [0, 0, 64, 48]), (64, 48)),
        ("no width", gif([0, 24], b"", [0, 0, 64, 48]), (64, 48)),
        ("after a comment", gif([32, 24], comment, [0, 0, 64, 48]), (64, 48)),
        ("after several blocks", gif([32, 24], &[&comment[..], control].concat(), [0, 0, 64, 48]), (64, 48)),
        ("after half a mebibyte", gif([32, 24], &long, [0, 0, 64, 48]), (64, 48)),
        ("the second image is larger", gif([32, 24], &later, [0, 0, 64, 48]), (32, 24)),
        ("the largest", gif([1, 1], b"", [65_535, 65_535, 65_535, 65_535]), (131_070, 131_070)),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(size(bytes), Some(*expected), "{name}");
    }
}

/// A BMP with a header of that length.
fn bmp(len: u32, width: i32, height: i32) -> Vec<u8> {
    let edges = if len == 12 {
        [&width.to_le_bytes()[..2], &height.to_le_bytes()[..2]].concat()
    } else {
        [width.to_le_bytes(), height.to_le_bytes()].concat()
    };
    let start = [&b"BM\0\0\0\0\0\0\0\0\x36\0\0\0"[..], &len.to_le_bytes(), &edges, b"\x01\0\x18\0"].concat();
    [start, vec![0; 3700]].concat()
}

/// Each row was shown to Chromium 156 and Firefox 153.
#[test]
fn a_bmp_has_a_positive_width() {
    for len in [16, 20, 40, 44, 52, 56, 64, 108, 124] {
        let cases: &[(i32, i32, Size)] = &[
            (40, 30, Some((40, 30))),
            (40, -30, Some((40, 30))),
            (-40, 30, None),
            (-40, -30, None),
            (-127, 64, None),
            (i32::MIN, 30, None),
            (40, i32::MIN, None),
            (0, 30, None),
            (40, 0, None),
        ];
        for (width, height, expected) in cases {
            let header = look(&bmp(len, *width, *height));
            assert_eq!((header.format, header.size), (Bmp, *expected), "{width} × {height}, header of {len}");
        }
    }
    assert_eq!(size(&bmp(12, 40, 30)), Some((40, 30)));
    assert_eq!(size(&bmp(12, 40, -30)), Some((40, 65_506)), "unsigned in the oldest header");
    assert_eq!(size(&bmp(12, -40, 30)), Some((65_496, 30)), "unsigned in the oldest header");
    for len in [0, 11, 13, 65, 107, 109, 128, 200] {
        assert_eq!(look(&bmp(len, 40, 30)).format, Unknown, "header of {len}");
    }
}

#[test]
fn plain_sizes() {
    let bmp = |info: &[u8]| [&b"BM\0\0\0\0\0\0\0\0\x36\0\0\0"[..], info].concat();
    let cases = [
        (b"GIF89a\x40\x01\xC8\x00".to_vec(), Some((320, 200))),
        (b"GIF89a\x00\x00\xC8\x00".to_vec(), None),
        (b"GIF89a\x40\x01".to_vec(), None),
        (bmp(b"\x28\0\0\0\x40\x01\0\0\xC8\0\0\0"), Some((320, 200))),
        (bmp(b"\x28\0\0\0\x40\x01\0\0\x38\xFF\xFF\xFF"), Some((320, 200))),
        (bmp(b"\x0C\0\0\0\x40\x01\xC8\x00"), Some((320, 200))),
        (bmp(b"\x28\0\0\0\x40\x01"), None),
    ];
    for (bytes, expected) in cases {
        assert_eq!(size(&bytes), expected, "{}", bytes.escape_ascii());
    }
}
