//! The command line of the package, installed in an empty project.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use consumer_tests::{Project, Served, make_video_on_page, new_key, service};

const NAME: &str = "kling-multi-image2video";
const SUBMIT: &str = "/api/kling/v1/videos/multi-image2video";

fn project(purpose: &str) -> Project {
    Project::new("node", purpose)
}

fn photo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/photos/china.jpg").canonicalize().expect("a photo")
}

/// Starts it on a free port, with a key for the simulator.
fn with_key(project: &Project, key: &str) -> Served {
    let mut command = project.program(NAME, &["--port", "0"]);
    command.env("COMETAPI_KEY", key).env("COMETAPI_BASE_URL", service());
    Served::printing(command)
}

/// Starts it on a free port, without a key.
fn without_key(project: &Project) -> Served {
    let mut command = project.program(NAME, &["--port", "0"]);
    command.env_remove("COMETAPI_KEY").env_remove("COMETAPI_BASE_URL");
    Served::printing(command)
}

/// Sends the lines of a request; returns the head of the response, in lower case, and its body.
#[track_caller]
fn send(served: &Served, lines: &[&str]) -> (String, String) {
    let mut socket = TcpStream::connect(authority(served)).expect("a connection");
    socket.set_read_timeout(Some(Duration::from_secs(300))).expect("a limit");
    let request = format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
    socket.write_all(request.as_bytes()).expect("a request");
    let mut response = Vec::new();
    socket.read_to_end(&mut response).unwrap_or_else(|error| panic!("{lines:?}: {error}"));
    let response = String::from_utf8_lossy(&response);
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{lines:?}: {response}"));
    (head.to_lowercase(), body.to_owned())
}

fn authority(served: &Served) -> &str {
    served.address.strip_prefix("http://").expect("a URL")
}

#[test]
fn the_command_serves_a_page_that_makes_a_video() {
    let (project, key) = (project("command"), new_key());
    let served = with_key(&project, &key);
    assert!(served.address.starts_with("http://127.0.0.1:"), "{}", served.address);
    assert_eq!(make_video_on_page(&served.address, &photo(), &key), 1, "charges");
    let printed = served.interrupt();
    assert!(printed.contains("each video costs real money"), "{printed}");
    assert!(!printed.contains(&key), "{printed}");
}

#[test]
fn without_a_key_the_page_plays_the_service() {
    let project = project("command-trial");
    let served = without_key(&project);
    assert_eq!(make_video_on_page(&served.address, &photo(), &new_key()), 0, "charges");
    let printed = served.interrupt();
    assert!(printed.contains("nothing is charged"), "{printed}");
}

#[test]
fn files_have_their_types_and_a_policy() {
    let project = project("command-files");
    let served = without_key(&project);
    let host = format!("Host: {}", authority(&served));
    for (path, kind, content) in [
        ("/", "text/html; charset=utf-8", "<!doctype html>"),
        ("/index.html", "text/html; charset=utf-8", "<!doctype html>"),
        ("/style.css", "text/css; charset=utf-8", "body"),
        ("/app.js?x=/../y", "text/javascript; charset=utf-8", "import"),
        ("/config.json", "application/json", "{\"standIn\":true}"),
        ("/stand-in.mp4", "video/mp4", "ftyp"),
        ("/pkg/index.js", "text/javascript; charset=utf-8", "export"),
        ("/pkg/prepare.js", "text/javascript; charset=utf-8", "export"),
        ("/pkg/kling_multi_image2video_bg.wasm", "application/wasm", "\0asm"),
    ] {
        let (head, body) = send(&served, &[&format!("GET {path} HTTP/1.1"), &host]);
        assert!(head.starts_with("http/1.1 200 "), "{path}: {head}");
        for header in [
            &format!("content-type: {kind}"),
            "content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'",
            "; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-cache",
        ] {
            assert!(head.contains(header), "{path}: expected {header}, found {head}");
        }
        assert!(body.contains(content), "{path}: expected {content:?}");
        let (without_body, nothing) = send(&served, &[&format!("HEAD {path} HTTP/1.1"), &host]);
        let lines = |head: &str| head.lines().filter(|line| !line.starts_with("date:")).count();
        assert_eq!((lines(&without_body), nothing.as_str()), (lines(&head), ""), "HEAD {path}");
    }
}

