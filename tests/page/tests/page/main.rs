//! The page as a person uses it: a real browser, real photographs, the simulator as the service.
//!
//! `cargo xtask test` starts the simulator and the drivers and runs this once for each browser. `KLING_SCREENSHOTS=<folder>`
//! saves what the page looks like on the way, wide and narrow, light and dark.

mod failures;
mod kept;
mod keyboard;
mod layout;
mod offline;
mod page;
mod pictures;
mod problems;
mod records;
mod resume;
mod story;
mod unknown;
mod watching;
