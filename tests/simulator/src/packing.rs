//! Bodies that are compressed on the way, as a proxy or a delivery host does with files that gain nothing by it.

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::{self, Write};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip, which makes it smaller.
    Gzip,
    /// zlib, which makes it smaller.
    Deflate,
    /// gzip that only stores, which makes it larger.
    StoredGzip,
    /// Brotli that only stores.
    Brotli,
    /// Zstandard that only stores.
    Zstd,
    /// Both, one after the other.
    GzipAndBrotli,
}

/// Every value of the key `packing`.
pub const PACKINGS: &[(&str, Packing)] = &[
    ("gzip", Packing::Gzip),
    ("deflate", Packing::Deflate),
    ("stored", Packing::StoredGzip),
    ("br", Packing::Brotli),
    ("zstd", Packing::Zstd),
    ("several", Packing::GzipAndBrotli),
];

/// The most bytes of one stored block.
const MAX_BLOCK: usize = 1 << 16;

/// So many zeros make a video that compression makes smaller.
const PADDING: u32 = 200_000;

impl Packing {
    /// The value of `Content-Encoding`.
    pub fn encoding(self) -> &'static str {
        match self {
            Self::Gzip | Self::StoredGzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::GzipAndBrotli => "gzip, br",
        }
    }

    /// This, or what the client accepts in its place: not every browser accepts everything over plain HTTP.
    #[must_use]
    pub fn accepted(self, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_accepted = |one: &str| accepted.split(',').any(|token| token.trim().split(';').next() == Some(one));
        if self.encoding().split(", ").all(is_accepted) { self } else { Self::StoredGzip }
    }

    /// The compressed body.
    pub fn pack(self, body: &[u8]) -> io::Result<Bytes> {
        Ok(match self {
            Self::Gzip => gzip(body, Compression::default())?,
            Self::StoredGzip => gzip(body, Compression::none())?,
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(body)?;
                encoder.finish()?
            }
            Self::Brotli => brotli(body),
            Self::Zstd => zstd(body),
            Self::GzipAndBrotli => brotli(&gzip(body, Compression::default())?),
        }
        .into())
    }
}

fn gzip(body: &[u8], level: Compression) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(body)?;
    encoder.finish()
}

/// RFC 7932, §9.2: meta-blocks that are not compressed, in a window of 64 KiB.
fn brotli(body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (number, block) in body.chunks(MAX_BLOCK).enumerate() {
        // Not the last, four nibbles of length, the length less one, not compressed.
        let header = u32::try_from(block.len() - 1).unwrap_or(0) << 3 | 1 << 19;
        // Before the first block, one bit for the window.
        let header = if number == 0 { header << 1 } else { header };
        packed.extend_from_slice(&header.to_le_bytes()[..3]);
        packed.extend_from_slice(block);
    }
    // The last one is empty; of an empty body it is the only one.
    packed.push(if body.is_empty() { 6 } else { 3 });
    packed
}

/// RFC 8878, §3.1.1: blocks that are not compressed, in a window of 128 KiB.
fn zstd(body: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for block in body.chunks(MAX_BLOCK) {
        packed.extend_from_slice(&(u32::try_from(block.len()).unwrap_or(0) << 3).to_le_bytes()[..3]);
        packed.extend_from_slice(block);
    }
    packed.extend_from_slice(&[1, 0, 0]);
    packed
}

/// The video with free space at its end.
pub fn padded(movie: &Bytes) -> Bytes {
    let mut padded = movie.to_vec();
    padded.extend((PADDING + 8).to_be_bytes());
    padded.extend(b"free");
    padded.resize(padded.len() + usize::try_from(PADDING).unwrap_or(0), 0);
    padded.into()
}
