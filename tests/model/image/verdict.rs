//! What is said of a picture: which problems, with which figures, in which words.

use kling_core::image::{check, limits};
use kling_core::issue::{Issue, IssueCode, IssueCode as Code, Param, Severity};

use super::build::{chunk, exif, jpeg, jpeg_with, large_jpeg, located, png, segment};
use super::{case, look};

fn issues(bytes: &[u8]) -> Vec<Issue> {
    check("images[2]", bytes.len() as u64, &look(bytes))
}

fn codes(bytes: &[u8]) -> Vec<IssueCode> {
    issues(bytes).into_iter().map(|issue| issue.code).collect()
}

fn number(issue: &Issue, name: &str) -> Option<u64> {
    match issue.params.get(name)? {
        Param::Number(number) => Some(*number),
        Param::Text(_) => None,
    }
}

#[test]
fn edges_and_ratio_include_their_limits() {
    let cases: &[(u16, u16, &[Code])] = &[
        (300, 300, &[]),
        (299, 300, &[Code::ImageTooSmall]),
        (300, 299, &[Code::ImageTooSmall]),
        (750, 300, &[]),
        (300, 750, &[]),
        (751, 300, &[Code::BadAspectRatio]),
        (300, 751, &[Code::BadAspectRatio]),
        (1000, 400, &[]),
        (1001, 400, &[Code::BadAspectRatio]),
        (65_535, 26_214, &[]),
        (65_535, 26_213, &[Code::BadAspectRatio]),
        (1000, 200, &[Code::ImageTooSmall, Code::BadAspectRatio]),
        (1, 1, &[Code::ImageTooSmall]),
        (1, 65_535, &[Code::ImageTooSmall, Code::BadAspectRatio]),
    ];
    for (width, height, expected) in cases {
        assert_eq!(codes(&jpeg(*width, *height)), *expected, "JPEG of {width} × {height}");
        assert_eq!(codes(&png((*width).into(), (*height).into())), *expected, "PNG of {width} × {height}");
    }
    assert_eq!(codes(&png(0x7FFF_FFFF, 0x7FFF_FFFF)), []);
    assert_eq!(codes(&png(0x7FFF_FFFF, 300)), [Code::BadAspectRatio]);
}

#[test]
fn bytes_include_their_limit() {
    let most = usize::try_from(limits::MAX_IMAGE_BYTES).unwrap();
    assert_eq!(codes(&large_jpeg(&[], most)), []);
    assert_eq!(codes(&large_jpeg(&[], most + 1)), [Code::ImageTooLarge]);
    // Not looked through: nothing is said of its end or its size, for want of knowing.
    let without_frame = [b"\xFF\xD8", &segment(0xE2, &vec![0; 65_533]).repeat(200)[..]].concat();
    assert_eq!(codes(&without_frame), [Code::ImageTooLarge]);
    assert_eq!(codes(&large_jpeg(&[], most + 3)[..=most]), [Code::ImageTooLarge]);
}

#[test]
fn all_at_once_but_nothing_that_follows_from_another() {
    let place = exif(&located(true, [(48, 1); 3], [(16, 1); 3]));
    let mut bad = jpeg_with(&place, 1000, 200);
    bad.truncate(bad.len() - 2);
    assert_eq!(codes(&bad), [Code::ImageTruncated, Code::ImageTooSmall, Code::BadAspectRatio, Code::HasLocation]);
    assert_eq!(codes(b""), [Code::ImageEmpty]);
    assert_eq!(codes(&jpeg(640, 480)[..20]), [Code::ImageTruncated], "cut before its size");
    assert_eq!(codes(&jpeg(640, 0)), [Code::SizeUnknown]);
    assert_eq!(codes(&case("images/picture.gif")), [Code::UnsupportedFormat], "its size does not matter");
    assert_eq!(codes(b"hello"), [Code::UnsupportedFormat]);
}

#[test]
fn figures() {
    let cases = [
        (jpeg(640, 299), vec![("limit", 300), ("actual", 299), ("width", 640), ("height", 299)]),
        (jpeg(200, 100), vec![("limit", 300), ("actual", 100), ("width", 200), ("height", 100)]),
        (large_jpeg(&[], 10_485_761), vec![("limit", 10_485_760), ("actual", 10_485_761)]),
    ];
    for (bytes, expected) in cases {
        let issue = &issues(&bytes)[0];
        for (name, value) in expected {
            assert_eq!(number(issue, name), Some(value), "{name} of {issue:?}");
        }
    }
    for (width, height, actual) in
        [(751, 300, "2.51"), (300, 751, "2.51"), (65_535, 26_213, "2.51"), (3000, 300, "10.00")]
    {
        let issue = &issues(&jpeg(width, height))[0];
        assert_eq!(issue.params.get("limit"), Some(&"2.5".into()));
        assert_eq!(issue.params.get("actual"), Some(&actual.into()));
        assert_eq!((number(issue, "width"), number(issue, "height")), (Some(width.into()), Some(height.into())));
    }
    assert_eq!(issues(&case("images/picture.heic"))[0].params.get("actual"), Some(&"heic".into()));
}

#[test]
fn words() {
    let mut for_apps = png(640, 480);
    for_apps.splice(8..8, chunk(b"CgBI", b"\x50\0\x20\x02"));
    let place = jpeg_with(&exif(&located(true, [(48, 1); 3], [(16, 1); 3])), 640, 480);
    let cases: &[(&[u8], &[&str])] = &[
        (b"", &["0 bytes"]),
        (&case("images/picture.webp"), &["WebP", "convert it to JPEG or PNG"]),
        (&case("images/picture.heic"), &["HEIC", "convert it to JPEG or PNG"]),
        (&for_apps, &["CgBI", "save it again"]),
        (b"hello", &["unknown format"]),
        (&jpeg(640, 299), &["at least 300 px", "640 × 299"]),
        (&jpeg(1000, 399), &["2.5:1", "1000 × 399", "crop"]),
        (&large_jpeg(&[], 10_485_761), &["10 MiB", "10485760", "10485761"]),
        (&jpeg(640, 480)[..130], &["ends before the image does"]),
        (&jpeg(640, 0), &["JPEG", "size in pixels"]),
        (&place, &["GPS position", "remove it"]),
    ];
    for (bytes, parts) in cases {
        let found = issues(bytes);
        assert_eq!(found.len(), 1, "{found:?}");
        let issue = &found[0];
        for part in *parts {
            assert!(issue.message.contains(part), "{part:?} in {:?}", issue.message);
        }
        assert_eq!(issue.path, "images[2]");
        assert_eq!(issue.severity == Severity::Warning, issue.code == Code::HasLocation);
        assert!(!issue.message.ends_with('.') && issue.message.starts_with(char::is_lowercase), "{:?}", issue.message);
    }
}
