//! Bundlers, without configuration.

use consumer_tests::{Project, Served, visit};

use crate::MODULE;

/// A page whose script starts a worker.
const IN_WORKER: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>A consumer</title><script type="module" src="./in-worker.js"></script></html>"#;

/// A page with a script that is no module.
const CLASSIC: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>A consumer</title><script defer src="./main.js"></script></html>"#;

/// Runs a bundler, then its output in a browser.
#[track_caller]
fn bundled(project: &Project, bundler: &str, arguments: &[&str], page: &str) {
    project.run(bundler, arguments);
    project.write("dist/index.html", page);
    visit(&Served::files(&project.path("dist")), "/").assert_submitted();
}

#[track_caller]
fn vite(name: &str) -> Project {
    let project = Project::new(name, "page");
    project.write("index.html", MODULE);
    developed(&project);
    built(&project);
    project.write("index.html", IN_WORKER);
    developed(&project);
    project
}

#[track_caller]
fn developed(project: &Project) {
    let dev = Served::command(|port| project.program("vite", &["--host", "127.0.0.1", "--strictPort", "--port", port]));
    visit(&dev, "/").assert_submitted();
}

#[track_caller]
fn built(project: &Project) {
    project.run("vite", &["build"]);
    visit(&Served::files(&project.path("dist")), "/").assert_submitted();
}

/// Up to version 7 Vite builds a worker as one file, unless its configuration has `worker: { format: "es" }`.
#[track_caller]
fn vite_up_to_7(name: &str) {
    let project = vite(name);
    let worker = include_str!("../../source/worker.js");
    let inline = worker.replace("\"kling-multi-image2video\"", "\"kling-multi-image2video/inline\"");
    assert_ne!(worker, inline);
    project.write("worker.js", &inline);
    built(&project);
    project.write("worker.js", worker);
    project.write("vite.config.js", "export default { worker: { format: \"es\" } };");
    built(&project);
}

#[test]
fn vite_5_in_development_and_built() {
    vite_up_to_7("vite-5");
}

#[test]
fn vite_6_in_development_and_built() {
    vite_up_to_7("vite-6");
}

#[test]
fn vite_7_in_development_and_built() {
    vite_up_to_7("vite-7");
}

#[test]
fn vite_8_in_development_and_built() {
    built(&vite("vite-8"));
}

#[test]
fn webpack_5() {
    let project = Project::new("webpack-5", "page");
    for entry in ["./main.js", "./in-worker.js"] {
        let arguments = ["--mode", "production", "--entry", entry, "--output-path", "dist", "--output-clean"];
        bundled(&project, "webpack", &arguments, CLASSIC);
    }
}

#[test]
fn rollup() {
    let arguments = ["main.js", "--dir", "dist", "--format", "es", "--plugin", "node-resolve", "--failAfterWarnings"];
    bundled(&Project::new("rollup", "page"), "rollup", &arguments, MODULE);
}

#[test]
fn esbuild_as_a_module() {
    let arguments = ["main.js", "--bundle", "--splitting", "--format=esm", "--outdir=dist"];
    bundled(&Project::new("esbuild", "module"), "esbuild", &arguments, MODULE);
}

#[test]
fn esbuild_as_a_classic_script() {
    let arguments = ["main.js", "--bundle", "--format=iife", "--outfile=dist/main.js"];
    bundled(&Project::new("esbuild", "classic"), "esbuild", &arguments, CLASSIC);
}

#[test]
fn esbuild_with_the_module_inside() {
    let arguments = [
        "main.js",
        "--bundle",
        "--format=iife",
        "--outfile=dist/main.js",
        "--alias:kling-multi-image2video=kling-multi-image2video/inline",
    ];
    bundled(&Project::new("esbuild", "inline"), "esbuild", &arguments, CLASSIC);
}

/// As after `npm link`: outside `node_modules`, esbuild prints its warnings about a package.
#[test]
fn esbuild_warns_of_nothing_in_a_linked_package() {
    let project = Project::new("esbuild", "linked");
    project.copy("node_modules/kling-multi-image2video", "linked");
    project
        .write("all.js", "export * from \"./linked/index.js\";\nexport { createRelay } from \"./linked/relay.js\";\n");
    project.write("inside.js", "export * from \"./linked/inline.js\";\n");
    project.write(
        "required.cjs",
        "module.exports = [require(\"./linked/index.cjs\"), require(\"./linked/relay.cjs\")];\n",
    );
    for (entry, format) in [
        ("all.js", "esm"),
        ("inside.js", "esm"),
        ("inside.js", "iife"),
        ("required.cjs", "cjs"),
        ("required.cjs", "iife"),
    ] {
        let arguments = [
            "--bundle",
            entry,
            &format!("--format={format}"),
            "--outdir=dist",
            "--platform=neutral",
            "--log-level=warning",
        ];
        let output = project.program("esbuild", &arguments).output().expect("esbuild");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{entry} as {format}: {said}");
    }
}

#[test]
fn parcel_2() {
    let project = Project::new("parcel-2", "page");
    for page in [MODULE, IN_WORKER] {
        project.write("index.html", page);
        project.run("parcel", &["build", "index.html", "--dist-dir", "dist", "--no-source-maps"]);
        visit(&Served::files(&project.path("dist")), "/").assert_submitted();
    }
}
