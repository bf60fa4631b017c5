//! Encodes files as base64.
//!
//! Files of any size pass through two fixed buffers, slice by slice: WebAssembly memory never shrinks, and a JavaScript string
//! of that length makes `fetch` slow. While a slice is encoded, the next ones are read.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::files::{self, Unreadable, blob_of, blob_of_bytes, size, text_of};
use kling_core::encoding::{BLOCK_BYTES, ENCODED_SLICE_BYTES, MAX_READS, Slices, encode_block};
use kling_core::error::{Error, ErrorCode};

/// The base64 of a file as one string.
pub(super) async fn text(file: &Blob) -> Result<JsValue, Error> {
    let error = |unreadable: Unreadable| unreadable.into_error("image");
    let files = [Some(file.clone())];
    let parts = Encoder::new()?.encode(&files, &mut |_| ()).await.map_err(|(_, unreadable)| error(unreadable))?;
    let whole = blob_of(&parts.iter().flatten().collect::<Array>(), "").map_err(|cause| error(cause.into()))?;
    JsFuture::from(text_of(&whole)).await.map_err(|cause| error(cause.into()))
}

/// Encodes files slice by slice.
pub(super) struct Encoder {
    block: Vec<u8>,
    encoded: Vec<u8>,
}

impl Encoder {
    /// Allocates the two buffers. Exhausted memory is an error, not a trap.
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { block: buffer(BLOCK_BYTES)?, encoded: buffer(ENCODED_SLICE_BYTES)? })
    }

    /// The base64 of each file, as blobs of a few MiB. `read` gets the number of bytes of each step.
    ///
    /// # Errors
    ///
    /// The index of a file that could not be read. Slices that are still being read are ignored.
    pub(super) async fn encode(
        &mut self,
        files: &[Option<Blob>],
        read: &mut dyn FnMut(u64),
    ) -> Result<Vec<Vec<Blob>>, (usize, Unreadable)> {
        let length = |index| files.get(index).map(|file: &Option<Blob>| file.as_ref().map_or(0, size));
        let mut encoded = vec![Vec::new(); files.len()];
        let mut slices = Slices::default();
        let mut reads = Vec::new();
        loop {
            while reads.len() < MAX_READS
                && let Some((index, range)) = slices.next(length)
                && let Some(Some(file)) = files.get(index)
            {
                reads.push((index, files::read(file, range)));
            }
            if reads.is_empty() {
                return Ok(encoded);
            }
            let (index, slice) = reads.remove(0);
            let because = |unreadable| (index, unreadable);
            let bytes = slice.await.map_err(because)?;
            let blob = self.encode_slice(&bytes).map_err(|error| because(error.into()))?;
            if let Some(parts) = encoded.get_mut(index) {
                parts.push(blob);
            }
            read(u64::from(bytes.length()));
        }
    }

    /// The base64 of a slice. The blob copies it, so that the buffer can be used again.
    fn encode_slice(&mut self, bytes: &Uint8Array) -> Result<Blob, JsValue> {
        let step = u32::try_from(BLOCK_BYTES).unwrap_or(u32::MAX);
        let (mut start, mut written) = (0_u32, 0_usize);
        while start < bytes.length() {
            let end = start.saturating_add(step).min(bytes.length());
            let piece = bytes.subarray(start, end);
            let length = usize::try_from(piece.length()).unwrap_or(usize::MAX);
            let (Some(block), Some(rest)) = (self.block.get_mut(..length), self.encoded.get_mut(written..)) else {
                break;
            };
            piece.copy_to(block);
            written = written.saturating_add(encode_block(block, rest));
            start = end;
        }
        blob_of_bytes(self.encoded.get(..written).unwrap_or_default())
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
