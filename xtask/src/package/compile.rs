//! The compiled module and its glue.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{For, Step};
use crate::child;
use crate::project::{self, Project, WASM_TARGET};
use crate::setup::NIGHTLY;

/// What a build of the standard library is asked for. Without it, the module is 5.2 kB larger, gzipped: the standard library
/// that comes with Rust is built for speed, and each panic carries its message and its place.
const SMALL_STD: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

/// A panic becomes a trap. Its message would only be read by its own developers, who get it from a build without this.
const NO_PANIC_MESSAGES: [&str; 4] =
    ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none", "-Zfmt-debug=none"];

/// Settings for the last crate, which the compiler optimises together with all others: 2.1 kB less, gzipped. For all crates, the
/// first two make the module larger.
const LAST_CRATE: [&str; 4] = [
    // What is inlined before generic functions are compiled is optimised once for all of their types: 0.4 kB.
    "-Zinline-mir=yes",
    // A call weighs more than LLVM's default of 25, so slightly more is inlined: 0.3 kB.
    "-Cllvm-args=-inline-call-penalty=50",
    // What is known on some paths only is calculated in one place, and not copied to the other paths: 1.3 kB.
    "-Cllvm-args=-enable-pre=0",
    "-Cllvm-args=-enable-load-pre=0",
];

/// The profile of the demo and of the program that makes the glue: it saves time to build, not time to run.
pub(crate) const QUICK: [&str; 2] = ["--profile", "quick"];

/// The package of the program that makes the glue.
pub(crate) const GLUE: &str = "glue";

/// Builds the program that makes the glue, and returns its path.
pub(super) fn glue_program(project: &Project) -> Result<PathBuf> {
    project.build_program(GLUE, &[&["-p", GLUE], &QUICK[..]].concat())
}

/// Compiles the module, and returns its path.
pub(super) fn compile(project: &Project, purpose: For) -> Result<PathBuf> {
    let mut command = project.cargo();
    if purpose.has(Step::SmallStd) {
        // Found on the `PATH`, where rustup's takes this toolchain. The toolchain that runs this command would otherwise decide.
        command = Command::new("cargo");
        command.current_dir(&project.root).env("PATH", project.tools.search_path());
        command.env("RUSTUP_TOOLCHAIN", NIGHTLY).env_remove("RUSTC").env_remove("CARGO");
        project::forget_package(&mut command);
    }
    command.args(["build", "--lib", "--target", WASM_TARGET]);
    let mut flags = Vec::new();
    if purpose == For::Demo {
        command.arg("--quiet").args(QUICK);
    } else {
        command.arg("--release");
        flags = remapped_paths();
        if purpose.has(Step::SmallStd) {
            flags.extend(NO_PANIC_MESSAGES.map(String::from));
            command.args(SMALL_STD);
            if purpose.has(Step::Settings) {
                let name = project.manifest_text("name")?;
                let flags = LAST_CRATE.map(|flag| format!("{flag:?}")).join(", ");
                command.arg("-Zprofile-rustflags");
                command.arg("--config").arg(format!("profile.release.package.{name}.rustflags = [{flags}]"));
            }
        }
    }
    // Also without flags: those of the user are for programs of this machine.
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    let module = format!("{}.wasm", super::module_name(project)?);
    let files = project::built_files(&mut command)?;
    let found = files.into_iter().find(|file| file.file_name().is_some_and(|name| name == module.as_str()));
    found.with_context(|| format!("expected {module} from cargo, found none"))
}

/// Makes the glue of a module in a folder, and the module that fits it.
pub(super) fn add_glue(project: &Project, module: &Path, next: &Path, program: &Path) -> Result<()> {
    let mut command = Command::new(program);
    child::run(command.arg(module).arg(next).arg(super::module_name(project)?))
}

/// The compiler's flags for short paths: messages of dependencies name their source files, by where they lie on this machine.
fn remapped_paths() -> Vec<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let Some(home) = home else { return Vec::new() };
    let registries = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten().map(|entry| entry.path());
    let folders = registries.map(|path| (path, "")).chain([(home.clone(), "cargo")]);
    // Of several that fit, the last one counts.
    let mut flags: Vec<_> = folders.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect();
    flags.reverse();
    flags
}
