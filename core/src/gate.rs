//! Limits how many requests run at once.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Admits a limited number of holders at once; the others wait in order of arrival.
#[derive(Debug)]
pub struct Gate {
    free_slots: Cell<u32>,
    /// Those that wait, in order of arrival.
    waiting: RefCell<Vec<Waker>>,
}

/// A slot of the gate, freed when this is dropped.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate);

impl Gate {
    /// Admits `max` holders at once.
    pub fn new(max: u32) -> Self {
        Self { free_slots: Cell::new(max), waiting: RefCell::default() }
    }

    /// Waits for a slot.
    pub fn enter(&self) -> impl Future<Output = Pass<'_>> {
        poll_fn(|context| {
            if let Some(free) = self.free_slots.get().checked_sub(1) {
                self.free_slots.set(free);
                return Poll::Ready(Pass(self));
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
    }
}

impl Drop for Pass<'_> {
    /// Wakes every waiter in order of arrival, since some may have been dropped. Those that find no slot wait again, in the same
    /// order.
    fn drop(&mut self) {
        self.0.free_slots.set(self.0.free_slots.get().saturating_add(1));
        for waker in self.0.waiting.take() {
            waker.wake();
        }
    }
}
