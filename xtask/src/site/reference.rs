//! The API reference, which `TypeDoc` makes of the package's declarations.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{ICON, files, write_file};
use crate::child;
use crate::project::Project;

/// The entries of the package: the module name with its folder, the declarations, and what the reference says of it first.
const ENTRIES: [(&str, &str, &str); 2] = [
    ("kling-multi-image2video", "index", "The client: for web pages, workers, and every bundler."),
    ("kling-multi-image2video/relay", "relay", "The relay: for a site's own server, which adds the key."),
];

/// What stands for the root of the site in `typedoc.json`, where links cannot be relative to each document.
const ROOT: &str = "https://site.invalid/";

/// What `TypeDoc` leaves out for people who use a screen reader: the places of a document.
const PLACES: [(&str, &str); 4] = [
    ("<div class=\"col-content\">", "<div class=\"col-content\" role=\"main\">"),
    ("<div class=\"page-menu\">", "<div class=\"page-menu\" role=\"navigation\" aria-label=\"On this page\">"),
    ("<nav id=\"tsd-sidebar-links\"", "<nav id=\"tsd-sidebar-links\" aria-label=\"Site\""),
    ("<nav class=\"tsd-navigation\">", "<nav class=\"tsd-navigation\" aria-label=\"Reference\">"),
];

/// A link to a heading, which may not stand in the button that folds what is below that heading.
const PERMALINK_END: &str = "</a>";

const SCRIPT_START: &str = "<script>document.documentElement.dataset.theme";
const SCRIPT_END: &str = "</script>";

/// The reference has scripts, for its menu and its search; it loads nothing from elsewhere. Its script makes a style element.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' data:; \
                      base-uri 'none'; form-action 'none'";

/// Writes the reference of the package that was built last.
pub(super) fn write(project: &Project, folder: &Path) -> Result<()> {
    // Inside of `target`, so that the compiler finds no declarations of other packages.
    let sources = project.root.join("target/reference");
    let _ = fs::remove_dir_all(&sources);
    let package = project.package_dir();
    let package = package.to_str().context("the path of the package is not UTF-8")?;
    let mut command = Command::new("node");
    let tools = project.tools.site_npm_folder();
    command.current_dir(tools).arg(tools.join("node_modules/typedoc/bin/typedoc"));
    command.arg("--options").arg(project.root.join("xtask/npm-site/typedoc.json"));
    write_file(&sources.join("icon.svg"), ICON)?;
    command.arg("--favicon").arg(sources.join("icon.svg"));
    command.arg("--tsconfig").arg(sources.join("tsconfig.json")).arg("--out").arg(folder);
    for (name, declarations, about) in ENTRIES {
        let source = sources.join(format!("{name}.ts"));
        // Otherwise the reference would call it `default`.
        let main = if declarations == "index" {
            format!("export {{ default as init }} from \"{package}/index.js\";\n")
        } else {
            String::new()
        };
        let text = format!(
            "/**\n * {about}\n *\n * @module {name}\n */\nexport * from \"{package}/{declarations}.js\";\n{main}"
        );
        write_file(&source, &text)?;
        command.arg("--entryPoints").arg(source);
    }
    write_file(&sources.join("tsconfig.json"), include_str!("../../npm-site/tsconfig.json"))?;
    child::run(&mut command).context("cannot write the API reference")?;
    for document in files(folder)?.iter().filter(|path| path.extension().is_some_and(|ending| ending == "html")) {
        let path = folder.join(document);
        let html = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (html, script) = separate(&accessible(&html))
            .with_context(|| format!("{}: not as TypeDoc wrote it before", path.display()))?;
        write_file(&path, &html)?;
        write_file(&folder.join("assets/start.js"), &script)?;
    }
    Ok(())
}

/// The document with its places named, and without links inside of buttons.
fn accessible(html: &str) -> String {
    let named = PLACES.iter().fold(html.to_owned(), |html, (before, after)| html.replace(before, after));
    let mut parts = named.split("<summary");
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (summary, rest) = part.split_once("</summary>").unwrap_or((part, ""));
        let mut summary = summary.to_owned();
        while let Some(start) = summary.find("<a href=\"#") {
            let end = summary[start..].find(PERMALINK_END).map_or(summary.len(), |at| start + at + PERMALINK_END.len());
            summary.replace_range(start..end, "");
        }
        changed.extend(["<summary", &summary, "</summary>", rest]);
    }
    changed
}

/// The document with a policy, and with its inline script, which that policy forbids, as a file.
fn separate(html: &str) -> Result<(String, String)> {
    let base = html.split_once("data-base=\"").and_then(|(_, rest)| rest.split_once('"')).context("no data-base")?.0;
    let (before, rest) = html.split_once(SCRIPT_START).context("no script that sets the theme")?;
    let (script, after) = rest.split_once(SCRIPT_END).context("an open script")?;
    ensure!(!after.contains("<script>") && !before.contains("<script>"), "another inline script");
    let script = format!("{}{script}\n", SCRIPT_START.trim_start_matches("<script>"));
    let html = format!("{before}<script src=\"{base}assets/start.js\"></script>{after}");
    let policy = format!("<head><meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>");
    Ok((html.replacen("<head>", &policy, 1).replace(ROOT, &format!("{base}../")), script))
}

#[cfg(test)]
mod tests {
    use super::{accessible, separate};

    #[test]
    fn a_document_keeps_no_inline_script_and_no_absolute_link() {
        let html = "<html data-base=\"../\"><head><title>x</title></head><body><script>document.documentElement.dataset.theme = 1</script>\
                    <a href=\"https://site.invalid/docs/index.html\">Documents</a></body></html>";
        let (html, script) = separate(html).unwrap();
        assert_eq!(script, "document.documentElement.dataset.theme = 1\n");
        for expected in
            ["<head><meta http-equiv", "<script src=\"../assets/start.js\"></script>", "href=\"../../docs/index.html\""]
        {
            assert!(html.contains(expected), "{html}");
        }
        assert!(separate("<html data-base=\"\"><head></head></html>").is_err());
    }

    #[test]
    fn a_button_has_no_link_inside() {
        for (html, expected) in [
            ("<p><a href=\"#a\">x</a></p>", "<p><a href=\"#a\">x</a></p>"),
            ("<summary><h2>A<a href=\"#a\">x</a></h2></summary>b", "<summary><h2>A</h2></summary>b"),
            ("<summary><a href=\"#a\"></a><a href=\"#b\"></a></summary>", "<summary></summary>"),
            (
                "<summary>A</summary><a href=\"#a\"></a><summary></summary>",
                "<summary>A</summary><a href=\"#a\"></a><summary></summary>",
            ),
            ("<div class=\"col-content\">", "<div class=\"col-content\" role=\"main\">"),
        ] {
            assert_eq!(accessible(html), expected);
        }
    }
}
