//! A running stage.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::environment;
use super::tally::Tally;
use crate::child::{self, End, Service};
use crate::project::{self, Project};
use crate::scratch::Scratch;
use crate::simulator::{self, SIMULATOR};
use crate::webdriver::Browser;

/// How many lines of a log are shown.
const MAX_LOG_LINES: usize = 100;

/// The prefix of the keys of all tests. No key may be printed or logged.
const KEY: &str = "sk-sim-";

/// The context of a stage. The services that it started end with it.
pub(crate) struct Run<'a> {
    /// The repository.
    pub(crate) project: &'a Project,
    /// The browsers to test in.
    pub(crate) browsers: &'a [Browser],
    stage: &'static str,
    deadline: Instant,
    scratch: Scratch,
}

impl<'a> Run<'a> {
    /// Begins a stage that must end by the deadline.
    pub(crate) fn new(
        project: &'a Project,
        browsers: &'a [Browser],
        stage: &'static str,
        deadline: Instant,
    ) -> Result<Self> {
        Ok(Self { project, browsers, stage, deadline, scratch: Scratch::new(stage)? })
    }

    /// A file that is removed with the stage.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// A cargo command.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Result<Command> {
        self.prepared(self.project.cargo(), arguments)
    }

    /// Any other command, in the repository, with the tools on its `PATH`.
    pub(crate) fn program(&self, program: &Path, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(program);
        command.current_dir(&self.project.root).env("PATH", self.project.tools.search_path());
        self.prepared(command, arguments)
    }

    /// Runs all of the commands, which together are one check, also after one fails.
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

    /// Runs a command that runs tests. It is a failure too if no test runs, or if the command fails without a failed test.
    pub(crate) fn test(&self, command: Command) -> Result<Tally> {
        self.test_beside("", command)
    }

    /// Does the same in parallel with others, with a prefix for each line of output.
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

    /// Builds and starts the simulator, and returns its URL. Its output goes to a file.
    pub(crate) fn simulator(&self) -> Result<(Service, String)> {
        self.simulator_with(&self.project.package_dir())
    }

    /// Does the same with another package.
    pub(crate) fn simulator_with(&self, package: &Path) -> Result<(Service, String)> {
        self.complete(&mut self.cargo(&[&["build", "--bin", SIMULATOR], &simulator::FEATURES[..]].concat())?)?;
        let mut command = self.prepared(simulator::command(self.project, package, 0)?, &[])?;
        self.logged(&mut command, simulator::start)
    }

    /// Starts a command whose errors go to the simulator's log.
    pub(crate) fn logged<T>(&self, command: &mut Command, start: impl FnOnce(&mut Command) -> Result<T>) -> Result<T> {
        let log = self.file("simulator.log");
        command.stderr(Stdio::from(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?));
        let started = start(command);
        if started.is_err() {
            self.show_log("simulator.log");
        }
        started
    }

    /// An error message if the simulator wrote a key to its log.
    pub(crate) fn printed_key(&self) -> Option<String> {
        let log = std::fs::read(self.file("simulator.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).contains(KEY).then(|| "the simulator's log contains a key".to_owned())
    }

    /// Runs a command that the tests build on. It is an error if it fails.
    pub(crate) fn complete(&self, command: &mut Command) -> Result<()> {
        self.follow("", command, |_| {})?.map_or(Ok(()), |failure| bail!("{failure}"))
    }

    /// Prints the end of a service's log.
    pub(crate) fn show_log(&self, name: &str) {
        let text = std::fs::read(self.file(name)).unwrap_or_default();
        println!("the end of {name}, without lines that repeat:");
        for line in last_lines(&String::from_utf8_lossy(&text)) {
            println!("    {line}");
        }
    }

    /// Runs a command, prints its output, and returns an error message if it failed.
    fn follow(&self, prefix: &str, command: &mut Command, mut read: impl FnMut(&str)) -> Result<Option<String>> {
        let words = child::words(command);
        println!("{prefix}> {words}");
        let mut has_printed_key = false;
        let end = child::follow(command, self.deadline, |line| {
            println!("{prefix}{line}");
            has_printed_key |= line.contains(KEY);
            read(line);
        })?;
        let failure = match end {
            End::Exited(status) if status.success() && has_printed_key => format!("{words} printed a key"),
            End::Exited(status) if status.success() => return Ok(None),
            End::Exited(status) => format!("{words} failed: {status}"),
            End::Overdue => format!("{words} was still running when the time for {} was over", self.stage),
        };
        println!("{prefix}{failure}");
        Ok(Some(failure))
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Result<Command> {
        environment::prepare(&mut command, self.scratch.path())?;
        project::forget_package(&mut command);
        command.args(arguments);
        Ok(command)
    }
}

/// The last lines of a text. Of those that are the same but for their digits, the last one.
fn last_lines(text: &str) -> Vec<&str> {
    let mut seen = HashSet::new();
    let is_new = |line: &&str| seen.insert(line.replace(|letter: char| letter.is_ascii_digit(), ""));
    let mut lines: Vec<_> =
        text.lines().rev().filter(|line| !line.trim().is_empty()).filter(is_new).take(MAX_LOG_LINES).collect();
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn a_line_of_a_log_is_shown_once() {
        let text = "begins\n\n(12): no bus\n(12): cannot go on\n(9): no bus\nends\n";
        assert_eq!(last_lines(text), ["begins", "(12): cannot go on", "(9): no bus", "ends"]);
    }
}