#[test]
fn no_path_leads_out_of_the_page() {
    let project = project("command-paths");
    let served = without_key(&project);
    let (absolute, host) = (format!("{}/", served.address), format!("Host: {}", authority(&served)));
    for (path, status) in [
        ("/../package.json", "400"),
        ("/pkg/../cli/main.js", "400"),
        ("/pkg/../../package.json", "400"),
        ("/%2e%2e/package.json", "400"),
        ("/pkg/%2E./cli/main.js", "400"),
        ("/..\\package.json", "400"),
        ("/pkg/.", "400"),
        ("*", "400"),
        (&absolute, "400"),
        ("/%2e%2e%2fpackage.json", "404"),
        ("/package.json", "404"),
        ("/cli/main.js", "404"),
        ("/pkg/package.json", "404"),
        ("/pkg/README.md", "404"),
        ("//etc/passwd", "404"),
        ("/pkg//etc/passwd", "404"),
        // Without a key there is no relay.
        (SUBMIT, "404"),
    ] {
        let (head, _) = send(&served, &[&format!("GET {path} HTTP/1.1"), &host]);
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{path}: expected {status}, found {head}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let (head, _) = send(&served, &[&format!("{method} / HTTP/1.1"), &host]);
        assert!(head.starts_with("http/1.1 405 ") && head.contains("allow: get, head"), "{method}: {head}");
    }
}

/// A body that is empty is the last thing that the relay refuses, with 400: then this page would have paid.
#[test]
fn only_its_own_page_may_pay() {
    let (project, key) = (project("command-pay"), new_key());
    let served = with_key(&project, &key);
    let host = authority(&served).to_owned();
    let port = host.split_once(':').expect("a port").1;
    let own = format!("http://{host}");
    let (local, own_local) = (format!("localhost:{port}"), format!("http://localhost:{port}"));
    let (other, https) = (format!("http://127.0.0.1:{}", 1), format!("https://{host}"));
    let evil = format!("evil.example:{port}");
    let rebound = format!("http://{evil}");
    let prefix = format!("127.0.0.1.evil.example:{port}");
    for (host, origin, site, expected) in [
        (&*host, &*own, "", "relay_torn"),
        (&host, &own, "same-origin", "relay_torn"),
        (&local, &own_local, "same-origin", "relay_torn"),
        (&host, "", "", "relay_forbidden"),
        (&host, "", "none", "relay_forbidden"),
        (&host, &other, "", "relay_origin"),
        (&host, &own_local, "", "relay_origin"),
        (&host, &https, "", "relay_origin"),
        (&host, "null", "", "relay_origin"),
        (&host, "https://evil.example", "cross-site", "relay_origin"),
        (&host, &own, "same-site", "relay_origin"),
        (&host, &own, "cross-site", "relay_origin"),
        (&evil, "", "", "another host"),
        (&evil, &own, "", "another host"),
        (&evil, &rebound, "same-origin", "another host"),
        (&prefix, &own, "", "another host"),
        ("127.0.0.1", "http://127.0.0.1", "same-origin", "another host"),
        ("", &own, "same-origin", "another host"),
    ] {
        let mut lines = vec![format!("POST {SUBMIT} HTTP/1.1"), format!("Host: {host}")];
        lines.extend(["Content-Type: application/json", "Content-Length: 0"].map(str::to_owned));
        lines.extend((!origin.is_empty()).then(|| format!("Origin: {origin}")));
        lines.extend((!site.is_empty()).then(|| format!("Sec-Fetch-Site: {site}")));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (head, body) = send(&served, &lines);
        let status = if expected == "relay_torn" { "400" } else { "403" };
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{lines:?}: {head}");
        assert!(body.contains(expected), "{lines:?}: expected {expected}, found {body}");
    }
    // Nor does another site's page read a task or a video with the key.
    for path in [&format!("{SUBMIT}/1"), "/v1/videos/1/content"] {
        for (host, site) in [(&host, "Sec-Fetch-Site: cross-site"), (&evil, "Sec-Fetch-Site: same-origin")] {
            let (head, _) = send(&served, &[&format!("GET {path} HTTP/1.1"), &format!("Host: {host}"), site]);
            assert!(head.starts_with("http/1.1 403 "), "{path} on {host}, {site}: {head}");
        }
    }
    assert!(!served.interrupt().contains(&key));
}

