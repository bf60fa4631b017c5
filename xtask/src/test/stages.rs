//! The stages, in the order in which they run: the quickest first.

use anyhow::{Context, Result};

use super::driven::{browser, consumers, demo, examples, page, plain, site};
use super::run::Run;
use super::tally::Tally;
use crate::project::WASM_TARGET;
use crate::setup::Need;
use crate::tools::{CORE, CRATE};
use crate::{licences, package};

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
    /// Runs it.
    pub(super) run: fn(&Run) -> Result<Tally>,
}

/// What prettier formats. It leaves out what git ignores; `.prettierrc.json` has its one option.
const SCRIPTS: &str = "**/*.{js,mjs,cjs,jsx,ts,tsx,vue,css}";

/// How many native tests run at once.
const NATIVE_THREADS: &str = "8";

/// All stages.
pub(super) const STAGES: [Stage; 14] = [
    Stage {
        name: "fmt",
        about: "the formatting of all Rust code and all JavaScript",
        needs: &[Need::Lints, Need::NpmTools],
        builds_on: None,
        run: fmt,
    },
    Stage {
        name: "licences",
        about: "the licences of all dependencies, and those with several versions",
        needs: &[],
        builds_on: None,
        run: permissive,
    },
    Stage {
        name: "clippy",
        about: "lints, natively and for wasm32, also of the fuzz targets",
        needs: &[Need::Lints, Need::WasmTarget],
        builds_on: None,
        run: clippy,
    },
    Stage {
        name: "doc",
        about: "the documentation, natively and for wasm32",
        needs: &[Need::WasmTarget],
        builds_on: None,
        run: doc,
    },
    Stage { name: "native", about: "the tests that need no browser", needs: &[], builds_on: None, run: native },
    Stage {
        name: "package",
        about: "the npm package and its size",
        needs: &package::NEEDS,
        builds_on: None,
        run: package,
    },
    Stage {
        name: "types",
        about: "the types of all JavaScript and of the declarations",
        needs: &[Need::NpmTools],
        builds_on: Some("package"),
        run: types,
    },
    Stage {
        name: "browser",
        about: "the package in each browser, against the simulator",
        needs: &[Need::WasmTarget, Need::WasmTools, Need::Browsers, Need::WebKit],
        builds_on: Some("package"),
        run: browser,
    },
    Stage {
        name: "plain",
        about: "the module that plain wasm-pack makes of a copy of the sources, in Chromium",
        needs: &[Need::WasmTarget, Need::WasmTools, Need::NpmTools, Need::Browsers],
        builds_on: None,
        run: plain,
    },
    Stage {
        name: "demo",
        about: "`cargo xtask demo`, on whose page Chromium makes a video",
        needs: &[Need::WasmTarget, Need::NpmTools, Need::Browsers],
        builds_on: None,
        run: demo,
    },
    Stage {
        name: "page",
        about: "the page, driven like a user, in each browser",
        needs: &[Need::Browsers, Need::WebKit],
        builds_on: Some("package"),
        run: page,
    },
    Stage {
        name: "site",
        about: "the static site, whose page plays the service, in each browser",
        needs: &[Need::NpmTools, Need::SiteTools, Need::Browsers, Need::WebKit],
        builds_on: Some("package"),
        run: site,
    },
    Stage {
        name: "examples",
        about: "a video with each example, built with the packed package, in each browser",
        needs: &[Need::NpmTools, Need::Browsers, Need::WebKit],
        builds_on: Some("package"),
        run: examples,
    },
    Stage {
        name: "consumers",
        about: "the packed package in projects with other bundlers and runtimes, in Chromium",
        needs: &[Need::NpmTools, Need::Browsers],
        builds_on: Some("package"),
        run: consumers,
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
        lint(&["--workspace", "--test", "page", "--test", "site", "--test", "module", "--test", "consumers"]),
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

/// Those of the simulator wait for connections most of the time: with a thread for each of two cores they take 26 s, with these 14.
fn native(run: &Run) -> Result<Tally> {
    let mut command = run.cargo(&["test", "--workspace", "--no-fail-fast"])?;
    command.env("RUST_TEST_THREADS", NATIVE_THREADS);
    run.test(command)
}

/// Runs in a process of its own, which the deadline can end.
fn package(run: &Run) -> Result<Tally> {
    let xtask = std::env::current_exe().context("cannot find this program")?;
    run.check([run.program(&xtask, &["package"])])
}

fn types(run: &Run) -> Result<Tally> {
    let tools = &run.project.tools;
    let tsc = |arguments: &[&str]| run.program(&tools.npm_program("tsc"), &[&["--noEmit"], arguments].concat());
    let node = tools.npm_package("@types");
    run.check([
        tsc(&["--project", "tsconfig.json"]),
        tsc(&["--project", "src/js/cli/tsconfig.json", "--typeRoots", &node.to_string_lossy()]),
        tsc(&["--project", "tests/bench/node/tsconfig.json", "--typeRoots", &node.to_string_lossy()]),
    ])
}
