//! Prints what a command is doing.

use std::time::Instant;

use anyhow::{Context, Result};

/// Runs a step: prints its name and how many seconds it usually takes when it begins, and how many it took when it ends.
/// `usual` is said of the first time, with two cores; later, most is there already.
pub(crate) fn step<T>(name: &str, usual_s: u64, run: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("{name} (about {usual_s} s the first time)…");
    let started = Instant::now();
    let done = run().with_context(|| format!("{name} failed, see above"))?;
    println!("{name}: done in {} s", started.elapsed().as_secs());
    Ok(done)
}
