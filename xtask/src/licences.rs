//! The licences of the dependencies, and the dependencies with several versions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::child;
use crate::project::{Project, WASM_TARGET};

/// Licences that require only that their text is kept.
const PERMISSIVE: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Prints every dependency without a permissive licence, and every dependency with several versions. Returns whether all
/// licences are permissive.
pub(crate) fn check(project: &Project) -> Result<bool> {
    let packages = packages(project)?;
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut permissive = true;
    for package in &packages {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        versions.entry(text("name")).or_default().insert(text("version"));
        if !is_permissive(text("license")) {
            permissive = false;
            let found = if text("license").is_empty() { "nothing" } else { text("license") };
            println!("{} {}: expected a permissive licence, found {found}", text("name"), text("version"));
        }
    }
    versions.retain(|_, versions| versions.len() > 1);
    println!("{} packages, {} of them in several versions", packages.len(), versions.len());
    for (name, versions) in versions {
        println!("  {name} {}", versions.into_iter().collect::<Vec<_>>().join(", "));
    }
    Ok(permissive)
}

/// Every package that a build for this machine or for wasm32 may contain.
fn packages(project: &Project) -> Result<Vec<Value>> {
    let version = child::capture(std::process::Command::new("rustc").current_dir(&project.root).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
    let mut command = project.cargo();
    command.args(["metadata", "--format-version=1", "--filter-platform", host, "--filter-platform", WASM_TARGET]);
    let mut metadata: Value = serde_json::from_str(&child::capture(&mut command)?)?;
    let Value::Array(packages) = metadata["packages"].take() else { return Ok(Vec::new()) };
    Ok(packages)
}

/// Whether an SPDX expression allows a choice of permissive licences only.
fn is_permissive(expression: &str) -> bool {
    // Before SPDX expressions a slash meant "or".
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest) && rest.is_empty()
}

fn any(words: &mut &[&str]) -> bool {
    let mut allowed = all(words);
    while let ["OR", rest @ ..] = words {
        *words = rest;
        allowed |= all(words);
    }
    allowed
}

fn all(words: &mut &[&str]) -> bool {
    let mut allowed = one(words);
    while let ["AND", rest @ ..] = words {
        *words = rest;
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut &[&str]) -> bool {
    match words {
        ["(", rest @ ..] => {
            *words = rest;
            let allowed = any(words);
            let [")", rest @ ..] = words else { return false };
            *words = rest;
            allowed
        }
        [licence, "WITH", exception, rest @ ..] => {
            let allowed = PERMISSIVE.contains(&format!("{licence} WITH {exception}").as_str());
            *words = rest;
            allowed
        }
        [licence, rest @ ..] => {
            let allowed = PERMISSIVE.contains(licence);
            *words = rest;
            allowed
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_permissive;

    #[test]
    fn expressions_are_read_as_spdx_defines_them() {
        let cases = [
            ("MIT", true),
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("Apache-2.0 AND ISC", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR Apache-2.0) AND LGPL-2.1", false),
            ("MIT AND (GPL-2.0 OR LGPL-2.1)", false),
            ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true),
            ("GPL-2.0 WITH Classpath-exception-2.0", false),
            ("(MIT", false),
            ("MIT)", false),
            ("", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(is_permissive(expression), expected, "{expression}");
        }
    }
}
