//! The npm package: the compiled module, its glue, the hand-written entry and what npm wants to know.

mod bundle;
mod documents;
mod entry_guard;
mod mark;
mod names;
mod npm_manifest;
mod text_codec;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::child;
use crate::project::Project;
use crate::setup::{self, NIGHTLY, Need};

pub(crate) use bundle::{METAFILE, PREPARE};

/// What building it takes.
pub(crate) const NEEDS: [Need; 4] = [Need::WasmTarget, Need::Nightly, Need::WasmTools, Need::NpmTools];

/// The post-1.0 features that rustc turns on for wasm32 by default; wasm-opt may use no others.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// A step that ordinary builds do without: each must save at least 1 kB, gzipped. `cargo xtask size` measures each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// More passes of wasm-opt than `-Oz`.
    Passes,
    /// Short names for what the module imports and exports.
    ShortNames,
    /// A standard library that is built for size and without messages of panics.
    SmallStd,
    /// Settings of the compiler for the last crate.
    Settings,
    /// Removing the names of functions, which a breakdown of the module needs. With them, other names stay long, too.
    Strip,
}

/// Builds the package into `pkg/`. Until everything is built, an older package stays what it was.
pub(crate) fn build(project: &Project) -> Result<()> {
    setup::ensure(project, &NEEDS)?;
    let next = project.root.join(".pkg-next");
    make(project, &next, None)?;
    swap(&next, &project.package_dir())?;
    println!("built {}", project.package_dir().display());
    Ok(())
}

/// Makes the package in a folder, for a comparison without that step.
pub(crate) fn make(project: &Project, next: &Path, without: Option<Step>) -> Result<()> {
    clear(next)?;
    compile(project, next, without)?;
    let mark = optimize(project, next, without)?;
    copy_entry(project, next)?;
    bundle::bundle(project, next, &module_name(project)?, &mark)?;
    documents::copy(project, next)?;
    copy_command(project, next)?;
    let mut published = file_names(next)?;
    published.extend([documents::FOLDER, COMMAND, PAGE].map(str::to_owned));
    let manifest = npm_manifest::text(project, &published)?;
    fs::write(next.join("package.json"), manifest).context("cannot write package.json")?;
    // wasm-pack's, so that git never sees an unfinished package; npm would leave everything out for it.
    fs::remove_file(next.join(".gitignore")).context("cannot remove wasm-pack's .gitignore")
}

/// The module of a package in this folder.
pub(crate) fn module_file(project: &Project, package: &Path) -> Result<PathBuf> {
    Ok(package.join(format!("{}_bg.wasm", module_name(project)?)))
}

/// The name of the module and of its glue.
fn module_name(project: &Project) -> Result<String> {
    Ok(project.manifest_text("name")?.replace('-', "_"))
}

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

