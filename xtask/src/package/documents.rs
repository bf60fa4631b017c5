//! The documents of the package: README, changelog, licences and the pages of `docs`, with links that work where the package
//! is read. A link to a file of the package stays relative; any other becomes absolute, below `repository` in `Cargo.toml`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::project::Project;

/// The folder of the pages, in the repository and in the package.
pub(super) const FOLDER: &str = "docs";

/// Copies all documents into the package.
pub(super) fn copy(project: &Project, next: &Path) -> Result<()> {
    fs::create_dir_all(next.join(FOLDER)).with_context(|| format!("cannot make the folder {FOLDER}"))?;
    let at_root = |name: &String| ["README.md", "CHANGELOG.md"].contains(&name.as_str()) || name.starts_with("LICENSE");
    let pages = super::file_names(&project.root.join(FOLDER))?.into_iter();
    let pages = pages.filter(|name| is_markdown(name)).map(|name| format!("{FOLDER}/{name}"));
    let shipped: BTreeSet<String> =
        super::file_names(&project.root)?.into_iter().filter(at_root).chain(pages).collect();
    let repository = project.manifest_text("repository")?;
    for path in &shipped {
        let from = project.root.join(path);
        let text = fs::read_to_string(&from).with_context(|| format!("cannot read {}", from.display()))?;
        let text = if is_markdown(path) { with_links(&text, path, &shipped, repository) } else { text };
        fs::write(next.join(path), text).with_context(|| format!("cannot write {path}"))?;
    }
    Ok(())
}

fn is_markdown(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "md")
}

/// The text of a document with links that work in the package. Code stays as it is.
fn with_links(text: &str, document: &str, shipped: &BTreeSet<String>, repository: &str) -> String {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let target = |target: &str, route: &str| absolute(target, folder, shipped, repository, route);
    let mut is_code = false;
    let line = |line: &str| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if is_code || is_fence {
            return line.to_owned();
        }
        let part = |(index, part): (usize, &str)| {
            if index % 2 == 1 {
                return part.to_owned();
            }
            let part = replaced(part, "](", ')', |link| target(link, "blob"));
            let part = replaced(&part, "src=\"", '"', |link| target(link, "raw"));
            replaced(&part, "srcset=\"", '"', |link| target(link, "raw"))
        };
        line.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A text in which everything between a start and the next end is replaced.
fn replaced(text: &str, start: &str, end: char, replace: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(start);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str(start);
        match part.split_once(end) {
            Some((target, rest)) => {
                result.push_str(&replace(target));
                result.push(end);
                result.push_str(rest);
            }
            None => result.push_str(part),
        }
    }
    result
}

/// A link as it is in the package.
fn absolute(target: &str, folder: &str, shipped: &BTreeSet<String>, repository: &str, route: &str) -> String {
    if target.starts_with('#') || target.contains("://") {
        return target.to_owned();
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    if shipped.contains(&path) {
        return target.to_owned();
    }
    let anchor = anchor.map_or_else(String::new, |anchor| format!("#{anchor}"));
    format!("{repository}/{route}/HEAD/{path}{anchor}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::with_links;

    /// A document of the package, a text in it, and the same text in the package.
    const CASES: [(&str, &str, &str); 11] = [
        ("README.md", "[a](docs/a.md) and [b](docs/a.md#b)", "[a](docs/a.md) and [b](docs/a.md#b)"),
        ("README.md", "[c](CONTRIBUTING.md)", "[c](https://forge/r/blob/HEAD/CONTRIBUTING.md)"),
        ("README.md", "[c](docs/gone.md#x)", "[c](https://forge/r/blob/HEAD/docs/gone.md#x)"),
        ("README.md", "<img src=\"docs/s.png\">", "<img src=\"https://forge/r/raw/HEAD/docs/s.png\">"),
        ("README.md", "<source srcset=\"docs/s.png\">", "<source srcset=\"https://forge/r/raw/HEAD/docs/s.png\">"),
        (
            "docs/a.md",
            "[r](../README.md) [a](a.md) [t](../tests/b/c.js)",
            "[r](../README.md) [a](a.md) [t](https://forge/r/blob/HEAD/tests/b/c.js)",
        ),
        ("docs/a.md", "[x](./b.md)", "[x](https://forge/r/blob/HEAD/docs/b.md)"),
        ("docs/a.md", "[x](#x) [y](https://example.com)", "[x](#x) [y](https://example.com)"),
        ("docs/a.md", "[`x`](../CONTRIBUTING.md)", "[`x`](https://forge/r/blob/HEAD/CONTRIBUTING.md)"),
        ("docs/a.md", "`[x](../CONTRIBUTING.md)`", "`[x](../CONTRIBUTING.md)`"),
        ("docs/a.md", "```js\n[x](y)\n```\n[x](y)", "```js\n[x](y)\n```\n[x](https://forge/r/blob/HEAD/docs/y)"),
    ];

    #[test]
    fn links_work_in_the_package() {
        let shipped: BTreeSet<String> = ["README.md", "docs/a.md"].map(str::to_owned).into();
        for (document, text, expected) in CASES {
            assert_eq!(with_links(text, document, &shipped, "https://forge/r"), expected, "{document}: {text}");
        }
    }
}
