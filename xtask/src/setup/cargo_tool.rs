//! Programs that `cargo install` builds.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::child;
use crate::project::{self, Project};
use crate::tools::CargoTool;

/// Builds a tool into the cache, if it is not there.
pub(super) fn install(project: &Project, tool: &CargoTool) -> Result<()> {
    let tools = &project.tools;
    if tools.program(tool).is_file() {
        return Ok(());
    }
    super::remove_unfinished(tools.cache());
    let place = tools.folder(tool);
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("cannot clear {}", place.display()))?;
    }
    println!("installing {} {} (cargo install, some minutes, once)", tool.package, tool.version);
    let started = Instant::now();
    super::install_into(&place, |folder| {
        // A lock file may name a release that the registry no longer offers.
        if let Err(error) = child::run(&mut command(tool, folder, true)) {
            println!("{error:#}; trying again without the tool's own lock file");
            child::run(&mut command(tool, folder, false))?;
        }
        fs::remove_dir_all(folder.join("target")).context("cannot remove the build folder")?;
        let program = folder.join("bin").join(format!("{}{}", tool.program, std::env::consts::EXE_SUFFIX));
        ensure!(program.is_file(), "cargo install made no {}", program.display());
        Ok(())
    })
    .with_context(|| {
        format!("missing: {0} {1}; see above why `cargo install {0} --version {1}` failed", tool.package, tool.version)
    })?;
    println!("installed {} {} in {} s", tool.package, tool.version, started.elapsed().as_secs());
    Ok(())
}

/// wasm-pack requests its newest release from the registry at every start, unless a file beside it has the date of the last
/// request.
pub(super) fn silence_update_check(project: &Project) -> Result<()> {
    let wasm_pack = &project.tools.wasm_pack;
    let stamp = project.tools.program(wasm_pack).with_extension("stamp");
    let text = format!("created 2999-12-31T00:00:00+00:00\nversion {}", wasm_pack.version);
    if fs::read_to_string(&stamp).is_ok_and(|found| found == text) {
        return Ok(());
    }
    fs::write(&stamp, text).with_context(|| format!("cannot write {}", stamp.display()))
}

fn command(tool: &CargoTool, folder: &Path, locked: bool) -> Command {
    // Runs outside the repository, so that its cargo configuration has no effect.
    let mut command = project::cargo(folder);
    command.args(["install", tool.package, "--version", &format!("={}", tool.version), "--no-track"]);
    command.arg("--root").arg(folder).arg("--target-dir").arg(folder.join("target"));
    if locked {
        command.arg("--locked");
    }
    // They run for seconds only, so a quick build matters more than quick code.
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", tool.opt_level).env("CARGO_PROFILE_RELEASE_LTO", "off");
    command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    for foreign in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(foreign);
    }
    command
}
