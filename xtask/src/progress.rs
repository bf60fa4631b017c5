//! Prints what a command is doing.

use std::time::Instant;

use anyhow::{Context, Result};

/// Runs a step: prints its name when it begins, with the seconds that it usually takes with two cores if nothing is built yet, and
/// when it ends, with the seconds that it took.
pub(crate) fn step<T>(name: &str, usual_s: u64, run: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("{name} (about {usual_s} s the first time)…");
    let started = Instant::now();
    let done = run();
    let end = if done.is_ok() { "done" } else { "failed" };
    println!("{name}: {end} after {} s", started.elapsed().as_secs());
    done.with_context(|| format!("{name} failed"))
}
