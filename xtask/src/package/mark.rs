//! What the module and its glue know each other by.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Crc;
use wasm_encoder::{CustomSection, Section};

/// Marks the module with `name` and a checksum of both files, in the name of an empty section, and says what it is marked
/// with: glue of another build, or another version, must not take it for its own.
pub(super) fn mark(module: &Path, glue: &Path, name: &str) -> Result<String> {
    let mut code = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let script = fs::read(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    let mut checksum = Crc::new();
    checksum.update(&code);
    checksum.update(&script);
    let mark = format!("{name} {:08x}", checksum.sum());
    CustomSection { name: Cow::Borrowed(&mark), data: Cow::Borrowed(&[]) }.append_to(&mut code);
    fs::write(module, code).with_context(|| format!("cannot write {}", module.display()))?;
    Ok(mark)
}

#[cfg(test)]
mod tests {
    use super::mark;
    use crate::scratch::Scratch;
    use std::fs;
    use wasmparser::{Parser, Payload};

    #[test]
    fn each_build_has_its_own() {
        let folder = Scratch::new("mark").unwrap();
        let (module, glue) = (folder.path().join("m.wasm"), folder.path().join("g.js"));
        let marks = ["one", "two"].map(|script| {
            fs::write(&module, wasm_encoder::Module::new().finish()).unwrap();
            fs::write(&glue, script).unwrap();
            let mark = mark(&module, &glue, "name 1.2.3").unwrap();
            let code = fs::read(&module).unwrap();
            let sections: Vec<String> = Parser::new(0)
                .parse_all(&code)
                .filter_map(|payload| match payload.unwrap() {
                    Payload::CustomSection(section) => Some(section.name().to_owned()),
                    _ => None,
                })
                .collect();
            assert_eq!(sections, [mark.as_str()]);
            mark
        });
        assert!(marks[0] != marks[1] && marks.iter().all(|mark| mark.starts_with("name 1.2.3 ")), "{marks:?}");
    }
}
