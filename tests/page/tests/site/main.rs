//! The static site, in a browser that is driven as a person drives it.
//!
//! `cargo xtask test site` sets `KLING_SITE`, the folder that `cargo xtask site` wrote; a plain file server of these tests serves
//! it under a path. The simulator stands for a service of the visitor's own.

mod documents;
mod site;
mod trial;
