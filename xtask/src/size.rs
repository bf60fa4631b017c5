//! What a page loads of the package, and the budget for it.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The most that all of it may weigh, in bytes, as `gzip -9` packs each file.
const BUDGET: usize = 92_000;

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
    let entries = fs::read_dir(package).with_context(|| format!("expected a package in {}", package.display()))?;
    let (mut weights, mut unpacked, mut count) = (Vec::new(), 0, 0);
    for path in entries.flatten().map(|entry| entry.path()) {
        unpacked += fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?.len();
        count += 1;
        if path.extension().is_some_and(|extension| extension == "js" || extension == "wasm") {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            weights.push(Weight { file, raw: bytes.len(), packed: packed(&bytes)? });
        }
    }
    ensure!(!weights.is_empty(), "expected scripts and a module in {}, found none", package.display());
    weights.sort_by(|a, b| b.packed.cmp(&a.packed).then_with(|| a.file.cmp(&b.file)));
    Ok(Weights { files: weights, unpacked, count })
}

impl Weights {
    /// Prints them; whether they keep to the budget.
    pub(crate) fn print(&self) -> bool {
        println!("{:<44} {:>10} {:>10}", "file", "bytes", "gzip -9");
        for weight in &self.files {
            println!("{:<44} {:>10} {:>10}", weight.file, weight.raw, weight.packed);
        }
        let loaded = || self.files.iter().filter(|weight| is_loaded(&weight.file));
        let raw: usize = loaded().map(|weight| weight.raw).sum();
        let packed: usize = loaded().map(|weight| weight.packed).sum();
        println!("{:<44} {raw:>10} {packed:>10}", "what a page loads: index.js and the module");
        println!("{:<44} {:>10} {BUDGET:>10}", "budget", "");
        println!("{:<44} {:>10}", format!("the package unpacked: {} files", self.count), self.unpacked);
        if packed > BUDGET {
            println!("over the budget by {} bytes", packed - BUDGET);
        }
        packed <= BUDGET
    }
}

fn packed(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
