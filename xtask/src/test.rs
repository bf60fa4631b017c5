//! All checks and tests, stage by stage.
//!
//! A failure never stops the stages after it. Each check counts as one, each test as one, and the last line is the sum.

mod dependencies;
mod driven;
mod environment;
mod plain;
mod run;
mod shares;
mod stages;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::setup::{self, Need};
use crate::webdriver::Browser;
use run::Run;
use stages::{STAGES, Stage};
use tally::Tally;

/// How long a stage may take. Its first run on a fresh machine compiles everything.
const PATIENCE: Duration = Duration::from_secs(50 * 60);

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

/// Runs the stages that the arguments name, or all of them: in the browsers of `--browser NAME`, or in all.
pub(crate) fn run(project: &Project, arguments: &[&str]) -> Result<ExitCode> {
    let (browsers, names) = read(arguments)?;
    let stages = select(&names)?;
    let missing = dependencies::take(project);
    let mut results: Vec<Finished> = Vec::new();
    for stage in stages {
        println!("\n== {}: {}", stage.name, stage.about);
        let started = Instant::now();
        let tally = attempt(project, &browsers, stage, started + PATIENCE);
        let took = started.elapsed();
        println!("-- {}: {} passed, {} failed", stage.name, tally.passed, tally.failed);
        results.push(Finished { stage: stage.name, tally, took });
    }
    // A run of some stages compiles only some of them.
    if let Some(missing) = missing.filter(|_| names.is_empty() && results.iter().all(|result| result.tally.failed == 0))
    {
        missing.keep();
    }
    Ok(summarize(&results))
}

/// The browsers and the names of stages in the arguments.
fn read<'a>(arguments: &[&'a str]) -> Result<(Vec<Browser>, Vec<&'a str>)> {
    let (mut browsers, mut names) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if *argument == "--browser" {
            let id = rest.next().copied().unwrap_or_default();
            let known = Browser::ALL.into_iter().find(|browser| browser.id() == id);
            browsers.push(known.with_context(|| {
                format!("expected {} after --browser, found `{id}`", Browser::ALL.map(Browser::id).join(", "))
            })?);
        } else {
            names.push(*argument);
        }
    }
    Ok((if browsers.is_empty() { Browser::ALL.to_vec() } else { browsers }, names))
}

/// The stages of these names and those that they build on, in their order; all of them without a name.
fn select(names: &[&str]) -> Result<Vec<&'static Stage>> {
    if let Some(unknown) = names.iter().find(|name| !STAGES.iter().any(|stage| stage.name == **name)) {
        bail!("unknown stage `{unknown}`, expected some of these:\n{}", stage_list());
    }
    let wanted = |stage: &Stage| names.is_empty() || names.contains(&stage.name);
    let built_on = |stage: &Stage| STAGES.iter().any(|other| wanted(other) && other.builds_on == Some(stage.name));
    Ok(STAGES.iter().filter(|stage| wanted(stage) || built_on(stage)).collect())
}

fn attempt(project: &Project, browsers: &[Browser], stage: &Stage, deadline: Instant) -> Tally {
    let is_needed = |need: &Need| *need != Need::WebKit || browsers.contains(&Browser::WebKit);
    let needs: Vec<Need> = stage.needs.iter().copied().filter(is_needed).collect();
    let attempted = || {
        setup::ensure(project, &needs)?;
        let run = Run::new(project, browsers, stage.name, deadline)?;
        let mut tally = (stage.run)(&run)?;
        run.printed_key().into_iter().for_each(|failure| tally.add(Tally::failure(failure)));
        Ok(tally)
    };
    attempted().unwrap_or_else(|error: anyhow::Error| {
        println!("error: {error:#}");
        Tally::failure(format!("{error:#}"))
    })
}

fn summarize(results: &[Finished]) -> ExitCode {
    for Finished { stage, tally, .. } in results.iter().filter(|finished| !finished.tally.details.is_empty()) {
        println!("\n== what failed in {stage}");
        tally.details.iter().for_each(|line| println!("{line}"));
    }
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
    use super::{Browser, STAGES, read, select};

    fn names(selected: &[&str]) -> Vec<&'static str> {
        select(selected).into_iter().flatten().map(|stage| stage.name).collect()
    }

    #[test]
    fn without_names_every_stage_runs_in_every_browser() {
        assert_eq!(names(&[]), STAGES.map(|stage| stage.name));
        assert_eq!(read(&[]).ok(), Some((Browser::ALL.to_vec(), vec![])));
    }

    #[test]
    fn browsers_can_be_chosen() {
        let arguments = ["--browser", "webkit", "page", "--browser", "firefox"];
        assert_eq!(read(&arguments).ok(), Some((vec![Browser::WebKit, Browser::Firefox], vec!["page"])));
        for wrong in [&["--browser"][..], &["--browser", "page"]] {
            let error = read(wrong).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("chromium, firefox, webkit"), "{error}");
        }
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