/// Runs it to its end; returns its exit code and what it printed, as output and as errors.
#[track_caller]
fn outcome(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn options_and_errors_are_clear() {
    let project = project("command-options");
    let served = without_key(&project);
    let port = served.address.rsplit_once(':').expect("a port").1;
    let taken = format!("error: port {port} is in use by another program; choose another one with --port N");
    for (arguments, error) in [
        (&["--port", port][..], &*taken),
        (&["--port"], "error: expected a port from 0 to 65535 after --port, found none"),
        (&["--port", "x"], "error: expected a port from 0 to 65535 after --port, found \"x\""),
        (&["--port=65536"], "error: expected a port from 0 to 65535 after --port, found \"65536\""),
        (&["--port="], "error: expected a port from 0 to 65535 after --port, found \"\""),
        (&["--open"], "error: unknown option \"--open\", expected --port, --version or --help"),
        (&["page"], "error: unknown option \"page\", expected --port, --version or --help"),
        (&["--help=1"], "error: unknown option \"--help=1\", expected --port, --version or --help"),
    ] {
        let mut command = project.program(NAME, arguments);
        command.env_remove("COMETAPI_KEY");
        assert_eq!(outcome(command), (Some(1), String::new(), error.to_owned()), "{arguments:?}");
    }
    for (key, base, error) in [
        ("two words", "", "error: COMETAPI_KEY: expected visible ASCII characters"),
        ("schlüssel", "", "error: COMETAPI_KEY: expected visible ASCII characters"),
        ("sk-secret", "ftp://a.example", "error: COMETAPI_BASE_URL: expected https:"),
        ("sk-secret", "http://a.example/kling", "error: COMETAPI_BASE_URL: expected https:"),
        ("sk-secret", "https://a:b@a.example", "error: COMETAPI_BASE_URL: expected no user name"),
        ("sk-secret", "kling", "error: COMETAPI_BASE_URL: expected a URL"),
    ] {
        let mut command = project.program(NAME, &["--port", "0"]);
        command.env("COMETAPI_KEY", key).env("COMETAPI_BASE_URL", base);
        let (code, printed, said) = outcome(command);
        assert_eq!((code, printed.as_str()), (Some(1), ""), "{key} {base}");
        assert!(said.starts_with(error) && !said.contains(key), "{said}");
    }
    let version = outcome(project.program(NAME, &["--version"]));
    assert_eq!(version, (Some(0), env!("CARGO_PKG_VERSION").to_owned(), String::new()));
    let (code, help, _) = outcome(project.program(NAME, &["--help"]));
    assert_eq!(code, Some(0));
    for word in ["--port N", "--version", "--help", "COMETAPI_KEY", "COMETAPI_BASE_URL", "http://127.0.0.1:8317"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}

#[test]
fn an_older_node_is_refused() {
    let project = Project::new("node-18", "command");
    let script = project.path("node_modules/kling-multi-image2video/cli/main.js");
    let (code, printed, said) = outcome(project.program("node", &[&script.to_string_lossy()]));
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(said.starts_with("error: expected Node.js 20 or later, found 18."), "{said}");
}
