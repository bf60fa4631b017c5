//! What a download of a test receives and holds.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::pending;
use std::ops::Range;

use kling_core::endpoint::{Status, TransportError};
use kling_core::flow::download::ResponseHead;

use super::hosts::Answer;

/// How a response ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Clean,
    Broken,
    /// No more bytes, and no end.
    Hang,
}

/// The bytes that a download holds, and the pieces that its response still brings.
#[derive(Default)]
pub(crate) struct Received {
    coming: RefCell<VecDeque<Vec<u8>>>,
    end: Cell<End>,
    held: RefCell<Vec<u8>>,
    /// What the last `truncate` dropped, and how many bytes it left.
    dropped: RefCell<(usize, Vec<u8>)>,
}

impl Received {
    /// Begins a response whose body comes in pieces of this many bytes.
    pub(crate) fn begin(&self, answer: &Answer, piece_bytes: usize) -> ResponseHead {
        *self.coming.borrow_mut() = answer.body.chunks(piece_bytes).map(<[u8]>::to_vec).collect();
        self.end.set(answer.end);
        ResponseHead { status: Status::from_fetch(answer.status), announced: answer.headers.announced() }
    }

    /// All bytes that it holds.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.held.borrow().clone()
    }

    pub(crate) async fn receive(&self) -> Result<Option<u64>, TransportError> {
        let next = self.coming.borrow_mut().pop_front();
        match (next, self.end.get()) {
            (Some(bytes), _) => {
                self.held.borrow_mut().extend_from_slice(&bytes);
                Ok(Some(bytes.len() as u64))
            }
            (None, End::Clean) => Ok(None),
            (None, End::Broken) => Err(TransportError::new("network error")),
            (None, End::Hang) => pending().await,
        }
    }

    pub(crate) fn truncate(&self, length: u64) {
        assert!(length <= self.held.borrow().len() as u64, "only held bytes are kept");
        *self.dropped.borrow_mut() = (length as usize, self.held.borrow_mut().split_off(length as usize));
    }

    pub(crate) fn is_repeated(&self) -> bool {
        let (length, dropped) = &*self.dropped.borrow();
        self.held.borrow()[*length..].starts_with(dropped)
    }

    pub(crate) fn read(&self, range: Range<u64>) -> Vec<u8> {
        self.held.borrow()[range.start as usize..range.end as usize].to_vec()
    }
}
