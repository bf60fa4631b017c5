//! What a public repository has: the texts for contributors, the workflow, and one place that names the repository.

use std::fs;
use std::path::{Path, PathBuf};

const WORKFLOW: &str = ".github/workflows/ci.yml";

/// What is made, installed or locked.
const NOT_WRITTEN: [&str; 6] = [".git", "target", "pkg", "node_modules", "Cargo.lock", "package-lock.json"];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All text files below a folder that were written by hand, as paths and texts.
fn texts(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if NOT_WRITTEN.contains(&name) || name.starts_with(".pkg-") {
            continue;
        }
        if path.is_dir() {
            texts(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
        }
    }
}

/// The URL in the manifest of the workspace.
fn url() -> String {
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("\nrepository = \"").expect("the URL of the repository");
    rest.split_once('"').unwrap().0.to_owned()
}

#[test]
fn one_place_names_the_repository() {
    let url = url();
    let path = url.strip_prefix("https://github.com/").expect("a repository on GitHub");
    assert_eq!(path.split('/').count(), 2, "{url}");
    let mut all = Vec::new();
    texts(root(), &mut all);
    assert!(all.len() > 300, "only {} files", all.len());
    let naming: Vec<_> = all.iter().filter(|(_, text)| text.contains(path)).map(|(path, _)| path).collect();
    assert_eq!(naming, [Path::new("Cargo.toml")], "{path} is named elsewhere");
    for manifest in ["Cargo.toml", "core/Cargo.toml", "xtask/Cargo.toml", "tests/simulator/Cargo.toml"] {
        assert!(read(manifest).contains("repository.workspace = true"), "{manifest} has a repository of its own");
    }
    let package = read("xtask/src/package/npm_manifest.rs");
    assert!(package.contains("project.manifest_text(\"repository\")"), "package.json has another repository");
}

#[test]
fn the_workflow_runs_what_contributors_run() {
    let workflow = read(WORKFLOW);
    for line in ["- run: .ci/run", "- run: cargo xtask site", "path: target/site", "needs: [test, site]"] {
        assert!(workflow.contains(line), "{WORKFLOW} has no `{line}`");
    }
    assert!(read(".ci/run").lines().any(|line| line == "cargo xtask test"), ".ci/run runs another command");
    // Nothing in it may spend money or publish.
    for word in ["COMETAPI_KEY", "secrets.", "npm publish"] {
        assert!(!workflow.contains(word), "{WORKFLOW} has {word}");
    }
}

#[test]
fn actions_have_full_versions() {
    let workflow = read(WORKFLOW);
    let actions: Vec<&str> =
        workflow.lines().filter_map(|line| line.split_once("uses: ")).map(|(_, name)| name).collect();
    assert!(actions.len() >= 5, "{actions:?}");
    for action in actions {
        let (_, version) = action.split_once("@v").unwrap_or_else(|| panic!("{action} has no version"));
        let numbers: Vec<_> = version.split('.').map(str::parse::<u32>).collect();
        assert!(numbers.len() == 3 && numbers.iter().all(Result::is_ok), "{action} has no full version");
    }
}

#[test]
fn contributors_find_what_they_need() {
    for (path, texts) in [
        ("CODE_OF_CONDUCT.md", &["Contributor Covenant, version 2.1", "Report a vulnerability"][..]),
        ("SECURITY.md", &["Report a vulnerability"]),
        ("CONTRIBUTING.md", &["(CODE_OF_CONDUCT.md)", "(RELEASING.md)", "(tests/README.md)"]),
        ("RELEASING.md", &["`repository` in `Cargo.toml`", "CHANGELOG.md", ".ci/run", "npm publish ./pkg"]),
        ("CHANGELOG.md", &["## [Unreleased]"]),
        (".github/pull_request_template.md", &["cargo xtask test", "CHANGELOG.md"]),
        (".github/ISSUE_TEMPLATE/bug.yml", &["API key", "SECURITY.md", "paid twice"]),
        (".github/ISSUE_TEMPLATE/feature.yml", &["required: true"]),
        (".github/ISSUE_TEMPLATE/config.yml", &["blank_issues_enabled: false"]),
        ("tests/README.md", &["cargo xtask test consumers"]),
        ("tests/simulator/README.md", &["simulator"]),
        ("examples/README.md", &["relay"]),
        (".editorconfig", &["root = true"]),
    ] {
        let content = read(path);
        for text in texts {
            assert!(content.contains(text), "{path} does not say {text:?}");
        }
    }
}
