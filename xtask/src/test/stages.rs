//! The stages, in the order in which they run: the quickest first.

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};

use super::plain;
use super::run::Run;
use super::tally::Tally;
use crate::child::Service;
use crate::project::WASM_TARGET;
use crate::setup::Need;
use crate::tools::find_on_path;
use crate::tools::{CORE, CRATE};
use crate::webdriver::{self, Browser, Display};
use crate::{licences, package, site};

/// One part of the tests.
pub(super) struct Stage {
    /// Its name on the command line.
    pub(super) name: &'static str,
    /// Its purpose.
    pub(super) about: &'static str,
    /// The tools that it needs.
    pub(super) needs: &'static [Need],
    /// The stage whose result it uses.
    pub(super) builds_on: Option<&'static str>,
    /// Whether it runs only when it is named.
    pub(super) is_extra: bool,
    /// Runs it.
    pub(super) run: fn(&Run) -> Result<Tally>,
}

/// How many pages run at once in each browser: they mostly wait.
const LANES: usize = 2;

/// Where WebKit saves downloads: a folder that it cannot change while it runs.
const DOWNLOADS: &str = "downloads";

/// What prettier formats. It leaves out what git ignores; `.prettierrc.json` has its one option.
const SCRIPTS: &str = "**/*.{js,mjs,cjs,jsx,ts,tsx,vue,css}";

/// All stages.
pub(super) const STAGES: [Stage; 15] = [
    Stage {
        name: "fmt",
        about: "the formatting of all Rust code and all JavaScript",
        needs: &[Need::Lints, Need::NpmTools],
        builds_on: None,
        is_extra: false,
        run: fmt,
    },
    Stage {
        name: "licences",
        about: "the licences of all dependencies, and those with several versions",
        needs: &[],
        builds_on: None,
        is_extra: false,
        run: permissive,
    },
    Stage {
        name: "clippy",
        about: "lints, natively and for wasm32, also of the fuzz targets",
        needs: &[Need::Lints, Need::WasmTarget],
        builds_on: None,
        is_extra: false,
        run: clippy,
    },
    Stage {
        name: "doc",
        about: "the documentation, natively and for wasm32",
        needs: &[Need::WasmTarget],
        builds_on: None,
        is_extra: false,
        run: doc,
    },
    Stage {
        name: "native",
        about: "the tests that need no browser",
        needs: &[],
        builds_on: None,
        is_extra: false,
        run: |run| {
            let others = ["--exclude", "page-tests", "--exclude", "consumer-tests"];
            let mut command = run.cargo(&["test", "--workspace", "--no-fail-fast"])?;
            command.args(others);
            run.test(command)
        },
    },
    Stage {
        name: "package",
        about: "the npm package and its size",
        needs: &package::NEEDS,
        builds_on: None,
        is_extra: false,
        run: size,
    },
    Stage {
        name: "types",
        about: "the types of all JavaScript and of the declarations",
        needs: &[Need::NpmTools],
        builds_on: Some("package"),
        is_extra: false,
        run: types,
    },
    Stage {
        name: "browser",
        about: "the package in Chromium and Firefox, against the simulator",
        needs: &[Need::WasmTarget, Need::WasmTools, Need::Browsers],
        builds_on: None,
        is_extra: false,
        run: |run| browser(run, &Browser::USUAL),
    },
    Stage {
        name: "plain",
        about: "the module that plain wasm-pack makes of a copy of the sources, in Chromium",
        needs: &[Need::WasmTarget, Need::WasmTools, Need::NpmTools, Need::Browsers],
        builds_on: None,
        is_extra: false,
        run: plain,
    },
    Stage {
        name: "page",
        about: "the page, driven like a user, in Chromium and Firefox",
        needs: &[Need::Browsers],
        builds_on: Some("package"),
        is_extra: false,
        run: |run| page(run, &Browser::USUAL),
    },
    Stage {
        name: "site",
        about: "the static site, whose page plays the service, in Chromium and Firefox",
        needs: &[Need::NpmTools, Need::SiteTools, Need::Browsers],
        builds_on: Some("package"),
        is_extra: false,
        run: |run| site(run, &Browser::USUAL),
    },
    Stage {
        name: "consumers",
        about: "the packed package in projects with other bundlers and runtimes, in Chromium",
        needs: &[Need::NpmTools, Need::Browsers],
        builds_on: Some("package"),
        is_extra: false,
        run: consumers,
    },
    Stage {
        name: "browser-webkit",
        about: "the package in WebKit, only when this stage is named",
        needs: &[Need::WasmTarget, Need::WasmTools, Need::Browsers, Need::WebKit],
        builds_on: Some("package"),
        is_extra: true,
        run: |run| browser(run, &[Browser::WebKit]),
    },
    Stage {
        name: "page-webkit",
        about: "the page in WebKit, only when this stage is named",
        needs: &[Need::Browsers, Need::WebKit],
        builds_on: Some("package"),
        is_extra: true,
        run: |run| page(run, &[Browser::WebKit]),
    },
    Stage {
        name: "site-webkit",
        about: "the static site in WebKit, only when this stage is named",
        needs: &[Need::NpmTools, Need::SiteTools, Need::Browsers, Need::WebKit],
        builds_on: Some("package"),
        is_extra: true,
        run: |run| site(run, &[Browser::WebKit]),
    },
];

