//! The service on this machine, as a child process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::child::Service;
use crate::project::Project;

/// The package of the simulator, and its program.
pub(crate) const SIMULATOR: &str = "simulator";

/// What to build for it: with the features that the packages of this workspace need together, also those that only tests need, which cargo
/// adds if it builds an example. Otherwise it would compile the simulator and some of its dependencies once more.
pub(crate) const FEATURES: [&str; 3] = ["--workspace", "--example", "photos"];

/// Builds the simulator, and returns the program.
pub(crate) fn build(project: &Project) -> Result<PathBuf> {
    project.build_program(SIMULATOR, &FEATURES)
}

/// Builds the simulator and returns the command that starts it with this project's page and browser tests, and a package.
pub(crate) fn command(project: &Project, package: &Path, port: u16) -> Result<Command> {
    Ok(command_of(&build(project)?, project, package, port))
}

/// The same with a program that is built.
pub(crate) fn command_of(program: &Path, project: &Project, package: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command.arg("--port").arg(port.to_string());
    command.arg("--www").arg(project.page_dir()).arg("--pkg").arg(package);
    command.arg("--cases").arg(project.root.join("tests/browser"));
    command.arg("--heic-to").arg(project.tools.npm_package("heic-to").join("dist/csp"));
    command
}

/// Starts it; returns the URL that it prints first.
pub(crate) fn start(command: &mut Command) -> Result<(Service, String)> {
    start_within(command, Duration::from_secs(300))
}

/// The same for a command that prints other lines before, for at most that long.
pub(crate) fn start_within(command: &mut Command, patience: Duration) -> Result<(Service, String)> {
    let address = |line: &str| line.trim().starts_with("http://127.0.0.1:").then(|| line.trim().to_owned());
    Service::start(command, patience, address)
}
