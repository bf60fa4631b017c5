//! The examples of the repository, and the page of `docs/getting-started.md`.

use std::path::Path;

use consumer_tests::{Project, make_video, new_key, service};
use page_tests::Browser;

use crate::servers::node_server;

/// How the page makes its client: first with the simulator of the demo, then with a relay.
const FIRST_CLIENT: &str =
    r#"createClient({ baseUrl: "http://127.0.0.1:8317/s/ok/kling", apiKey: "sk-sim-anything" })"#;
const CLIENT_OF_RELAY: &str = r#"createClient({ baseUrl: "/api/kling" })"#;

/// The first block of the guide in this language.
#[track_caller]
fn guide(language: &str) -> &'static str {
    let guide = include_str!("../../../../docs/getting-started.md");
    assert!(guide.contains(FIRST_CLIENT) && guide.contains(CLIENT_OF_RELAY), "expected both ways to make a client");
    let (_, rest) = guide.split_once(&format!("\n```{language}\n")).expect("a block");
    rest.split_once("\n```").expect("its end").0
}

/// The folders of the examples that run in a page. The other examples run on a server.
const PAGES: [&str; 5] = ["react", "vue", "svelte", "worker", "import-map"];

/// All examples for pages, and the page of the guide: as it is first, with this simulator and key, and with the relay.
#[track_caller]
fn pages(purpose: &str, key: &str) -> Project {
    let project = Project::new("examples", purpose);
    for name in PAGES {
        project.example(name, name);
    }
    let first_client = format!("createClient({{ baseUrl: {:?}, apiKey: {key:?} }})", service());
    for (folder, client) in [("guide", first_client.as_str()), ("guide-relay", CLIENT_OF_RELAY)] {
        project.write(&format!("{folder}/index.html"), guide("html"));
        project.write(&format!("{folder}/src/main.ts"), &guide("ts").replace(FIRST_CLIENT, client));
    }
    project
}

#[test]
fn examples_make_a_video() {
    let first_key = new_key();
    // The browsers run side by side.
    let project = pages(&format!("page-{}", Browser::chosen().name()), &first_key);
    project.run("vite", &["build"]);
    project.copy("import-map", "dist/import-map");
    project.copy("node_modules/kling-multi-image2video", "dist/import-map/kling");
    let picture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/photos/china.jpg").canonicalize().expect("a photo");
    for name in PAGES.into_iter().chain(["guide", "guide-relay"]) {
        let key = if name == "guide" { first_key.clone() } else { new_key() };
        let server = node_server(&project, &key, &service().replace("/s/ok/", "/s/ok,submitted=100,processing=100/"));
        make_video(&format!("{}/{name}/", server.address), &picture, &key);
    }
}

#[test]
fn examples_have_strict_types() {
    let project = pages("types", "sk-sim-types");
    project.take("next-16/app", "next");
    project.example("relay-next/app", "next");
    project.example("relay-node", "relay-node");
    for folder in [".", "svelte", "relay-node"] {
        project.run("vue-tsc", &["--noEmit", "--project", &format!("{folder}/tsconfig.json")]);
    }
    project.run("svelte-check", &["--tsconfig", "./svelte/tsconfig.json", "--fail-on-warnings"]);
}
