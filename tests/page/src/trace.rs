//! A trace of Chromium, through its debugging protocol.
//!
//! `WebDriver` has no events, so this speaks the protocol itself: JSON in the text frames of a `WebSocket` (RFC 6455).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

/// How long the browser may take to answer.
const PATIENCE: Duration = Duration::from_secs(300);

/// A frame that is the last of its message, with text.
const LAST_TEXT: u8 = 0x81;

/// A trace of all processes of a browser that runs.
#[derive(Debug)]
pub struct Trace {
    stream: BufReader<TcpStream>,
}

impl Trace {
    /// Starts it. The address is that of the debugging protocol, for example `localhost:35509`.
    ///
    /// The events are those of the marks of pages, and the tasks of all threads.
    pub(crate) fn start(address: &str) -> Self {
        let version = ureq::get(format!("http://{address}/json/version")).call();
        let version: Value =
            version.and_then(|mut answer| answer.body_mut().read_json()).expect("the browser's version");
        let url = version["webSocketDebuggerUrl"].as_str().expect("the URL of the debugging protocol");
        let path = url.splitn(4, '/').last().unwrap_or_default();
        let stream = TcpStream::connect(address).expect("a connection to the browser");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut trace = Self { stream: BufReader::new(stream) };
        trace.write(
            format!(
                "GET /{path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            .as_bytes(),
        );
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            let length = trace.stream.read_line(&mut line).expect("the head of a response");
            assert!(length > 0, "expected the browser to accept a WebSocket");
        }
        let categories =
            json!({ "includedCategories": ["toplevel", "blink.user_timing"], "excludedCategories": ["*"] });
        trace.send(&json!({ "id": 1, "method": "Tracing.start", "params": { "traceConfig": categories } }));
        while trace.receive()["id"] != 1 {}
        trace
    }

    /// Ends it, and returns its events.
    #[must_use]
    pub fn end(mut self) -> Vec<Value> {
        self.send(&json!({ "id": 2, "method": "Tracing.end" }));
        let mut events = Vec::new();
        loop {
            let mut message = self.receive();
            match message["method"].as_str() {
                Some("Tracing.dataCollected") => match message["params"]["value"].take() {
                    Value::Array(more) => events.extend(more),
                    other => panic!("expected a list of events, found {other}"),
                },
                Some("Tracing.tracingComplete") => return events,
                _ => {}
            }
        }
    }

    /// Sends a short message. The bit of the mask, and a length in the next two bytes. The mask is zero.
    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let length = u16::try_from(text.len()).expect("a short message").to_be_bytes();
        self.write(&[&[LAST_TEXT, 0xFE], &length[..], &[0; 4], text.as_bytes()].concat());
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("the browser to read");
    }

    /// Receives a message, which may have several frames.
    fn receive(&mut self) -> Value {
        let mut text = Vec::new();
        loop {
            let [first, length] = self.array();
            let length = match length & 0x7F {
                126 => u16::from_be_bytes(self.array()).into(),
                127 => u64::from_be_bytes(self.array()),
                short => short.into(),
            };
            let read = self.stream.by_ref().take(length).read_to_end(&mut text).expect("a frame");
            assert_eq!(u64::try_from(read), Ok(length), "expected a whole frame");
            if first & 0x80 != 0 {
                return serde_json::from_slice(&text).expect("JSON from the browser");
            }
        }
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).expect("a frame");
        bytes
    }
}

/// The longest task of a page between two of its marks, in ms: by the clock of its thread, which does not run while other
/// processes have the processor, and by the clock on the wall.
#[must_use]
pub fn longest_task(events: &[Value], begin: &str, end: &str) -> (f64, f64) {
    let mark = |name: &str| {
        let found = events.iter().find(|event| event["name"] == name);
        found.unwrap_or_else(|| panic!("expected the mark {name} in the trace"))
    };
    let (begin, end) = (mark(begin), mark(end));
    let number = |event: &Value, name: &str| event[name].as_f64().unwrap_or_default();
    let is_within = |event: &&Value| {
        event["ph"] == "X"
            && event["pid"] == begin["pid"]
            && event["tid"] == begin["tid"]
            && number(event, "ts") + number(event, "dur") >= number(begin, "ts")
            && number(event, "ts") <= number(end, "ts")
    };
    let tasks = events.iter().filter(is_within);
    tasks.fold((0.0, 0.0), |(cpu, wall): (f64, f64), task| {
        (cpu.max(number(task, "tdur") / 1000.0), wall.max(number(task, "dur") / 1000.0))
    })
}
