//! The page beside the simulator, built as quickly as possible: this is the first command that a newcomer runs.
//!
//! The simulator and the module are built with the profile `quick`, and the package has only what the page loads. It lies in a
//! folder of its own, so that `pkg/` is always a package for npm.

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::{Result, anyhow, bail};

use crate::package::{self, GLUE, QUICK};
use crate::port;
use crate::progress::step;
use crate::project::Project;
use crate::setup::{self, Need};
use crate::simulator::{self, SIMULATOR};

/// The default port. Another port is another origin for the browser, with its own tasks.
const PORT: u16 = 8317;

/// What building takes, beside cargo.
const NEEDS: [Need; 2] = [Need::WasmTarget, Need::NpmTools];

/// Where the quick build of the package lies.
const PACKAGE: &str = "target/demo";

/// The options of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    port: u16,
    /// Whether it serves the package for npm, which the browser tests load.
    serves_package: bool,
}

impl Options {
    /// Reads the words after `demo`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self { port: PORT, serves_package: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--package" => options.serves_package = true,
                "--port" => {
                    let port = words.next().copied().unwrap_or_default();
                    let Ok(number) = port.parse() else {
                        bail!("expected a number up to 65535 after --port, found `{port}`");
                    };
                    options.port = number;
                }
                unknown => bail!("`demo` does not know `{unknown}`; see `cargo xtask --help`"),
            }
        }
        Ok(options)
    }
}

/// Builds the package and the simulator, and serves until interrupted.
pub(crate) fn run(project: &Project, options: Options) -> Result<ExitCode> {
    let port = options.port;
    refuse_taken(port)?;
    let has_key = std::env::var_os("COMETAPI_KEY").is_some_and(|key| !key.to_string_lossy().trim().is_empty());
    let (program, package) = build(project, has_key, options.serves_package)?;
    // The port may have been taken during the build.
    refuse_taken(port)?;
    let (mut service, address) = simulator::start(&mut simulator::command_of(&program, project, &package, port))?;
    println!("\n    {address}\n");
    if has_key {
        println!(
            "COMETAPI_KEY is set: requests go to the real service and cost real money; the page never gets the key"
        );
    } else {
        println!("simulated service: no key needed, no request leaves this machine, nothing is charged");
        println!("for your own page: baseUrl \"{address}/s/ok/kling\", apiKey \"sk-sim-anything\"");
    }
    println!("Ctrl-C ends the demo");
    let status = service.wait()?;
    if !status.success() {
        bail!("the simulator ended: {status}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the simulator, with the relay if there is a key, and a package. Returns the paths of both.
fn build(project: &Project, has_key: bool, serves_package: bool) -> Result<(PathBuf, PathBuf)> {
    let [program, glue] = thread::scope(|scope| {
        let tools = scope.spawn(|| step("installing tools with npm and rustup", 10, || setup::ensure(project, &NEEDS)));
        let programs =
            step("building the simulator", 80, || project.build_programs([SIMULATOR, GLUE], &cargo_options(has_key)));
        let tools = tools.join().map_err(|_| anyhow!("installing tools ended early"))?;
        tools.and(programs)
    })?;
    if serves_package {
        package::build(project)?;
        return Ok((program, project.package_dir()));
    }
    let package = project.root.join(PACKAGE);
    step("building the module and its scripts", 25, || package::build_for_demo(project, &package, &glue))?;
    Ok((program, package))
}

/// How cargo builds the simulator. The relay's HTTP and TLS are an eighth of the build.
fn cargo_options(has_key: bool) -> Vec<&'static str> {
    let relay = if has_key { None } else { Some("--no-default-features") };
    ["--quiet", "-p", SIMULATOR, "-p", GLUE].into_iter().chain(QUICK).chain(relay).collect()
}

fn refuse_taken(port: u16) -> Result<()> {
    if port == 0 || port::is_free(port) {
        return Ok(());
    }
    let owner = port::owner(port).unwrap_or_else(|| "another program".to_owned());
    bail!("port {port} is taken by {owner}; end it, or choose another port with `cargo xtask demo --port N`")
}

#[cfg(test)]
mod tests {
    use super::{Options, PORT, cargo_options};

    #[test]
    fn options_are_read() {
        let options = |port, serves_package| Some(Options { port, serves_package });
        let cases = [
            (&[][..], options(PORT, false)),
            (&["--port", "0"][..], options(0, false)),
            (&["--package"][..], options(PORT, true)),
            (&["--port", "9000", "--package"][..], options(9000, true)),
            (&["--package", "--port", "9000"][..], options(9000, true)),
            (&["--port"][..], None),
            (&["--port", "65536"][..], None),
            (&["--port", "--package"][..], None),
            (&["package"][..], None),
        ];
        for (words, expected) in cases {
            assert_eq!(Options::parse(words).ok(), expected, "{words:?}");
        }
    }

    #[test]
    fn the_relay_is_built_for_a_key_only() {
        for (has_key, is_left_out) in [(false, true), (true, false)] {
            assert_eq!(cargo_options(has_key).contains(&"--no-default-features"), is_left_out);
        }
    }
}
