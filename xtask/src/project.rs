//! This repository: its folders, its manifest, its tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::child;
use crate::tools::{CRATE, Tools};

/// The compilation target of the published crate.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// This repository and its tools.
pub(crate) struct Project {
    /// The folder of the workspace.
    pub(crate) root: PathBuf,
    /// The tools at the versions that this repository asks for.
    pub(crate) tools: Tools,
    /// The manifest of the published crate, from `cargo metadata`.
    pub(crate) manifest: Value,
    /// The manifests of all packages in the repository.
    pub(crate) manifests: Vec<PathBuf>,
}

impl Project {
    /// Finds the repository that this program was built from, and reads its metadata.
    pub(crate) fn load() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is in no folder")?.to_owned();
        let mut command = cargo(&root);
        let metadata = child::capture(command.args(["metadata", "--format-version=1", "--no-deps"]))?;
        let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata printed no JSON")?;
        let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
        let manifest = packages.iter().find(|package| package["name"] == CRATE);
        let manifest = manifest.with_context(|| format!("the workspace has no package {CRATE}"))?.clone();
        let files = packages.iter().filter_map(|package| package["manifest_path"].as_str());
        let manifests = files.map(PathBuf::from).chain([root.join("tests/fuzz/Cargo.toml")]).collect();
        let lock = root.join("Cargo.lock");
        let lock = std::fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
        let wasm_bindgen = locked_version(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?;
        let tools = Tools::for_project(&root, &wasm_bindgen)?;
        Ok(Self { root, tools, manifest, manifests })
    }

    /// Where the npm package is built.
    pub(crate) fn package_dir(&self) -> PathBuf {
        self.root.join("pkg")
    }

    /// The page's folder.
    pub(crate) fn page_dir(&self) -> PathBuf {
        self.root.join("www")
    }

    /// The cargo that runs this program, in the repository, with the tools on its `PATH`.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo(&self.root);
        command.env("PATH", self.tools.search_path());
        command
    }

    /// Builds a program of this workspace with these options of cargo, and returns its path.
    pub(crate) fn build_program(&self, name: &str, options: &[&str]) -> Result<PathBuf> {
        let [program] = self.build_programs([name], options)?;
        Ok(program)
    }

    /// The same for several programs, which cargo builds side by side.
    pub(crate) fn build_programs<const N: usize>(&self, names: [&str; N], options: &[&str]) -> Result<[PathBuf; N]> {
        let mut command = self.cargo();
        command.arg("build").args(options);
        for name in names {
            command.args(["--bin", name]);
        }
        let files = built_files(&mut command)?;
        let mut programs = names.map(PathBuf::from);
        for program in &mut programs {
            let name = program.with_extension(std::env::consts::EXE_EXTENSION);
            let found = files.iter().find(|file| file.file_name() == Some(name.as_os_str()));
            let found = found.with_context(|| format!("cargo built no program {}", name.display()))?;
            program.clone_from(found);
        }
        Ok(programs)
    }

    /// A string of the published crate's manifest.
    pub(crate) fn manifest_text(&self, field: &str) -> Result<&str> {
        let text = self.manifest[field].as_str().unwrap_or_default();
        ensure!(!text.is_empty(), "expected `{field}` in Cargo.toml's [package], found none");
        Ok(text)
    }
}

/// The cargo that runs this program, so that every build uses one toolchain.
pub(crate) fn cargo(dir: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    forget_package(command.current_dir(dir));
    command
}

/// Removes the variables in which cargo names the package of this program: a build script that asks for them would run again in each
/// checkout, and whenever cargo was started by hand in between.
pub(crate) fn forget_package(command: &mut Command) {
    let is_of_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_package) {
            command.env_remove(name);
        }
    }
}

/// Runs a `cargo build`, and returns the files that it made or found to be up to date.
pub(crate) fn built_files(build: &mut Command) -> Result<Vec<PathBuf>> {
    let messages = child::capture(build.arg("--message-format=json-render-diagnostics"))?;
    Ok(listed_files(&messages))
}

/// The files in the messages of a `cargo build`.
fn listed_files(messages: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let listed = message["filenames"].as_array().into_iter().flatten();
        files.extend(listed.filter_map(|file| Some(PathBuf::from(file.as_str()?))));
    }
    files
}

/// The version of a package in a `Cargo.lock`.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{listed_files, locked_version};
    use std::path::PathBuf;

    #[test]
    fn the_glue_is_made_by_the_version_that_the_module_is_compiled_with() {
        let lock = include_str!("../../Cargo.lock");
        let version = locked_version(lock, "wasm-bindgen");
        assert!(version.is_some());
        assert_eq!(locked_version(lock, "wasm-bindgen-cli-support"), version);
    }

    #[test]
    fn files_are_found_among_the_messages_of_cargo() {
        let cases: [(&str, &[&str]); 6] = [
            (r#"{"reason":"compiler-artifact","filenames":["/t/a.wasm"]}"#, &["/t/a.wasm"]),
            (r#"{"filenames":["/t/liba.rlib","/t/liba.rmeta"]}"#, &["/t/liba.rlib", "/t/liba.rmeta"]),
            (r#"{"reason":"build-finished","success":true}"#, &[]),
            ("a line of a build script", &[]),
            ("{\"filenames\":[\"/t/a\"]}\n\n{\"filenames\":[\"/t/b\"]}", &["/t/a", "/t/b"]),
            ("", &[]),
        ];
        for (messages, files) in cases {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            assert_eq!(listed_files(messages), files, "{messages}");
        }
    }

    #[test]
    fn locked_version_compares_the_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
