//! Short names between the module and its glue.
//!
//! wasm-bindgen names each import after what it does and adds a hash that no compressor can shrink. wasm-opt replaces the names
//! in the module and prints which name became which; here the glue follows. That saves 4.7 kB gzipped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// What wasm-opt is asked for.
pub(super) const MINIFY: &str = "--minify-imports-and-exports-and-modules";

/// The module's name for everything that it imports, once minified.
const IMPORTS: &str = "a";

/// Renames in the glue what wasm-opt has renamed in the module. `printed` is what it printed.
pub(super) fn follow(glue: &Path, printed: &str) -> Result<()> {
    let script = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    // `imports`: module, name and new name of each; `exports`: name and new name.
    let names: BTreeMap<String, Vec<Vec<String>>> =
        serde_json::from_str(printed).context("expected the new names from wasm-opt as JSON")?;
    let script = renamed(&script, &names).with_context(|| format!("cannot rename within {}", glue.display()))?;
    fs::write(glue, script).with_context(|| format!("cannot write {}", glue.display()))
}

fn renamed(script: &str, names: &BTreeMap<String, Vec<Vec<String>>>) -> Result<String> {
    let list = |kind: &str| names.get(kind).map(Vec::as_slice).unwrap_or_default();
    // The glue imports a script once for each function that the module calls in it: `import * as import1 from "./text.js"`.
    let scripts: BTreeMap<&str, &str> = script
        .lines()
        .filter_map(|line| line.trim_end_matches(';').strip_prefix("import * as ")?.split_once(" from "))
        .map(|(name, path)| (path.trim_matches(['"', '\'']), name))
        .collect();
    let (mut own, mut called) = (BTreeMap::new(), Vec::new());
    for import in list("imports") {
        let [module, name, short] = import.as_slice() else { continue };
        match scripts.get(module.as_str()) {
            Some(script) => called.push(format!("{short}: {script}.{name},")),
            None => _ = own.insert(name.as_str(), short.as_str()),
        }
    }
    ensure!(!own.is_empty(), "expected imports of the glue among the new names, found none");
    let exports: BTreeMap<&str, &str> =
        list("exports").iter().filter_map(|export| Some((export.first()?.as_str(), export.get(1)?.as_str()))).collect();
    let line = |line: &str| match line.trim_start().split_once(':') {
        // `__wbg_call_ab: function(…) {`
        Some((name, rest)) if own.contains_key(name) => format!("{}:{rest}", own[name]),
        // `"./module_bg.js": import0,`
        Some((from, rest)) if from.ends_with("_bg.js\"") && rest.starts_with(" import") => format!("{IMPORTS}:{rest}"),
        // `"./text.js": import1,`, whose functions are all in `import0` by now
        Some((from, rest)) if from.starts_with("\"./") && rest.starts_with(" import") => String::new(),
        _ if line.contains("const import0 = {") => format!("{line}{}", called.concat()),
        _ => with_exports(line, &exports),
    };
    Ok(script.lines().map(line).collect::<Vec<_>>().join("\n"))
}

/// A line with the names of exports replaced: `wasm.client_new(…)`.
fn with_exports(line: &str, exports: &BTreeMap<&str, &str>) -> String {
    let renamed = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        [exports.get(name).copied().unwrap_or(name), rest].concat()
    };
    let mut parts = line.split("wasm.");
    let before = parts.next().unwrap_or_default().to_owned();
    [before].into_iter().chain(parts.map(renamed)).collect::<Vec<_>>().join("wasm.")
}

#[cfg(test)]
mod tests {
    use super::{follow, renamed};
    use crate::scratch::Scratch;
    use std::collections::BTreeMap;
    use std::fs;

    const PRINTED: &str = r#"{
        "imports": [["./m_bg.js", "__wbg_call_ab", "b"], ["./m_bg.js", "__wbg_call", "c"], ["./js/t.js", "stop", "d"]],
        "exports": [["memory", "e"], ["inspect", "f"], ["__wbindgen_start", "g"]]
    }"#;

    #[test]
    fn the_glue_gets_the_names_of_the_module() {
        let folder = Scratch::new("names").unwrap();
        let glue = folder.path().join("g.js");
        let script = r#"import { T } from './js/t.js';
import * as import1 from "./js/t.js"
export function inspect(file) { return wasm.inspect(file) + wasm.memory.buffer + x.memory + "./m_bg.wasm"; }
    const import0 = {
        __proto__: null,
        __wbg_call_ab: function(a) { return a.__wbg_call; },
        __wbg_call: stop,
    };
    return {
        "./m_bg.js": import0,
        "./js/t.js": import1,
    };
(wasm.__wbindgen_start)();
"#;
        fs::write(&glue, script).unwrap();
        follow(&glue, PRINTED).unwrap();
        let expected = r#"import { T } from './js/t.js';
import * as import1 from "./js/t.js"
export function inspect(file) { return wasm.f(file) + wasm.e.buffer + x.memory + "./m_bg.wasm"; }
    const import0 = {d: import1.stop,
        __proto__: null,
b: function(a) { return a.__wbg_call; },
c: stop,
    };
    return {
a: import0,

    };
(wasm.g)();"#;
        assert_eq!(fs::read_to_string(&glue).unwrap(), expected);
    }

    #[test]
    fn names_of_another_glue_are_an_error() {
        assert!(renamed("", &BTreeMap::new()).is_err());
    }
}
