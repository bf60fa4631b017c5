//! The header of any file is read in a bounded number of reads, and only a whole JPEG or PNG with a size is accepted.

#![no_main]

use kling_core::image::{HeaderReader, ImageFormat, check};
use libfuzzer_sys::fuzz_target;

/// As in `tests/model/image/reads.rs`.
const MAX_READS: u32 = 21;

fuzz_target!(|file: &[u8]| {
    let len = file.len() as u64;
    let mut reader = HeaderReader::new(len);
    let mut reads = 0;
    let header = loop {
        match reader.read() {
            Ok(header) => break header,
            Err(range) => {
                assert!(range.start < range.end && range.end <= len, "{range:?} of {len}");
                reads += 1;
                assert!(reads <= MAX_READS, "{reads} reads");
                reader.fill(file[range.start as usize..range.end as usize].to_vec(), range.end);
            }
        }
    };
    assert!(header.size.is_none_or(|(width, height)| width > 0 && height > 0), "{header:?}");
    let is_accepted = check("images[0]", len, &header).iter().all(|issue| !issue.is_error());
    let is_sound = matches!(header.format, ImageFormat::Jpeg | ImageFormat::Png)
        && header.size.is_some()
        && !header.is_truncated
        && !header.has_no_pixels;
    assert!(is_sound || !is_accepted, "{header:?}");
});
