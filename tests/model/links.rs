//! The documents: each relative link leads somewhere, each page can be found, and every forge can render them.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The most lines of the README: about what a person reads before deciding.
const MAX_README_LINES: usize = 150;
/// The most bytes of a screenshot.
const MAX_SCREENSHOT_BYTES: u64 = 150_000;
/// The languages of code blocks. `js`, `ts` and `html` are type-checked or run, see `tests/consumers`.
const LANGUAGES: [&str; 6] = ["js", "ts", "html", "sh", "text", "mermaid"];

/// All Markdown files of a folder, by their path from the root.
fn markdown(folder: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                if !path.ends_with("node_modules") && !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found
}

/// All documents, with their text.
fn documents() -> HashMap<PathBuf, String> {
    let named = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(PathBuf::from);
    let all = ["docs", "tests", "examples", ".github"].iter().flat_map(|folder| markdown(folder)).chain(named);
    all.map(|path| (path.clone(), fs::read_to_string(root().join(path)).unwrap())).collect()
}

/// The pages of `docs`, by name.
fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<_> = documents()
        .into_iter()
        .filter(|(path, _)| path.parent() == Some(Path::new("docs")))
        .map(|(path, text)| (path.file_name().unwrap().to_str().unwrap().to_owned(), text))
        .collect();
    pages.sort();
    assert!(pages.len() > 15, "expected the pages of docs, found {}", pages.len());
    pages
}

/// The lines outside of code blocks, without the code in them.
fn prose(text: &str) -> Vec<String> {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join("`")).collect()
}

/// The targets of all links and images.
fn targets(text: &str) -> Vec<String> {
    let starts = ["](", "src=\"", "srcset=\""];
    let of_line = |line: &String| {
        let after = starts.iter().flat_map(|start| line.split(start).skip(1).map(|rest| rest.split([')', '"']).next()));
        after.flatten().map(str::to_owned).collect::<Vec<_>>()
    };
    prose(text).iter().flat_map(of_line).collect()
}

/// The anchor that forges give a heading.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    let kept = letters.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The anchors of a document. A heading that is repeated gets a number.
fn anchors(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        let Some((marks, heading)) = line.split_once(' ').filter(|_| !is_code) else { continue };
        if !marks.is_empty() && marks.chars().all(|c| c == '#') {
            let base = anchor(heading);
            let count = found.iter().filter(|other| **other == base || other.starts_with(&format!("{base}-"))).count();
            found.push(if found.contains(&base) { format!("{base}-{count}") } else { base });
        }
    }
    found
}

