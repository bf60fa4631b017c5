//! The package in the projects of its users: no plugin, no configuration, no copied file.

mod bundlers;
mod command;
mod declarations;
mod documents;
mod examples;
mod package;
mod runtimes;
mod servers;
mod test_runners;

use std::fs;
use std::process::Command;

use consumer_tests::Project;

/// A page with one script.
const MODULE: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>A consumer</title><script type="module" src="./main.js"></script></html>"#;

/// A site of plain Node, with the relay.
const SERVER: &str = include_str!("../../../../examples/relay-node/server.js");

/// Inspects an image with each entry, and checks that a bad option is refused.
const CHECK: &str = r#"import { createClient, inspectImage, isKlingError } from "kling-multi-image2video";
    import { inspectImage as inside } from "kling-multi-image2video/inline";
    const png = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAZAAAAEsCAYAAADtt+XCAAAA"), (letter) => letter.charCodeAt(0));
    const found = [await inspectImage(new Blob([png])), await inside(new Blob([png]))];
    const refused = await createClient({ apiKey: 1 }).records().catch((error) => error);
    if (found.some(({ format, width }) => format !== "png" || width !== 400) || !isKlingError(refused)) {
      throw new Error(JSON.stringify([found, refused]));
    }"#;

/// A page without any bundler, in `dist`.
fn plain(project: &Project) {
    project.copy("node_modules/kling-multi-image2video", "dist/kling");
    let map = r#"<script type="importmap">{ "imports": { "kling-multi-image2video": "./kling/index.js" } }</script><script type="module""#;
    project.write("dist/index.html", &MODULE.replace(r#"<script type="module""#, map));
    for (name, text) in
        [("main.js", include_str!("../../source/main.js")), ("picture.js", include_str!("../../source/picture.js"))]
    {
        project.write(&format!("dist/{name}"), text);
    }
}

#[track_caller]
fn succeed(mut command: Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}

/// The texts in which a key must be found, which the tests of the core read too.
const REDACT_CASES: &str = include_str!("../../../cases/redact.json");

/// The files of the relay's tests, as arguments of a test runner.
fn relay_tests(project: &Project) -> Vec<String> {
    project.write("relay/redact.json", REDACT_CASES);
    let files = fs::read_dir(project.path("relay")).expect("the relay's tests").flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let tests: Vec<String> =
        names.filter(|name| name.ends_with(".test.js")).map(|name| format!("./relay/{name}")).collect();
    assert!(!tests.is_empty(), "no test of the relay");
    tests
}
