//! Random inputs for what reads bytes from outside, with libFuzzer, on the stable toolchain.
//!
//! libFuzzer needs counters in the code under test. The compiler adds them by an LLVM pass, which stable accepts; only the
//! address sanitizer needs nightly, and the core has no unsafe code. Needs a C++ compiler, on Linux or macOS.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::child::{self, End};
use crate::project::Project;

/// The default number of executions, of all targets together.
pub(crate) const EXECUTIONS: u64 = 100_000_000;

/// What adds the counters.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// More time than any run takes.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A program of `tests/fuzz`.
struct Target {
    name: &'static str,
    /// Its first inputs.
    seeds: &'static [&'static str],
    /// The maximum length of an input, in bytes: long enough for everything that is read, and short enough to be fast.
    max_bytes: u32,
    /// Its part of the executions, of [`PARTS`]. One execution of some takes many times as long as of others.
    parts: u64,
}

const TARGETS: [Target; 4] = [
    Target { name: "images", seeds: &["tests/cases/images", "tests/cases/images/formats"], max_bytes: 2048, parts: 10 },
    Target { name: "json", seeds: &["tests/fuzz/seeds/json", "tests/cases/schema"], max_bytes: 512, parts: 20 },
    Target { name: "answers", seeds: &["tests/fuzz/seeds/answers"], max_bytes: 512, parts: 20 },
    Target { name: "boxes", seeds: &["tests/fuzz/seeds/boxes"], max_bytes: 256, parts: 50 },
];
const PARTS: u64 = 100;

/// When a run ends.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    /// After that many executions of all targets together.
    Executions(u64),
    /// After that many seconds of each target.
    Seconds(u64),
}

/// Runs all targets, as many at a time as there are cores, and prints how often each was executed.
pub(crate) fn run(project: &Project, limit: Limit) -> Result<ExitCode> {
    let programs = build(project)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let mut sum = 0;
    let mut findings = 0;
    for targets in TARGETS.chunks(cores) {
        let results: Vec<Result<(u64, bool)>> = thread::scope(|scope| {
            let programs = &programs;
            let one = |target| scope.spawn(move || run_target(project, programs, target, limit));
            let running: Vec<_> = targets.iter().map(one).collect();
            running.into_iter().map(|thread| thread.join().unwrap_or(Ok((0, false)))).collect()
        });
        for result in results {
            let (executions, is_sound) = result?;
            sum += executions;
            findings += u32::from(!is_sound);
        }
    }
    println!("{sum} executions in {} s: {findings} targets with a finding", started.elapsed().as_secs());
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the targets. Returns the folder of the programs.
fn build(project: &Project) -> Result<PathBuf> {
    let host = host(project)?;
    let folder = project.root.join("target/fuzz");
    let mut command = project.cargo();
    // With a target, so that build scripts have no counters.
    command.args(["build", "--release", "--manifest-path", "tests/fuzz/Cargo.toml", "--target", &host, "--target-dir"]);
    child::run(command.arg(&folder).env("RUSTFLAGS", INSTRUMENTED))?;
    Ok(folder.join(host).join("release"))
}

/// The compilation target of this machine.
fn host(project: &Project) -> Result<String> {
    let version = child::capture(Command::new("rustc").arg("-vV").current_dir(&project.root))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    ensure!(!host.contains("windows"), "expected Linux or macOS, found {host}; libFuzzer runs there only");
    Ok(host.to_owned())
}

/// Runs a target. Returns how often, and whether its law always held.
fn run_target(project: &Project, programs: &std::path::Path, target: &Target, limit: Limit) -> Result<(u64, bool)> {
    let name = target.name;
    // Inputs that reach new code are kept for later runs, and so is one that breaks the law.
    let corpus = project.root.join("target/fuzz/corpus").join(name);
    fs::create_dir_all(&corpus).with_context(|| format!("cannot create {}", corpus.display()))?;
    let mut command = Command::new(programs.join(name));
    command.current_dir(&project.root).arg(&corpus).args(target.seeds);
    command.args(["-print_final_stats=1", "-verbosity=0", &format!("-max_len={}", target.max_bytes)]);
    command.arg(format!("-artifact_prefix=target/fuzz/{name}-"));
    command.arg(match limit {
        Limit::Executions(count) => format!("-runs={}", count / PARTS * target.parts),
        Limit::Seconds(count) => format!("-max_total_time={count}"),
    });
    let started = Instant::now();
    let mut executions = 0;
    // A few dozen, and the report of a finding.
    let mut lines = Vec::new();
    let end = child::follow(&mut command, Instant::now() + PATIENCE, |line| {
        if let Some(count) = executed(line) {
            executions = count;
        }
        lines.push(line.to_owned());
    });
    let is_sound = matches!(end?, End::Exited(status) if status.success());
    if !is_sound {
        for line in &lines {
            println!("{name}: {line}");
        }
    }
    let rate = u128::from(executions) * 1000 / started.elapsed().as_millis().max(1);
    println!("{name}: {executions} executions, {rate} a second, {}", if is_sound { "no finding" } else { "a finding" });
    Ok((executions, is_sound))
}

/// The number in libFuzzer's line about it.
fn executed(line: &str) -> Option<u64> {
    line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{PARTS, TARGETS, executed};

    #[test]
    fn the_parts_add_up() {
        assert_eq!(TARGETS.iter().map(|target| target.parts).sum::<u64>(), PARTS);
    }

    #[test]
    fn the_number_of_executions_is_read() {
        assert_eq!(executed("stat::number_of_executed_units: 93576"), Some(93_576));
        assert_eq!(executed("stat::average_exec_per_sec:     7198"), None);
        assert_eq!(executed("INFO: seed corpus: files: 73"), None);
    }
}