/// What is wrong with a link of a document.
fn problem(documents: &HashMap<PathBuf, String>, from: &Path, target: &str) -> Option<String> {
    if target.starts_with("https://") || target.starts_with("http://127.0.0.1") {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let file = if path.is_empty() { from.to_owned() } else { joined(from, path)? };
    if path.starts_with('/') || path.contains(':') {
        return Some("neither relative nor https".into());
    }
    if !root().join(&file).exists() {
        return Some("no such file".into());
    }
    let anchor = anchor?;
    match documents.get(&file) {
        Some(text) if anchors(text).iter().any(|known| known == anchor) => None,
        Some(text) => Some(format!("no such anchor; there are {:?}", anchors(text))),
        None => Some("an anchor of a file that is no document".into()),
    }
}

/// A path relative to a document, from the root.
fn joined(from: &Path, relative: &str) -> Option<PathBuf> {
    let decoded = relative.replace("%5B", "[").replace("%5D", "]").replace("%20", " ");
    let mut path = from.parent()?.to_owned();
    for part in Path::new(&decoded).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{}: {relative} leads out of the repository", from.display()),
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    Some(path)
}

#[test]
fn every_relative_link_and_anchor_exists() {
    let documents = documents();
    let mut count = 0;
    let mut broken = Vec::new();
    for (path, text) in &documents {
        for target in targets(text) {
            count += 1;
            if let Some(problem) = problem(&documents, path, &target) {
                broken.push(format!("{}: {target}: {problem}", path.display()));
            }
        }
    }
    broken.sort();
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
    assert!(count > 150, "only {count} links were found");
}

#[test]
fn broken_links_are_found() {
    let documents = documents();
    for (target, found) in [
        ("docs/money.md", None),
        ("docs/money.md#an-unknown-submission", None),
        ("#licence", None),
        ("docs/screenshot-light.png", None),
        ("https://example.com/#anything", None),
        ("docs/nothing.md", Some("no such file")),
        ("docs/money.md#nothing", Some("no such anchor")),
        ("#nothing", Some("no such anchor")),
        ("LICENSE-MIT#licence", Some("an anchor of a file that is no document")),
        ("/docs/money.md", Some("neither relative nor https")),
        ("http://example.com", Some("neither relative nor https")),
        ("mailto:a@example.com", Some("neither relative nor https")),
    ] {
        let problem = problem(&documents, Path::new("README.md"), target);
        match (problem, found) {
            (None, None) => {}
            (Some(problem), Some(found)) => assert!(problem.starts_with(found), "{target}: {problem}"),
            other => panic!("{target}: {other:?}"),
        }
    }
}

#[test]
fn links_are_read_as_forges_read_them() {
    for (text, expected) in [
        ("[a](b.md) and [c](d.md#e)", vec!["b.md", "d.md#e"]),
        ("`[a](b.md)`", vec![]),
        ("```js\n[a](b.md)\n```", vec![]),
        ("[`a`](b.md)", vec!["b.md"]),
        ("![a](b.png)", vec!["b.png"]),
        ("<img alt=\"a\" src=\"b.png\" width=\"800\">", vec!["b.png"]),
        ("  <source srcset=\"b.png\">", vec!["b.png"]),
    ] {
        assert_eq!(targets(text), expected, "{text}");
    }
}

#[test]
fn anchors_are_those_of_forges() {
    for (heading, expected) in [
        ("Codes", "codes"),
        ("What a `wasm_load` error says", "what-a-wasm_load-error-says"),
        ("1. Start the simulated service", "1-start-the-simulated-service"),
        ("Where do I change …?", "where-do-i-change-"),
        ("Content-Security-Policy", "content-security-policy"),
        ("The user's own key", "the-users-own-key"),
    ] {
        assert_eq!(anchor(heading), expected, "{heading}");
    }
    assert_eq!(anchors("# A\n\n## B\n\n```sh\n# no heading\n```\n\n## B\n"), ["a", "b", "b-1"]);
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= MAX_README_LINES, "README.md: expected at most {MAX_README_LINES} lines, found {lines}");
}

#[test]
fn every_page_is_linked_from_both_lists() {
    let read = |path: &str| targets(&fs::read_to_string(root().join(path)).unwrap());
    let (index, readme) = (read("docs/README.md"), read("README.md"));
    for (name, _) in pages() {
        assert!(name == "README.md" || index.contains(&name), "docs/README.md does not link to {name}");
        assert!(readme.contains(&format!("docs/{name}")), "README.md does not link to docs/{name}");
    }
}

#[test]
fn every_page_is_plain_markdown() {
    for (name, text) in pages() {
        assert!(text.starts_with("# "), "docs/{name} does not start with its title");
        let html = prose(&text).into_iter().find(|line| line.trim_start().starts_with('<'));
        assert_eq!(html, None, "docs/{name} has HTML");
        let fences = text.lines().map(str::trim_start).filter_map(|line| line.strip_prefix("```"));
        for language in fences.step_by(2) {
            assert!(LANGUAGES.contains(&language), "docs/{name}: a code block of {language:?}");
        }
    }
}

#[test]
fn screenshots_are_small() {
    for scheme in ["light", "dark"] {
        let path = root().join(format!("docs/screenshot-{scheme}.png"));
        let bytes = fs::metadata(&path).unwrap().len();
        assert!(bytes < MAX_SCREENSHOT_BYTES, "{}: {bytes} bytes", path.display());
    }
}
