//! The documents of the repository as HTML: `docs/*.md` and those beside `README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::links::resolved;
use super::markdown::{Rendered, render};
use super::markup::escaped;
use super::{ICON, copy_file, write_file};
use crate::project::Project;

/// The documents beside those in `docs`.
const AT_THE_ROOT: [&str; 4] = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

/// The list of all documents.
const INDEX: &str = "docs/README.md";

/// What a document may show: other files are linked in the repository.
const IMAGES: [&str; 4] = ["png", "jpg", "svg", "webp"];

/// The declarations, which the API reference is made of.
const DECLARATIONS: &str = "src/js";

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/// Writes all documents into a folder, in which they have no other folders than that of their images.
pub(super) fn write(project: &Project, folder: &Path) -> Result<()> {
    let repository = project.manifest_text("repository")?;
    let mut site = Site { root: &project.root, repository, names: names(&project.root)?, images: BTreeSet::new() };
    let mut rendered = Vec::new();
    for (source, name) in &site.names.clone() {
        let path = project.root.join(source);
        let markdown = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let document = render(&markdown, &mut |target| site.link(source, target));
        rendered.push((source.clone(), name.clone(), document));
    }
    let order = order(&project.root)?;
    rendered.sort_by_key(|(source, ..)| {
        let place = order.iter().position(|listed| listed == source).unwrap_or(order.len());
        (place, !source.starts_with("docs"), source.clone())
    });
    let title = |document: &Rendered, name: &str| document.title.clone().unwrap_or_else(|| name.to_owned());
    let titles: Vec<(String, String)> =
        rendered.iter().map(|(_, name, document)| (name.clone(), title(document, name))).collect();
    for (_, name, document) in &rendered {
        write_file(&folder.join(name), &page(name, &title(document, name), &titles, &document.html))?;
    }
    if !site.names.contains_key(Path::new(INDEX)) {
        // Without a list of all documents, the README is what visitors see first.
        copy_file(&folder.join("readme.html"), &folder.join("index.html"))?;
    }
    for image in &site.images {
        copy_file(&project.root.join(image), &folder.join("images").join(image.file_name().unwrap_or_default()))?;
    }
    write_file(&folder.join("icon.svg"), ICON)?;
    write_file(&folder.join("documents.css"), include_str!("documents.css"))
}

/// The documents, by path in the repository, each with its name on the site.
fn names(root: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let docs = root.join("docs");
    let mut names: BTreeMap<_, _> = AT_THE_ROOT
        .iter()
        .map(|name| (PathBuf::from(name), format!("{}.html", name.trim_end_matches(".md").to_lowercase())))
        .collect();
    for entry in fs::read_dir(&docs).with_context(|| format!("cannot read {}", docs.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".md") {
            let name = if stem == "README" { "index.html".to_owned() } else { format!("{stem}.html") };
            names.insert(Path::new("docs").join(format!("{stem}.md")), name);
        }
    }
    Ok(names)
}

/// The documents in the order in which their list links them, behind the list itself and the README.
fn order(root: &Path) -> Result<Vec<PathBuf>> {
    let mut order = vec![PathBuf::from(INDEX), PathBuf::from("README.md")];
    if root.join(INDEX).is_file() {
        let list = fs::read_to_string(root.join(INDEX)).with_context(|| format!("cannot read {INDEX}"))?;
        render(&list, &mut |target| {
            let path = target.split('#').next().unwrap_or_default();
            order.extend(resolved(Path::new(INDEX), path));
            target.to_owned()
        });
    }
    Ok(order)
}

/// Where the links of the documents lead.
struct Site<'a> {
    root: &'a Path,
    repository: &'a str,
    names: BTreeMap<PathBuf, String>,
    /// The images that were linked, by path in the repository.
    images: BTreeSet<PathBuf>,
}

impl Site<'_> {
    /// The target of a link on the site. A link to nothing stays as it is: the check of all links finds it.
    fn link(&mut self, document: &Path, target: &str) -> String {
        let (path, id) = target.split_once('#').map_or((target, None), |(path, id)| (path, Some(id)));
        let id = id.map(|id| format!("#{id}")).unwrap_or_default();
        if path.is_empty() || path.split('/').next().is_some_and(|start| start.contains(':')) {
            return target.to_owned();
        }
        let Some(file) = resolved(document, path).filter(|file| self.root.join(file).exists()) else {
            return target.to_owned();
        };
        if let Some(name) = self.names.get(&file) {
            return format!("{name}{id}");
        }
        let name = file.to_string_lossy().replace('\\', "/");
        if name.starts_with(DECLARATIONS) && name.ends_with(".d.ts") {
            return "../reference/index.html".to_owned();
        }
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if IMAGES.contains(&ending) {
            let url = format!("images/{}", file.file_name().unwrap_or_default().to_string_lossy());
            self.images.insert(file);
            return url;
        }
        format!("{}/blob/HEAD/{path}{id}", self.repository, path = name.replace(' ', "%20"))
    }
}

/// A whole document with the list of all documents.
fn page(name: &str, title: &str, titles: &[(String, String)], html: &str) -> String {
    let entry = |(other, title): &(String, String)| {
        let current = if other == name { " aria-current=\"page\"" } else { "" };
        format!("        <li><a href=\"{other}\"{current}>{}</a></li>\n", escaped(title))
    };
    let list: String = titles.iter().map(entry).collect();
    let title = escaped(title);
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
  <meta charset=\"utf-8\">
  <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">
  <meta name=\"referrer\" content=\"no-referrer\">
  <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
  <meta name=\"color-scheme\" content=\"light dark\">
  <title>{title}</title>
  <link rel=\"icon\" href=\"icon.svg\">
  <link rel=\"stylesheet\" href=\"documents.css\">
</head>
<body>
  <header>
    <nav aria-label=\"Site\">
      <a href=\"../index.html\">Try it</a>
      <a href=\"index.html\">Documentation</a>
      <a href=\"../reference/index.html\">API reference</a>
    </nav>
  </header>
  <div class=\"columns\">
    <nav class=\"documents\" aria-label=\"Documents\">
      <ul>
{list}      </ul>
    </nav>
    <main>
{html}    </main>
  </div>
</body>
</html>
"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::{Site, names};

    #[test]
    fn links_of_documents_lead_to_the_site_or_the_repository() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let names = names(root).unwrap();
        let mut site = Site { root, repository: "https://host/repo", names, images: BTreeSet::new() };
        for (document, target, expected) in [
            ("README.md", "docs/loading.md#browsers", "loading.html#browsers"),
            ("docs/loading.md", "../README.md", "readme.html"),
            ("docs/loading.md", "testing.md", "testing.html"),
            ("docs/loading.md", "#browsers", "#browsers"),
            ("README.md", "https://example.com/a.md", "https://example.com/a.md"),
            ("README.md", "src/js/index.d.ts", "../reference/index.html"),
            ("docs/loading.md", "../xtask/src/main.rs#L1", "https://host/repo/blob/HEAD/xtask/src/main.rs#L1"),
            ("README.md", "LICENSE-MIT", "https://host/repo/blob/HEAD/LICENSE-MIT"),
            ("docs/loading.md", "../tests/cases/photos/chelsea.png", "images/chelsea.png"),
            ("docs/loading.md", "gone.md", "gone.md"),
            ("README.md", "../outside.md", "../outside.md"),
        ] {
            assert_eq!(site.link(Path::new(document), target), expected, "{target} in {document}");
        }
        assert_eq!(site.images.into_iter().collect::<Vec<_>>(), [PathBuf::from("tests/cases/photos/chelsea.png")]);
    }
}
