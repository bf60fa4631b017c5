//! The simulator's account of a test's requests and charges, and the holds of its tasks.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::page::{MAX_WAIT, Page};

impl Page {
    /// Waits until the simulator has charged this test this many times.
    #[track_caller]
    pub(crate) fn wait_charged(&self, times: usize) {
        self.wait_service(&format!("{times} charges"), || {
            self.account()["charges"].as_array().map(Vec::len) == Some(times)
        });
    }

    /// Waits until this many downloads of videos have begun.
    #[track_caller]
    pub(crate) fn wait_downloads(&self, times: usize) {
        self.wait_service(&format!("{times} downloads"), || {
            let account = self.account();
            let requests = account["requests"].as_array().into_iter().flatten();
            let is_download = |request: &&Value| {
                request["method"] == "GET" && request["path"].as_str().is_some_and(|path| path.contains("/delivery/"))
            };
            requests.filter(is_download).count() >= times
        });
    }

    /// Lets each task of this test that the simulator holds continue to its next hold.
    #[track_caller]
    pub(crate) fn release(&self) {
        ureq::post(format!("{}/account/release", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .send_empty()
            .expect("a task that is held");
    }

    #[track_caller]
    fn wait_service(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < MAX_WAIT, "waited {MAX_WAIT:?} for {what}; the account is {:#}", self.account());
            sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the simulator got at least this many requests.
    #[track_caller]
    pub(crate) fn wait_requests(&self, count: usize) {
        self.wait_service(&format!("{count} requests"), || self.requests() >= count);
    }

    /// How many requests the simulator got.
    #[track_caller]
    pub(crate) fn requests(&self) -> usize {
        self.account()["requests"].as_array().map_or(0, Vec::len)
    }

    /// The simulator's account of this test's key: requests, charges, violations.
    #[track_caller]
    pub(crate) fn account(&self) -> Value {
        let mut answer = ureq::get(format!("{}/account", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .call()
            .expect("the account");
        answer.body_mut().read_json().expect("the account as JSON")
    }

    #[track_caller]
    pub(crate) fn assert_charged(&self, times: usize) {
        let account = self.account();
        assert_eq!(account["charges"].as_array().map(Vec::len), Some(times), "expected {times} charges: {account:#}");
        assert_eq!(account["violations"], json!([]), "expected requests as documented");
    }
}
