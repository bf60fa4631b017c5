//! The crate as the one WebAssembly module of the npm package.
//!
//! It stands apart because Cargo optimises across crates only what is nothing but a `cdylib`, and the crate itself must be
//! a library for its tests. The difference is a sixteenth of the module's size.

use kling_multi_image2video as _;
