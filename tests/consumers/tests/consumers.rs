//! The package in the projects of strangers: no plugin, no configuration, no copied file.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use consumer_tests::{Project, Served, make_video, new_key, package, service, visit, visit_without_key};

const MODULE: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>A consumer</title><script type="module" src="./main.js"></script></html>"#;
const IN_WORKER: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>A consumer</title><script type="module" src="./in-worker.js"></script></html>"#;
const CLASSIC: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>A consumer</title><script defer src="./main.js"></script></html>"#;

const SERVER: &str = include_str!("../projects/recipes/server/server.js");

/// The first block of the README in this language.
#[track_caller]
fn readme(language: &str) -> &'static str {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once(&format!("\n```{language}\n")).expect("a block");
    rest.split_once("\n```").expect("its end").0
}

/// What the examples of the declarations take for granted.
const GIVEN: &str = r#"
import type { Client, Task } from "kling-multi-image2video";
declare const client: Client;
declare const task: Task;
declare const file: File;
declare const input: HTMLInputElement;
declare const video: HTMLVideoElement;
declare const process: { env: Record<string, string | undefined> };
declare function mayPay(request: Request): Promise<boolean>;
"#;

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

/// Up to version 7 Vite builds a worker as one file, unless it is told `worker: { format: "es" }`.
#[track_caller]
fn vite_up_to_7(name: &str) {
    let project = vite(name);
    let worker = include_str!("../source/worker.js");
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

#[test]
fn parcel_2() {
    let project = Project::new("parcel-2", "page");
    for page in [MODULE, IN_WORKER] {
        project.write("index.html", page);
        project.run("parcel", &["build", "index.html", "--dist-dir", "dist", "--no-source-maps"]);
        visit(&Served::files(&project.path("dist")), "/").assert_submitted();
    }
}

/// A page without any bundler, in `dist`.
fn plain(project: &Project) {
    project.copy("node_modules/kling-multi-image2video", "dist/kling");
    let map = r#"<script type="importmap">{ "imports": { "kling-multi-image2video": "./kling/index.js" } }</script><script type="module""#;
    project.write("dist/index.html", &MODULE.replace(r#"<script type="module""#, map));
    for (name, text) in
        [("main.js", include_str!("../source/main.js")), ("picture.js", include_str!("../source/picture.js"))]
    {
        project.write(&format!("dist/{name}"), text);
    }
}

#[test]
fn a_page_with_an_import_map() {
    let project = Project::new("node", "page");
    plain(&project);
    visit(&Served::files(&project.path("dist")), "/").assert_submitted();
}

/// What `dist` holds, and the relay, served by plain Node.
fn node_server(project: &Project, key: &str, service: &str) -> Served {
    project.write("server.js", SERVER);
    Served::command(|port| {
        let mut command = Command::new("node");
        command.arg(project.path("server.js")).env("PORT", port);
        command.env("COMETAPI_KEY", key).env("COMETAPI_BASE", service);
        command
    })
}

/// All of them, and the example of the README.
#[track_caller]
fn recipes(purpose: &str) -> Project {
    let project = Project::new("recipes", purpose);
    project.write("readme/index.html", &format!("<!doctype html>\n<title>The example</title>\n{}", readme("html")));
    project.write("readme/main.ts", readme("ts"));
    project
}

#[test]
fn recipes_make_a_video() {
    let project = recipes("page");
    project.run("vite", &["build"]);
    project.copy("plain", "dist/plain");
    project.copy("node_modules/kling-multi-image2video", "dist/plain/kling");
    let picture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/photos/china.jpg").canonicalize().expect("a photo");
    for name in ["react", "vue", "svelte", "worker", "plain", "readme"] {
        let key = new_key();
        let server = node_server(&project, &key, &service().replace("/s/ok/", "/s/ok,submitted=100,processing=100/"));
        make_video(&format!("{}/{name}/", server.address), &picture, &key);
    }
}

#[test]
fn recipes_have_strict_types() {
    let project = recipes("types");
    project.take("next-16/app", "next");
    for folder in [".", "svelte", "server"] {
        project.run("vue-tsc", &["--noEmit", "--project", &format!("{folder}/tsconfig.json")]);
    }
    project.run("svelte-check", &["--tsconfig", "./svelte/tsconfig.json", "--fail-on-warnings"]);
}

#[test]
fn a_plain_node_server_with_the_relay() {
    let project = Project::new("node", "server");
    plain(&project);
    let key = new_key();
    let server = node_server(&project, &key, &service());
    visit_without_key(&server, "/api/kling", &key).assert_submitted();
    // As from another machine of the local network: neither locks nor `randomUUID`, and no word of the browser on who asks.
    let key = new_key();
    let mut server = node_server(&project, &key, &service());
    server.address = server.address.replace("127.0.0.1", "lan.test");
    visit_without_key(&server, "/api/kling", &key).assert_submitted();
}

#[test]
fn the_relay_lets_through_what_it_should() {
    let project = Project::new("node", "relay");
    project.write("server.js", SERVER);
    let output =
        Command::new("node").args(["--test", "relay.test.js"]).current_dir(project.path("")).output().expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn node_reads_pictures_without_a_page() {
    let project = Project::new("node", "import");
    project.write(
        "check.mjs",
        r#"import { createClient, inspectImage, isKlingError } from "kling-multi-image2video";
           import { inspectImage as inside } from "kling-multi-image2video/inline";
           const png = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAZAAAAEsCAYAAADtt+XCAAAA"), (letter) => letter.charCodeAt(0));
           const found = [await inspectImage(new Blob([png])), await inside(new Blob([png]))];
           const refused = await createClient({ apiKey: 1 }).records().catch((error) => error);
           if (found.some(({ format, width }) => format !== "png" || width !== 400) || !isKlingError(refused)) {
             throw new Error(JSON.stringify([found, refused]));
           }"#,
    );
    let output = Command::new("node").arg(project.path("check.mjs")).output().expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn next_16_in_the_page_on_the_server_and_as_a_relay() {
    let project = Project::new("next-16", "page");
    project.run("next", &["build"]);
    let server = Served::command(|port| project.program("next", &["start", "--hostname", "127.0.0.1", "--port", port]));
    visit(&server, "/").assert_submitted();
    drop(server);
    let key = new_key();
    let server = Served::command(|port| {
        let mut command = project.program("next", &["start", "--hostname", "127.0.0.1", "--port", port]);
        command.env("COMETAPI_KEY", &key).env("COMETAPI_BASE", service());
        command
    });
    visit_without_key(&server, "/api/kling", &key).assert_submitted();
}

#[test]
fn the_declarations_allow_what_is_right_and_nothing_else() {
    let project = Project::new("types", "types");
    project.write("examples.ts", &examples());
    for (resolution, module) in [("node16", "node16"), ("nodenext", "nodenext"), ("bundler", "esnext")] {
        let mut arguments = vec!["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
        arguments.extend(["--target", "esnext", "--lib", "esnext,dom,dom.iterable", "--types", ""]);
        arguments.extend(["--moduleResolution", resolution, "--module", module, "uses.ts", "wrong.ts", "examples.ts"]);
        project.run("tsc", &arguments);
    }
}

/// The examples of the declarations, each as a function of its own.
fn examples() -> String {
    let declarations =
        [include_str!("../../../src/js/index.d.ts"), include_str!("../../../src/js/relay.d.ts")].join("\n");
    let (mut imports, mut body) = (BTreeSet::new(), String::new());
    let mut blocks = declarations.split("* ```js\n").skip(1);
    let count = blocks.by_ref().map(|block| {
        let example = block.split("* ```\n").next().expect("an example");
        body.push_str("async () => {\n");
        for line in example.lines().map(|line| line.trim_start().trim_start_matches("* ").trim_end_matches('*')) {
            if line.starts_with("import ") {
                imports.insert(line);
            } else if !line.starts_with("export ") {
                body.push_str(line);
                body.push('\n');
            }
        }
        body.push_str("};\n");
    });
    let count = count.count();
    assert!(count > 20, "expected an example of each function, found {count}");
    let imports: Vec<&str> = imports.into_iter().collect();
    format!("{}\n{GIVEN}\n{body}", imports.join("\n"))
}

#[test]
fn those_who_judge_packages_find_nothing() {
    let project = Project::new("lint", "package");
    let package = package().to_string_lossy();
    let said = project.run("publint", &[&package, "--strict"]);
    assert!(said.contains("All good!"), "{said}");
    let said = project.run("attw", &[&package, "--profile", "esm-only", "--no-emoji"]);
    assert!(said.contains("\"kling-multi-image2video/inline\""), "{said}");
}

#[test]
fn the_package_holds_what_it_needs_and_no_more() {
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
        "index.d.ts",
        "index.js",
        "inline.d.ts",
        "inline.js",
        "kling_multi_image2video_bg.wasm",
        "kling_multi_image2video_bg.wasm.d.ts",
        "package.json",
        "relay.d.ts",
        "relay.js",
        "wasm.inline.js",
    ];
    assert_eq!(found, expected);
}
