//! What came of a visit.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use page_tests::Browser;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Served, required};

/// How long a page may take, with a development server that has all to bundle yet.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a page said, and what the service charged for it.
#[derive(Debug)]
pub struct Outcome {
    /// The page's own words.
    pub said: Value,
    /// The number of tasks that were created.
    pub charges: usize,
}

/// A key of its own, so that the simulator keeps the accounts apart.
pub fn new_key() -> String {
    let nanos = SystemTime::UNIX_EPOCH.elapsed().expect("a clock past 1970").as_nanos();
    format!("sk-sim-consumer-{nanos}")
}

/// The address of the simulated service.
#[track_caller]
pub fn service() -> String {
    format!("{}/s/ok/kling", required("KLING_SIMULATOR"))
}

/// Opens a page in a browser of its own, with a key, and waits for its outcome.
#[track_caller]
pub fn visit(served: &Served, path: &str) -> Outcome {
    let key = new_key();
    outcome(&format!("{}{path}?base={}&key={key}", served.address, service()), &key)
}

/// The same without a key, which a relay at `base` adds.
#[track_caller]
pub fn visit_without_key(served: &Served, base: &str, key: &str) -> Outcome {
    outcome(&format!("{}/?base={base}", served.address), key)
}

/// Fills in a form of a picture and a prompt as a person does, sends it off, and waits until its video plays.
#[track_caller]
pub fn make_video(address: &str, picture: &Path, key: &str) {
    let downloads = TempDir::new().expect("a folder for downloads");
    let session = Browser::chosen().start(downloads.path());
    session.open(address);
    let wait = |what: &str, script: &str| {
        let start = Instant::now();
        while session.run(&format!("return Boolean({script})"), &[]) != Value::Bool(true) {
            let status = session.run("return document.querySelector('[role=status]')?.textContent ?? null", &[]);
            assert!(start.elapsed() < PATIENCE, "expected {what}, found the status {status} at {address}");
            sleep(Duration::from_millis(50));
        }
    };
    wait("a form", "document.querySelector('button')");
    session.send_keys("input[type=file]", &picture.to_string_lossy());
    if session.run("return document.querySelector('input[name=prompt]') !== null", &[]) == Value::Bool(true) {
        session.send_keys("input[name=prompt]", "a recipe");
    }
    session.click("button");
    wait("a video that plays", "document.querySelector('video')?.readyState > 1");
    wait("an end", "document.querySelector('[role=status]').textContent === 'done'");
    assert_eq!(charges(&required("KLING_SIMULATOR"), key), 1, "charges");
}

#[track_caller]
fn outcome(address: &str, key: &str) -> Outcome {
    let downloads = TempDir::new().expect("a folder for downloads");
    let session = Browser::chosen().start(downloads.path());
    session.open(address);
    let start = Instant::now();
    let said = loop {
        let said = session.run("return globalThis.outcome ?? null", &[]);
        if said != Value::Null {
            break said;
        }
        assert!(start.elapsed() < PATIENCE, "expected an outcome, found none at {address}");
        sleep(Duration::from_millis(50));
    };
    Outcome { said, charges: charges(&required("KLING_SIMULATOR"), key) }
}

fn charges(simulator: &str, key: &str) -> usize {
    let mut answer = ureq::get(format!("{simulator}/account"))
        .header("Authorization", format!("Bearer {key}"))
        .call()
        .expect("the account of the simulator");
    let account: Value = answer.body_mut().read_json().expect("JSON");
    account["charges"].as_array().map_or(0, Vec::len)
}

impl Outcome {
    /// One task was submitted, recorded and charged once.
    #[track_caller]
    pub fn assert_submitted(&self) {
        let said = &self.said;
        assert!(said["taskId"].is_string(), "expected a task, found {said}");
        let rest = json!([said["format"], said["width"], said["status"], said["storage"]]);
        assert_eq!(rest, json!(["png", 400, "submitted", "indexeddb"]));
        assert_eq!(self.charges, 1, "charges");
    }
}
