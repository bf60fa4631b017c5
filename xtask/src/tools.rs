//! The tools at pinned versions, and their paths.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The published crate.
pub(crate) const CRATE: &str = "kling-multi-image2video";

/// The crate with all decisions.
pub(crate) const CORE: &str = "kling-multi-image2video-core";

/// A program that `cargo install` builds.
#[derive(Clone, Debug)]
pub(crate) struct CargoTool {
    /// Its package.
    pub(crate) package: &'static str,
    /// Its exact version.
    pub(crate) version: String,
    /// Its program; if the file exists, the tool is installed.
    pub(crate) program: &'static str,
    /// How much the compiler optimises it.
    pub(crate) opt_level: &'static str,
}

/// Every tool that this project installs.
pub(crate) struct Tools {
    cache: PathBuf,
    /// Adds the JavaScript glue to the modules that wasm-pack compiles; its version must match the library's.
    pub(crate) wasm_bindgen: CargoTool,
    /// Drives the browser tests and the plain build.
    pub(crate) wasm_pack: CargoTool,
    /// Firefox's driver, which is not in Debian.
    pub(crate) geckodriver: CargoTool,
    npm: PathBuf,
    site_npm: PathBuf,
    bench_npm: PathBuf,
}

impl Tools {
    /// The tools for a repository that is locked to this version of wasm-bindgen.
    pub(crate) fn for_project(root: &Path, wasm_bindgen: &str) -> Result<Self> {
        let cache = cache(root);
        let npm_folder = |name: &str| -> Result<PathBuf> {
            let lock = root.join("xtask").join(name).join("package-lock.json");
            let lock = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
            Ok(cache.join(format!("{name}-{:016x}", fingerprint(&lock))))
        };
        let (npm, site_npm, bench_npm) = (npm_folder("npm")?, npm_folder("npm-site")?, npm_folder("npm-bench")?);
        // wasm-bindgen works through whole modules. The others wait for other programs: building wasm-pack takes 95 s of
        // processor time in place of 152.
        let tool = |package, version: &str, program, opt_level| CargoTool {
            package,
            version: version.to_owned(),
            program,
            opt_level,
        };
        Ok(Self {
            cache,
            wasm_bindgen: tool("wasm-bindgen-cli", wasm_bindgen, "wasm-bindgen", "1"),
            wasm_pack: tool("wasm-pack", "0.15.1", "wasm-pack", "0"),
            geckodriver: tool("geckodriver", "0.37.0", "geckodriver", "0"),
            npm,
            site_npm,
            bench_npm,
        })
    }

    /// The folder of all tools.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }

    /// The folder of a tool that `cargo install` builds.
    pub(crate) fn folder(&self, tool: &CargoTool) -> PathBuf {
        self.cache.join(format!("{}-{}", tool.package, tool.version))
    }

    /// A program that `cargo install` builds.
    pub(crate) fn program(&self, tool: &CargoTool) -> PathBuf {
        self.folder(tool).join("bin").join(format!("{}{}", tool.program, env::consts::EXE_SUFFIX))
    }

    /// The folder of the npm tools, named after their lock file.
    pub(crate) fn npm_folder(&self) -> &Path {
        &self.npm
    }

    /// The folder of the npm tools of the site and its tests.
    pub(crate) fn site_npm_folder(&self) -> &Path {
        &self.site_npm
    }

    /// The folder of the npm packages that `cargo xtask bench` compares with.
    pub(crate) fn bench_npm_folder(&self) -> &Path {
        &self.bench_npm
    }

    /// The folder of a package among the npm tools.
    pub(crate) fn npm_package(&self, name: &str) -> PathBuf {
        self.npm.join("node_modules").join(name)
    }

    /// A program of the npm tools.
    pub(crate) fn npm_program(&self, name: &str) -> PathBuf {
        let name = if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() };
        self.npm_programs().join(name)
    }

    /// `PATH`, with the tools first.
    pub(crate) fn search_path(&self) -> OsString {
        let mut folders = self.folders();
        folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        // wasm-pack starts `cargo` by name, and cargo may have been started by a path.
        let cargo = env::var_os("CARGO").map(PathBuf::from);
        folders.extend(cargo.as_deref().and_then(Path::parent).map(Path::to_owned));
        env::join_paths(folders).unwrap_or_else(|_| env::var_os("PATH").unwrap_or_default())
    }

    /// The shell command that puts the tools on the `PATH`.
    pub(crate) fn path_line(&self) -> String {
        let folders: Vec<String> = self.folders().iter().map(|folder| folder.display().to_string()).collect();
        format!("export PATH=\"{}:$PATH\"", folders.join(":"))
    }

    fn folders(&self) -> Vec<PathBuf> {
        let built = [&self.wasm_bindgen, &self.wasm_pack, &self.geckodriver];
        let mut folders: Vec<PathBuf> = built.iter().map(|tool| self.folder(tool).join("bin")).collect();
        folders.push(self.npm_programs());
        folders
    }

    fn npm_programs(&self) -> PathBuf {
        self.npm.join("node_modules").join(".bin")
    }
}

/// A program on this process's `PATH`.
pub(crate) fn find_on_path(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let candidates = names.iter().flat_map(|name| {
        let name = format!("{name}{}", env::consts::EXE_SUFFIX);
        folders.iter().map(move |folder| folder.join(&name))
    });
    candidates.into_iter().find(|path| path.is_file())
}

/// One cache per user, so that a second checkout starts at once.
fn cache(root: &Path) -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = set("KLING_TOOLS") {
        return folder;
    }
    let caches = set("XDG_CACHE_HOME").filter(|folder| folder.is_absolute());
    match caches.or_else(|| set("HOME").map(|home| home.join(".cache"))) {
        Some(caches) => caches.join(CRATE).join("tools"),
        None => root.join("target").join("tools"),
    }
}

/// FNV-1a: distinguishes versions of files, and needs no dependency.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn fingerprint_matches_the_published_vectors() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
