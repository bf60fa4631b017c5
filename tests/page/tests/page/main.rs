//! The page as a person uses it: a real browser, real photographs, the simulator as the service.
//!
//! `cargo xtask test` starts the simulator and the drivers, and runs these tests once for each browser. With
//! `KLING_SCREENSHOTS=<folder>` they save images of the page, wide and narrow, light and dark.

mod account;
mod dropped;
mod failures;
mod kept;
mod keyboard;
mod layout;
mod offline;
mod page;
mod pasted;
mod phone;
mod pictures;
mod portal;
mod prepared;
mod problems;
mod records;
mod resume;
mod returned;
mod story;
mod transfer;
mod unknown;
mod watching;
