//! The tarball that would be published.

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
    let mut found: Vec<String> = std::fs::read_dir(project.path("node_modules/kling-multi-image2video"))
        .expect("the installed package")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    found.sort_unstable();
    let expected = [
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
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
}
