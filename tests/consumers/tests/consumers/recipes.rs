//! The recipes, and the example of the README.

use std::path::Path;

use consumer_tests::{Project, make_video, new_key, service};

use crate::servers::node_server;

/// The first block of the README in this language.
#[track_caller]
fn readme(language: &str) -> &'static str {
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once(&format!("\n```{language}\n")).expect("a block");
    rest.split_once("\n```").expect("its end").0
}

/// All recipes, and the example of the README.
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
