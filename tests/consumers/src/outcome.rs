//! What came of a visit.

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

/// Opens a page in a browser of its own, and waits for its outcome.
#[track_caller]
pub fn visit(served: &Served, path: &str) -> Outcome {
    let simulator = required("KLING_SIMULATOR");
    let downloads = TempDir::new().expect("a folder for downloads");
    let nanos = SystemTime::UNIX_EPOCH.elapsed().expect("a clock past 1970").as_nanos();
    let key = format!("sk-sim-consumer-{nanos}");
    let session = Browser::chosen().start(downloads.path());
    session.open(&format!("{}{path}?base={simulator}/s/ok/kling&key={key}", served.address));
    let start = Instant::now();
    let said = loop {
        let said = session.run("return globalThis.outcome ?? null", &[]);
        if said != Value::Null {
            break said;
        }
        assert!(start.elapsed() < PATIENCE, "expected an outcome, found none at {}{path}", served.address);
        sleep(Duration::from_millis(50));
    };
    Outcome { said, charges: charges(&simulator, &key) }
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