fn fmt(run: &Run) -> Result<Tally> {
    run.check([
        run.cargo(&["fmt", "--all", "--check"]),
        run.program(&run.project.tools.npm_program("prettier"), &["--check", SCRIPTS]),
    ])
}

fn permissive(run: &Run) -> Result<Tally> {
    let permissive = licences::check(run.project)?;
    Ok(if permissive { Tally::success() } else { Tally::failure("a licence that is not permissive") })
}

fn clippy(run: &Run) -> Result<Tally> {
    let lint = |scope: &[&str]| run.cargo(&[&["clippy", "--all-targets"], scope, &["--", "-D", "warnings"]].concat());
    run.check([
        lint(&["--workspace"]),
        lint(&["-p", CRATE, "-p", CORE, "--target", WASM_TARGET]),
        // Outside of the workspace, so that nothing else builds libFuzzer.
        lint(&["--manifest-path=tests/fuzz/Cargo.toml", "--target-dir=target/fuzz-check"]),
    ])
}

fn doc(run: &Run) -> Result<Tally> {
    let doc = |arguments: &[&str]| {
        let mut command = run.cargo(&["doc", "--no-deps"])?;
        command.args(arguments).env("RUSTDOCFLAGS", "-D warnings");
        Ok(command)
    };
    run.check([
        doc(&["--workspace"]),
        doc(&["-p", CORE, "--document-private-items"]),
        doc(&["-p", CRATE, "--document-private-items", "--target", WASM_TARGET]),
    ])
}

/// Runs in a process of its own, which the deadline can end.
fn size(run: &Run) -> Result<Tally> {
    let xtask = std::env::current_exe().context("cannot find this program")?;
    run.check([run.program(&xtask, &["size"])])
}

fn types(run: &Run) -> Result<Tally> {
    let tools = &run.project.tools;
    let tsc = |arguments: &[&str]| run.program(&tools.npm_program("tsc"), &[&["--noEmit"], arguments].concat());
    let node = tools.npm_package("@types");
    run.check([
        tsc(&["--project", "tsconfig.json"]),
        tsc(&["--project", "src/js/cli/tsconfig.json", "--typeRoots", &node.to_string_lossy()]),
    ])
}

fn browser(run: &Run, browsers: &[Browser]) -> Result<Tally> {
    let (_simulator, address) = run.simulator()?;
    let wasm_pack = run.project.tools.program(&run.project.tools.wasm_pack);
    Ok(in_browsers(run, browsers, |browser| {
        let (choose, choose_driver) = browser.wasm_pack_options();
        let mut command =
            run.program(&wasm_pack, &["test", "--headless", "--mode", "no-install", choose, choose_driver])?;
        command.arg(browser.driver(run.project)?).args(["--", "--test", "browser"]);
        // It is compiled in, because a page cannot read the environment.
        command.env("KLING_SIMULATOR", &address);
        // In an isolated page, WebKit starts no worker from a blob. Most pages are not isolated.
        command.env("WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION", "1");
        let display = display(run, browser)?;
        if let Some(display) = &display {
            display.lend(&mut command);
        }
        run.test_beside(&prefix(browser), command)
    }))
}

fn plain(run: &Run) -> Result<Tally> {
    let tree = run.file("tree");
    let mut tally = plain::build(run, &tree)?;
    if tally.failed > 0 {
        return Ok(tally);
    }
    let browser = Browser::Chromium;
    let log = "plain-driver.log";
    let drivers = [driver(run, browser, log)?];
    let (_simulator, address) = run.simulator_with(&tree.join("pkg"))?;
    let mut command = run.cargo(&["test", "-p", "page-tests", "--test", "module"])?;
    command.env("KLING_SIMULATOR", &address).env("KLING_BROWSER", browser.id());
    command.env("KLING_WEBDRIVER", addresses(&drivers));
    tally.add(run.test(command)?);
    if tally.failed > 0 {
        run.show_log("simulator.log");
    }
    Ok(tally)
}

