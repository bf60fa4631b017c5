//! The program: its first line, its end, its messages.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.env_remove("COMETAPI_KEY").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn it_says_where_it_is_and_ends_with_its_input() {
    let mut child = program().args(["--port", "0"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim_end().strip_prefix("http://127.0.0.1:").unwrap();
    assert_ne!(port.parse::<u16>().unwrap(), 0);

    let url = format!("{}/account?sk-sim-secret", line.trim_end());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(url).bearer_auth("sk-sim-secret").send().await.unwrap();
    assert_eq!(response.status(), 200);

    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.starts_with("GET /account 200 ") && log.ends_with(" ms\n"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn it_names_what_is_wrong_with_its_arguments() {
    for (arguments, named) in [
        (["--port", "http"], "--port"),
        (["--ports", "1"], "--ports"),
        (["--wire", "-1"], "--wire"),
        (["--relay", "https://api.example.com/kling"], "COMETAPI_KEY"),
    ] {
        let output = program().args(arguments).output().unwrap();
        assert!(!output.status.success());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("simulator: ") && text.contains(named), "{text}");
    }
}

#[test]
fn it_says_where_the_wire_is_and_how_to_have_it_again() {
    for (arguments, seed) in [(&["--wire", "7"][..], Some(7)), (&["--cases", "."], None), (&[], None)] {
        let mut child = program().args(["--port", "0"]).args(arguments).spawn().unwrap();
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let said = text.strip_prefix("wire http://127.0.0.1:").and_then(|rest| rest.trim_end().split_once(' '));
        let found = said.map(|(_, rest)| rest.strip_prefix("with seed ").unwrap().parse::<u32>().unwrap());
        assert_eq!(found.is_some(), !arguments.is_empty(), "{text}");
        assert!(seed.is_none() || found == seed, "{text}");
    }
}

#[test]
fn a_relay_over_plain_http_is_refused() {
    let mut command = program();
    command.env("COMETAPI_KEY", "sk-sim-secret").args(["--relay", "http://api.example.com/kling"]);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("https") && !text.contains("secret"), "{text}");
}
