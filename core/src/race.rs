//! Two futures at once: the first to end wins, or both must end well.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Which of the two ended first.
#[derive(Debug)]
pub enum First<A, B> {
    /// The left one, with what it came to.
    Left(A),
    /// The right one, with what it came to.
    Right(B),
}

/// Drives both; the other is dropped, and with it all that it began. The left one is asked first.
pub async fn race<A, B>(left: impl Future<Output = A>, right: impl Future<Output = B>) -> First<A, B> {
    let mut left = pin!(left);
    let mut right = pin!(right);
    poll_fn(|context| {
        if let Poll::Ready(value) = left.as_mut().poll(context) {
            return Poll::Ready(First::Left(value));
        }
        right.as_mut().poll(context).map(First::Right)
    })
    .await
}

/// Drives both until both have succeeded or one has failed, which drops the other. Gives what the right one brought.
pub(crate) async fn both<B, E>(
    left: impl Future<Output = Result<(), E>>,
    right: impl Future<Output = Result<B, E>>,
) -> Result<B, E> {
    let mut left = pin!(left);
    let mut right = pin!(right);
    let (mut is_left_done, mut brought) = (false, None);
    poll_fn(|context| {
        if !is_left_done && let Poll::Ready(result) = left.as_mut().poll(context) {
            result?;
            is_left_done = true;
        }
        if brought.is_none()
            && let Poll::Ready(result) = right.as_mut().poll(context)
        {
            brought = Some(result?);
        }
        if is_left_done && let Some(value) = brought.take() { Poll::Ready(Ok(value)) } else { Poll::Pending }
    })
    .await
}
