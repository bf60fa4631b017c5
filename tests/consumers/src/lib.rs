//! Real projects that use the packed package as its users do: installed by npm, bundled, served, and run in a browser
//! up to a submitted task.
//!
//! A [`Project`] is one folder of `projects`: its locked tools, installed once into a cache, the package from its tarball, and
//! the sources that all of them share, or those of the folder `examples`. The functions panic on every error, because only
//! tests call them.

mod outcome;
mod project;
mod serve;

pub use outcome::{
    Outcome, await_video, make_video, make_video_on_page, new_key, post, post_chunks, service, visit, visit_without_key,
};
pub use project::{Project, package};
pub use serve::Served;

use std::env;

/// A variable that the command that runs these tests sets.
#[track_caller]
fn required(name: &str) -> String {
    env::var(name)
        .unwrap_or_else(|_| panic!("expected {name} to be set: run these tests with `cargo xtask test consumers`"))
}
