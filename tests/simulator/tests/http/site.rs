//! The page, the package and the configuration.

use crate::caller::Caller;
use reqwest::Method;
use serde_json::{Value, json};
use simulator::Options;
use std::fs;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A folder with a page, a package and something that is neither.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        for (path, text) in [
            ("www/index.html", "<!DOCTYPE html>"),
            ("www/app.js", "export {};"),
            ("pkg/index.js", "export {};"),
            ("pkg/a_bg.wasm", "\0asm"),
            ("secret.txt", "secret"),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(root)
    }

    fn options(&self) -> Options {
        Options { www: Some(self.0.join("www")), pkg: Some(self.0.join("pkg")), ..Options::default() }
    }
}

#[tokio::test]
async fn files_have_their_types_and_are_never_stale() {
    let caller = Caller::of(Folder::new("files").options()).await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/app.js", "text/javascript"),
        ("/pkg/index.js", "text/javascript"),
        ("/pkg/a_bg.wasm", "application/wasm"),
    ] {
        let response = caller.bare(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
    }
    for path in ["/nothing.js", "/pkg/nothing.js", "/pkg/"] {
        assert_eq!(caller.bare(Method::GET, path).send().await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn only_files_of_the_folders_are_served() {
    let caller = Caller::of(Folder::new("traversal").options()).await;
    let host = caller.address.strip_prefix("http://").unwrap();
    for path in [
        "/../secret.txt",
        "/pkg/../../secret.txt",
        "/pkg/..%2f..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/pkg/%2fetc%2fpasswd",
        "/./.././secret.txt",
    ] {
        // By hand: a client would tidy up the path.
        let mut stream = TcpStream::connect(host).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
        assert!(!answer.ends_with("secret"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_configuration_names_the_demo_scenario() {
    let caller = Caller::new().await;
    let config: Value = caller.bare(Method::GET, "/config.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(config, json!({ "baseUrl": "/s/demo/kling", "apiKey": "sk-sim-demo", "simulator": true }));
}

#[tokio::test]
async fn cookies_replace_the_demo_scenario_and_its_key() {
    let caller = Caller::new().await;
    for (cookies, scenario, key) in [
        ("scenario=ok,hold=submitted; key=sk-sim-mine", "ok,hold=submitted", "sk-sim-mine"),
        ("key=sk-sim-mine; scenario=ok", "ok", "sk-sim-mine"),
        ("other=1; scenario=ok", "ok", "sk-sim-demo"),
        ("key=sk-sim-mine", "demo", "sk-sim-mine"),
        ("scenarios=ok; monkey=sk-sim-mine; scenario", "demo", "sk-sim-demo"),
    ] {
        let request = caller.bare(Method::GET, "/config.json").header("cookie", cookies);
        let config: Value = request.send().await.unwrap().json().await.unwrap();
        let expected = json!({ "baseUrl": format!("/s/{scenario}/kling"), "apiKey": key, "simulator": true });
        assert_eq!(config, expected, "{cookies}");
    }
}
