//! Numbers across the boundary, where JavaScript has floats only.

pub(super) use kling_core::plain::float;

/// A count or a time from JavaScript: rounded down, negative and NaN become 0.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, which is what is wanted"
)]
pub(super) fn whole(number: f64) -> u64 {
    number as u64
}
