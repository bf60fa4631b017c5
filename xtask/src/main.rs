//! The project's commands, run as `cargo xtask <command>`.
//!
//! Each command installs the tools that it needs ([`setup`]) into a cache per user, and then does its work: [`package`] builds
//! the npm package, [`size`] measures it, [`demo`] serves the page beside the simulator and prints its steps
//! ([`progress`]), [`site`] writes the page and the documents as static files, [`test`](mod@test) runs all checks and tests,
//! [`model`] runs many more random schedules of faults, [`fuzz`] many random inputs, [`photos`] measures what preparing does to
//! photos, [`mod@bench`] times and memory. Every process started here ends with the command ([`child`], [`descendants`]).

mod bench;
mod child;
mod demo;
mod descendants;
mod fuzz;
mod licences;
mod model;
mod package;
mod photos;
mod port;
mod progress;
mod project;
mod scratch;
mod setup;
mod simulator;
mod site;
mod size;
mod test;
mod tools;
mod webdriver;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::fuzz::Limit;
use crate::project::Project;
use crate::setup::Need;

const HELP: &str = "\
usage: cargo xtask <command>

  demo [--port N] [--package]
                    serve the page and a simulated service on http://127.0.0.1:8317, with a quick build of the package, or
                    with --package the one for npm; with COMETAPI_KEY in the environment it relays to the real service
  site [--out DIR]  write the page, the package, the documents and the API reference into target/site (or DIR), a folder
                    for any static host; the page plays the service, so visitors need no key
  test [--browser NAME]... [STAGE]...
                    run every check and test in chromium, firefox and webkit, or only in the named browsers and stages
  model [--schedules N]
                    run a million random schedules of faults (or N) through the core
  fuzz [--executions N | --seconds N]
                    run a hundred million random inputs (or N, or N seconds each) through what reads images,
                    JSON, responses and videos
  photos            print what preparing does to photos of 12 megapixels: bytes before and after, and times
  bench [--browser NAME] [--rounds N] [--part NAMES] [--rows NAMES]
                    measure uploads, preparing, downloads and the relay against other ways to do the same, in Chromium,
                    Firefox, WebKit and Node; with no option but --rounds it also writes the tables of docs/performance.md
  package           build the npm package into pkg/ and weigh what a page loads, against the budget
  size              do the same, list what the bytes are, and build it without each of the steps that make it small,
                    for comparison
  setup             install the tools of all commands

Each command installs missing tools at pinned versions into
${XDG_CACHE_HOME:-$HOME/.cache}/kling-multi-image2video/tools (or into $KLING_TOOLS), and browsers from
the system's packages.";

fn main() -> ExitCode {
    descendants::end_with_this_process();
    match command() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] | [_, "--help" | "-h", ..] => {
            println!("{HELP}\n\nstages of `test`:\n{}", test::stage_list());
            Ok(ExitCode::SUCCESS)
        }
        ["setup"] => {
            let project = Project::load()?;
            setup::ensure(&project, Need::ALL)?;
            println!("\nall tools are installed; to run wasm-pack and the others yourself:\n");
            println!("  {}", project.tools.path_line());
            Ok(ExitCode::SUCCESS)
        }
        [command @ ("package" | "size")] => {
            let project = Project::load()?;
            package::build(&project)?;
            let weights = size::weigh(&project.package_dir())?;
            let within = weights.print();
            if *command == "size" {
                size::print_breakdown(&project)?;
                weights.print_steps(&project)?;
            }
            Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        ["photos"] => photos::run(&Project::load()?),
        ["bench", options @ ..] => bench::run(&Project::load()?, &bench::Options::parse(options)?),
        ["demo", options @ ..] => demo::run(&Project::load()?, demo::Options::parse(options)?),
        ["site"] => {
            let project = Project::load()?;
            site::run(&project, &project.root.join("target/site"))
        }
        ["site", "--out", folder] => site::run(&Project::load()?, Path::new(folder)),
        ["model"] => model::run(&Project::load()?, model::SCHEDULES),
        ["model", "--schedules", count] => match count.parse() {
            Ok(count) => model::run(&Project::load()?, count),
            Err(_) => bail!("expected a number of schedules after --schedules, found `{count}`"),
        },
        ["fuzz"] => fuzz::run(&Project::load()?, Limit::Executions(fuzz::EXECUTIONS)),
        ["fuzz", limit @ ("--executions" | "--seconds"), count] => match (*limit, count.parse()) {
            ("--seconds", Ok(count)) => fuzz::run(&Project::load()?, Limit::Seconds(count)),
            (_, Ok(count)) => fuzz::run(&Project::load()?, Limit::Executions(count)),
            (_, Err(_)) => bail!("expected a number after {limit}, found `{count}`"),
        },
        ["test", arguments @ ..] => test::run(&Project::load()?, arguments),
        [command @ ("setup" | "package" | "photos" | "size" | "site" | "model" | "fuzz"), extra, ..] => {
            bail!("`{command}` does not know `{extra}`; see `cargo xtask --help`")
        }
        [unknown, ..] => {
            bail!(
                "unknown command `{unknown}`, expected demo, site, test, model, fuzz, photos, bench, package, size or setup; see `cargo xtask --help`"
            )
        }
    }
}
