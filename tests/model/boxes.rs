//! Whether an MP4 file is whole, by its boxes.

use kling_core::video::{Boxes, FileEnd};

fn end_of(file: &[u8]) -> FileEnd {
    let mut boxes = Boxes::new(file.len() as u64);
    for _ in 0..2_000 {
        let header = boxes.next_header();
        if let Some(end) = boxes.take(&file[header.start as usize..header.end as usize]) {
            return end;
        }
    }
    panic!("more than 2,000 reads");
}

/// A box of that type with `bytes` bytes of content.
fn a_box(kind: &str, bytes: usize) -> Vec<u8> {
    [&(bytes as u32 + 8).to_be_bytes(), kind.as_bytes(), vec![0x5a; bytes].as_slice()].concat()
}

/// The same with a length of 64 bits.
fn long_box(kind: &str, bytes: usize) -> Vec<u8> {
    [&1_u32.to_be_bytes()[..], kind.as_bytes(), &(bytes as u64 + 16).to_be_bytes(), vec![0x5a; bytes].as_slice()]
        .concat()
}

/// The same, which reaches to the end of the file.
fn open_box(kind: &str, bytes: usize) -> Vec<u8> {
    [&0_u32.to_be_bytes()[..], kind.as_bytes(), vec![0x5a; bytes].as_slice()].concat()
}

fn file(boxes: &[Vec<u8>]) -> Vec<u8> {
    boxes.concat()
}

#[test]
fn every_layout_has_its_end() {
    let ftyp = || a_box("ftyp", 16);
    let (moov, mdat) = (|| a_box("moov", 40), || a_box("mdat", 60));
    let fragment = || [a_box("moof", 20), a_box("mdat", 30)].concat();
    let cases: &[(&str, Vec<u8>, FileEnd)] = &[
        ("for streaming", file(&[ftyp(), moov(), mdat()]), FileEnd::Whole),
        ("index last", file(&[ftyp(), mdat(), moov()]), FileEnd::Whole),
        ("with free space", file(&[ftyp(), a_box("free", 0), mdat(), moov(), a_box("free", 9)]), FileEnd::Whole),
        ("without an index", file(&[ftyp(), mdat()]), FileEnd::Unindexed),
        ("a long length", file(&[ftyp(), moov(), long_box("mdat", 70)]), FileEnd::Whole),
        (
            "a type with a copyright sign",
            file(&[ftyp(), moov(), mdat(), b"\0\0\0\x08\xa9nam".to_vec()]),
            FileEnd::Whole,
        ),
        ("an unknown tail", [file(&[ftyp(), moov(), mdat()]), vec![0; 5]].concat(), FileEnd::Whole),
        ("a tail of zeros", [file(&[ftyp(), mdat(), moov()]), vec![0; 50]].concat(), FileEnd::Whole),
        ("an open last box", file(&[ftyp(), moov(), open_box("mdat", 33)]), FileEnd::Unknown),
        ("fragments", file(&[ftyp(), moov(), fragment(), fragment()]), FileEnd::Unknown),
        ("half a fragment", file(&[ftyp(), moov(), fragment(), a_box("moof", 20)]), FileEnd::Cut),
        ("no media", file(&[ftyp(), moov()]), FileEnd::Cut),
        ("the type alone", ftyp(), FileEnd::Cut),
        (
            "a box too short",
            [file(&[ftyp(), mdat()]), vec![0, 0, 0, 7], b"moov....".to_vec()].concat(),
            FileEnd::Unknown,
        ),
        ("empty", Vec::new(), FileEnd::NotMp4),
        ("a web page", b"<!doctype html><html>not a video</html>".to_vec(), FileEnd::NotMp4),
        ("another container", b"\x1aE\xdf\xa3 webm webm webm".to_vec(), FileEnd::NotMp4),
        ("media first", file(&[mdat(), moov()]), FileEnd::NotMp4),
    ];
    for (name, file, expected) in cases {
        assert_eq!(end_of(file), *expected, "{name}");
    }
}

#[test]
fn no_part_of_a_file_is_whole() {
    let ftyp = || a_box("ftyp", 16);
    let layouts = [
        file(&[ftyp(), a_box("moov", 40), a_box("mdat", 60)]),
        file(&[ftyp(), a_box("moov", 40), long_box("mdat", 60)]),
        file(&[ftyp(), a_box("free", 3), a_box("moov", 40), a_box("wide", 0), a_box("mdat", 100)]),
        file(&[ftyp(), a_box("mdat", 60), a_box("moov", 40)]),
        file(&[ftyp(), long_box("mdat", 60), a_box("free", 9), a_box("moov", 40)]),
    ];
    for whole in layouts {
        for length in 8..whole.len() {
            let end = end_of(&whole[..length]);
            // Between the last box of the video and an index that comes last.
            let is_between =
                end == FileEnd::Unindexed && whole[..length].len() < whole.len() && whole[length..][4..8] != *b"mdat";
            assert!(end == FileEnd::Cut || is_between, "{length} of {} bytes: {end:?}", whole.len());
        }
        assert_eq!(end_of(&whole), FileEnd::Whole);
    }
}

#[test]
fn a_hostile_file_costs_a_bounded_number_of_reads() {
    let many = [a_box("ftyp", 0), a_box("free", 0).repeat(100_000)].concat();
    assert_eq!(end_of(&many), FileEnd::Unknown);
    let huge = [a_box("ftyp", 0), 1_u32.to_be_bytes().to_vec(), b"mdat".to_vec(), vec![0xff; 8]].concat();
    assert_eq!(end_of(&huge), FileEnd::Cut);
}
