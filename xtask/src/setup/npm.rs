//! Programs from npm, pinned by `xtask/npm/package-lock.json`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::child;
use crate::project::Project;
use crate::tools;

/// Installs the npm tools into the cache, if those of this lock file are not there.
pub(super) fn install(project: &Project) -> Result<()> {
    let place = project.tools.npm_folder();
    if tools::find_on_path(&["node"]).is_none() {
        bail!("missing: node; install Node.js with npm, 20 or newer");
    }
    if place.is_dir() {
        return Ok(());
    }
    let Some(npm) = tools::find_on_path(&["npm", "npm.cmd"]) else {
        bail!("missing: npm; install Node.js with npm, 20 or newer");
    };
    super::remove_unfinished(project.tools.cache());
    println!(
        "installing binaryen, esbuild, heic-to, prettier, terser, typescript and the types of Node (npm ci, seconds, once)"
    );
    super::install_into(place, |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(project.root.join("xtask/npm").join(file), folder.join(file))
                .with_context(|| format!("cannot copy xtask/npm/{file}"))?;
        }
        let mut command = Command::new(npm);
        command.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        child::run(&mut command)?;
        ensure!(folder.join("node_modules/.bin").is_dir(), "npm ci installed no programs");
        Ok(())
    })
    .context("missing: the npm packages of xtask/npm/package.json; see above why `npm ci` failed")
}
