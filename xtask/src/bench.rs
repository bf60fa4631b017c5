//! Times and memory of the package against other ways to do the same work.
//!
//! The crate in `tests/bench` measures. It runs once for each browser, once for Node, and once to print and judge everything:
//! a browser that fails takes no other result with it.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

use crate::child::{self, Service};
use crate::package;
use crate::project::Project;
use crate::scratch::Scratch;
use crate::setup::{self, Need};
use crate::tools::find_on_path;
use crate::webdriver::{self, Browser, Display};

/// How often each row is measured.
const ROUNDS: usize = 7;

/// What can be measured alone.
const PARTS: [&str; 5] = ["upload", "prepare", "download", "calls", "relay"];

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    browsers: Vec<Browser>,
    rounds: usize,
    /// Separated by commas; empty: all.
    parts: String,
    /// Separated by commas; empty: all.
    rows: String,
}

impl Options {
    /// Reads them from the command line.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options =
            Self { browsers: Browser::ALL.to_vec(), rounds: ROUNDS, parts: String::new(), rows: String::new() };
        let mut words = words.iter();
        while let Some(name) = words.next() {
            let value = *words.next().with_context(|| format!("expected a value after `{name}`"))?;
            match *name {
                "--browser" => {
                    let found = Browser::ALL.into_iter().find(|browser| browser.id() == value.to_lowercase());
                    let found =
                        found.with_context(|| format!("expected chromium, firefox or webkit, found `{value}`"))?;
                    options.browsers = vec![found];
                }
                "--rounds" => {
                    let rounds = value.parse().ok().filter(|rounds| *rounds > 0);
                    options.rounds = rounds.with_context(|| format!("expected a number of rounds, found `{value}`"))?;
                }
                "--part" => {
                    let unknown = value.split(',').find(|part| !PARTS.contains(part));
                    ensure!(unknown.is_none(), "expected some of {}, found `{value}`", PARTS.join(","));
                    value.clone_into(&mut options.parts);
                }
                "--rows" => value.clone_into(&mut options.rows),
                other => bail!("`bench` does not know `{other}`; see `cargo xtask --help`"),
            }
        }
        Ok(options)
    }

    /// Whether everything is measured.
    fn is_whole(&self) -> bool {
        self.browsers == Browser::ALL && self.parts.is_empty() && self.rows.is_empty()
    }

    /// Whether anything is measured in browsers.
    fn uses_browsers(&self) -> bool {
        self.parts.is_empty() || self.parts != "relay"
    }

    fn has_relay(&self) -> bool {
        self.parts.is_empty() || self.parts.split(',').any(|part| part == "relay")
    }
}

