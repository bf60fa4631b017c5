//! Files of every format: their displayed sizes as other readers report them, and what becomes of them when they are cut.

use kling_core::image::ImageFormat::{self, Avif, Bmp, Gif, Heic, Tiff, Webp};
use kling_core::image::check;
use kling_core::issue::{IssueCode, Severity};

use super::reads::MOST_READS;
use super::{case, look, measure};

/// A row of `expected.tsv`.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    size: Option<(u32, u32)>,
    has_location: bool,
}

pub(super) fn rows() -> Vec<Row> {
    let table = String::from_utf8(case("images/formats/expected.tsv")).unwrap();
    let rows: Vec<Row> = table.lines().skip(1).map(row).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases/images/formats");
    assert_eq!(rows.len() + 1, std::fs::read_dir(folder).unwrap().count(), "a row for each file");
    rows
}

fn row(line: &str) -> Row {
    let [name, size, metadata, _] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
    let size = size.split_once('x').map(|(width, height)| (width.parse().unwrap(), height.parse().unwrap()));
    let bytes = case(&format!("images/formats/{name}"));
    Row { name: name.to_owned(), bytes, size, has_location: metadata == "position" }
}

#[test]
fn sizes_and_positions_are_those_of_other_readers() {
    for Row { name, bytes, size, has_location } in rows() {
        let header = look(&bytes);
        let format = ImageFormat::from_word(name.rsplit('.').next().unwrap()).unwrap();
        assert_eq!(header.size, size, "{name}");
        assert_eq!((header.format, header.has_location, header.is_truncated), (format, has_location, false), "{name}");
        let issues: Vec<_> =
            check("image", bytes.len() as u64, &header).iter().map(|issue| (issue.code, issue.severity)).collect();
        let refusal = (IssueCode::UnsupportedFormat, Severity::Error);
        let warning = (IssueCode::HasLocation, Severity::Warning);
        let expected = if has_location { vec![refusal, warning] } else { vec![refusal] };
        assert_eq!(issues, expected, "{name}");
    }
}

/// A cut file has the size of the whole one or none, and is reported as cut where its length or its end says so.
#[test]
fn every_beginning_is_cut() {
    for Row { name, bytes, size, .. } in rows() {
        // Its last box reaches to the end, wherever that is.
        let is_endless = name == "mdat0.avif";
        for len in (24..bytes.len()).step_by(if bytes.len() > 2000 { 31 } else { 3 }) {
            let (header, cost) = measure(&bytes[..len]);
            assert!(cost.reads <= 1, "{name}, {len}: {cost:?}");
            let says_its_end = match header.format {
                Webp | Avif | Heic => !is_endless,
                Gif => true,
                Bmp => size.is_some(),
                _ => false,
            };
            assert!(header.is_truncated || !says_its_end, "{name}, {len} of {}", bytes.len());
            // A GIF is as large as its screen until its first image is read; the orientation of a TIFF may be cut off.
            let may_differ = header.format == Gif || (header.format == Tiff && header.is_truncated);
            assert!(header.size == size || header.size.is_none() || may_differ, "{name}, {len}: {:?}", header.size);
        }
    }
}

#[test]
fn more_behind_the_end_changes_no_size() {
    for Row { name, bytes, size, .. } in rows() {
        for more in [&b"\0"[..], &vec![0; 70_000], b"\xFF\xD8\xFF\xE0", b"\x89PNG\r\n\x1A\n"] {
            let header = look(&[&bytes[..], more].concat());
            assert_eq!(header.size, size, "{name}, {} bytes more", more.len());
        }
    }
}

