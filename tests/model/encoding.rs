//! Base64 in blocks and pieces.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kling_multi_image2video::encoding::{BLOCK, Decoder, ENCODED_BLOCK, NotBase64, SLICE, encode_block, encoded_len};
use proptest::prelude::*;

fn encode(bytes: &[u8]) -> String {
    let mut out = vec![0; ENCODED_BLOCK];
    let mut text = Vec::new();
    for block in bytes.chunks(BLOCK) {
        let written = encode_block(block, &mut out);
        text.extend_from_slice(&out[..written]);
    }
    String::from_utf8(text).unwrap()
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, NotBase64> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    for piece in pieces {
        decoder.push(piece, &mut out)?;
    }
    decoder.finish(&mut out)?;
    Ok(out)
}

#[test]
fn blocks_of_any_length_join_to_the_base64_of_the_whole() {
    for length in [0, 1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 2] {
        let bytes: Vec<u8> = (0..length).map(|index| (index * 31 % 251) as u8).collect();
        let text = encode(&bytes);
        assert_eq!(text, STANDARD.encode(&bytes), "{length} bytes");
        assert_eq!(text.len() as u64, encoded_len(length as u64), "{length} bytes");
    }
    assert_eq!((BLOCK % 3, SLICE % BLOCK, encoded_len(BLOCK as u64)), (0, 0, ENCODED_BLOCK as u64));
}

#[test]
fn text_that_is_base64_is_told_from_text_that_is_not() {
    let check = |text: &str, expected: Result<&[u8], NotBase64>| {
        assert_eq!(decode([text.as_bytes()]).as_deref().map_err(|error| *error), expected, "{text:?}");
    };
    check("", Ok(b""));
    check("aGk=", Ok(b"hi"));
    check("aGk", Ok(b"hi"));
    check(" aG\r\nk=\n", Ok(b"hi"));
    check("aGkh", Ok(b"hi!"));
    check("a", Err(NotBase64));
    check("aGk=aGk=", Err(NotBase64));
    check("aG-_", Err(NotBase64));
    check("aG%3D", Err(NotBase64));
    check("aGl", Err(NotBase64));
    check("ü", Err(NotBase64));
}

proptest! {
    #[test]
    fn pieces_of_any_length_decode_to_what_was_encoded(bytes: Vec<u8>, cuts in prop::collection::vec(1..7_usize, 1..40)) {
        let text = STANDARD.encode(&bytes).into_bytes();
        let mut rest = text.as_slice();
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle().take(text.len()) {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(decode(pieces), Ok(bytes));
    }
}