/// Builds the package, measures, and prints the tables. Fails if a budget is missed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let mut needs = vec![Need::NpmTools, Need::BenchPackages];
    if options.uses_browsers() {
        needs.push(Need::Browsers);
        needs.extend(options.browsers.contains(&Browser::WebKit).then_some(Need::WebKit));
    }
    setup::ensure(project, &needs)?;
    package::build(project)?;
    let program = project.build_program("bench", &["--workspace"])?;
    let scratch = Scratch::new("bench")?;
    bundle_packages(project, scratch.path())?;
    let bench = |step: &str| {
        let mut command = Command::new(&program);
        command.arg(step).current_dir(&project.root);
        command.env("KLING_BENCH", scratch.path()).env("KLING_BENCH_ROUNDS", options.rounds.to_string());
        command.env("KLING_BENCH_PARTS", &options.parts).env("KLING_BENCH_ROWS", &options.rows);
        command.env("KLING_BENCH_PACKAGES", project.tools.bench_npm_folder());
        command
    };
    let mut failed = Vec::new();
    if options.uses_browsers() {
        for browser in &options.browsers {
            let measured = measure(project, *browser, scratch.path(), bench("browser"));
            failed.extend(measured.err().map(|error| format!("{}: {error:#}", browser.name())));
        }
    }
    if options.has_relay() {
        failed.extend(child::run(&mut bench("node")).err().map(|error| format!("Node: {error:#}")));
    }
    let mut report = bench("report");
    report.env("KLING_BENCH_JSON", project.root.join("target/bench.json"));
    if options.is_whole() && failed.is_empty() {
        report.env("KLING_BENCH_DOCUMENT", project.root.join("docs/performance.md"));
    }
    failed.extend(child::run(&mut report).err().map(|error| format!("{error:#}")));
    for error in &failed {
        eprintln!("error: {error}");
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts the browser's driver and measures.
fn measure(project: &Project, browser: Browser, folder: &Path, mut bench: Command) -> Result<()> {
    let mut driver = Command::new(browser.driver(project)?);
    // Profiles go into the folder that is removed.
    driver.env("TMPDIR", folder);
    let _display = if browser == Browser::WebKit { Some(lend_display(&mut driver, folder)?) } else { None };
    let (service, url): (Service, String) =
        browser.start(&mut driver, &folder.join(format!("{}.log", browser.id())))?;
    bench.env("KLING_BROWSER", browser.id()).env("KLING_WEBDRIVER", url);
    bench.env("KLING_DRIVER_PROCESS", service.id().to_string()).env("KLING_DOWNLOADS", folder.join("downloads"));
    child::run(&mut bench)
}

/// Starts a display for a driver whose browser needs one.
fn lend_display(driver: &mut Command, folder: &Path) -> Result<Display> {
    let server = find_on_path(webdriver::XVFB).context("missing: Xvfb; run `cargo xtask setup`")?;
    let display = Display::start(&mut Command::new(server))?;
    display.lend(driver);
    let settings = folder.join("settings");
    webdriver::write_settings(&settings, &folder.join("downloads"))?;
    driver.env("XDG_CONFIG_HOME", settings);
    Ok(display)
}

/// Makes one script of what the rows use of npm.
fn bundle_packages(project: &Project, folder: &Path) -> Result<()> {
    let mut command = Command::new(project.tools.npm_program("esbuild"));
    command.current_dir(&project.root).arg("tests/bench/page/packages.js");
    command.args(["--bundle", "--format=esm", "--platform=browser", "--log-level=warning"]);
    command.arg(format!("--outfile={}", folder.join("packages.js").display()));
    command.env("NODE_PATH", project.tools.bench_npm_folder().join("node_modules"));
    child::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::{Options, ROUNDS};
    use crate::webdriver::Browser;

    fn options(browsers: &[Browser], rounds: usize, parts: &str, rows: &str) -> Options {
        Options { browsers: browsers.to_vec(), rounds, parts: parts.to_owned(), rows: rows.to_owned() }
    }

    #[test]
    fn the_options_are_read() {
        let cases: [(&[&str], Options); 6] = [
            (&[], options(&Browser::ALL, ROUNDS, "", "")),
            (&["--browser", "firefox"], options(&[Browser::Firefox], ROUNDS, "", "")),
            (&["--browser", "WebKit"], options(&[Browser::WebKit], ROUNDS, "", "")),
            (&["--rounds", "3"], options(&Browser::ALL, 3, "", "")),
            (&["--part", "upload,relay"], options(&Browser::ALL, ROUNDS, "upload,relay", "")),
            (&["--rows", "ours,read", "--rounds", "1"], options(&Browser::ALL, 1, "", "ours,read")),
        ];
        for (words, expected) in cases {
            assert_eq!(Options::parse(words).ok(), Some(expected), "{words:?}");
        }
    }

    #[test]
    fn wrong_options_are_refused() {
        let cases: [&[&str]; 6] = [
            &["--browser"],
            &["--browser", "opera"],
            &["--rounds", "0"],
            &["--rounds", "x"],
            &["--part", "upload,all"],
            &["--fast", "1"],
        ];
        for words in cases {
            assert!(Options::parse(words).is_err(), "{words:?}");
        }
    }
}
