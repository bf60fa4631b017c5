//! The service's limits on an image. An image at a limit is accepted.
//!
//! Source: Kling's own documentation of the multi-image task, which `CometAPI`'s pages repeat: JPEG or PNG, at most 10 MB,
//! width and height at least 300 px, a ratio between 1:2.5 and 2.5:1. `src/js/limits.js` repeats the numbers for JavaScript.

/// The maximum size of an image file, in MiB.
pub const MAX_IMAGE_MIB: u64 = 10;

/// The maximum size of an image file, in bytes. The documents say "10 MB" without a definition; it is taken as MiB of the
/// file itself, before base64 adds a third.
pub const MAX_IMAGE_BYTES: u64 = MAX_IMAGE_MIB << 20;

/// The minimum width and height, in px. The service accepts a smaller image, and its task fails minutes later.
pub const MIN_EDGE_PX: u32 = 300;

/// The maximum ratio of the longer edge to the shorter one, in tenths: 25 is 2.5:1.
pub const MAX_ASPECT_RATIO_TENTHS: u32 = 25;

/// The maximum ratio as a decimal number: `2.5`.
pub fn max_aspect_ratio() -> String {
    format!("{}.{}", MAX_ASPECT_RATIO_TENTHS / 10, MAX_ASPECT_RATIO_TENTHS % 10)
}
