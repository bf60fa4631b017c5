//! The stages that drive browsers.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::plain;
use super::run::Run;
use super::shares::{self, Module};
use super::tally::Tally;
use crate::child::{Service, words};
use crate::project::WASM_TARGET;
use crate::simulator;
use crate::site;
use crate::tools::find_on_path;
use crate::webdriver::{self, Browser, Display};

/// How many pages run at once in each browser.
const LANES: usize = 2;

/// The list of the package's cases.
const CASES: &str = "tests/browser/cases.rs";

/// The environment variable with the simulator's URL.
const SIMULATOR: &str = "KLING_SIMULATOR";

/// The test that makes a video with each example, by its name.
const EXAMPLES: &str = "examples_make_a_video";

/// The test of the page's whole story, by its name.
const STORY: &str = "story::four_photographs";

/// A variable for the tests that play videos: WebKit interprets WebAssembly. Its compiler sends the page's thread a signal for each function
/// that it has compiled, some 700 in a page. A page with a video asks `GLib` for a message bus, and `GLib` ends the process if a signal falls
/// into a check on the way (`getauxval`). About one page test in 600 failed so. With a slowed check, 8 of 115 pages died, and none of 127
/// that interpret. The tests take equally long.
const INTERPRETED: (&str, &str) = ("JSC_useBBQJIT", "0");

/// How long building the demo may take.
const DEMO_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Where WebKit saves downloads: a folder that it cannot change while it runs.
const DOWNLOADS: &str = "downloads";

/// The package, against the simulator.
pub(super) fn browser(run: &Run) -> Result<Tally> {
    ensure_package(run)?;
    let modules = shares::modules(&run.project.root.join(CASES))?;
    let shares = shares::of(&modules, LANES);
    let (_simulator, address) = run.simulator()?;
    // Before the lanes, which would wait for each other.
    let mut build = run.cargo(&["test", "--no-run", "--test", "browser", "--target", WASM_TARGET])?;
    run.complete(build.env(SIMULATOR, &address))?;
    Ok(in_browsers(run, |browser| {
        let tallies = in_parallel(shares.iter().enumerate(), |(lane, share)| {
            let others = modules.iter().filter(|module| !share.contains(module));
            cases(run, browser, &format!("{}-cases-{lane}.log", browser.id()), &address, others)
        });
        let mut sum = Tally::default();
        for tally in tallies {
            sum.add(tally?);
        }
        let expected: u64 = modules.iter().map(|module| module.cases).sum();
        ensure!(sum.ran() == expected, "expected {expected} cases of {CASES} to run, found {}", sum.ran());
        Ok(sum)
    }))
}

/// Runs the cases in a browser of their own, without those of some modules.
fn cases<'a>(
    run: &Run,
    browser: Browser,
    log: &str,
    simulator: &str,
    skipped: impl Iterator<Item = &'a Module>,
) -> Result<Tally> {
    let driver = driver(run, browser, log, &[])?;
    let (choose, choose_driver) = browser.wasm_pack_options();
    let wasm_pack = run.project.tools.program(&run.project.tools.wasm_pack);
    let mut command =
        run.program(&wasm_pack, &["test", "--headless", "--mode", "no-install", choose, choose_driver])?;
    command.arg(browser.driver(run.project)?).args(["--", "--test", "browser", "--"]);
    command.args(skipped.flat_map(|module| ["--skip".to_owned(), format!("{}::", module.name)]));
    // Its own choice of a port may be taken before its driver listens there.
    command.env(browser.remote_driver_variable(), &driver.address);
    // It is compiled in, because a page cannot read the environment.
    command.env(SIMULATOR, simulator);
    // In an isolated page, WebKit starts no worker from a blob. Most pages are not isolated.
    command.env("WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION", "1");
    let tally = run.test_beside(&browser.prefix(), command)?;
    if tally.failed > 0 {
        run.show_log(log);
    }
    Ok(tally)
}

pub(super) fn plain(run: &Run) -> Result<Tally> {
    let tree = run.file("tree");
    let mut tally = plain::build(run, &tree)?;
    if tally.failed > 0 {
        return Ok(tally);
    }
    let browser = Browser::Chromium;
    let log = "plain-driver.log";
    let drivers = [driver(run, browser, log, &[])?];
    let (_simulator, address) = run.simulator_with(&tree.join("pkg"))?;
    let mut command = run.cargo(&["test", "--workspace", "--test", "module"])?;
    command.env(SIMULATOR, &address).env("KLING_BROWSER", browser.id());
    command.env("KLING_WEBDRIVER", addresses(&drivers));
    tally.add(run.test(command)?);
    if tally.failed > 0 {
        run.show_log("simulator.log");
    }
    Ok(tally)
}

pub(super) fn demo(run: &Run) -> Result<Tally> {
    let xtask = std::env::current_exe().context("cannot find this program")?;
    let mut command = run.program(&xtask, &["demo", "--port", "0"])?;
    println!("> {}", words(&command));
    let (_demo, address) = run.logged(&mut command, |command| simulator::start_within(command, DEMO_PATIENCE))?;
    driven(run, Browser::Chromium, &address, &["--test", "page", STORY], &[])
}

pub(super) fn page(run: &Run) -> Result<Tally> {
    ensure_package(run)?;
    suite(run, &["--test", "page"], &[])
}

pub(super) fn site(run: &Run) -> Result<Tally> {
    ensure_package(run)?;
    let folder = run.file("site");
    site::write(run.project, &folder)?;
    let axe = run.project.tools.site_npm_folder().join("node_modules/axe-core/axe.min.js");
    let mut tally = Tally::success();
    tally.add(suite(run, &["--test", "site"], &[("KLING_SITE", folder), ("KLING_AXE", axe)])?);
    Ok(tally)
}

