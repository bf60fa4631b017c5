//! No more than so many at once, in the order in which they came.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Lets a few through at a time.
#[derive(Debug)]
pub struct Gate {
    free: Cell<u32>,
    /// The first comes first. Each has its ticket.
    waiting: RefCell<VecDeque<(u32, Option<Waker>)>>,
    next_ticket: Cell<u32>,
}

/// Somebody is through, until this is dropped.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate);

/// A place in the queue, given up when it is dropped.
struct Place<'a>(&'a Gate, u32);

impl Gate {
    /// For so many at once.
    pub fn new(most: u32) -> Self {
        Self { free: Cell::new(most), waiting: RefCell::default(), next_ticket: Cell::default() }
    }

    /// Waits for its turn.
    pub async fn enter(&self) -> Pass<'_> {
        let ticket = self.next_ticket.replace(self.next_ticket.get().wrapping_add(1));
        self.waiting.borrow_mut().push_back((ticket, None));
        let place = Place(self, ticket);
        poll_fn(|context| {
            let mut waiting = self.waiting.borrow_mut();
            if self.free.get() > 0 && waiting.front().is_some_and(|(first, _)| *first == ticket) {
                self.free.set(self.free.get().saturating_sub(1));
                return Poll::Ready(());
            }
            if let Some((_, waker)) = waiting.iter_mut().find(|(other, _)| *other == ticket) {
                *waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
        drop(place);
        Pass(self)
    }

    fn call_next(&self) {
        if self.free.get() > 0
            && let Some((_, Some(waker))) = self.waiting.borrow().front()
        {
            waker.wake_by_ref();
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.borrow_mut().retain(|(ticket, _)| *ticket != self.1);
        self.0.call_next();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.free.set(self.0.free.get().saturating_add(1));
        self.0.call_next();
    }
}
