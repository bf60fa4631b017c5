//! Installs missing tools.
//!
//! Each kind of tool has its own module. A tool is built in a folder beside its place in the cache and then renamed, so
//! that an interrupted installation never looks finished.

mod cargo_tool;
mod debian;
mod npm;
mod toolchain;

pub(crate) use toolchain::NIGHTLY;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::project::Project;

/// A requirement of a command or of a stage of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// rustfmt and clippy.
    Lints,
    /// The standard library for wasm32.
    WasmTarget,
    /// The compiler that can build the standard library, and its sources.
    Nightly,
    /// wasm-pack and the wasm-bindgen of the lock file.
    WasmTools,
    /// wasm-opt of binaryen, the bundler, minifier and formatter of scripts, and the TypeScript compiler.
    NpmTools,
    /// The generator of the API reference with the TypeScript compiler that it needs, and the accessibility checker.
    SiteTools,
    /// The npm packages that `cargo xtask bench` compares with.
    BenchPackages,
    /// Chromium, Firefox and a driver for each.
    Browsers,
    /// WebKit, its driver, and a display for it.
    WebKit,
}

impl Need {
    /// Those of all commands. Only Linux has WebKitGTK.
    pub(crate) const ALL: &[Self] = &[
        Self::Lints,
        Self::WasmTarget,
        Self::Nightly,
        Self::WasmTools,
        Self::NpmTools,
        Self::SiteTools,
        Self::BenchPackages,
        Self::Browsers,
        #[cfg(target_os = "linux")]
        Self::WebKit,
    ];

    fn meet(self, project: &Project) -> Result<()> {
        let tools = &project.tools;
        match self {
            Self::Lints => toolchain::lints(project),
            Self::WasmTarget => toolchain::wasm_target(project),
            Self::Nightly => toolchain::nightly(project),
            Self::WasmTools => {
                cargo_tool::install(project, &tools.wasm_bindgen)?;
                cargo_tool::install(project, &tools.wasm_pack)?;
                cargo_tool::silence_update_check(project)
            }
            Self::NpmTools => npm::install(project),
            Self::SiteTools => npm::install_for_site(project),
            Self::BenchPackages => npm::install_for_bench(project),
            Self::Browsers => {
                debian::browsers()?;
                cargo_tool::install(project, &tools.geckodriver)
            }
            Self::WebKit => debian::webkit(),
        }
    }
}

/// Installs everything that is needed. Tries each, and returns an error that lists all that failed.
pub(crate) fn ensure(project: &Project, needs: &[Need]) -> Result<()> {
    let missing: Vec<String> =
        needs.iter().filter_map(|need| need.meet(project).err()).map(|error| format!("{error:#}")).collect();
    if missing.is_empty() { Ok(()) } else { bail!("{}", missing.join("\nerror: ")) }
}

/// Creates the folder `place` with the content that `fill` writes into the folder it gets: completely or not at all.
pub(crate) fn install_into(place: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let (Some(cache), Some(name)) = (place.parent(), place.file_name()) else {
        bail!("{} is no place for a tool", place.display());
    };
    let unfinished = cache.join(format!(".installing-{}-{}", std::process::id(), name.display()));
    fs::create_dir_all(&unfinished).with_context(|| format!("cannot make the folder {}", unfinished.display()))?;
    let filled = fill(&unfinished);
    if filled.is_ok() && !place.exists() {
        // Another checkout may have been quicker; its copy is the same.
        let renamed = fs::rename(&unfinished, place);
        if !place.exists() {
            renamed.with_context(|| format!("cannot put the tool into {}", place.display()))?;
        }
    }
    let _ = fs::remove_dir_all(&unfinished);
    filled
}

/// Removes the folders of interrupted installations.
pub(crate) fn remove_unfinished(cache: &Path) {
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
