//! The boxes of any file are read in a bounded number of steps, each within the file.

#![no_main]

use kling_core::video::Boxes;
use libfuzzer_sys::fuzz_target;

/// As in `core/src/video/boxes.rs`.
const MAX_BOXES: u32 = 2_000;

fuzz_target!(|input: (u64, &[u8])| {
    // The file is longer than the bytes that stand for it: the rest is zeros.
    let (more, bytes) = input;
    let length = (bytes.len() as u64).saturating_add(more);
    let mut boxes = Boxes::new(length);
    for step in 1.. {
        assert!(step <= MAX_BOXES, "more than {MAX_BOXES} steps");
        let range = boxes.next_header();
        assert!(range.start <= range.end && range.end <= length, "{range:?} of {length}");
        let header: Vec<u8> =
            range.map(|at| usize::try_from(at).ok().and_then(|at| bytes.get(at)).copied().unwrap_or(0)).collect();
        if boxes.take(&header).is_some() {
            return;
        }
    }
});
