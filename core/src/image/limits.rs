//! The service's limits on a picture, both ends included.
//!
//! Source: Kling's own documentation of the multi-image task, which `CometAPI`'s pages repeat: JPEG or PNG, at most 10 MB,
//! width and height at least 300 px, a ratio between 1:2.5 and 2.5:1.

/// The most bytes of a picture. The documents say "10 MB" and not of what; it is taken as MiB of the file itself, before
/// base64 adds a third.
pub const MAX_BYTES: u64 = 10_485_760;

/// The least width and the least height, px. The service takes a smaller picture, and fails its task minutes later.
pub const MIN_EDGE: u32 = 300;

/// The most that the longer edge may be of the shorter one, as a fraction of whole numbers: 5 to 2.
pub const MAX_RATIO: (u32, u32) = (5, 2);
