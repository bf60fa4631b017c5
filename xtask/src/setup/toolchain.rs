//! Parts of the Rust toolchain.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::child;
use crate::project::{Project, WASM_TARGET};

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

fn rustup(project: &Project, arguments: &[&str]) -> Result<()> {
    let done = child::run(Command::new("rustup").current_dir(&project.root).args(arguments));
    done.with_context(|| format!("missing: what `rustup {}` installs", arguments.join(" ")))
}
