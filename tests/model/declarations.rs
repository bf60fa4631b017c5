//! The declarations of the package: each symbol has an example. The stage `consumers` compiles the examples.

use std::fs;
use std::path::Path;

const FILES: [&str; 5] = ["errors.d.ts", "images.d.ts", "index.d.ts", "relay.d.ts", "types.d.ts"];

/// Words of a declaration before the name of its symbol.
const WORDS: [&str; 8] = ["export", "default", "const", "function", "class", "interface", "type", "async"];

/// The exported symbols of a file and the methods of its client, each with its comment.
fn symbols(text: &str) -> Vec<(String, String)> {
    let mut symbols = Vec::new();
    let (mut comment, mut is_client) = (String::new(), false);
    for line in text.lines() {
        let marked = line.trim_start();
        if marked.starts_with("/**") {
            comment.clear();
        }
        if marked.starts_with("/**") || marked.starts_with('*') {
            comment.push_str(line);
            comment.push('\n');
            continue;
        }
        let is_exported = line.starts_with("export ") && !line.contains(" from ") && line != "export {};";
        let is_method = is_client && line.starts_with("  ") && !line.starts_with("   ") && line.contains('(');
        if is_exported || is_method {
            let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
            let name = words.find(|word| !WORDS.contains(word)).unwrap_or_default();
            symbols.push((name.to_owned(), std::mem::take(&mut comment)));
        }
        if is_exported {
            is_client = line.starts_with("export interface Client ");
        }
    }
    symbols
}

#[test]
fn every_exported_symbol_has_an_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/js");
    let mut count = 0;
    for file in FILES {
        for (name, comment) in symbols(&fs::read_to_string(folder.join(file)).unwrap()) {
            count += 1;
            assert!(comment.contains("@example"), "{name} in src/js/{file} has no @example");
            assert!(comment.contains("```js") || comment.contains("```ts"), "{name} in src/js/{file}: no code");
        }
    }
    assert!(count > 50, "only {count} symbols");
}

#[test]
fn symbols_are_found() {
    for (text, expected) in [
        ("/** a */\nexport type A = 1;", vec![("A", "/** a */\n")]),
        ("export const limits: {\n  readonly min: number;\n};", vec![("limits", "")]),
        ("/** old */\nconst own = 1;\n/**\n * new\n */\nexport class B {}", vec![("B", "/**\n * new\n */\n")]),
        ("export * from \"./a.js\";\nexport type { A } from \"./a.js\";", vec![]),
        ("export default function init(): void;", vec![("init", "")]),
        ("export interface Client {\n  /** x */\n  close(): void;\n}", vec![("Client", ""), ("close", "  /** x */\n")]),
        ("export interface Other {\n  run(): void;\n}", vec![("Other", "")]),
    ] {
        let expected: Vec<_> = expected.iter().map(|(name, comment)| (name.to_string(), comment.to_string())).collect();
        assert_eq!(symbols(text), expected, "{text}");
    }
}
