//! The two browsers and the programs that drive them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::child::Service;
use crate::project::Project;
use crate::tools::find_on_path;

/// The names of Chromium's program.
pub(crate) const CHROMIUM: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// The name of Chromium's driver.
pub(crate) const CHROMEDRIVER: &[&str] = &["chromedriver"];
/// The names of Firefox's program.
pub(crate) const FIREFOX: &[&str] = &["firefox-esr", "firefox"];

/// A browser that the tests run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browser {
    /// Chromium, or Chrome.
    Chromium,
    /// Firefox.
    Firefox,
}

impl Browser {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
        }
    }

    /// Its name for the page tests.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }

    /// wasm-pack's options that choose it and its driver.
    pub(crate) fn wasm_pack_options(self) -> (&'static str, &'static str) {
        match self {
            Self::Chromium => ("--chrome", "--chromedriver"),
            Self::Firefox => ("--firefox", "--geckodriver"),
        }
    }

    /// The program that drives it.
    pub(crate) fn driver(self, project: &Project) -> Result<PathBuf> {
        match self {
            Self::Chromium => find_on_path(CHROMEDRIVER).context("missing: chromedriver; run `cargo xtask setup`"),
            Self::Firefox => {
                let program = project.tools.program(&project.tools.geckodriver);
                let there = program.is_file().then_some(program);
                there.context("missing: geckodriver; run `cargo xtask setup`")
            }
        }
    }
}

/// Starts a browser's driver on a free port of this machine; returns its URL too. Its output goes to `log`.
pub(crate) fn start(driver: &mut Command, log: &Path) -> Result<(Service, String)> {
    let log_file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    driver.arg("--port=0").stderr(Stdio::from(log_file));
    let (service, port) = Service::start(driver, Duration::from_secs(60), listening_port)?;
    Ok((service, format!("http://127.0.0.1:{port}")))
}

/// The port in the line that a driver prints when it is ready.
fn listening_port(line: &str) -> Option<u16> {
    let (_, rest) =
        line.split_once("started successfully on port ").or_else(|| line.split_once("Listening on 127.0.0.1:"))?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::listening_port;

    #[test]
    fn the_port_of_both_drivers_is_found() {
        let cases = [
            ("ChromeDriver was started successfully on port 38417.", Some(38417)),
            ("Starting ChromeDriver 156.0.8078.79 on port 0", None),
            ("1763874000000\tgeckodriver\tINFO\tListening on 127.0.0.1:40123", Some(40123)),
        ];
        for (line, port) in cases {
            assert_eq!(listening_port(line), port, "{line}");
        }
    }
}
