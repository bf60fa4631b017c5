//! Runs plain `wasm-pack build` in a copy of the sources.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::run::Run;
use super::tally::Tally;

/// The folders that a fresh clone does not have.
const BUILT: [&str; 6] = [".git", ".pkg-next", ".pkg-old", "node_modules", "pkg", "target"];

/// Builds the module in a folder of this run, and checks its declarations.
pub(super) fn build(run: &Run, tree: &Path) -> Result<Tally> {
    copy(&run.project.root, tree)?;
    let tools = &run.project.tools;
    let mut build =
        run.program(&tools.program(&tools.wasm_pack), &["build", "--target", "web", "--mode", "no-install"])?;
    // So that dependencies are compiled only once.
    build.current_dir(tree).env("CARGO_TARGET_DIR", run.project.root.join("target/plain"));
    let mut types =
        run.program(&tools.npm_program("tsc"), &["--ignoreConfig", "--noEmit", "--strict", "--types", ""])?;
    types.args(["--target", "esnext", "--lib", "esnext,dom,dom.iterable", "pkg/kling_multi_image2video.d.ts"]);
    types.current_dir(tree);
    run.check([Ok(build), Ok(types)])
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make the folder {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read the folder {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if BUILT.iter().any(|built| name == *built) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else {
            fs::copy(entry.path(), to.join(&name))
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
