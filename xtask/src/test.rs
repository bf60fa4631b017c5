//! All checks and tests, stage by stage.
//!
//! A failure never stops the stages after it. Each check counts as one, each test as one, and the last line is the sum.

mod environment;
mod plain;
mod run;
mod stages;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::project::Project;
use crate::setup;
use crate::webdriver::Browser;
use run::Run;
use stages::{STAGES, Stage};
use tally::Tally;

/// How long a stage may take. Its first run on a fresh machine compiles everything.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// The result of a stage.
struct Finished {
    stage: &'static str,
    tally: Tally,
    took: Duration,
}

/// The name and purpose of each stage, one on a line.
pub(crate) fn stage_list() -> String {
    let lines = STAGES.iter().map(|stage| format!("  {:<14} {}", stage.name, stage.about));
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs the named stages, or all usual ones if none is named.
pub(crate) fn run(project: &Project, names: &[&str]) -> Result<ExitCode> {
    let mut results: Vec<Finished> = Vec::new();
    for stage in select(names)? {
        println!("\n== {}: {}", stage.name, stage.about);
        let started = Instant::now();
        let tally = attempt(project, stage, started + PATIENCE);
        let took = started.elapsed();
        println!("-- {}: {} passed, {} failed", stage.name, tally.passed, tally.failed);
        results.push(Finished { stage: stage.name, tally, took });
    }
    Ok(summarize(&results))
}

/// The stages of these names and those that they build on, in their order.
fn select(names: &[&str]) -> Result<Vec<&'static Stage>> {
    if let Some(unknown) = names.iter().find(|name| !STAGES.iter().any(|stage| stage.name == **name)) {
        bail!("unknown stage `{unknown}`, expected some of these:\n{}", stage_list());
    }
    let wanted = |stage: &Stage| names.is_empty() && !stage.is_extra || names.contains(&stage.name);
    let built_on = |stage: &Stage| STAGES.iter().any(|other| wanted(other) && other.builds_on == Some(stage.name));
    Ok(STAGES.iter().filter(|stage| wanted(stage) || built_on(stage)).collect())
}

fn attempt(project: &Project, stage: &Stage, deadline: Instant) -> Tally {
    let result =
        setup::ensure(project, stage.needs).and_then(|()| Run::new(project, stage.name, deadline)).and_then(|run| {
            let mut tally = (stage.run)(&run)?;
            run.printed_key().into_iter().for_each(|failure| tally.add(Tally::failure(failure)));
            Ok(tally)
        });
    result.unwrap_or_else(|error| {
        println!("error: {error:#}");
        Tally::failure(format!("{error:#}"))
    })
}

fn summarize(results: &[Finished]) -> ExitCode {
    println!("\n{:<10} {:>7} {:>7} {:>8}", "stage", "passed", "failed", "seconds");
    let mut sum = Tally::default();
    for Finished { stage, tally, took } in results {
        println!("{stage:<10} {:>7} {:>7} {:>8.1}", tally.passed, tally.failed, took.as_secs_f64());
        for failure in &tally.failures {
            println!("    failed: {failure}");
        }
        sum.add(tally.clone());
    }
    if sum.ignored > 0 {
        println!("{} ignored", sum.ignored);
    }
    let counts = Browser::ALL.iter().map(|browser| (browser.name(), sum.ran_in(*browser)));
    let counts: Vec<_> =
        counts.filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} ran {count} tests")).collect();
    if !counts.is_empty() {
        println!("{}", counts.join(", "));
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::{STAGES, select};

    fn names(selected: &[&str]) -> Vec<&'static str> {
        select(selected).into_iter().flatten().map(|stage| stage.name).collect()
    }

    #[test]
    fn without_names_every_usual_stage_runs() {
        let usual: Vec<_> = STAGES.iter().filter(|stage| !stage.is_extra).map(|stage| stage.name).collect();
        assert_eq!(names(&[]), usual);
        assert_eq!(names(&["page-webkit"]), ["package", "page-webkit"]);
    }

    #[test]
    fn a_stage_includes_the_one_it_builds_on() {
        assert_eq!(names(&["page"]), ["package", "page"]);
        assert_eq!(names(&["clippy", "fmt"]), ["fmt", "clippy"]);
    }

    #[test]
    fn an_unknown_stage_is_an_error_with_its_name() {
        let error = select(&["fmt", "bench"]).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("`bench`") && error.contains("browser"), "{error}");
    }
}
