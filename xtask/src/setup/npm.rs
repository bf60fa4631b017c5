//! Programs and packages from npm, pinned by the lock files in `xtask/npm`, `xtask/npm-site` and `xtask/npm-bench`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::child;
use crate::project::Project;
use crate::tools;

/// Installs the npm tools into the cache, if those of their lock file are not there.
pub(super) fn install(project: &Project) -> Result<()> {
    install_from(
        project,
        "npm",
        project.tools.npm_folder(),
        "binaryen, esbuild, heic-to, prettier, terser, typescript and the types of Node",
    )
}

/// The same with the tools of the site.
pub(super) fn install_for_site(project: &Project) -> Result<()> {
    install_from(project, "npm-site", project.tools.site_npm_folder(), "axe-core, typedoc and its typescript")
}

/// The same with the packages that `cargo xtask bench` compares with.
pub(super) fn install_for_bench(project: &Project) -> Result<()> {
    let names = "@ai-sdk/provider-utils, base64-js and http-proxy";
    install_from(project, "npm-bench", project.tools.bench_npm_folder(), names)
}

fn install_from(project: &Project, source: &str, place: &Path, names: &str) -> Result<()> {
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
    println!("installing {names} (npm ci, seconds, once)");
    super::install_into(place, |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(project.root.join("xtask").join(source).join(file), folder.join(file))
                .with_context(|| format!("cannot copy xtask/{source}/{file}"))?;
        }
        let mut command = Command::new(npm);
        command.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        child::run(&mut command)?;
        ensure!(folder.join("node_modules").is_dir(), "npm ci installed no packages");
        Ok(())
    })
    .with_context(|| format!("missing: the npm packages of xtask/{source}/package.json; see above why `npm ci` failed"))
}
