//! The site: one folder with the page, the package, the documents and the API reference, for any static host and any path.
//!
//! All links are relative, and nothing is loaded from another host; [`links`] checks both in every folder that is written. The
//! page's `config.json` switches on the part of the page that plays the service.

mod documents;
mod links;
mod markdown;
mod markup;
mod reference;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use crate::package;
use crate::project::Project;
use crate::setup::{self, Need};

/// The file that marks a folder as written by this command: no other folder is replaced.
const MARK: &str = ".kling-site";

/// Where the page finds out that it plays the service.
const CONFIG: &str = "{ \"standIn\": true }\n";

/// The icon of the documents and of the reference; the page has it inside.
const ICON: &str = include_str!("site/icon.svg");

/// What the site has more than the page of the demo, at the end of the page.
const PAGE_LINKS: &str = "    <p><a href=\"docs/index.html\">Documentation</a> · <a href=\"reference/index.html\">API reference</a></p>\n  </footer>";

/// Builds the package and writes the site.
pub(crate) fn run(project: &Project, out: &Path) -> Result<ExitCode> {
    package::build(project)?;
    write(project, out)?;
    println!("wrote {}; serve it with any file server, for example:\n", out.display());
    println!("    npx serve {0}    or    python3 -m http.server --directory {0}\n", out.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes the site around the package that was built last, and checks its links.
pub(crate) fn write(project: &Project, out: &Path) -> Result<()> {
    setup::ensure(project, &[Need::NpmTools, Need::SiteTools])?;
    clear(out)?;
    copy_page(project, out)?;
    copy_folder(&project.package_dir(), &out.join("pkg"))?;
    let decoder = project.tools.npm_package("heic-to");
    copy_file(&decoder.join("dist/csp/heic-to.js"), &out.join("heic-to/heic-to.js"))?;
    copy_file(&decoder.join("LICENSE"), &out.join("heic-to/LICENSE"))?;
    documents::write(project, &out.join("docs"))?;
    reference::write(project, &out.join("reference"))?;
    let faults = links::faults(out)?;
    ensure!(faults.is_empty(), "the site has links that lead nowhere or load from elsewhere:\n{}", faults.join("\n"));
    Ok(())
}

/// Makes the folder empty. Refuses to delete what this command has not written.
fn clear(out: &Path) -> Result<()> {
    let is_empty = fs::read_dir(out).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !out.join(MARK).is_file() {
        bail!("{} has other files in it; choose an empty folder, or delete it", out.display());
    }
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot empty {}", out.display()))?;
    }
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    write_file(&out.join(MARK), "")
}

fn copy_page(project: &Project, out: &Path) -> Result<()> {
    copy_folder(&project.page_dir(), out)?;
    let page = out.join("index.html");
    let html = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    ensure!(html.matches("  </footer>").count() == 1, "expected one footer in www/index.html");
    write_file(&page, &html.replace("  </footer>", PAGE_LINKS))?;
    write_file(&out.join("config.json"), CONFIG)
}

/// Copies a folder with all that is in it.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for file in files(from)? {
        copy_file(&from.join(&file), &to.join(&file))?;
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::copy(from, to).map(drop).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The paths of all files below a folder, relative to it, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next).with_context(|| format!("cannot read the folder {}", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
