//! What preparing does to photos of 12 megapixels, in each browser.

use std::process::{Command, ExitCode, Stdio};

use anyhow::Result;

use crate::project::Project;
use crate::scratch::Scratch;
use crate::setup::{self, Need};
use crate::webdriver::Browser;
use crate::{child, package, simulator};

/// The heads of the columns: what `tests/page/examples/photos` prints as rows.
const HEADS: [&str; 10] = [
    "Browser",
    "Photo",
    "File before: px, bytes",
    "Request before, bytes",
    "File after: px, bytes",
    "Request after, bytes",
    "After / before",
    "`changes`",
    "Longest task: CPU time (and by the clock)",
    "Longest gap between timers, by the clock",
];

/// Builds the package and the simulator, and prints a Markdown table. Fails if a photo of 12 megapixels has more than an eighth
/// of its bytes after preparing. Times are printed only: they depend on the machine.
pub(crate) fn run(project: &Project) -> Result<ExitCode> {
    setup::ensure(project, &[Need::Browsers, Need::NpmTools])?;
    package::build(project)?;
    let folder = Scratch::new("photos")?;
    let mut command = simulator::command(project, &project.package_dir(), 0)?;
    // Without its line for each request.
    command.stderr(Stdio::null());
    let (_service, address) = simulator::start(&mut command)?;
    let example = ["--quiet", "-p", "page-tests", "--example", "photos"];
    child::run(project.cargo().arg("build").args(example))?;
    println!("\n| {} |\n|{}", HEADS.join(" | "), "---|".repeat(HEADS.len()));
    let mut is_within = true;
    for browser in [Browser::Chromium, Browser::Firefox] {
        let mut driver = Command::new(browser.driver(project)?);
        let (_driver, url) = browser.start(&mut driver, &folder.path().join(format!("{}.log", browser.id())))?;
        let mut command = project.cargo();
        command.arg("run").args(example).env("KLING_PHOTOS", folder.path()).env("KLING_SIMULATOR", &address);
        command.env("KLING_BROWSER", browser.id()).env("KLING_WEBDRIVER", url);
        if let Err(error) = child::run(&mut command) {
            eprintln!("{error:#}");
            is_within = false;
        }
    }
    Ok(if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
