//! JPEG files that only some programs can read. Every row was shown to Chromium 156 and Firefox 153.

use kling_core::image::{Coding, check};
use kling_core::issue::{IssueCode, Severity};

use super::build::{EOI, SCAN_DATA, jpeg_with, scan, segment};
use super::look;

/// A JPEG whose frame has that marker, number of bits and number of components.
fn jpeg(marker: u8, bits: u8, components: u8) -> Vec<u8> {
    let each = (1..=components).flat_map(|component| [component, 0x11, 0]);
    let frame = [bits, 1, 0xE0, 2, 0x80, components].into_iter().chain(each).collect::<Vec<_>>();
    [b"\xFF\xD8", &segment(marker, &frame)[..], &scan(SCAN_DATA), EOI].concat()
}

#[test]
fn a_coding_that_browsers_cannot_read_is_refused() {
    let cases: &[(u8, u8, u8, Coding)] = &[
        (0xC0, 8, 1, Coding::Usual),
        (0xC0, 8, 3, Coding::Usual),
        (0xC0, 8, 4, Coding::Usual),
        (0xC1, 8, 1, Coding::Usual),
        (0xC1, 8, 3, Coding::Usual),
        (0xC1, 8, 4, Coding::Usual),
        (0xC2, 8, 1, Coding::Usual),
        (0xC2, 8, 3, Coding::Usual),
        (0xC2, 8, 4, Coding::Usual),
        (0xC9, 8, 3, Coding::Arithmetic),
        (0xCA, 8, 3, Coding::Arithmetic),
        (0xC3, 8, 3, Coding::Lossless),
        (0xC3, 16, 1, Coding::Lossless),
        (0xCB, 8, 3, Coding::Lossless),
        (0xC5, 8, 3, Coding::Hierarchical),
        (0xC6, 8, 3, Coding::Hierarchical),
        (0xC7, 8, 3, Coding::Hierarchical),
        (0xCD, 8, 3, Coding::Hierarchical),
        (0xCE, 8, 3, Coding::Hierarchical),
        (0xCF, 8, 3, Coding::Hierarchical),
        (0xC0, 12, 3, Coding::Bits(12)),
        (0xC1, 12, 3, Coding::Bits(12)),
        (0xC2, 12, 3, Coding::Bits(12)),
        (0xCA, 12, 3, Coding::Bits(12)),
        (0xC0, 2, 3, Coding::Bits(2)),
        (0xC1, 16, 1, Coding::Bits(16)),
        (0xC0, 0, 3, Coding::Bits(0)),
        (0xC0, 8, 0, Coding::Components(0)),
        (0xC1, 8, 2, Coding::Components(2)),
        (0xC2, 8, 2, Coding::Components(2)),
        (0xC0, 8, 5, Coding::Components(5)),
        (0xC9, 8, 255, Coding::Components(255)),
    ];
    for (marker, bits, components, expected) in cases {
        let bytes = jpeg(*marker, *bits, *components);
        let header = look(&bytes);
        let name = format!("{marker:x}, {bits} bits, {components} components");
        assert_eq!((header.coding, header.size, header.is_truncated), (*expected, Some((640, 480)), false), "{name}");
        let issues = check("images[0]", bytes.len() as u64, &header);
        let found: Vec<_> = issues.iter().map(|issue| (issue.code, issue.severity)).collect();
        match expected {
            Coding::Usual => assert_eq!(found, [], "{name}"),
            Coding::Arithmetic => assert_eq!(found, [(IssueCode::UnsupportedFormat, Severity::Warning)], "{name}"),
            _ => assert_eq!(found, [(IssueCode::UnsupportedFormat, Severity::Error)], "{name}"),
        }
    }
}

#[test]
fn a_marker_of_another_coding_is_refused() {
    let hierarchy = segment(0xDE, &[8, 1, 0xE0, 2, 0x80, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    let cases = [
        ("hierarchical", jpeg_with(&hierarchy, 640, 480), Coding::Hierarchical),
        ("JPEG-LS", jpeg(0xF7, 8, 3), Coding::JpegLs),
        ("parameters of JPEG-LS", jpeg_with(&segment(0xF8, &[1; 11]), 640, 480), Coding::JpegLs),
        ("JPG", jpeg(0xC8, 8, 3), Coding::Extension),
        ("JPG0", jpeg_with(&segment(0xF0, b"abc"), 640, 480), Coding::Extension),
        ("JPG6", jpeg_with(&segment(0xF6, b"abc"), 640, 480), Coding::Extension),
        (
            "lossless, two frames",
            [&b"\xFF\xD8"[..], &segment(0xC3, &[8, 1, 0xE0, 2, 0x80, 1, 1, 0x11, 0]), &jpeg(0xC0, 8, 3)[2..]].concat(),
            Coding::Lossless,
        ),
        ("JPG13", jpeg_with(&segment(0xFD, b"abc"), 640, 480), Coding::Extension),
    ];
    for (name, bytes, expected) in cases {
        let header = look(&bytes);
        assert_eq!(header.coding, expected, "{name}");
        let found: Vec<_> = check("images[0]", bytes.len() as u64, &header)
            .into_iter()
            .map(|issue| (issue.code, issue.severity))
            .collect();
        assert_eq!(found, [(IssueCode::UnsupportedFormat, Severity::Error)], "{name}");
    }
}

#[test]
fn a_warning_hides_no_error() {
    let twice = [&jpeg(0xC9, 8, 3)[..21], &jpeg(0xC9, 8, 3)[2..]].concat();
    let header = look(&twice);
    assert_eq!((header.coding, header.size), (Coding::Arithmetic, None));
    let found: Vec<_> = check("image", twice.len() as u64, &header).into_iter().map(|issue| issue.code).collect();
    assert_eq!(found, [IssueCode::UnsupportedFormat, IssueCode::SizeUnknown]);
}

#[test]
fn the_message_names_the_coding() {
    let cases = [
        (jpeg(0xC3, 8, 3), "a JPEG with lossless coding"),
        (jpeg(0xC5, 8, 3), "a JPEG with hierarchical coding"),
        (jpeg(0xF7, 8, 3), "a JPEG-LS"),
        (jpeg(0xC8, 8, 3), "a JPEG with an extension of the format"),
        (jpeg(0xC1, 12, 3), "a JPEG with 12 bits per sample"),
        (jpeg(0xC0, 8, 2), "a JPEG with 2 components"),
        (jpeg(0xC9, 8, 3), "a JPEG with arithmetic coding"),
    ];
    for (bytes, expected) in cases {
        let issues = check("images[0]", bytes.len() as u64, &look(&bytes));
        assert!(issues[0].message.contains(expected), "{expected} in {issues:?}");
        assert_eq!(issues[0].params.get("actual"), Some(&"jpeg".into()));
    }
}