/// Files that are long before what matters in them.
#[test]
fn what_matters_is_found_far_inside() {
    let far = |bytes: &[u8], from: usize, to: usize| {
        [&bytes[..from], &((to + 8) as u32).to_be_bytes(), b"free", &vec![0; to], &bytes[from..]].concat()
    };
    for Row { name, bytes, size, .. } in rows() {
        if !(name.ends_with("heic") || name.ends_with("avif")) {
            continue;
        }
        let first = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        for len in [100_000, 300_000, 5_000_000] {
            let (header, cost) = measure(&far(&bytes, first, len));
            assert_eq!((header.size, header.is_truncated), (size, false), "{name} behind {len}");
            assert!(cost.reads <= 4 && cost.bytes <= 700_000, "{name} behind {len}: {cost:?}");
        }
    }
    // A directory of a TIFF at its end, and its position near it.
    let tiff = case("images/formats/location.tiff");
    let far = [&b"II*\0\x40\x42\x0F\0"[..], &vec![0; 1_000_000 - 8], &directory(&tiff, 1_000_000)].concat();
    let (header, cost) = measure(&far);
    assert_eq!((header.size, header.has_location, header.is_truncated), (Some((24, 32)), true, false));
    assert!(cost.reads <= 3, "{cost:?}");
    assert!(look(&far[..999_000]).is_truncated);
    assert!(cost.reads <= MOST_READS);
}

/// The properties of the items may be in several `ipma` boxes, of different versions.
#[test]
fn properties_are_found_in_each_of_several_boxes() {
    let other: [(&str, &[u8]); 6] = [
        ("empty", b"\0\0\0\0\0\0\0\0"),
        ("another item", b"\0\0\0\0\0\0\0\x01\x7F\xFF\x02\x81\x02"),
        ("another item, long numbers", b"\0\0\0\x01\0\0\0\x01\x7F\xFF\x02\x80\x01\0\x02"),
        ("another item, long id", b"\x01\0\0\0\0\0\0\x01\0\x01\0\0\x01\x83"),
        ("another item, all long", b"\x01\0\0\x01\0\0\0\x01\0\x01\0\0\x01\x80\x03"),
        ("cut", b"\0\0\0"),
    ];
    for Row { name, bytes, size, .. } in rows() {
        if !(name.ends_with("heic") || name.ends_with("avif")) {
            continue;
        }
        let place = |kind: &[u8]| bytes.windows(4).position(|found| found == kind).unwrap() - 4;
        let len = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let own = place(b"ipma");
        for (what, content) in other {
            let added = [&(content.len() as u32 + 8).to_be_bytes()[..], b"ipma", content].concat();
            for at in [own, own + len(own) as usize] {
                let mut more = bytes.clone();
                for parent in [place(b"meta"), place(b"iprp")] {
                    let longer = len(parent) + added.len() as u32;
                    more[parent..parent + 4].copy_from_slice(&longer.to_be_bytes());
                }
                more.splice(at..at, added.clone());
                assert_eq!(look(&more).size, size, "{name}, {what}");
            }
        }
    }
}

/// The directory of a TIFF in which everything follows the first directory, moved to another offset.
fn directory(tiff: &[u8], to: u32) -> Vec<u8> {
    let long = |at: usize| u32::from_le_bytes(tiff[at..at + 4].try_into().unwrap());
    let short = |at: usize| usize::from(u16::from_le_bytes(tiff[at..at + 2].try_into().unwrap()));
    let first = long(4) as usize;
    let mut moved = tiff[first..].to_vec();
    let mut shift = |table: usize| {
        for field in 0..short(table) {
            let at = table + 2 + 12 * field;
            let len = long(at + 4) * [0, 1, 1, 2, 4, 8][short(at + 2)];
            if len > 4 || short(at) == 0x8825 {
                let offset = long(at + 8) - first as u32 + to;
                moved[at + 8 - first..at + 12 - first].copy_from_slice(&offset.to_le_bytes());
            }
        }
    };
    shift(first);
    let gps = (0..short(first)).map(|field| first + 2 + 12 * field).find(|at| short(*at) == 0x8825).unwrap();
    shift(long(gps + 8) as usize);
    moved
}
