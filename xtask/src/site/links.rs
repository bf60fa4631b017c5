//! Finds links that lead nowhere, and everything that another host would have to deliver.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use super::files;
use super::markup::{Tag, decoded, tags, unescaped};

/// One line for each fault in the HTML documents and style sheets of a folder.
pub(super) fn faults(folder: &Path) -> Result<Vec<String>> {
    let mut site = Site::new();
    for path in files(folder)? {
        let is_text = ["html", "css", "svg"].iter().any(|text| ending(&path) == *text);
        let text = if is_text {
            fs::read_to_string(folder.join(&path)).with_context(|| format!("cannot read {}", path.display()))?
        } else {
            String::new()
        };
        site.insert(path, text);
    }
    Ok(faults_in(&site))
}

/// The files of a site, with the content of those that have links or ids.
type Site = BTreeMap<PathBuf, String>;

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default()
}

fn faults_in(site: &Site) -> Vec<String> {
    let ids: BTreeMap<&Path, BTreeSet<String>> =
        site.iter().map(|(path, text)| (path.as_path(), ids(path, text))).collect();
    let mut faults = Vec::new();
    for (path, text) in site {
        let mut report = |target: &str, is_opened: bool| {
            let fault = fault(path, target, &ids).filter(|fault| !is_opened || *fault != Fault::Elsewhere);
            faults.extend(fault.map(|fault| format!("{}: {target}: {}", path.display(), fault.text())));
        };
        match ending(path) {
            "html" => {
                for tag in tags(text) {
                    for (_, target) in tag.attributes.iter().filter(|(name, _)| is_link(&tag, name)) {
                        report(&unescaped(target), tag.name == "a");
                    }
                }
            }
            "css" => urls(text).iter().for_each(|target| report(target, false)),
            _ => {}
        }
    }
    faults
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Another host has it: the site may link there, and loads nothing from there.
    Elsewhere,
    /// It begins at the root of the host, or leads out of the folder.
    Outside,
    /// No such file.
    NoFile,
    /// No element with this id.
    NoId,
}

impl Fault {
    fn text(self) -> &'static str {
        match self {
            Self::Elsewhere => "loaded from another host",
            Self::Outside => "leads out of the site",
            Self::NoFile => "no such file",
            Self::NoId => "no such id in that document",
        }
    }
}

/// Whether an attribute holds a URL that a browser loads or opens.
fn is_link(tag: &Tag<'_>, attribute: &str) -> bool {
    match attribute {
        "href" => tag.name != "base",
        "src" | "poster" | "srcset" | "data" | "action" => true,
        _ => false,
    }
}

fn ids(path: &Path, text: &str) -> BTreeSet<String> {
    let has_ids = ["html", "svg"].contains(&ending(path));
    let tags = if has_ids { tags(text) } else { Vec::new() };
    tags.iter().filter_map(|tag| tag.attribute("id")).map(unescaped).collect()
}

/// The targets of `url(…)` and `@import` in a style sheet.
fn urls(css: &str) -> Vec<String> {
    let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let urls = css.split("url(").skip(1).filter_map(|rest| Some(unquoted(rest.split_once(')')?.0)));
    let imports = css.split("@import").skip(1).filter_map(|rest| Some(unquoted(rest.split_once(';')?.0)));
    urls.chain(imports.filter(|import| !import.contains("url("))).collect()
}

/// What is wrong with a link in a document. `ids` has all files.
fn fault(document: &Path, target: &str, ids: &BTreeMap<&Path, BTreeSet<String>>) -> Option<Fault> {
    if target.starts_with("data:") || target.starts_with("mailto:") {
        return None;
    }
    if target.starts_with("//") || target.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':')) {
        return Some(Fault::Elsewhere);
    }
    if target.starts_with('/') {
        return Some(Fault::Outside);
    }
    let (path, id) = target.split_once('#').map_or((target, ""), |(path, id)| (path, id));
    let path = path.split('?').next().unwrap_or_default();
    let path = if path.is_empty() { Some(document.to_owned()) } else { resolved(document, path) };
    let Some(mut path) = path else { return Some(Fault::Outside) };
    if !ids.contains_key(path.as_path()) {
        path = path.join("index.html");
    }
    let Some(ids) = ids.get(path.as_path()) else { return Some(Fault::NoFile) };
    (!id.is_empty() && !ids.contains(&decoded(id))).then_some(Fault::NoId)
}

