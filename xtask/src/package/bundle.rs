//! One script for each entry: one request less for each part, and a sixth of their gzipped size.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{For, file_names};
use crate::child;
use crate::project::Project;

/// The module as base64 in a script of its own, which is fetched where the module cannot be.
const INLINE: &str = "wasm.inline.js";

/// What prepares images, in a script of its own, which `index.js` imports when it is first needed.
pub(crate) const PREPARE: &str = "prepare.js";

/// The scripts that are made, and whether each has everything inside: the module and what prepares images.
const SCRIPTS: [(&str, bool); 3] = [("index.js", false), ("inline.js", true), (PREPARE, false)];

/// Where esbuild lists the parts of `index.js`, from the root of the repository.
pub(crate) const METAFILE: &str = "target/size/index.json";

/// The entries for `require`, which Jest uses, and what each is made of. They have the module inside: a script of `CommonJS` does
/// not know where it lies.
const COMMON_JS: [(&str, &str); 2] = [("inline.js", "index.cjs"), (SERVER, "relay.cjs")];

/// The declarations that they need.
const COMMON_JS_TYPES: [&str; 5] = ["errors", "images", "index", "relay", "types"];

/// For servers, which need no small script, and whose owners may want to read it: joined, but not minified.
const SERVER: &str = "relay.js";

/// The scripts that the page of the demo loads.
const DEMO_SCRIPTS: [&str; 2] = ["index.js", PREPARE];

/// Makes one script of each entry and all that it needs, and removes the parts. `mark` is what the module is marked with.
pub(super) fn bundle(project: &Project, next: &Path, module: &str, mark: &str, purpose: For) -> Result<()> {
    if purpose.is_whole() {
        inline(project, next, module)?;
    }
    let made = next.join("made");
    let lists = project.root.join(METAFILE).with_file_name("");
    fs::create_dir_all(&lists).with_context(|| format!("cannot make {}", lists.display()))?;
    for (entry, is_inside) in
        SCRIPTS.into_iter().filter(|(entry, _)| purpose.is_whole() || DEMO_SCRIPTS.contains(entry))
    {
        let script = made.join(entry);
        let metafile = project.root.join(METAFILE).with_file_name(entry).with_extension("json");
        let metafile = purpose.is_whole().then_some(metafile.as_path());
        join(project, &next.join(entry), &script, metafile, mark, is_inside)?;
        if purpose.is_whole() {
            shrink(project, &script)?;
        }
    }
    if purpose.is_whole() {
        for (entry, script) in COMMON_JS {
            join_common_js(project, &next.join(entry), &next.join(script), mark)?;
        }
        join_server(project, &next.join(SERVER), &made.join(SERVER))?;
        keep_types(project, next, module)?;
    }
    for name in file_names(next)? {
        let is_script = Path::new(&name).extension().is_some_and(|extension| extension == "js");
        if is_script && name != INLINE {
            fs::remove_file(next.join(&name)).with_context(|| format!("cannot remove {name}"))?;
        }
    }
    for entry in file_names(&made)? {
        fs::rename(made.join(&entry), next.join(&entry)).with_context(|| format!("cannot put {entry} in place"))?;
    }
    fs::remove_dir(&made).context("cannot remove the folder of the scripts that were made")?;
    if purpose.is_whole() { declare_common_js(next) } else { Ok(()) }
}

fn inline(project: &Project, next: &Path, module: &str) -> Result<()> {
    let source = next.join("inline-source.js");
    fs::write(&source, format!("export {{ default }} from \"./{module}_bg.wasm\";\n"))
        .context("cannot write a script")?;
    let mut command = Command::new(project.tools.npm_program("esbuild"));
    command.args(["--bundle", "--minify", "--format=esm", "--loader:.wasm=base64", "--log-level=warning"]);
    command.arg(&source).arg(format!("--outfile={}", next.join(INLINE).display()));
    child::run(&mut command)
}

