//! The model of faults with any number of random schedules, on all cores.

use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::child::{self, End};
use crate::project::Project;
use crate::tools::CORE;

/// The default number.
pub(crate) const SCHEDULES: u32 = 1_000_000;

/// The test that runs them.
const TEST: &str = "world::no_task_is_charged_twice_or_lost";

/// More time than any number of schedules takes.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs the schedules, and prints how many laws were broken, and the time it took.
pub(crate) fn run(project: &Project, schedules: u32) -> Result<ExitCode> {
    child::run(cargo(project).arg("--no-run"))?;
    let cores = u32::try_from(thread::available_parallelism().map_or(1, usize::from)).unwrap_or(1);
    let started = Instant::now();
    let shares: Vec<u32> = (0..cores).map(|core| share(schedules, cores, core)).filter(|share| *share > 0).collect();
    let results: Vec<Result<bool>> = thread::scope(|scope| {
        let one = |share: u32| scope.spawn(move || run_share(project, share));
        let running: Vec<_> = shares.iter().map(|share| one(*share)).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(Ok(false))).collect()
    });
    let broken = results.into_iter().collect::<Result<Vec<bool>>>()?.iter().filter(|kept| !**kept).count();
    println!("{schedules} schedules on {cores} cores in {} s: {broken} broken laws", started.elapsed().as_secs());
    if broken > 0 {
        println!("the failing seeds are kept in tests/model/world.seeds, and run first in every later run");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// The share of one core.
fn share(schedules: u32, cores: u32, core: u32) -> u32 {
    schedules / cores + u32::from(core < schedules % cores)
}

/// Runs one share, and returns whether all laws held. The first broken law ends it.
fn run_share(project: &Project, schedules: u32) -> Result<bool> {
    let mut command = cargo(project);
    command.args(["--", "--exact", TEST, "--nocapture"]).env("KLING_SCHEDULES", schedules.to_string());
    let mut is_reported = false;
    let end = child::follow(&mut command, Instant::now() + PATIENCE, |line| {
        // Without the repetitions of each attempt to shrink a schedule.
        is_reported |= line.starts_with("Tally");
        if is_reported {
            println!("{line}");
        }
    });
    Ok(matches!(end.context("cannot follow the schedules")?, End::Exited(status) if status.success()))
}

fn cargo(project: &Project) -> Command {
    let mut command = project.cargo();
    command.args(["test", "--quiet", "--profile", "model", "-p", CORE, "--test", "model"]);
    command
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn the_shares_add_up() {
        for (schedules, cores) in [(10, 3), (1, 4), (1_000_000, 7)] {
            assert_eq!((0..cores).map(|core| share(schedules, cores, core)).sum::<u32>(), schedules);
        }
    }
}
