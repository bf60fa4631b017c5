//! The entries into the module.
//!
//! A panic of the module is a trap, which JavaScript sees as a `RuntimeError` where it entered: in a call, or in a callback of a
//! timer or a promise. Here the glue wraps every function that the module exports, so that each such error is noticed and rejects
//! all outstanding calls.

use anyhow::{Result, ensure};

/// Where the glue takes the exports of an instance: of the first one, and of each that replaces a failed one.
const EXPORTS: [&str; 2] = ["wasm = instance.exports;", "wasm = wasmInstance.exports;"];

const IMPORT: &str = "import { guardExports } from \"./fault.js\";\n";

/// The glue with its exports wrapped.
pub(super) fn wrapped(script: &str) -> Result<String> {
    let mut script = script.to_owned();
    for exports in EXPORTS {
        ensure!(script.matches(exports).count() == 1, "expected one {exports:?}");
        let (before, _) = exports.split_at(exports.len() - 1);
        let guarded = format!("{}, discardInstance);", before.replacen("= ", "= guardExports(", 1));
        script = script.replace(exports, &guarded);
    }
    ensure!(!script.contains(".exports;"), "expected no other exports");
    ensure!(script.contains("function discardInstance("), "expected a function discardInstance");
    Ok(format!("{IMPORT}{script}"))
}

#[cfg(test)]
mod tests {
    use super::{IMPORT, wrapped};

    const GLUE: &str = "export function discardInstance() {}
    wasm = wasmInstance.exports;
    wasm = instance.exports;
";

    #[test]
    fn the_exports_of_each_instance_are_wrapped() {
        let script = wrapped(GLUE).unwrap();
        let lines: Vec<&str> = script.strip_prefix(IMPORT).unwrap().lines().map(str::trim).collect();
        assert_eq!(
            lines[1..],
            [
                "wasm = guardExports(wasmInstance.exports, discardInstance);",
                "wasm = guardExports(instance.exports, discardInstance);",
            ]
        );
    }

    #[test]
    fn another_glue_is_refused() {
        assert!(wrapped(&GLUE.replace("wasmInstance", "other")).is_err());
        assert!(wrapped(&GLUE.replace("discardInstance", "other")).is_err());
        assert!(wrapped(&format!("{GLUE}wasm = third.exports;")).is_err());
    }
}
