//! One stage while it runs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::environment;
use super::tally::Tally;
use crate::child::{self, End, Service};
use crate::project::Project;
use crate::scratch::Scratch;
use crate::simulator;

/// How the keys of all tests begin that send any. None of them is ever to be printed or logged.
const KEY: &str = "sk-sim-";

/// What a stage works with. Whatever it started and left running ends with it.
pub(crate) struct Run<'a> {
    /// The repository.
    pub(crate) project: &'a Project,
    stage: &'static str,
    deadline: Instant,
    scratch: Scratch,
}

impl<'a> Run<'a> {
    /// Begins a stage that must be done by the deadline.
    pub(crate) fn new(project: &'a Project, stage: &'static str, deadline: Instant) -> Result<Self> {
        Ok(Self { project, stage, deadline, scratch: Scratch::new(stage)? })
    }

    /// A file that lasts as long as the stage.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// A cargo command.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Result<Command> {
        self.prepared(self.project.cargo(), arguments)
    }

    /// Any other command, in the repository with the tools in reach.
    pub(crate) fn program(&self, program: &Path, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(program);
        command.current_dir(&self.project.root).env("PATH", self.project.tools.search_path());
        self.prepared(command, arguments)
    }

    /// Runs commands that together are one check, all of them even if one fails.
    pub(crate) fn check(&self, commands: impl IntoIterator<Item = Result<Command>>) -> Result<Tally> {
        let mut failures = Vec::new();
        for command in commands {
            let mut command = command?;
            if let Some(failure) = self.follow("", &mut command, |_| {})? {
                failures.push(failure);
            }
        }
        Ok(if failures.is_empty() { Tally::success() } else { Tally::failure(failures.join("; ")) })
    }

    /// Runs a command that runs tests. None at all, and an end for any other reason than a failed test, is a failure too.
    pub(crate) fn test(&self, command: Command) -> Result<Tally> {
        self.test_beside("", command)
    }

    /// Does the same beside others, with something before each line that tells them apart.
    pub(crate) fn test_beside(&self, prefix: &str, mut command: Command) -> Result<Tally> {
        let mut tally = Tally::default();
        let failure = self.follow(prefix, &mut command, |line| tally.read(line))?;
        if let Some(failure) = failure.filter(|_| tally.failed == 0) {
            tally.add(Tally::failure(failure));
        }
        if tally.passed + tally.failed == 0 {
            tally.add(Tally::failure(format!("expected tests, {} ran none", child::words(&command))));
        }
        Ok(tally)
    }

    /// Builds and starts the simulator, and returns its address. What it says goes to a file.
    pub(crate) fn simulator(&self) -> Result<(Service, String)> {
        self.simulator_with(&self.project.package_dir())
    }

    /// Does the same with another package than this project's.
    pub(crate) fn simulator_with(&self, package: &Path) -> Result<(Service, String)> {
        let mut build = self.cargo(&["build", "-p", "simulator"])?;
        if let Some(failure) = self.follow("", &mut build, |_| {})? {
            bail!("no simulator: {failure}");
        }
        let mut command = self.prepared(simulator::command(self.project, package, 0)?, &[])?;
        let log = self.file("simulator.log");
        command.stderr(Stdio::from(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?));
        let started = simulator::start(&mut command);
        if started.is_err() {
            self.show_log("simulator.log");
        }
        started
    }

    /// Whether the simulator wrote a key to its file, in words.
    pub(crate) fn told_key(&self) -> Option<String> {
        let log = std::fs::read(self.file("simulator.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).contains(KEY).then(|| "the simulator's log has a key".to_owned())
    }

    /// Prints the end of what a service wrote to its file.
    pub(crate) fn show_log(&self, name: &str) {
        let text = std::fs::read(self.file(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        println!("the end of {name}:");
        for line in lines.iter().skip(lines.len().saturating_sub(100)) {
            println!("    {line}");
        }
    }

    /// Runs a command, shows all it says, and returns in words why it failed, if it did.
    fn follow(&self, prefix: &str, command: &mut Command, mut read: impl FnMut(&str)) -> Result<Option<String>> {
        let words = child::words(command);
        println!("{prefix}> {words}");
        let mut told = false;
        let end = child::follow(command, self.deadline, |line| {
            println!("{prefix}{line}");
            told |= line.contains(KEY);
            read(line);
        })?;
        let failure = match end {
            End::Exited(status) if status.success() && told => format!("{words} printed a key"),
            End::Exited(status) if status.success() => return Ok(None),
            End::Exited(status) => format!("{words} failed: {status}"),
            End::Overdue => format!("{words} was still running when the time for {} was over", self.stage),
        };
        println!("{prefix}{failure}");
        Ok(Some(failure))
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Result<Command> {
        environment::prepare(&mut command, self.scratch.path())?;
        command.args(arguments);
        Ok(command)
    }
}
