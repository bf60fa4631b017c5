//! Parts of the Rust toolchain.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::child;
use crate::project::{Project, WASM_TARGET};

/// The compiler of the package's module: only nightly builds the standard library too. Pinned, because its flags may change.
pub(crate) const NIGHTLY: &str = "nightly-2026-05-20";

/// rustfmt and clippy.
pub(super) fn lints(project: &Project) -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !child::succeeds(project.cargo().args([subcommand, "--version"])) {
            println!("installing {component} (rustup component add {component})");
            rustup(project, &["component", "add", component])?;
        }
    }
    Ok(())
}

/// The standard library for wasm32. A `rust-toolchain.toml` does not install it if rustup's automatic installs are off.
pub(super) fn wasm_target(project: &Project) -> Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = child::capture(Command::new(rustc).current_dir(&project.root).args(["--print", "sysroot"]));
    let installed = |sysroot: String| Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET).is_dir();
    if sysroot.is_ok_and(installed) {
        return Ok(());
    }
    println!("installing the standard library for {WASM_TARGET} (rustup target add {WASM_TARGET})");
    rustup(project, &["target", "add", WASM_TARGET])
}

/// The pinned nightly with the sources of the standard library, from which the module's own is built.
pub(super) fn nightly(project: &Project) -> Result<()> {
    let mut print = Command::new("rustup");
    print.current_dir(&project.root).args(["run", NIGHTLY, "rustc", "--print", "sysroot"]);
    let has_sources =
        |sysroot: String| Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").is_file();
    if child::capture(&mut print).is_ok_and(has_sources) {
        return Ok(());
    }
    println!(
        "installing {NIGHTLY} with the sources of the standard library (rustup toolchain install, half a minute, once)"
    );
    let arguments =
        ["toolchain", "install", NIGHTLY, "--profile", "minimal", "--component", "rust-src", "--no-self-update"];
    rustup(project, &arguments)
}

fn rustup(project: &Project, arguments: &[&str]) -> Result<()> {
    let done = child::run(Command::new("rustup").current_dir(&project.root).args(arguments));
    done.with_context(|| format!("missing: what `rustup {}` installs", arguments.join(" ")))
}
