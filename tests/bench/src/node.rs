//! Servers between a page and the service, in Node.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::machine;
use crate::memory::Idle;
use crate::rounds::order;
use crate::rows::{BODY, RELAYS, Row};
use crate::series::{Metric, Results};
use crate::settings::{self, Settings};
use crate::sink::Sink;

/// The length of the body, in bytes.
const BODY_BYTES: usize = 55_924_312;

/// The length of a first body, after which the server has compiled its code.
const FIRST_BODY_BYTES: usize = 1_000;

/// How much of a body is written at once, in bytes.
const PART_BYTES: usize = 64 << 10;

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures each server with a body of 56 MB, each time in a new process, and writes the results into the folder.
pub(crate) fn run(settings: &Settings) -> ExitCode {
    let sink = Sink::start(Vec::new());
    let rows: Vec<Row> = RELAYS.into_iter().filter(|row| settings.has_row(row.id)).collect();
    let (mut results, mut loads) = (Results::default(), Vec::new());
    for round in 0..settings.rounds {
        let load = machine::load();
        loads.push(load);
        eprintln!("node: round {}; load {load}", round + 1);
        for row in order(&rows, round) {
            let server = Server::start(row, &sink.url);
            server.send(FIRST_BODY_BYTES);
            let idle = Idle::of(server.process.id());
            sink.take_counts();
            let time = server.send(BODY_BYTES);
            let peak = idle.peak(server.process.id());
            let counts = sink.take_counts();
            results.add("node", row.id, BODY, Metric::Time, time.as_secs_f64() * 1000.0);
            results.count("node", row.id, BODY, Metric::Memory, peak);
            results.count("node", row.id, BODY, Metric::Bytes, counts.bytes);
            results.count("node", row.id, BODY, Metric::Requests, counts.requests);
        }
    }
    let version = Command::new("node").arg("--version").output().expect("node").stdout;
    let version = String::from_utf8_lossy(&version).trim().replace('v', "Node ");
    let text = json!({ "version": version, "loads": loads, "series": results.to_json() }).to_string();
    let path = settings.folder.join("node.json");
    fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    ExitCode::SUCCESS
}

/// A server that runs until it is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(row: Row, service: &str) -> Self {
        let root = settings::root().canonicalize().expect("the folder of this repository");
        let mut command = Command::new("node");
        command.arg(root.join("tests/bench/node/server.js")).args([row.id, service]);
        command.arg(format!("file://{}", root.join("pkg/relay.js").display()));
        command.arg(settings::required("KLING_BENCH_PACKAGES"));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node");
        let mut line = String::new();
        let output = process.stdout.take().expect("the output of node");
        BufReader::new(output).read_line(&mut line).expect("the port of the server");
        assert!(line.trim().parse::<u16>().is_ok(), "{}: expected a port, found {line:?}", row.id);
        Self { process, address: format!("127.0.0.1:{}", line.trim()) }
    }

    /// Sends a body and waits for the whole head of the response. Returns how long it takes.
    fn send(&self, length: usize) -> Duration {
        let start = Instant::now();
        let mut stream = TcpStream::connect(&self.address).expect("a connection to the server");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let head = format!(
            "POST /kling/v1/videos/multi-image2video HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).expect("the server to read");
        let body = vec![b'A'; PART_BYTES];
        let mut left = length - 2;
        stream.write_all(b"{").expect("the server to read");
        while left > 0 {
            let part = body.get(..left).unwrap_or(&body);
            stream.write_all(part).expect("the server to read");
            left -= part.len();
        }
        stream.write_all(b"}").expect("the server to read");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        assert!(response.starts_with("HTTP/1.1 200 "), "expected an accepted request, found {response}");
        start.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
