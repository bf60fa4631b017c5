//! Server runtimes other than the Node that runs these tests.

use std::process::Command;

use consumer_tests::{Project, Served, await_video, new_key, post, post_chunks, service, visit_without_key};
use serde_json::Value;

use crate::{CHECK, SERVER, plain, relay_tests, succeed};

/// Starts an example that serves the relay, after a check of its types; a page of another origin submits through it, and a request
/// downloads the video.
#[track_caller]
fn relayed(project: &Project, start: impl FnOnce(&str) -> Command) -> Served {
    project.run("tsc", &["--project", "tsconfig.json"]);
    plain(project);
    let (page, key) = (Served::files(&project.path("dist")), new_key());
    let relay = Served::command(|port| {
        let mut command = start(port);
        let service = service().replace("/s/ok/", "/s/ok,submitted=100,processing=100/");
        command
            .env("PORT", port)
            .env("PAGES", &page.address)
            .env("COMETAPI_KEY", &key)
            .env("COMETAPI_BASE_URL", service);
        command
    });
    let outcome = visit_without_key(&page, &format!("{}/api/kling", relay.address), &key);
    outcome.assert_submitted();
    let task = outcome.said["taskId"].as_str().expect("a task id");
    let video = await_video(&format!("{}/v1/videos/{task}/content", relay.address));
    assert_eq!(video.get(4..8), Some(b"ftyp".as_slice()), "an MP4 file of {} bytes", video.len());
    let torn = [b"{\"prompt\":\"".as_slice(), &vec![b'x'; 1 << 21]].concat();
    for cut in [&b""[..], b"{", &torn] {
        let found = post_chunks(&format!("{}/api/kling/v1/videos/multi-image2video", relay.address), cut);
        assert_eq!(found["code"], "relay_torn", "{} bytes: {found}", cut.len());
    }
    relay
}

/// A project with the scripts that Node runs: the check of both entries, the tests of the relay, and a server.
fn project(name: &str) -> Project {
    let project = Project::new(name, "relay");
    project.write("check.mjs", CHECK);
    project.write("server.js", SERVER);
    project.take("node/relay", "relay");
    project
}

#[test]
fn deno_inspects_images_and_runs_the_relay() {
    let project = project("deno");
    project.example("relay-deno", "");
    let deno = |call: &str, arguments: &[&str]| {
        let mut command = project.program("deno", &[call, "--quiet", "--cached-only", "--no-prompt"]);
        command.args(arguments).env("DENO_NO_UPDATE_CHECK", "1");
        command
    };
    succeed(deno("run", &["--allow-read", "check.mjs"]));
    let mut test = deno("test", &["--no-check", "--allow-all", "--v8-flags=--expose-gc"]);
    test.args(relay_tests(&project));
    succeed(test);
    relayed(&project, |_| deno("run", &["--allow-env", "--allow-net=127.0.0.1", "relay.js"]));
}

#[test]
fn bun_inspects_images_and_runs_the_relay() {
    let project = project("bun");
    project.example("relay-bun", "");
    // Its own `bun` is put in place by a script of the package, and none of those is run here.
    let bun = |arguments: &[&str]| {
        let mut command = Command::new(project.only("node_modules/@oven").join("bin/bun"));
        command.current_dir(project.path("")).args(arguments).env("DO_NOT_TRACK", "1");
        command
    };
    succeed(bun(&["check.mjs"]));
    let mut test = bun(&["test"]);
    test.args(relay_tests(&project));
    succeed(test);
    relayed(&project, |_| bun(&["relay.js"]));
}

#[test]
fn node_18_reads_pictures_and_has_a_relay_like_any_other() {
    let project = project("node-18");
    succeed(project.program("node", &["check.mjs"]));
    let mut test = project.program("node", &["--test"]);
    test.args(relay_tests(&project));
    succeed(test);
}

#[test]
fn workers_inspect_images_and_run_the_relay() {
    let project = Project::new("workers", "relay");
    project.example("relay-workers", "");
    let worker = relayed(&project, |port| {
        project.program("workerd", &["serve", "worker.capnp", &format!("--socket-addr=http=127.0.0.1:{port}")])
    });
    let mut picture = include_bytes!("../../../cases/photos/china.jpg").to_vec();
    let found = post(&format!("{}/inspect", worker.address), &picture);
    assert_eq!((&found["format"], &found["issues"]), (&"jpeg".into(), &Value::Array(Vec::new())), "{found}");
    picture.truncate(1000);
    let found = post(&format!("{}/inspect", worker.address), &picture);
    assert_eq!(found["issues"][0]["code"], "image_truncated", "{found}");
}