fn compile(project: &Project, next: &Path, without: Option<Step>) -> Result<()> {
    let mut command = Command::new(project.tools.program(&project.tools.wasm_pack));
    command.current_dir(&project.root).env("PATH", project.tools.search_path());
    command.args([
        "--log-level",
        "warn",
        "build",
        ".",
        "--release",
        "--target",
        "web",
        "--mode",
        "no-install",
        "--no-opt",
        "--no-pack",
    ]);
    command.arg("--out-dir").arg(next).arg("--out-name").arg(module_name(project)?);
    let mut flags = remapped_paths();
    if without != Some(Step::SmallStd) {
        flags.extend(NO_PANIC_MESSAGES.map(String::from));
        // The toolchain that runs this command would otherwise decide.
        command.env("RUSTUP_TOOLCHAIN", NIGHTLY).env_remove("RUSTC").env_remove("CARGO");
        command.arg("--").args(SMALL_STD);
        if without != Some(Step::Settings) {
            let name = project.manifest_text("name")?;
            let flags = LAST_CRATE.map(|flag| format!("{flag:?}")).join(", ");
            command.arg("-Zprofile-rustflags");
            command.arg("--config").arg(format!("profile.release.package.{name}.rustflags = [{flags}]"));
        }
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    child::run(&mut command)
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

/// What wasm-opt does beyond `-Oz`: together it saves 1.1 kB of the gzipped module. Neither more rounds nor more inlining saves
/// more. The lowest kB of memory is the end of the stack: no address of anything is computed from there.
const PASSES: [&str; 7] = [
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-O2",
    "-Oz",
    "--one-caller-inline-max-function-size=400",
    "--always-inline-max-function-size=4",
];

/// Optimizes the module. Returns what it is marked with.
fn optimize(project: &Project, next: &Path, without: Option<Step>) -> Result<String> {
    let module = module_file(project, next)?;
    let optimized = module.with_extension("optimized");
    let glue = next.join(format!("{}.js", module_name(project)?));
    rewrite(&glue, text_codec::replaced)?;
    rewrite(&glue, entry_guard::wrapped)?;
    let mut command = Command::new(project.tools.npm_program("wasm-opt"));
    if without != Some(Step::Passes) {
        command.args(PASSES);
    }
    command.args(["-Oz", "--strip-producers", "--strip-target-features"]);
    command.arg(if without == Some(Step::Strip) { "--debuginfo" } else { "--strip-debug" });
    let keeps_names = matches!(without, Some(Step::Strip | Step::ShortNames));
    if !keeps_names {
        command.arg(names::MINIFY);
    }
    command.args(WASM_FEATURES).arg(&module).arg("-o").arg(&optimized);
    let printed = child::capture(&mut command)?;
    fs::rename(&optimized, &module).context("cannot put the optimized module in place")?;
    if !keeps_names {
        names::follow(&glue, &printed)?;
    }
    take_snippets(next, &glue)?;
    let name = format!("{} {}", project.manifest_text("name")?, project.manifest_text("version")?);
    mark::mark(&module, &glue, &name)
}

/// Changes the glue, as far as it has the form that is expected.
fn rewrite(glue: &Path, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let script = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    let script = change(&script).with_context(|| format!("another glue than expected in {}", glue.display()))?;
    fs::write(glue, script).with_context(|| format!("cannot write {}", glue.display()))
}

/// Where JavaScript is written by hand: the entry, and what the module calls.
const SCRIPTS: &str = "src/js";

/// Removes the scripts that wasm-bindgen has copied for the module, because all scripts are put beside the glue, and lets the
/// glue import those.
fn take_snippets(next: &Path, glue: &Path) -> Result<()> {
    let snippets = next.join("snippets");
    let folders = fs::read_dir(&snippets).context("expected scripts that the module calls, found none")?;
    let names: Vec<_> = folders.flatten().map(|folder| folder.file_name()).collect();
    let [name] = names.as_slice() else { bail!("expected the scripts of one crate, found {names:?}") };
    clear(&snippets)?;
    let script = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    let script = script.replace(&format!("from './snippets/{}/{SCRIPTS}/", name.display()), "from './");
    let script = script.replace(&format!("from \"./snippets/{}/{SCRIPTS}/", name.display()), "from \"./");
    fs::write(glue, script).with_context(|| format!("cannot write {}", glue.display()))
}

/// Copies the hand-written JavaScript and its declarations beside the glue.
fn copy_entry(project: &Project, next: &Path) -> Result<()> {
    let source = project.root.join(SCRIPTS);
    for name in file_names(&source)?.into_iter().filter(|name| is_script(name)) {
        ensure!(!next.join(&name).exists(), "{SCRIPTS}/{name} has the name of another script");
        copy(&source.join(&name), &next.join(&name))?;
    }
    for entry in ["index.js", "index.d.ts", "inline.js", "inline.d.ts", "relay.js", "relay.d.ts"] {
        ensure!(next.join(entry).is_file(), "expected {SCRIPTS}/{entry}, the package's entry, found none");
    }
    Ok(())
}

/// The folder of the package's command line, beside the scripts that it uses.
const COMMAND: &str = "cli";

/// The folder of the page that the command line serves.
const PAGE: &str = "page";

/// Copies the command line and the page that it serves.
fn copy_command(project: &Project, next: &Path) -> Result<()> {
    let scripts = project.root.join(SCRIPTS).join(COMMAND);
    let folders = [(scripts, COMMAND, true), (project.page_dir(), PAGE, false)];
    for (source, name, only_scripts) in folders {
        let target = next.join(name);
        fs::create_dir(&target).with_context(|| format!("cannot make the folder {}", target.display()))?;
        for file in file_names(&source)?.into_iter().filter(|file| !only_scripts || is_script(file)) {
            copy(&source.join(&file), &target.join(&file))?;
        }
    }
    Ok(())
}

fn is_script(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "js") || name.ends_with(".d.ts")
}

/// The names of the files in a folder, sorted.
fn file_names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let files = entries.flatten().filter(|entry| entry.path().is_file());
    let mut names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Puts the new package in the old one's place.
fn swap(next: &Path, place: &Path) -> Result<()> {
    let old = place.with_file_name(".pkg-old");
    clear(&old)?;
    if place.exists() {
        fs::rename(place, &old).with_context(|| format!("cannot move {} aside", place.display()))?;
    }
    fs::rename(next, place).with_context(|| format!("cannot put {} in place", place.display()))?;
    clear(&old)
}
