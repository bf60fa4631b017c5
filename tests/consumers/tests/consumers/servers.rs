//! Pages without a bundler, and the servers of a site.

use std::process::Command;

use consumer_tests::{Project, Served, new_key, service, visit, visit_without_key};

use crate::{CHECK, SERVER, plain, relay_tests, succeed};

#[test]
fn a_page_with_an_import_map() {
    let project = Project::new("node", "page");
    plain(&project);
    visit(&Served::files(&project.path("dist")), "/").assert_submitted();
}

/// A server of plain Node, with the files of `dist` and the relay.
pub(crate) fn node_server(project: &Project, key: &str, service: &str) -> Served {
    project.write("server.js", SERVER);
    Served::command(|port| {
        let mut command = Command::new("node");
        command.arg(project.path("server.js")).env("PORT", port);
        command.env("COMETAPI_KEY", key).env("COMETAPI_BASE_URL", service);
        command
    })
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
fn the_tests_of_the_relay_pass() {
    let project = Project::new("node", "relay");
    project.write("server.js", SERVER);
    let mut node = Command::new("node");
    node.arg("--test").args(relay_tests(&project)).current_dir(project.path(""));
    succeed(node);
}

#[test]
fn node_inspects_images() {
    let project = Project::new("node", "import");
    project.write("check.mjs", CHECK);
    let mut node = Command::new("node");
    node.arg(project.path("check.mjs"));
    succeed(node);
}

#[test]
fn next_16_in_the_page_on_the_server_and_as_a_relay() {
    let project = Project::new("next-16", "page");
    project.example("relay-next", "");
    project.run("next", &["build"]);
    let server = Served::command(|port| project.program("next", &["start", "--hostname", "127.0.0.1", "--port", port]));
    visit(&server, "/").assert_submitted();
    drop(server);
    let key = new_key();
    let server = Served::command(|port| {
        let mut command = project.program("next", &["start", "--hostname", "127.0.0.1", "--port", port]);
        command.env("COMETAPI_KEY", &key).env("COMETAPI_BASE_URL", service());
        command
    });
    visit_without_key(&server, "/api/kling", &key).assert_submitted();
}
