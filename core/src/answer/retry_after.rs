//! How long to wait before a retry, as a response requests it.

use crate::delay::MAX_TIME_MS;

/// The ms that a `Retry-After` header requests, within the bounds of a delay: at most [`MAX_TIME_MS`], and 0 for a date that has
/// passed. `requested` is what JavaScript read, and NaN if that was neither a number of seconds nor a date.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, which is what is wanted"
)]
pub fn retry_after(requested: f64) -> Option<u64> {
    (!requested.is_nan()).then_some((requested as u64).min(MAX_TIME_MS))
}