pub(super) fn examples(run: &Run) -> Result<Tally> {
    ensure_package(run)?;
    suite(run, &["--test", "consumers", "--", EXAMPLES], &consumer_variables(run)?)
}

pub(super) fn consumers(run: &Run) -> Result<Tally> {
    ensure_package(run)?;
    let (_simulator, address) = run.simulator()?;
    let arguments = ["--test", "consumers", "--", "--skip", EXAMPLES];
    let tally = driven(run, Browser::Chromium, &address, &arguments, &consumer_variables(run)?)?;
    if tally.failed > 0 {
        run.show_log("simulator.log");
    }
    Ok(tally)
}

/// What the tests of the packed package read from the environment.
fn consumer_variables(run: &Run) -> Result<[(&'static str, PathBuf); 3]> {
    Ok([
        ("KLING_SIMULATOR_PROGRAM", simulator::build(run.project)?),
        ("KLING_PACKAGE", run.project.package_dir()),
        ("KLING_CONSUMERS", run.project.tools.cache().join("consumers")),
    ])
}

fn ensure_package(run: &Run) -> Result<()> {
    let package = run.project.package_dir().join("index.js");
    ensure!(package.is_file(), "expected the package, found no {}; see the stage `package`", package.display());
    Ok(())
}

/// Runs the tests that these arguments of `cargo test` choose in each browser, beside the simulator, with these variables.
fn suite(run: &Run, arguments: &[&str], variables: &[(&str, PathBuf)]) -> Result<Tally> {
    let (_simulator, address) = run.simulator()?;
    Ok(in_browsers(run, |browser| driven(run, browser, &address, arguments, variables)))
}

/// Runs these tests in one browser, which has a driver for each lane.
fn driven(
    run: &Run,
    browser: Browser,
    simulator: &str,
    arguments: &[&str],
    variables: &[(&str, PathBuf)],
) -> Result<Tally> {
    let log = |lane: usize| format!("{}-driver-{lane}.log", browser.id());
    let drivers =
        (0..LANES).map(|lane| driver(run, browser, &log(lane), &[INTERPRETED])).collect::<Result<Vec<_>>>()?;
    let mut command = run.cargo(&["test", "--workspace", "--no-fail-fast"])?;
    command.args(arguments).env(SIMULATOR, simulator).env("KLING_BROWSER", browser.id());
    command.env("KLING_WEBDRIVER", addresses(&drivers)).env("RUST_TEST_THREADS", LANES.to_string());
    command.env("KLING_DOWNLOADS", run.file(DOWNLOADS)).envs(variables.iter().map(|(name, path)| (name, path)));
    let tally = run.test_beside(&browser.prefix(), command)?;
    if tally.failed > 0 {
        (0..LANES).for_each(|lane| run.show_log(&log(lane)));
    }
    Ok(tally)
}

/// A browser's driver, with a display of its own if the browser needs one: only one window of a display has the focus.
struct Driver {
    _service: Service,
    _display: Option<Display>,
    address: String,
}

/// Starts a browser's driver with these variables.
fn driver(run: &Run, browser: Browser, log: &str, variables: &[(&str, &str)]) -> Result<Driver> {
    let mut command = run.program(&browser.driver(run.project)?, &[])?;
    command.envs(variables.iter().copied());
    let display = display(run, browser)?;
    if let Some(display) = &display {
        display.lend(&mut command);
        let settings = run.file("settings");
        webdriver::write_settings(&settings, &run.file(DOWNLOADS))?;
        command.env("XDG_CONFIG_HOME", settings);
        // Without a graphics card, its compositor costs a third of the page's tests: 438 s of CPU with it, 311 s without.
        command.env("WEBKIT_DISABLE_COMPOSITING_MODE", "1");
        // Each of its processes otherwise starts a program to look for a message bus, and there is none.
        command.env("DBUS_SESSION_BUS_ADDRESS", "disabled:");
    }
    let (service, address) = browser.start(&mut command, &run.file(log))?;
    Ok(Driver { _service: service, _display: display, address })
}

/// Starts a display for a browser that needs one.
fn display(run: &Run, browser: Browser) -> Result<Option<Display>> {
    if browser != Browser::WebKit {
        return Ok(None);
    }
    let server = find_on_path(webdriver::XVFB).context("missing: Xvfb; run `cargo xtask setup`")?;
    Ok(Some(Display::start(&mut run.program(&server, &[])?)?))
}

/// The drivers' URLs, in the form that the tests expect.
fn addresses(drivers: &[Driver]) -> String {
    drivers.iter().map(|driver| driver.address.as_str()).collect::<Vec<_>>().join(" ")
}

/// Runs tests in all browsers in parallel. An error in one of them does not stop the others.
fn in_browsers(run: &Run, test: impl Fn(Browser) -> Result<Tally> + Sync) -> Tally {
    let mut sum = Tally::default();
    let tallies = in_parallel(run.browsers.iter().copied(), |browser| (browser, test(browser)));
    for (browser, tally) in tallies {
        let tally = tally.unwrap_or_else(|error| {
            println!("{}: error: {error:#}", browser.name());
            Tally::failure(format!("{error:#}"))
        });
        sum.add(tally.in_browser(browser));
    }
    if sum.failed > 0 {
        run.show_log("simulator.log");
    }
    sum
}

/// Does all of it at once, and returns the results in the order of the items.
fn in_parallel<I: Send, R: Send>(items: impl Iterator<Item = I>, work: impl Fn(I) -> R + Sync) -> Vec<R> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = items.map(|item| scope.spawn(move || work(item))).collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
