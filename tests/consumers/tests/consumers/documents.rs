//! The code blocks of the README and of `docs`: each is type-checked here, or run by another test.

use std::fs;
use std::path::Path;

use consumer_tests::Project;

/// The page whose blocks `test_runners.rs` runs.
const RUN_BY_TEST_RUNNERS: &str = "testing";
/// The page whose HTML `examples.rs` runs.
const RUN_IN_A_PAGE: &str = "getting-started";

/// One code block.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    language: String,
    /// The number of its first line.
    line: usize,
    code: String,
}

/// The code blocks of a document, without the indentation of a list around them.
fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut indentation = None;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        match (trimmed.strip_prefix("```"), indentation) {
            (Some(language), None) => {
                indentation = Some(line.len() - trimmed.len());
                found.push(Block { language: language.to_owned(), line: index + 2, code: String::new() });
            }
            (Some(_), Some(_)) => indentation = None,
            (None, Some(spaces)) => {
                let block = found.last_mut().expect("a block");
                block.code.push_str(line.get(spaces..).unwrap_or_default());
                block.code.push('\n');
            }
            (None, None) => {}
        }
    }
    assert_eq!(indentation, None, "a block without an end");
    found
}

/// The README and the pages of `docs`: name and text.
fn documents() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pages = fs::read_dir(root.join("docs")).expect("the pages").map(|page| page.expect("a page").path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let named = pages.chain([root.join("README.md")]).map(|path| {
        let folder = if path.parent() == Some(&root) { "" } else { "docs-" };
        let name = path.file_stem().expect("a name").to_string_lossy();
        (format!("{folder}{name}"), fs::read_to_string(&path).expect("a page"))
    });
    named.collect()
}

#[test]
fn every_code_block_has_correct_types() {
    let project = Project::new("types", "documents");
    let _ = fs::remove_dir_all(project.path("blocks"));
    let mut arguments: Vec<String> =
        ["--noEmit", "--strict", "--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler"]
            .map(str::to_owned)
            .into();
    // A block of JavaScript has no types of its own.
    arguments.extend(["--noImplicitAny", "false", "--lib", "esnext,dom,dom.iterable"].map(str::to_owned));
    arguments.extend(["--types", "", "given.d.ts"].map(str::to_owned));
    let mut count = 0;
    for (name, text) in documents() {
        for Block { language, line, code } in blocks(&text) {
            match language.as_str() {
                "html" => assert_eq!(name, format!("docs-{RUN_IN_A_PAGE}"), "an HTML block that no test runs"),
                "js" | "ts" if name != format!("docs-{RUN_BY_TEST_RUNNERS}") => {
                    let file = format!("blocks/{name}-{line}.ts");
                    // A module of its own, so that no two blocks share their names.
                    project.write(&file, &format!("{code}export {{}};\n"));
                    arguments.push(file);
                    count += 1;
                }
                _ => {}
            }
        }
    }
    assert!(count > 25, "only {count} blocks were found");
    project.run("tsc", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn blocks_are_found_wherever_they_are() {
    let block = |language: &str, line, code: &str| Block { language: language.into(), line, code: code.into() };
    for (text, expected) in [
        ("no code", vec![]),
        ("```js\na\n```", vec![block("js", 2, "a\n")]),
        ("x\n\n```ts\na\n\nb\n```\ny\n```sh\nc\n```", vec![block("ts", 4, "a\n\nb\n"), block("sh", 10, "c\n")]),
        ("1. x\n\n   ```js\n   a\n     b\n   ```", vec![block("js", 4, "a\n  b\n")]),
        ("```html\n<p>`x`</p>\n```", vec![block("html", 2, "<p>`x`</p>\n")]),
        ("```js\n```", vec![block("js", 2, "")]),
    ] {
        assert_eq!(blocks(text), expected, "{text}");
    }
}
