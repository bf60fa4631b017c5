//! No more than so many at once.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Lets a few through at a time.
#[derive(Debug)]
pub struct Gate {
    free: Cell<u32>,
    /// Who waits, the first first.
    waiting: RefCell<Vec<Waker>>,
}

/// Somebody is through, until this is dropped.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate);

impl Gate {
    /// For so many at once.
    pub fn new(most: u32) -> Self {
        Self { free: Cell::new(most), waiting: RefCell::default() }
    }

    /// Waits until there is room.
    pub async fn enter(&self) -> Pass<'_> {
        poll_fn(|context| {
            if let Some(left) = self.free.get().checked_sub(1) {
                self.free.set(left);
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
        Pass(self)
    }
}

impl Drop for Pass<'_> {
    /// Wakes all, in the order in which they came, for nobody knows who of them is still there. Who comes too late waits again,
    /// in the same order.
    fn drop(&mut self) {
        self.0.free.set(self.0.free.get().saturating_add(1));
        for waker in self.0.waiting.take() {
            waker.wake();
        }
    }
}