fn join(
    project: &Project,
    entry: &Path,
    script: &Path,
    metafile: Option<&Path>,
    mark: &str,
    is_inside: bool,
) -> Result<()> {
    let mut command = Command::new(project.tools.npm_program("esbuild"));
    command.args([
        "--bundle",
        "--minify",
        "--format=esm",
        "--charset=utf8",
        "--log-level=warning",
        // One script of ours is imported by several modules of the crate, and the glue names it as often.
        "--log-override:duplicate-object-key=silent",
        // Of the glue: its warning about a deprecated form of call, which the package does not use, and older names of `globalThis`.
        "--drop:console",
        "--define:global=undefined",
        "--define:self=undefined",
        "--define:window=undefined",
    ]);
    command.arg(format!("--external:./{INLINE}"));
    if !is_inside {
        command.arg(format!("--external:./{PREPARE}"));
    }
    command.arg(format!("--define:BUILD=\"{mark}\"")).arg(format!("--define:IS_INSIDE={is_inside}"));
    if let Some(metafile) = metafile {
        command.arg(format!("--metafile={}", metafile.display()));
    }
    command.arg(entry).arg(format!("--outfile={}", script.display()));
    child::run(&mut command)
}

/// Minifies a script that esbuild made: terser's compressor makes it 5 % smaller, gzipped, than esbuild's. `unsafe_arrows`
/// assumes that no function of ours without `this` is called with `new`.
fn shrink(project: &Project, script: &Path) -> Result<()> {
    let mut command = Command::new(project.tools.npm_program("terser"));
    let compress = "passes=3,ecma=2020,hoist_funs=true,unsafe_arrows=true";
    command.arg(script).args(["--module", "--mangle", "--compress", compress]).arg("--output").arg(script);
    child::run(&mut command)
}

/// Makes one readable script of the relay and its parts.
fn join_server(project: &Project, entry: &Path, script: &Path) -> Result<()> {
    let mut command = Command::new(project.tools.npm_program("esbuild"));
    command.args(["--bundle", "--format=esm", "--charset=utf8", "--log-level=warning"]);
    command.arg(entry).arg(format!("--outfile={}", script.display()));
    child::run(&mut command)
}

/// Makes one script of `CommonJS` of an entry and all that it needs.
fn join_common_js(project: &Project, entry: &Path, script: &Path, mark: &str) -> Result<()> {
    let mut command = Command::new(project.tools.npm_program("esbuild"));
    command.args([
        "--bundle",
        "--minify",
        "--format=cjs",
        // Lists the exports in a form that Node finds without running the script.
        "--platform=node",
        "--target=es2020",
        "--charset=utf8",
        "--log-level=warning",
        "--log-override:duplicate-object-key=silent",
        // Only what the entry with the module inside leaves out.
        "--log-override:empty-import-meta=silent",
        "--drop:console",
        "--define:IS_INSIDE=true",
    ]);
    command.arg(format!("--define:BUILD=\"{mark}\"")).arg(entry).arg(format!("--outfile={}", script.display()));
    child::run(&mut command)
}

/// Writes the declarations of `CommonJS`: the same texts, under names by which the compiler of types knows of which kind they are.
fn declare_common_js(next: &Path) -> Result<()> {
    for name in COMMON_JS_TYPES {
        let source = next.join(format!("{name}.d.ts"));
        let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
        let text = ["errors", "images", "types"].iter().fold(text, |text, imported| {
            text.replace(&format!("from \"./{imported}.js\""), &format!("from \"./{imported}.cjs\""))
        });
        ensure!(
            !text.contains(".js\";"),
            "expected imports of errors.js, images.js and types.js in {name}.d.ts, found another"
        );
        let target = next.join(format!("{name}.d.cts"));
        fs::write(&target, text).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(())
}

/// What importing the module itself gives is up to the bundler: mostly its address. wasm-bindgen describes its inside.
const MODULE_TYPES: &str = "import type { WasmSource } from \"./index.js\";

/** The WebAssembly module, as the bundler at hand gives it: what `init` takes. */
declare const module: WasmSource;
export default module;
";

/// Keeps the declarations of the glue for the compiler of types. They are no part of the package.
fn keep_types(project: &Project, next: &Path, module: &str) -> Result<()> {
    let types = project.root.join("target/glue");
    fs::create_dir_all(&types).with_context(|| format!("cannot make {}", types.display()))?;
    let glue = format!("{module}.d.ts");
    fs::rename(next.join(&glue), types.join(&glue)).with_context(|| format!("cannot keep {glue}"))?;
    fs::write(next.join(format!("{module}_bg.wasm.d.ts")), MODULE_TYPES).context("cannot write the module's types")?;
    fs::write(types.join("wasm.inline.d.ts"), "declare const base64: string;\nexport default base64;\n")
        .context("cannot write the types of the inline module")
}
