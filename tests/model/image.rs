//! Headers of pictures: what is read, how much is read for it, and what is then said.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

mod build;
mod codings;
mod corpus;
mod damage;
mod exif;
mod formats;
mod laws;
mod reads;
mod verdict;

use std::cell::Cell;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kling_core::image::{HeaderReader, ImageHeader};

/// What a header took to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    reads: u32,
    bytes: u64,
}

fn look(bytes: &[u8]) -> ImageHeader {
    measure(bytes).0
}

fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    look(bytes).size
}

fn measure(bytes: &[u8]) -> (ImageHeader, Cost) {
    let cost = Cell::new(Cost::default());
    let read = async |range: Range<u64>| {
        assert!(range.start < range.end && range.end <= bytes.len() as u64, "{range:?} of {}", bytes.len());
        let so_far = cost.get();
        cost.set(Cost { reads: so_far.reads + 1, bytes: so_far.bytes + (range.end - range.start) });
        Ok::<_, ()>(bytes[range.start as usize..range.end as usize].to_vec())
    };
    let header = now(read_header(bytes.len() as u64, &read)).unwrap();
    (header, cost.get())
}

/// Reads the header through `read`.
async fn read_header<E>(len: u64, read: &impl AsyncFn(Range<u64>) -> Result<Vec<u8>, E>) -> Result<ImageHeader, E> {
    let mut reader = HeaderReader::new(len);
    loop {
        let range = match reader.read() {
            Ok(header) => return Ok(header),
            Err(range) => range,
        };
        let end = range.end;
        reader.fill(read(range).await?, end);
    }
}

/// The outcome of a future that has nothing to wait for.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("waits for something"),
    }
}

/// A file of the folder `tests/cases`.
fn case(name: &str) -> Vec<u8> {
    let path = format!("{}/../tests/cases/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
