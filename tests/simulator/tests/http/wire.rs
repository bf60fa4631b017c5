//! The unreliable connection: what passes, and where it is cut.

use crate::caller::{Caller, ENDPOINT, MAX_WAIT, body};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use simulator::Options;
use simulator::wire::Wire;
use std::collections::HashSet;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const CONNECTIONS: usize = 200;

async fn wired() -> Caller {
    Caller::of(Options { wire: Some(11), ..Options::default() }).await
}

async fn report(caller: &Caller) -> Value {
    caller.bare(Method::GET, "/wire").send().await.unwrap().json().await.unwrap()
}

fn count(report: &Value, name: &str) -> usize {
    usize::try_from(report[name].as_u64().unwrap_or_else(|| panic!("expected {name}, found {report}"))).unwrap()
}

/// Echoes every byte.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

/// What came back over a connection, and whether it was closed without a reset.
async fn said(address: SocketAddr, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut from, mut to) = stream.split();
    let mut heard = Vec::new();
    let speaking = async {
        if to.write_all(bytes).await.is_ok() {
            let _ = to.shutdown().await;
        }
    };
    let ((), end) = tokio::join!(speaking, timeout(MAX_WAIT, from.read_to_end(&mut heard)));
    let closed = end.expect("an end").is_ok();
    (heard, closed)
}

#[tokio::test]
async fn bytes_are_unchanged_up_to_the_cut() {
    let wire = Wire::bind(echo().await, 3).await.unwrap();
    let address = wire.meter().address;
    let line = tokio::spawn(wire.run());
    // More than any cut lets pass.
    let bytes: Vec<u8> = (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let (mut whole, mut closed, mut reset) = (0, 0, 0);
    for _ in 0..CONNECTIONS {
        let (heard, clean) = said(address, &bytes).await;
        assert!(bytes.starts_with(&heard), "expected the beginning of what was said, found {} bytes", heard.len());
        match (heard.len() == bytes.len(), clean) {
            (true, _) => whole += 1,
            (false, true) => closed += 1,
            (false, false) => reset += 1,
        }
    }
    assert!([whole, closed, reset].iter().all(|count| *count > CONNECTIONS / 10), "{whole}, {closed}, {reset}");
    line.abort();
}

#[tokio::test]
async fn nothing_is_charged_twice_over_the_wire() {
    let caller = wired().await;
    let start = report(&caller).await;
    assert_eq!((&start["seed"], count(&start, "connections")), (&json!(11), 0));
    let url = format!("{}/s/ok{ENDPOINT}", start["address"].as_str().unwrap());
    let client = Client::builder().no_proxy().retry(reqwest::retry::never()).pool_max_idle_per_host(0);
    let client = client.timeout(MAX_WAIT).build().unwrap();

    let mut body = body();
    let (mut accepted, mut refused, mut failed) = (HashSet::new(), 0, 0);
    for round in 0..CONNECTIONS {
        let name = format!("mine-{}", round / 2);
        body["external_task_id"] = json!(name);
        let answer = match client.post(&url).bearer_auth(&caller.key).json(&body).send().await {
            Ok(response) => (response.status().as_u16(), response.bytes().await.is_ok()),
            Err(_) => (0, false),
        };
        match answer {
            (200, true) => assert!(accepted.insert(name.clone()), "{name} was accepted twice"),
            (400, true) => refused += 1,
            (0 | 200 | 400, false) => failed += 1,
            other => panic!("expected 200, 400 or no answer, found {other:?}"),
        }
    }
    let charges = caller.charges().await;
    let paid: HashSet<_> = charges.iter().map(|charge| charge["externalTaskId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paid.len(), charges.len(), "{charges:?}");
    assert!(paid.is_superset(&accepted));

    let end = report(&caller).await;
    let (requests, responses) = (count(&end, "cutRequests"), count(&end, "cutResponses"));
    assert_eq!(count(&end, "connections"), CONNECTIONS);
    assert!(requests > 0 && responses > 0 && refused > 0, "{end}, {refused} refused");
    assert_eq!(failed, requests + responses, "{end}");
}

#[tokio::test]
async fn every_page_may_read_the_counts() {
    for (caller, status) in [(wired().await, 200), (Caller::new().await, 404)] {
        let response = caller.bare(Method::GET, "/wire").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        let json: Value = response.json().await.unwrap();
        assert_eq!(json["code"] == "no_wire", status == 404, "{json}");
        assert_eq!(json["address"].is_string(), status == 200, "{json}");
    }
}
