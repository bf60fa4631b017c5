//! The rules of the tree itself.

use std::fs;
use std::path::{Path, PathBuf};

use kling_core::error::ErrorCode;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn files(folder: &str, extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("node_modules") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted)) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no file in {folder}");
    found
}

fn must_not_contain(files: &[(PathBuf, String)], words: &[&str], why: &str) {
    let finds: Vec<String> = files
        .iter()
        .flat_map(|(path, text)| text.lines().enumerate().map(move |(number, line)| (path, number + 1, line)))
        .filter(|(_, _, line)| words.iter().any(|word| line.contains(word)))
        .map(|(path, number, line)| format!("{}:{number}: {}", path.display(), line.trim()))
        .collect();
    assert!(finds.is_empty(), "{why}:\n{}", finds.join("\n"));
}

#[test]
fn the_core_depends_on_nothing_of_javascript() {
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).unwrap();
    for name in ["wasm-bindgen", "js-sys", "web-sys", "gloo"] {
        assert!(!manifest.contains(name), "core depends on {name}");
    }
}

#[test]
fn both_crates_of_the_package_have_the_same_lints() {
    let lints = ["Cargo.toml", "core/Cargo.toml"].map(|path| {
        let manifest = fs::read_to_string(root().join(path)).unwrap();
        let tables = manifest.split("\n[").filter(|table| table.starts_with("lints."));
        tables
            .map(|table| table.lines().filter(|line| line.contains(" = ")).collect::<Vec<_>>().join("\n"))
            .collect::<Vec<_>>()
    });
    assert!(!lints[0].is_empty() && lints[0] == lints[1], "{lints:#?}");
}

#[test]
fn files_stay_short_enough_to_read() {
    const MAX_LINES: usize = 400;
    let is_source = ["rs", "js", "jsx", "ts", "tsx", "vue", "svelte", "html"];
    let all = ["core", "src", "tests", "xtask", "www", "examples"].map(|folder| files(folder, &is_source));
    let long: Vec<String> = all
        .iter()
        .flatten()
        .filter(|(_, text)| text.lines().count() > MAX_LINES)
        .map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "above {MAX_LINES} lines: {long:?}");
}

#[test]
fn nothing_is_evaluated_and_nothing_is_inline() {
    let mut script = files("src", &["js"]);
    script.extend(files("www", &["js", "html"]));
    must_not_contain(
        &script,
        &["eval(", "new Function", "innerHTML", "outerHTML", "document.write"],
        "no text becomes code",
    );
    let page = files("www", &["html"]);
    must_not_contain(
        &page,
        &[" style=", " onclick=", " onload=", "<style", "javascript:"],
        "the page's policy forbids it",
    );
    let policy = &page[0].1;
    for directive in ["Content-Security-Policy", "default-src 'none'", "base-uri 'none'", "form-action 'none'"] {
        assert!(policy.contains(directive), "the page's policy has no {directive}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
}

#[test]
fn no_marks_are_left_behind() {
    // In two halves, so that this file has none.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["X", "XX"], ["HA", "CK"]].map(|mark| mark.concat());
    let words: Vec<&str> = marks.iter().map(String::as_str).collect();
    let is_source = ["rs", "js", "jsx", "ts", "tsx", "vue", "svelte", "css", "html", "yml"];
    for folder in ["core", "src", "tests", "xtask", "www", "examples"] {
        must_not_contain(&files(folder, &is_source), &words, "unfinished");
    }
}

#[test]
fn texts_use_plain_words() {
    // An indefinite subject hides who acts, and these verbs have a usual name: fix, report, receive.
    let words = ["whoever", "whatever", "nobody", "somebody", "mend", "mends", "mended", "hears", "told"];
    let is_text = ["rs", "js", "mjs", "cjs", "ts", "tsx", "vue", "svelte", "md", "html"];
    let mut texts: Vec<_> = ["core", "src", "www", "docs", "examples", "xtask/src", "tests"]
        .iter()
        .flat_map(|folder| files(folder, &is_text))
        .collect();
    texts.extend(files(".github", &["md", "yml"]));
    for name in ["README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"] {
        texts.push((PathBuf::from(name), fs::read_to_string(root().join(name)).unwrap()));
    }
    let this_file = Path::new("tests/model/tidy.rs");
    let mut finds = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| path != this_file) {
        for (number, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            let mut found = lower.split(|letter: char| !letter.is_alphabetic()).filter(|word| words.contains(word));
            if let Some(word) = found.next() {
                finds.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    assert!(finds.is_empty(), "a plainer word is wanted at\n{}", finds.join("\n"));
}

/// A reader copies an example: the folder has all of it, and says how.
#[test]
fn every_example_has_a_short_text_and_is_listed() {
    let list = fs::read_to_string(root().join("examples/README.md")).unwrap();
    let folders = fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let names: Vec<String> = folders
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let text = fs::read_to_string(root().join("examples").join(&name).join("README.md")).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty()).count();
        assert!(lines <= 6, "examples/{name}/README.md has {lines} lines");
        for part in ["In your own project:", "Tested by `cargo xtask test"] {
            assert!(text.contains(part), "examples/{name}/README.md does not say {part:?}");
        }
        assert!(list.contains(&format!("[{name}]({name})")), "examples/README.md does not list {name}");
    }
}

#[test]
fn lock_files_hold_no_address_of_a_registry() {
    for (path, text) in files("xtask", &["json"]) {
        assert!(!text.contains("\"resolved\""), "{}", path.display());
    }
}

#[test]
fn every_error_code_of_the_crate_is_declared_and_explained() {
    let declarations = fs::read_to_string(root().join("src/js/errors.d.ts")).unwrap();
    let page = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    for code in ErrorCode::WORDS {
        assert!(declarations.contains(&format!("\"{code}\"")), "errors.d.ts does not declare {code}");
        assert!(page.contains(&format!("| `{code}` |")), "docs/errors.md does not explain {code}");
    }
}

#[test]
fn every_browser_case_is_run() {
    let declared = fs::read_to_string(root().join("tests/browser/cases.rs")).unwrap();
    let mut cases = 0;
    for (path, text) in files("tests/browser", &["js"]) {
        let Some((_, body)) = text.split_once("export const run = runner({") else { continue };
        let module = path.file_stem().unwrap().to_str().unwrap();
        let (_, list) = declared.split_once(&format!("cases! {{ {module}:")).expect("a module of cases");
        let named: Vec<&str> = list.split('}').next().unwrap().split(',').map(str::trim).collect();
        // A case is a member of the object: one level deep, so two spaces in.
        for line in body.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name: String = line
                .trim_start()
                .trim_start_matches("async ")
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if name.is_empty() {
                continue;
            }
            assert!(named.contains(&name.as_str()), "tests/browser/cases.rs does not run {module}::{name}");
            cases += 1;
        }
        assert!(!named.is_empty());
    }
    assert!(cases > 140, "only {cases} cases were found");
}