/// The path from the root of a site or a repository that a link in a document leads to; `None` if it leads out of it.
pub(super) fn resolved(document: &Path, target: &str) -> Option<PathBuf> {
    let mut path = document.parent()?.to_owned();
    for part in Path::new(&decoded(target)).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => path.pop().then_some(())?,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::faults_in;

    /// A site of two documents and a style sheet, with this in the first one.
    fn check(body: &str, expected: &[&str]) {
        let files = [
            ("docs/one.html", body),
            ("docs/a b/index.html", "<h1 id=\"tête\">x</h1>"),
            ("icons.svg", "<svg><g id=\"menu\"/></svg>"),
            ("style.css", "a { background: url(\"docs/one.html\") }"),
        ];
        let site = files.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect();
        assert_eq!(faults_in(&site), expected, "{body}");
    }

    #[test]
    fn good_links_are_no_faults() {
        check("<a href=\"#x\" id=\"x\"></a><a href=\"one.html#x\"></a><a href=\"../docs/one.html?a=1#x\"></a>", &[]);
        check("<a href=\"a%20b/\"></a><a href=\"a%20b/index.html#t%C3%AAte\"></a><a href=\"./a b\"></a>", &[]);
        check("<a href=\"https://example.com/\"></a><a href=\"//example.com\"></a><img src=\"data:,\">", &[]);
        check("<link rel=\"stylesheet\" href=\"../style.css\"><use href=\"../icons.svg#menu\">", &[]);
        check("<p data-href=\"gone\">&lt;a href=\"gone\"</p><!-- <a href=\"gone\"> -->", &[]);
    }

    #[test]
    fn each_kind_of_fault_is_found() {
        check("<a href=\"gone.html\"></a>", &["docs/one.html: gone.html: no such file"]);
        check("<a href=\"#gone\"></a>", &["docs/one.html: #gone: no such id in that document"]);
        check("<a href=\"a b/#x\"></a>", &["docs/one.html: a b/#x: no such id in that document"]);
        check("<img src=\"/x.png\">", &["docs/one.html: /x.png: leads out of the site"]);
        check("<a href=\"../../x.html\"></a>", &["docs/one.html: ../../x.html: leads out of the site"]);
        check(
            "<img src=\"https://example.com/x.png\">",
            &["docs/one.html: https://example.com/x.png: loaded from another host"],
        );
        check(
            "<script src=\"//example.com/x.js\"></script>",
            &["docs/one.html: //example.com/x.js: loaded from another host"],
        );
        check(
            "<link rel=\"icon\" href=\"http://example.com/x\">",
            &["docs/one.html: http://example.com/x: loaded from another host"],
        );
    }

    #[test]
    fn a_style_sheet_loads_nothing_from_elsewhere() {
        let sheets = [
            ("url(x.png)", "x.png: no such file"),
            ("@import 'https://example.com/font.css';", "https://example.com/font.css: loaded from another host"),
            ("@import url(\"//example.com/x\");", "//example.com/x: loaded from another host"),
            ("a { src: url( '/font.woff' ) }", "/font.woff: leads out of the site"),
            ("a { src: url(../font.woff) }", "../font.woff: leads out of the site"),
        ];
        for (css, expected) in sheets {
            let site = [("style.css".into(), css.to_owned())].into_iter().collect();
            assert_eq!(faults_in(&site), [format!("style.css: {expected}")]);
        }
    }
}
