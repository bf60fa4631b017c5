//! The npm package: the compiled module, its glue, the hand-written entry and what npm wants to know.

mod bundle;
mod compile;
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
use crate::setup::{self, Need};

pub(crate) use bundle::{METAFILE, PREPARE};
pub(crate) use compile::{GLUE, QUICK};

/// What building it for npm takes.
pub(crate) const NEEDS: [Need; 3] = [Need::WasmTarget, Need::Nightly, Need::NpmTools];

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

/// What a package is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// npm: the smallest one.
    Publishing,
    /// A comparison of sizes: as for npm, without this step.
    Comparing(Step),
    /// The demo on this machine: what its page loads, by the quickest build.
    Demo,
}

impl For {
    /// Whether it is made with a step.
    fn has(self, step: Step) -> bool {
        match self {
            Self::Publishing => true,
            Self::Comparing(without) => step != without,
            Self::Demo => false,
        }
    }

    /// Whether it has all that npm wants to know and that other loaders need.
    fn is_whole(self) -> bool {
        self != Self::Demo
    }
}

/// Builds the package into `pkg/`. Until everything is built, an older package stays what it was.
pub(crate) fn build(project: &Project) -> Result<()> {
    setup::ensure(project, &NEEDS)?;
    let next = project.root.join(".pkg-next");
    make(project, &next, For::Publishing, &compile::glue_program(project)?)?;
    swap(&next, &project.package_dir())?;
    println!("built {}", project.package_dir().display());
    Ok(())
}

/// Builds a package for the demo into this folder. Until everything is built, an older one stays there: another demo may serve it.
pub(crate) fn build_for_demo(project: &Project, package: &Path, glue: &Path) -> Result<()> {
    let next = package.with_extension("next");
    make(project, &next, For::Demo, glue)?;
    swap(&next, package)
}

/// Makes the package in a folder, with the program [`GLUE`].
pub(crate) fn make(project: &Project, next: &Path, purpose: For, glue: &Path) -> Result<()> {
    clear(next)?;
    let module = compile::compile(project, purpose)?;
    compile::add_glue(project, &module, next, glue)?;
    let mark = optimize(project, next, purpose)?;
    copy_entry(project, next)?;
    bundle::bundle(project, next, &module_name(project)?, &mark, purpose)?;
    if purpose.is_whole() {
        documents::copy(project, next)?;
        copy_command(project, next)?;
        let mut published = file_names(next)?;
        published.extend([documents::FOLDER, COMMAND, PAGE].map(str::to_owned));
        let manifest = npm_manifest::text(project, &published)?;
        fs::write(next.join("package.json"), manifest).context("cannot write package.json")?;
    }
    Ok(())
}

/// Makes a package without one step, for a comparison.
pub(crate) fn make_for_comparison(project: &Project, next: &Path, without: Step) -> Result<()> {
    make(project, next, For::Comparing(without), &compile::glue_program(project)?)
}

/// The module of a package in this folder.
pub(crate) fn module_file(project: &Project, package: &Path) -> Result<PathBuf> {
    Ok(package.join(format!("{}_bg.wasm", module_name(project)?)))
}

/// The name of the module and of its glue.
fn module_name(project: &Project) -> Result<String> {
    Ok(project.manifest_text("name")?.replace('-', "_"))
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

/// Optimizes the module, unless it is for the demo. Returns what it is marked with.
fn optimize(project: &Project, next: &Path, purpose: For) -> Result<String> {
    let module = module_file(project, next)?;
    let glue = next.join(format!("{}.js", module_name(project)?));
    rewrite(&glue, text_codec::replaced)?;
    rewrite(&glue, entry_guard::wrapped)?;
    if purpose != For::Demo {
        run_wasm_opt(project, &module, &glue, purpose)?;
    }
    take_snippets(next, &glue)?;
    let name = format!("{} {}", project.manifest_text("name")?, project.manifest_text("version")?);
    mark::mark(&module, &glue, &name)
}

fn run_wasm_opt(project: &Project, module: &Path, glue: &Path, purpose: For) -> Result<()> {
    let optimized = module.with_extension("optimized");
    let mut command = Command::new(project.tools.npm_program("wasm-opt"));
    if purpose.has(Step::Passes) {
        command.args(PASSES);
    }
    command.args(["-Oz", "--strip-producers", "--strip-target-features"]);
    command.arg(if purpose.has(Step::Strip) { "--strip-debug" } else { "--debuginfo" });
    let minifies_names = purpose.has(Step::Strip) && purpose.has(Step::ShortNames);
    if minifies_names {
        command.arg(names::MINIFY);
    }
    command.args(WASM_FEATURES).arg(module).arg("-o").arg(&optimized);
    let printed = child::capture(&mut command)?;
    fs::rename(&optimized, module).context("cannot put the optimized module in place")?;
    if minifies_names {
        names::follow(glue, &printed)?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::{For, Step};

    const STEPS: [Step; 5] = [Step::Passes, Step::ShortNames, Step::SmallStd, Step::Settings, Step::Strip];

    #[test]
    fn only_what_is_published_has_every_step() {
        for step in STEPS {
            assert!(For::Publishing.has(step), "{step:?}");
            assert!(!For::Demo.has(step), "{step:?}");
            for without in STEPS {
                assert_eq!(For::Comparing(without).has(step), step != without, "{step:?} without {without:?}");
            }
        }
    }

    #[test]
    fn only_the_demo_lacks_parts_of_the_package() {
        assert!(For::Publishing.is_whole() && !For::Demo.is_whole());
        assert!(STEPS.into_iter().all(|step| For::Comparing(step).is_whole()));
    }
}
