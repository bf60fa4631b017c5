//! Several futures at once: the first of two wins, two must succeed, or all must complete.

use std::future::{Future, poll_fn};
use std::mem;
use std::task::Poll;

/// Which of two futures completed first.
#[derive(Debug)]
pub enum First<A, B> {
    /// The left one, with its output.
    Left(A),
    /// The right one, with its output.
    Right(B),
}

/// Polls both until one completes, and drops the other. The left one is polled first.
pub fn race<A, B>(left: impl Future<Output = A>, right: impl Future<Output = B>) -> impl Future<Output = First<A, B>> {
    let (mut left, mut right) = (Box::pin(left), Box::pin(right));
    poll_fn(move |context| {
        if let Poll::Ready(value) = left.as_mut().poll(context) {
            return Poll::Ready(First::Left(value));
        }
        right.as_mut().poll(context).map(First::Right)
    })
}

/// Polls both until both have succeeded, or until one fails, and drops the other. Returns the output of the right one.
pub(crate) fn both<B, E, F: From<E>>(
    left: impl Future<Output = Result<(), F>>,
    right: impl Future<Output = Result<B, E>>,
) -> impl Future<Output = Result<B, F>> {
    let (mut left, mut right) = (Box::pin(left), Box::pin(right));
    let (mut is_left_done, mut output) = (false, None);
    poll_fn(move |context| {
        if !is_left_done && let Poll::Ready(result) = left.as_mut().poll(context) {
            result?;
            is_left_done = true;
        }
        if output.is_none()
            && let Poll::Ready(result) = right.as_mut().poll(context)
        {
            output = Some(result?);
        }
        if is_left_done && let Some(value) = output.take() { Poll::Ready(Ok(value)) } else { Poll::Pending }
    })
}

/// Polls all until all have completed. Returns their outputs in order; none is `None`.
pub fn all<F: Future>(futures: impl Iterator<Item = F>) -> impl Future<Output = Vec<Option<F::Output>>> {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    let mut outputs: Vec<_> = running.iter().map(|_| None).collect();
    poll_fn(move |context| {
        let mut is_pending = false;
        for (future, output) in running.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => is_pending = true,
                }
            }
        }
        if is_pending { Poll::Pending } else { Poll::Ready(mem::take(&mut outputs)) }
    })
}
