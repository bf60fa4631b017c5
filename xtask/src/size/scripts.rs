//! Which scripts the bytes of `index.js` are of, as esbuild lists them.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

/// A script that is a part of another one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    /// As it is written, with its comments.
    pub(super) written: u64,
    /// As esbuild minifies it, before terser.
    pub(super) minified: u64,
}

/// The parts of the one script that a `--metafile` of esbuild describes, the largest first. Parts of which nothing is left are
/// left out.
pub(super) fn parts(metafile: &str) -> Result<Vec<Part>> {
    let metafile: Value = serde_json::from_str(metafile).context("expected JSON of esbuild")?;
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let written = object(&metafile["inputs"]);
    let outputs = object(&metafile["outputs"]);
    let used: Map<String, Value> = outputs.values().flat_map(|output| object(&output["inputs"])).collect();
    let mut parts: Vec<Part> = used
        .iter()
        .map(|(path, used)| Part {
            name: Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned(),
            written: written.get(path).and_then(|input| input["bytes"].as_u64()).unwrap_or_default(),
            minified: used["bytesInOutput"].as_u64().unwrap_or_default(),
        })
        .filter(|part| part.minified > 0)
        .collect();
    anyhow::ensure!(!parts.is_empty(), "expected the parts of a script, found none");
    parts.sort_by(|a, b| b.minified.cmp(&a.minified).then_with(|| a.name.cmp(&b.name)));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::{Part, parts};

    const METAFILE: &str = r#"{
        "inputs": {
            "pkg/error.js": { "bytes": 900, "imports": [] },
            "pkg/loader.js": { "bytes": 3000 },
            "pkg/types.js": { "bytes": 10 }
        },
        "outputs": {
            "made/index.js": {
                "bytes": 1300,
                "inputs": {
                    "pkg/error.js": { "bytesInOutput": 300 },
                    "pkg/loader.js": { "bytesInOutput": 1000 },
                    "pkg/types.js": { "bytesInOutput": 0 }
                }
            }
        }
    }"#;

    #[test]
    fn the_parts_of_a_script_are_listed_by_size() {
        let part = |name: &str, written, minified| Part { name: name.to_owned(), written, minified };
        assert_eq!(parts(METAFILE).unwrap(), [part("loader.js", 3000, 1000), part("error.js", 900, 300)]);
    }

    #[test]
    fn another_file_is_an_error() {
        for text in ["", "[]", "{}", r#"{"outputs": {}}"#, r#"{"outputs": {"a.js": {"inputs": {}}}}"#, "no JSON"] {
            assert!(parts(text).is_err(), "{text}");
        }
    }
}
