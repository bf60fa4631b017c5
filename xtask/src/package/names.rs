//! Short names between the module and its glue.
//!
//! wasm-bindgen names each import after what it does and adds a hash that no compressor can shrink. Both files know these
//! names and nobody else does, so each becomes a letter or two, in both alike.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ExportSection, ImportSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// How every such name begins.
const PREFIXES: [&str; 4] = ["__wbg_", "__wbindgen_", "__externref_", "wasm_bindgen__"];

/// Renames them in both files. Scripts in the folder `snippets` become scripts beside the glue.
pub(super) fn shorten(module: &Path, glue: &Path, snippets: &str) -> Result<()> {
    let code = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let script = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    let script = script.replace(snippets, "./");
    let mut names = Names::default();
    let code =
        renamed(&code, &mut names, snippets).with_context(|| format!("cannot rename within {}", module.display()))?;
    ensure!(!names.0.is_empty(), "expected imports of the glue in {}, found none", module.display());
    fs::write(module, code).with_context(|| format!("cannot write {}", module.display()))?;
    fs::write(glue, names.replace(&script)).with_context(|| format!("cannot write {}", glue.display()))
}

/// Each name, and what it becomes.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// What a name becomes; nothing else than the glue's changes.
    fn short(&mut self, name: &str) -> String {
        let is_glue = name.ends_with("_bg.js");
        if !is_glue && !PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            return name.to_owned();
        }
        let next = letters(self.0.len());
        self.0.entry(name.to_owned()).or_insert(next).clone()
    }

    /// The script with all of them replaced, where they stand as whole words; the glue itself where it stands in quotes.
    fn replace(&self, script: &str) -> String {
        let is_quoted = |name: &str| name.contains('/');
        let mut script = script.to_owned();
        for (name, short) in self.0.iter().filter(|(name, _)| is_quoted(name)) {
            script = script.replace(&format!("\"{name}\""), &format!("\"{short}\""));
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_$".contains(c);
        let mut short = String::with_capacity(script.len());
        let mut rest = script.as_str();
        while !rest.is_empty() {
            let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
            let (between, after) = after.split_at(after.find(is_part).unwrap_or(after.len()));
            short.push_str(self.0.get(word).map_or(word, String::as_str));
            short.push_str(between);
            rest = after;
        }
        short
    }
}

/// `a` to `z`, then `aa` and so on: none of them is a word of the language.
fn letters(number: usize) -> String {
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    // Two letters may be `do`, `if` or `in`, which are good names of members all the same.
    match number / 26 {
        0 => letter(number).to_string(),
        high => format!("{}{}", letters(high - 1), letter(number)),
    }
}

/// The module with its imports and exports renamed.
fn renamed(code: &[u8], names: &mut Names, snippets: &str) -> Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(code) {
        match payload? {
            Payload::ImportSection(imports) => {
                let mut section = ImportSection::new();
                for import in imports.into_imports() {
                    let import = import?;
                    let kind = RoundtripReencoder.entity_type(import.ty).map_err(|error| anyhow::anyhow!("{error}"))?;
                    let script = import.module.replace(snippets, "./");
                    section.import(&names.short(&script), &names.short(import.name), kind);
                }
                module.section(&section);
            }
            Payload::ExportSection(exports) => {
                let mut section = ExportSection::new();
                for export in exports {
                    let export = export?;
                    let kind =
                        RoundtripReencoder.export_kind(export.kind).map_err(|error| anyhow::anyhow!("{error}"))?;
                    section.export(&names.short(export.name), kind, export.index);
                }
                module.section(&section);
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
                    let data = code.get(range).context("expected a section within the module")?;
                    module.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::{letters, shorten};
    use crate::scratch::Scratch;
    use std::fs;
    use wasm_encoder::{EntityType, ExportKind, ExportSection, ImportSection, Module, TypeSection};

    fn module(imports: &[(&str, &str)], exports: &[&str]) -> Vec<u8> {
        let (mut module, mut types) = (Module::new(), TypeSection::new());
        types.ty().function([], []);
        let (mut import_section, mut export_section) = (ImportSection::new(), ExportSection::new());
        for (from, name) in imports {
            import_section.import(from, name, EntityType::Function(0));
        }
        for name in exports {
            export_section.export(name, ExportKind::Func, 0);
        }
        module.section(&types).section(&import_section).section(&export_section);
        module.finish()
    }

    #[test]
    fn both_files_get_the_same_short_names() {
        let folder = Scratch::new("names-both").unwrap();
        let (path, glue) = (folder.path().join("m.wasm"), folder.path().join("g.js"));
        let imports = [("./m_bg.js", "__wbg_call_ab"), ("./m_bg.js", "__wbg_call"), ("./s/js/t.js", "stop")];
        fs::write(&path, module(&imports, &["__wbindgen_start", "client_new"])).unwrap();
        let script = r#"import * as t from "./s/js/t.js"; w.__wbindgen_start.call(w); ({ "./m_bg.js": { __wbg_call_ab: f, __wbg_call: g, __wbg_ptr: 1 } }); w.client_new("./m_bg.wasm")"#;
        fs::write(&glue, script).unwrap();
        shorten(&path, &glue, "./s/js/").unwrap();
        assert_eq!(
            fs::read(&path).unwrap(),
            module(&[("a", "b"), ("a", "c"), ("./t.js", "stop")], &["d", "client_new"])
        );
        let expected = r#"import * as t from "./t.js"; w.d.call(w); ({ "a": { b: f, c: g, __wbg_ptr: 1 } }); w.client_new("./m_bg.wasm")"#;
        assert_eq!(fs::read_to_string(&glue).unwrap(), expected);
    }

    #[test]
    fn letters_are_many_and_different() {
        let all: std::collections::BTreeSet<String> = (0..2000).map(letters).collect();
        assert_eq!(
            (all.len(), letters(0), letters(25), letters(26), letters(52)),
            (2000, "a".into(), "z".into(), "aa".into(), "ba".into())
        );
    }

    #[test]
    fn a_module_that_imports_nothing_of_the_glue_is_not_passed_on() {
        let folder = Scratch::new("names").unwrap();
        let (path, glue) = (folder.path().join("m.wasm"), folder.path().join("g.js"));
        fs::write(&path, module(&[("env", "memory")], &[])).unwrap();
        fs::write(&glue, "nothing").unwrap();
        assert!(shorten(&path, &glue, "./s/").is_err());
    }
}
