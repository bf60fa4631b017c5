//! Installs what is missing, and nothing else.
//!
//! Each kind of thing has its own module. Whatever goes into the cache is made in a folder beside its place and renamed
//! into it, so that an interrupted installation leaves nothing that looks finished.

mod cargo_tool;
mod debian;
mod npm;
mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::project::Project;

/// What a command or a stage of the tests cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// rustfmt and clippy.
    Lints,
    /// The standard library for wasm32.
    WasmTarget,
    /// wasm-pack and the wasm-bindgen of the lock file.
    WasmTools,
    /// binaryen's wasm-opt, what bundles, shortens and formats scripts, and the TypeScript compiler.
    NpmTools,
    /// Chromium, Firefox and a driver for each.
    Browsers,
}

impl Need {
    /// Everything there is.
    pub(crate) const ALL: [Self; 5] = [Self::Lints, Self::WasmTarget, Self::WasmTools, Self::NpmTools, Self::Browsers];

    fn meet(self, project: &Project) -> Result<()> {
        let tools = &project.tools;
        match self {
            Self::Lints => toolchain::lints(project),
            Self::WasmTarget => toolchain::wasm_target(project),
            Self::WasmTools => {
                cargo_tool::install(project, &tools.wasm_bindgen)?;
                cargo_tool::install(project, &tools.wasm_pack)?;
                cargo_tool::silence_update_check(project)
            }
            Self::NpmTools => npm::install(project),
            Self::Browsers => {
                debian::browsers()?;
                cargo_tool::install(project, &tools.geckodriver)
            }
        }
    }
}

/// Sees to it that everything needed is there. Tries each thing, and names all that are still missing.
pub(crate) fn ensure(project: &Project, needs: &[Need]) -> Result<()> {
    let missing: Vec<String> =
        needs.iter().filter_map(|need| need.meet(project).err()).map(|error| format!("{error:#}")).collect();
    if missing.is_empty() { Ok(()) } else { bail!("{}", missing.join("\nerror: ")) }
}

/// Fills `place` with what `fill` puts into the folder it is given, all or nothing.
fn install_into(place: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let (Some(cache), Some(name)) = (place.parent(), place.file_name()) else {
        bail!("{} is no place for a tool", place.display());
    };
    let unfinished = cache.join(format!(".installing-{}-{}", std::process::id(), name.display()));
    fs::create_dir_all(&unfinished).with_context(|| format!("cannot make the folder {}", unfinished.display()))?;
    let filled = fill(&unfinished);
    if filled.is_ok() && !place.exists() {
        // If another checkout was quicker, its copy is as good.
        let renamed = fs::rename(&unfinished, place);
        if !place.exists() {
            renamed.with_context(|| format!("cannot put the tool into {}", place.display()))?;
        }
    }
    let _ = fs::remove_dir_all(&unfinished);
    filled
}

/// Removes what interrupted installations left.
fn remove_unfinished(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else { return };
    let entries: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let pid = name.strip_prefix(".installing-").and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) && Path::new("/proc/self").exists() {
            let _ = fs::remove_dir_all(&path);
        }
    }
}
