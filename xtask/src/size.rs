//! What a page loads of the package, and the budget for it.

mod functions;
mod scripts;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::package::{self, METAFILE, PREPARE, Step};
use crate::project::Project;
use crate::scratch::Scratch;

/// The most that all of it may weigh, in bytes, as `gzip -9` packs each file.
const BUDGET: usize = 92_000;

/// The most that the script that prepares images may weigh.
const PREPARE_BUDGET: usize = 8_000;

/// The steps that are measured here, by name.
const STEPS: [(&str, Step); 4] = [
    ("wasm-opt: more passes than -Oz", Step::Passes),
    ("short names between module and glue", Step::ShortNames),
    ("a standard library built for size", Step::SmallStd),
    ("settings of the compiler", Step::Settings),
];

/// What a choice in the code saves: measured once, because no build is without it. The comment at the choice has the figure.
const CHOICES: [(&str, &str, &str); 4] = [
    ("the JSON parser of this crate, not serde_json", "core/src/json.rs", "15.4 kB"),
    ("opt-level z, not s", "Cargo.toml", "10 kB"),
    ("a core crate of its own, below a cdylib", "Cargo.toml", "6.9 kB"),
    ("the allocator rlsf", "src/lib.rs", "3.2 kB"),
];

/// How many families of functions are printed; the others are summed up.
const MAX_ROWS: usize = 24;

/// How many functions are printed, the largest: mostly async functions of public calls, with what was inlined into them.
const MAX_FUNCTIONS: usize = 12;

/// The weights of the files that a page loads.
pub(crate) struct Weights {
    files: Vec<Weight>,
    /// All that an installed package takes, its texts and declarations too.
    unpacked: u64,
    count: usize,
}

struct Weight {
    file: String,
    raw: usize,
    packed: usize,
}

/// What a page loads with the entry `.`; the rest is of other entries, or for where the module cannot be fetched.
fn is_loaded(file: &str) -> bool {
    file == "index.js" || Path::new(file).extension().is_some_and(|extension| extension == "wasm")
}

/// Weighs the module and every script of a package.
pub(crate) fn weigh(package: &Path) -> Result<Weights> {
    let (mut weights, mut unpacked) = (Vec::new(), 0);
    let paths = files(package)?;
    for path in &paths {
        unpacked += fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
        // The folders have the command line, its page and the documents.
        if path.parent() != Some(package) {
            continue;
        }
        if path.extension().is_some_and(|extension| extension == "js" || extension == "cjs" || extension == "wasm") {
            let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            weights.push(Weight { file, raw: bytes.len(), packed: packed(&bytes)? });
        }
    }
    ensure!(!weights.is_empty(), "expected scripts and a module in {}, found none", package.display());
    weights.sort_by(|a, b| b.packed.cmp(&a.packed).then_with(|| a.file.cmp(&b.file)));
    Ok(Weights { files: weights, unpacked, count: paths.len() })
}

/// All files of a folder and of the folders in it.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("expected a package in {}", folder.display()))?;
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

impl Weights {
    /// What a page loads, as `gzip -9` packs it.
    fn loaded(&self) -> usize {
        self.files.iter().filter(|weight| is_loaded(&weight.file)).map(|weight| weight.packed).sum()
    }

    /// Prints what each unusual step of the build saves: the package is made without each in turn.
    pub(crate) fn print_steps(&self, project: &Project) -> Result<()> {
        println!("\n{:<55} {:>10}", "each of these steps makes the package smaller by", "gzip -9");
        for (name, step) in STEPS {
            let folder = Scratch::new("size")?;
            package::make_for_comparison(project, folder.path(), step)?;
            let saved = weigh(folder.path())?.loaded().saturating_sub(self.loaded());
            println!("{name:<55} {saved:>10}");
        }
        println!("\nas measured once; see the comment in");
        for (name, file, saved) in CHOICES {
            println!("{name:<55} {saved:>10}  {file}");
        }
        Ok(())
    }

    /// Prints them; whether they keep to the budget.
    pub(crate) fn print(&self) -> bool {
        println!("{:<44} {:>10} {:>10}", "file", "bytes", "gzip -9");
        for weight in &self.files {
            println!("{:<44} {:>10} {:>10}", weight.file, weight.raw, weight.packed);
        }
        let raw: usize = self.files.iter().filter(|weight| is_loaded(&weight.file)).map(|weight| weight.raw).sum();
        let packed = self.loaded();
        let prepare: usize =
            self.files.iter().filter(|weight| weight.file == PREPARE).map(|weight| weight.packed).sum();
        println!("{:<44} {raw:>10} {packed:>10}", "what a page loads: index.js and the module");
        println!("{:<44} {:>10} {BUDGET:>10}", "budget", "");
        println!("{:<44} {:>10} {PREPARE_BUDGET:>10}", "budget of prepare.js, loaded when it is needed", "");
        println!("{:<44} {:>10}", format!("the package unpacked: {} files", self.count), self.unpacked);
        for (weight, budget) in [(packed, BUDGET), (prepare, PREPARE_BUDGET)] {
            if weight > budget {
                println!("over the budget by {} bytes", weight - budget);
            }
        }
        packed <= BUDGET && prepare <= PREPARE_BUDGET
    }
}

/// Prints where the bytes of the module and of the script are, before they are packed. The package has been built.
pub(crate) fn print_breakdown(project: &Project) -> Result<()> {
    let metafile = project.root.join(METAFILE);
    let metafile = fs::read_to_string(&metafile).with_context(|| format!("cannot read {}", metafile.display()))?;
    let folder = Scratch::new("named")?;
    package::make_for_comparison(project, folder.path(), Step::Strip)?;
    let module = package::module_file(project, folder.path())?;
    let module = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let functions = functions::functions(&module)?;
    let row = |name: &str, bytes: u64, count: String| println!("{name:<55} {bytes:>10} {count:>10}");
    println!("\n{:<55} {:>10} {:>10}", "families of functions in the module", "bytes", "functions");
    let families = functions::families(&functions);
    let (shown, others) = families.split_at(families.len().min(MAX_ROWS));
    for family in shown {
        row(&family.name, family.bytes, family.count.to_string());
    }
    let others_count: usize = others.iter().map(|family| family.count).sum();
    row(&format!("{} others", others.len()), others.iter().map(|family| family.bytes).sum(), others_count.to_string());
    println!("\nthe largest functions, with what was inlined");
    for function in functions.iter().take(MAX_FUNCTIONS) {
        println!("{:>10}  {}", function.bytes, function.name);
    }
    println!("\n{:<55} {:>10} {:>10}", "parts of index.js", "minified", "written");
    for part in scripts::parts(&metafile)? {
        row(&part.name, part.minified, part.written.to_string());
    }
    Ok(())
}

fn packed(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::CHOICES;

    #[test]
    fn each_choice_states_what_it_saves() {
        for (name, file, saved) in CHOICES {
            let path = format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(&path).expect("a file of the repository");
            assert!(text.contains(saved), "{file} does not state {saved} for: {name}");
        }
    }
}
