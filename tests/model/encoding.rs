//! Base64 in blocks.

use std::iter;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kling_core::encoding::{
    BLOCK_BYTES, ENCODED_BLOCK_BYTES, ENCODED_SLICE_BYTES, SLICE_BYTES, Slices, encode_block, encoded_len,
};

fn encode(bytes: &[u8]) -> String {
    let mut out = vec![0; ENCODED_BLOCK_BYTES];
    let mut text = Vec::new();
    for block in bytes.chunks(BLOCK_BYTES) {
        let written = encode_block(block, &mut out);
        text.extend_from_slice(&out[..written]);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn blocks_of_any_length_join_to_the_base64_of_the_whole() {
    for length in [0, 1, 2, 3, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES + 2] {
        let bytes: Vec<u8> = (0..length).map(|index| (index * 31 % 251) as u8).collect();
        let text = encode(&bytes);
        assert_eq!(text, STANDARD.encode(&bytes), "{length} bytes");
        assert_eq!(text.len() as u64, encoded_len(length as u64), "{length} bytes");
    }
    assert_eq!(
        (BLOCK_BYTES % 3, SLICE_BYTES % BLOCK_BYTES, encoded_len(BLOCK_BYTES as u64)),
        (0, 0, ENCODED_BLOCK_BYTES as u64)
    );
    assert_eq!(encoded_len(SLICE_BYTES as u64), ENCODED_SLICE_BYTES as u64);
}

#[test]
fn slices_are_those_of_all_files_in_their_order() {
    let step = SLICE_BYTES as u64;
    for lengths in [
        vec![],
        vec![0],
        vec![1],
        vec![step],
        vec![step + 1],
        vec![0, step, 0, 3 * step - 1, 1],
        vec![10 << 20, 10 << 20, 10 << 20, 10 << 20],
    ] {
        let mut slices = Slices::default();
        let found: Vec<_> = iter::from_fn(|| slices.next(|file| lengths.get(file).copied())).collect();
        let mut expected = Vec::new();
        for (file, length) in lengths.iter().copied().enumerate() {
            for start in (0..length).step_by(SLICE_BYTES) {
                expected.push((file, start..length.min(start + step)));
            }
        }
        assert_eq!(found, expected, "{lengths:?}");
    }
}
