//! Tests with a plain socket: heads, halves of bodies, and how a connection ends.

use crate::caller::{Caller, ENDPOINT, MAX_WAIT, body};
use serde_json::json;
use std::str;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a connection must be silent to count as open.
const SILENCE: Duration = Duration::from_millis(400);

/// What came over a connection, and whether it was closed.
struct Heard {
    text: String,
    closed: bool,
}

impl Heard {
    fn head(&self) -> &str {
        self.text.split_once("\r\n\r\n").expect("a head").0
    }

    fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").expect("a head").1
    }

    /// Whether the head and `1 / parts` of the body came.
    fn has_part(&self, parts: usize) -> bool {
        self.text.contains("\r\n\r\n") && self.body().len() >= self.length() / parts
    }

    /// The length that the head announces.
    fn length(&self) -> usize {
        let head = self.head().to_lowercase();
        let value = head.split("content-length: ").nth(1).expect("a length");
        value.lines().next().unwrap().parse().unwrap()
    }
}

async fn connect(caller: &Caller) -> TcpStream {
    TcpStream::connect(caller.address.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Sends a request, and reads until the connection closes, or is silent after all that `is_all` expects.
async fn talk(caller: &Caller, request: &str, is_all: impl Fn(&Heard) -> bool) -> Heard {
    let mut stream = connect(caller).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Heard { text: String::new(), closed: false };
    let mut bytes = [0; 4096];
    loop {
        let patience = if is_all(&heard) { SILENCE } else { MAX_WAIT };
        match timeout(patience, stream.read(&mut bytes)).await {
            Ok(Ok(0)) => break heard.closed = true,
            Ok(Ok(count)) => heard.text.push_str(str::from_utf8(&bytes[..count]).unwrap()),
            Ok(Err(_)) | Err(_) => break,
        }
    }
    heard
}

fn post(caller: &Caller, scenario: &str, external: &str) -> String {
    let mut body = body();
    body["external_task_id"] = json!(external);
    let body = body.to_string();
    let (key, length) = (&caller.key, body.len());
    format!(
        "POST /s/{scenario}{ENDPOINT} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn get(caller: &Caller, scenario: &str, id: &str) -> String {
    let key = &caller.key;
    format!("GET /s/{scenario}{ENDPOINT}/{id} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\r\n")
}

/// The request of a place, and the status of its response answer.
async fn request(caller: &Caller, place: &str, trouble: &str) -> (String, &'static str) {
    let scenario = format!("{place}-{trouble}");
    match place {
        "submit" => (post(caller, &scenario, trouble), "200"),
        "query" => (get(caller, &scenario, &caller.task("ok").await), "200"),
        _ => (get(caller, &scenario, "unknown"), "400"),
    }
}

const PLACES: [&str; 3] = ["submit", "query", "probe"];

#[tokio::test]
async fn a_lost_response_has_no_byte() {
    let caller = Caller::new().await;
    for place in PLACES {
        let (request, _) = request(&caller, place, "lost").await;
        let heard = talk(&caller, &request, |_| false).await;
        assert_eq!(heard.text, "", "{place}");
        assert!(heard.closed, "{place}");
    }
    assert_eq!(caller.query("ok", "lost").await.status, 200);
    let account = caller.account().await;
    assert_eq!(account["requests"][0]["status"], 0, "{account}");
}

#[tokio::test]
async fn a_response_is_cut_in_the_middle() {
    let caller = Caller::new().await;
    for place in PLACES {
        let (request, status) = request(&caller, place, "cut").await;
        let heard = talk(&caller, &request, |_| false).await;
        assert!(heard.head().starts_with(&format!("HTTP/1.1 {status} ")), "{place}: {}", heard.head());
        assert_eq!(heard.body().len(), heard.length() / 2, "{place}: {}", heard.text);
        assert!(heard.body().starts_with('{'), "{place}: {}", heard.text);
        assert!(heard.closed, "{place}");
    }
    assert_eq!(caller.query("ok", "cut").await.status, 200);
}

#[tokio::test]
async fn a_response_stalls_in_the_middle() {
    let caller = Caller::new().await;
    for place in PLACES {
        let (request, _) = request(&caller, place, "stall-body").await;
        let heard = talk(&caller, &request, |heard| heard.has_part(2)).await;
        assert!(heard.head().starts_with("HTTP/1.1 200 "), "{place}: {}", heard.head());
        assert_eq!(heard.body().len(), heard.length() / 2, "{place}: {}", heard.text);
        assert!(!heard.closed, "{place}");
    }
    assert_eq!(caller.query("ok", "stall-body").await.status, 200);
}

#[tokio::test]
async fn a_response_never_comes() {
    let caller = Caller::new().await;
    for place in PLACES {
        let (request, _) = request(&caller, place, "stall").await;
        let heard = talk(&caller, &request, |_| true).await;
        assert_eq!(heard.text, "", "{place}");
        assert!(!heard.closed, "{place}");
    }
    assert_eq!(caller.query("ok", "stall").await.status, 400);
    let request = post(&caller, "submit-stall,created=1", "stalled");
    // The connection stays open until the service has read the request.
    let mut stream = connect(&caller).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    caller.charged(1).await;
    assert!(timeout(SILENCE, stream.read(&mut [0])).await.is_err(), "expected no response");
    assert_eq!(caller.query("ok", "stalled").await.status, 200);
}

#[tokio::test]
async fn a_broken_response_is_a_complete_message() {
    let caller = Caller::new().await;
    for place in PLACES {
        let (request, _) = request(&caller, place, "broken").await;
        let heard = talk(&caller, &request, |heard| heard.has_part(1)).await;
        assert!(heard.head().starts_with("HTTP/1.1 200 "), "{place}: {}", heard.head());
        assert_eq!(heard.body().len(), heard.length(), "{place}: {}", heard.text);
        assert!(heard.body().starts_with('{') && !heard.body().ends_with('}'), "{place}: {}", heard.text);
        assert!(!heard.closed, "{place}");
    }
    assert_eq!(caller.query("ok", "broken").await.status, 200);
}

#[tokio::test]
async fn after_a_lost_response_the_connection_is_a_new_one() {
    let caller = Caller::new().await;
    let first = post(&caller, "submit-lost,times=1", "mine");
    assert_eq!(talk(&caller, &first, |_| false).await.text, "");
    // As browsers do by themselves when a connection they had used before ends without an answer.
    let again = talk(&caller, &first, |heard| heard.has_part(1)).await;
    assert!(again.head().starts_with("HTTP/1.1 400 "), "{}", again.text);
    assert!(again.body().contains("1201") && again.body().contains("external_task_id"), "{}", again.text);
    assert_eq!(caller.charges().await.len(), 1);
}
