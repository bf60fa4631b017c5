//! Shorter names between the module and its glue.
//!
//! wasm-bindgen names each import after what it does and adds a hash that no compressor can shrink. Both files know these
//! names and nobody else does, so each becomes a number, in both alike. Its length stays, so that nothing in the module moves.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// How every such name begins.
const PREFIXES: [&str; 3] = ["__wbg_", "__wbindgen_", "wasm_bindgen__"];

/// Renames them in both files.
pub(super) fn shorten(module: &Path, glue: &Path) -> Result<()> {
    let mut code = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let mut script = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    let names = names(&script, &code);
    ensure!(!names.is_empty(), "expected imports of the module in {}, found none", glue.display());
    for (number, name) in names.iter().enumerate() {
        let short = format!("{number:_>width$}", width = name.len());
        script = script.replace(name, &short);
        replace(&mut code, name.as_bytes(), short.as_bytes());
    }
    fs::write(module, code).with_context(|| format!("cannot write {}", module.display()))?;
    fs::write(glue, script).with_context(|| format!("cannot write {}", glue.display()))
}

/// The names that stand in both, the longest first: one may begin another.
fn names(script: &str, code: &[u8]) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut names: Vec<String> = script
        .split(|c| !is_part(c))
        .filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)))
        .filter(|word| find(code, word.as_bytes()).is_some())
        .map(str::to_owned)
        .collect();
    names.sort_unstable_by_key(|name| (std::cmp::Reverse(name.len()), name.clone()));
    names.dedup();
    names
}

fn find(code: &[u8], name: &[u8]) -> Option<usize> {
    code.windows(name.len()).position(|window| window == name)
}

fn replace(code: &mut [u8], name: &[u8], short: &[u8]) {
    while let Some(start) = find(code, name) {
        if let Some(place) = code.get_mut(start..start + name.len()) {
            place.copy_from_slice(short);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shorten;
    use crate::scratch::Scratch;
    use std::fs;

    #[test]
    fn both_files_get_the_same_names_of_the_same_length() {
        let folder = Scratch::new("names-both").unwrap();
        let (module, glue) = (folder.path().join("m.wasm"), folder.path().join("g.js"));
        fs::write(&module, b"\x0d__wbg_call_ab\x0a__wbg_call\x06memory\x0d__wbg_call_ab").unwrap();
        fs::write(&glue, "x.__wbg_call(); ({ __wbg_call_ab: f, __wbg_ptr: 1 }); i.memory").unwrap();
        shorten(&module, &glue).unwrap();
        let code = fs::read(&module).unwrap();
        assert_eq!(code, b"\x0d____________0\x0a_________1\x06memory\x0d____________0");
        let script = fs::read_to_string(&glue).unwrap();
        assert_eq!(script, "x._________1(); ({ ____________0: f, __wbg_ptr: 1 }); i.memory");
    }

    #[test]
    fn a_glue_that_names_nothing_is_not_passed_on() {
        let folder = Scratch::new("names").unwrap();
        let (module, glue) = (folder.path().join("m.wasm"), folder.path().join("g.js"));
        fs::write(&module, "__wbg_call").unwrap();
        fs::write(&glue, "nothing").unwrap();
        assert!(shorten(&module, &glue).is_err());
    }
}