fn page(run: &Run, browsers: &[Browser]) -> Result<Tally> {
    ensure_package(run)?;
    driven(run, browsers, "page", &[])
}

fn site(run: &Run, browsers: &[Browser]) -> Result<Tally> {
    ensure_package(run)?;
    let folder = run.file("site");
    site::write(run.project, &folder)?;
    let axe = run.project.tools.site_npm_folder().join("node_modules/axe-core/axe.min.js");
    let mut tally = Tally::success();
    tally.add(driven(run, browsers, "site", &[("KLING_SITE", folder), ("KLING_AXE", axe)])?);
    Ok(tally)
}

fn ensure_package(run: &Run) -> Result<()> {
    let package = run.project.package_dir().join("index.js");
    ensure!(package.is_file(), "expected the package, found no {}; see the stage `package`", package.display());
    Ok(())
}

/// Runs a suite of the page tests in these browsers, beside the simulator, with these variables.
fn driven(run: &Run, browsers: &[Browser], suite: &str, variables: &[(&str, PathBuf)]) -> Result<Tally> {
    let (_simulator, address) = run.simulator()?;
    Ok(in_browsers(run, browsers, |browser| {
        let log = |lane: usize| format!("{}-driver-{lane}.log", browser.id());
        let drivers = (0..LANES).map(|lane| driver(run, browser, &log(lane))).collect::<Result<Vec<_>>>()?;
        let mut command: Command = run.cargo(&["test", "-p", "page-tests", "--test", suite, "--no-fail-fast"])?;
        command.env("KLING_SIMULATOR", &address).env("KLING_BROWSER", browser.id());
        command.env("KLING_WEBDRIVER", addresses(&drivers)).env("RUST_TEST_THREADS", LANES.to_string());
        command.env("KLING_DOWNLOADS", run.file(DOWNLOADS)).envs(variables.iter().map(|(name, path)| (name, path)));
        let tally = run.test_beside(&prefix(browser), command)?;
        if tally.failed > 0 {
            (0..LANES).for_each(|lane| run.show_log(&log(lane)));
        }
        Ok(tally)
    }))
}

fn consumers(run: &Run) -> Result<Tally> {
    let (_simulator, address) = run.simulator()?;
    let browser = Browser::Chromium;
    let log = |lane: usize| format!("consumers-driver-{lane}.log");
    let drivers = (0..LANES).map(|lane| driver(run, browser, &log(lane))).collect::<Result<Vec<_>>>()?;
    let mut command = run.cargo(&["test", "-p", "consumer-tests", "--no-fail-fast"])?;
    command
        .env("KLING_SIMULATOR", &address)
        .env("KLING_BROWSER", browser.id())
        .env("KLING_WEBDRIVER", addresses(&drivers));
    command.env("KLING_SIMULATOR_PROGRAM", run.project.build_program("simulator")?);
    command.env("KLING_PACKAGE", run.project.package_dir());
    command.env("KLING_CONSUMERS", run.project.tools.cache().join("consumers"));
    let tally = run.test(command)?;
    if tally.failed > 0 {
        run.show_log("simulator.log");
    }
    Ok(tally)
}

/// A browser's driver, with a display of its own if the browser needs one: only one window of a display has the focus.
struct Driver {
    _service: Service,
    _display: Option<Display>,
    address: String,
}

/// Starts a browser's driver.
fn driver(run: &Run, browser: Browser, log: &str) -> Result<Driver> {
    let mut command = run.program(&browser.driver(run.project)?, &[])?;
    let display = display(run, browser)?;
    if let Some(display) = &display {
        display.lend(&mut command);
        let settings = run.file("settings");
        webdriver::write_settings(&settings, &run.file(DOWNLOADS))?;
        command.env("XDG_CONFIG_HOME", settings);
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

/// Runs tests in several browsers in parallel: they mostly wait. An error in one browser does not stop the others.
fn in_browsers(run: &Run, browsers: &[Browser], test: impl Fn(Browser) -> Result<Tally> + Sync) -> Tally {
    let tallies = thread::scope(|scope| {
        let test = &test;
        let threads: Vec<_> = browsers.iter().map(|browser| (*browser, scope.spawn(move || test(*browser)))).collect();
        let joined = threads.into_iter().map(|(browser, thread)| {
            let tally = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (browser, tally)
        });
        joined.collect::<Vec<_>>()
    });
    let mut sum = Tally::default();
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

/// The prefix of each line of a browser's tests.
fn prefix(browser: Browser) -> String {
    format!("{:<8} | ", browser.name())
}
