//! Encodes files as base64.
//!
//! A file of any size passes through two small buffers, block by block: WebAssembly memory never shrinks, and a JavaScript
//! string of that length makes `fetch` slow.

use std::iter;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::files::{self, Unreadable, blob_of, size, text_of};
use super::number::count;
use kling_core::encoding::{BLOCK_BYTES, ENCODED_BLOCK_BYTES, SLICE_BYTES, encode_block, encoded_len};
use kling_core::error::{Error, ErrorCode};

/// The base64 of a file as one string.
pub(super) async fn text(file: &Blob) -> Result<JsValue, Error> {
    let error = |unreadable: Unreadable| unreadable.into_error("image");
    let parts = Encoder::new()?.encode(file, &mut |_| ()).await.map_err(error)?;
    let whole = blob_of(&parts.iter().collect::<Array>(), "").map_err(|cause| error(cause.into()))?;
    JsFuture::from(text_of(&whole)).await.map_err(|cause| error(cause.into()))
}

/// Encodes files block by block.
pub(super) struct Encoder {
    block: Vec<u8>,
    encoded: Vec<u8>,
}

impl Encoder {
    /// Allocates the two buffers. Exhausted memory is an error, not a trap.
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { block: buffer(BLOCK_BYTES)?, encoded: buffer(ENCODED_BLOCK_BYTES)? })
    }

    /// The base64 of a file, as blobs of a few MiB. `read` gets the number of bytes of each step.
    pub(super) async fn encode(&mut self, file: &Blob, read: &mut dyn FnMut(u64)) -> Result<Vec<Blob>, Unreadable> {
        let (length, step) = (size(file), count(SLICE_BYTES));
        let from = |start: u64| (start < length).then(|| files::read(file, start..start.saturating_add(step)));
        let mut parts = Vec::new();
        let mut start = 0;
        let mut next = from(start);
        while let Some(slice) = next.take() {
            let bytes = slice.await?;
            start = step.saturating_add(start);
            // The next slice is read while this one is encoded.
            next = from(start);
            let encoded = self.encode_slice(&bytes);
            parts.push(blob_of(&iter::once(encoded).collect(), "")?);
            read(u64::from(bytes.length()));
        }
        Ok(parts)
    }

    fn encode_slice(&mut self, bytes: &Uint8Array) -> Uint8Array {
        let length = u32::try_from(encoded_len(bytes.length().into())).unwrap_or(0);
        let encoded = Uint8Array::new_with_length(length);
        let (mut read, mut written) = (0_u32, 0_u32);
        let step = u32::try_from(BLOCK_BYTES).unwrap_or(u32::MAX);
        while read < bytes.length() {
            let end = read.saturating_add(step).min(bytes.length());
            let piece = bytes.subarray(read, end);
            let (Some(block), Ok(into)) = (self.block.get_mut(..length_of(&piece)), usize::try_from(written)) else {
                break;
            };
            piece.copy_to(block);
            let characters = encode_block(block, &mut self.encoded);
            let after = u32::try_from(into.saturating_add(characters)).unwrap_or(u32::MAX);
            if let Some(text) = self.encoded.get(..characters) {
                encoded.subarray(written, after).copy_from(text);
            }
            (read, written) = (end, after);
        }
        encoded
    }
}

fn buffer(length: usize) -> Result<Vec<u8>, Error> {
    let mut buffer = Vec::new();
    if buffer.try_reserve_exact(length).is_err() {
        return Err(Error::new(ErrorCode::Internal, "the memory of the WebAssembly instance is exhausted"));
    }
    buffer.resize(length, 0);
    Ok(buffer)
}

fn length_of(bytes: &Uint8Array) -> usize {
    usize::try_from(bytes.length()).unwrap_or(usize::MAX)
}
