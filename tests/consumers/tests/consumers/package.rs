//! The tarball that would be published.

use std::fs;
use std::path::Path;

use consumer_tests::{Project, package};

#[test]
fn publint_and_attw_find_nothing() {
    let project = Project::new("lint", "package");
    let package = package().to_string_lossy();
    let said = project.run("publint", &[&package, "--strict", "--level", "warning"]);
    assert!(said.contains("All good!"), "{said}");
    // Only a bundler can import the module itself, and no one can `require` it.
    let module = ["--exclude-entrypoints", "kling_multi_image2video_bg.wasm"];
    project.run("attw", &[&[&*package, "--profile", "node16"], &module[..]].concat());
    let said = project.run("attw", &[&package, "--profile", "esm-only", "--no-emoji"]);
    assert!(said.contains("\"kling-multi-image2video/inline\""), "{said}");
}

#[test]
fn the_package_has_exactly_these_files() {
    let project = Project::new("lint", "files");
    let installed = project.path("node_modules/kling-multi-image2video");
    let found = names(&installed);
    let expected = [
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "cli",
        "docs",
        "errors.d.cts",
        "errors.d.ts",
        "images.d.cts",
        "images.d.ts",
        "index.cjs",
        "index.d.cts",
        "index.d.ts",
        "index.js",
        "inline.d.ts",
        "inline.js",
        "kling_multi_image2video_bg.wasm",
        "kling_multi_image2video_bg.wasm.d.ts",
        "package.json",
        "page",
        "prepare.js",
        "relay.cjs",
        "relay.d.cts",
        "relay.d.ts",
        "relay.js",
        "types.d.cts",
        "types.d.ts",
        "wasm.inline.js",
    ];
    assert_eq!(found, expected);
    assert_eq!(names(&installed.join("cli")), ["command.js", "files.js", "main.js", "server.js"]);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www");
    assert_eq!(names(&installed.join("page")), names(&page), "the page as it is in the repository");
}

/// What a folder contains, sorted.
#[track_caller]
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// Every link in the documents of the package leads to a file of the package, or to the repository.
#[test]
fn the_documents_of_the_package_have_links_that_work() {
    let project = Project::new("lint", "documents");
    let package = project.path("node_modules/kling-multi-image2video");
    let pages = std::fs::read_dir(package.join("docs")).expect("the pages").map(|page| page.expect("a page").path());
    let (mut relative, mut absolute) = (0, 0);
    for path in pages.chain([package.join("README.md"), package.join("CHANGELOG.md")]) {
        let text = std::fs::read_to_string(&path).expect("a document");
        // Only the README has images. An attribute `src` elsewhere belongs to an example.
        let images = if path.ends_with("README.md") { text.as_str() } else { "" };
        let images = images.split("src=\"").skip(1).chain(images.split("srcset=\"").skip(1));
        let links = text.split("](").skip(1).chain(images);
        for link in links.filter_map(|rest| rest.split([')', '"', '#']).next()).filter(|link| !link.is_empty()) {
            if link.starts_with("https://") {
                absolute += 1;
            } else {
                let file = path.parent().expect("a folder").join(link);
                assert!(file.is_file(), "{}: {link} is not in the package", path.display());
                relative += 1;
            }
        }
    }
    assert!(relative > 80 && absolute > 10, "only {relative} relative and {absolute} absolute links were found");
}
