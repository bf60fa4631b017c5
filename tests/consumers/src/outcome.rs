//! The outcome of a visit of a page.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use page_tests::{Browser, Session};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Served, required};

/// How long a page may take, with a development server that bundles on the first request.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a page reported, and what the service charged for it.
#[derive(Debug)]
pub struct Outcome {
    /// The page's own report.
    pub said: Value,
    /// The number of tasks that were created.
    pub charges: usize,
    /// Where the key was found, other than in its header: in the service's requests, or on the page's console.
    pub strays: Vec<String>,
}

/// A key of its own, so that the simulator keeps the accounts apart.
pub fn new_key() -> String {
    let nanos = SystemTime::UNIX_EPOCH.elapsed().expect("a clock past 1970").as_nanos();
    format!("sk-sim-consumer-{nanos}")
}

/// The base URL of the simulated service.
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

/// The same without a key: a relay at `base` adds it.
#[track_caller]
pub fn visit_without_key(served: &Served, base: &str, key: &str) -> Outcome {
    outcome(&format!("{}/?base={base}", served.address), key)
}

/// Where a page has its form, as selectors, and conditions in JavaScript.
struct Form {
    pictures: &'static str,
    /// Not every form has one.
    prompt: &'static str,
    button: &'static str,
    video: &'static str,
    can_submit: &'static str,
    has_ended: &'static str,
}

const EXAMPLE: Form = Form {
    pictures: "input[type=file]",
    prompt: "input[name=prompt]",
    button: "button",
    video: "video",
    can_submit: "document.querySelector('button')",
    has_ended: "document.querySelector('[role=status]').textContent === 'done'",
};

/// The page that the package's command line serves.
const PAGE: Form = Form {
    pictures: "#files",
    prompt: "#prompt",
    button: "#submit",
    video: "#video",
    can_submit: "document.querySelector('#submit').ariaDisabled === 'false'",
    has_ended: "document.querySelector('#status').textContent.includes('ready')",
};

/// Fills in the form of an example like a user, with an image and a prompt, submits it, and waits until its video plays. It is
/// charged once.
#[track_caller]
pub fn make_video(address: &str, picture: &Path, key: &str) {
    assert_eq!(made_video(address, picture, key, &EXAMPLE), 1, "charges");
}

/// The same with the page of the command line. Returns the number of charges.
#[track_caller]
pub fn make_video_on_page(address: &str, picture: &Path, key: &str) -> usize {
    made_video(address, picture, key, &PAGE)
}

#[track_caller]
fn made_video(address: &str, picture: &Path, key: &str, form: &Form) -> usize {
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
    wait("a form", &format!("document.querySelector('{}')", form.button));
    session.send_keys(form.pictures, &picture.to_string_lossy());
    if session.run(&format!("return document.querySelector('{}') !== null", form.prompt), &[]) == Value::Bool(true) {
        session.send_keys(form.prompt, "an example");
    }
    wait("a complete request", form.can_submit);
    session.click(form.button);
    wait("a video that plays", &format!("document.querySelector('{}')?.readyState > 1", form.video));
    wait("an end", form.has_ended);
    let (charges, strays) = account(key);
    assert_eq!(strays, [""; 0], "where else the key was found");
    assert_eq!(on_console(&session, key), [""; 0]);
    charges
}

/// Requests a video until it is available.
#[track_caller]
pub fn await_video(address: &str) -> Vec<u8> {
    let start = Instant::now();
    loop {
        match ureq::get(address).call() {
            Ok(mut answer) => return answer.body_mut().read_to_vec().expect("a video"),
            Err(error) => assert!(start.elapsed() < PATIENCE, "expected a video, found {error} at {address}"),
        }
        sleep(Duration::from_millis(50));
    }
}

/// Posts bytes, and returns the JSON response.
#[track_caller]
pub fn post(address: &str, bytes: &[u8]) -> Value {
    let mut answer = ureq::post(address).send(bytes).unwrap_or_else(|error| panic!("{address}: {error}"));
    answer.body_mut().read_json().expect("JSON")
}

/// Posts JSON in chunks, without its length, and returns the JSON of a response with any status.
#[track_caller]
pub fn post_chunks(address: &str, mut json: &[u8]) -> Value {
    let request = ureq::post(address).header("Content-Type", "application/json");
    let request = request.config().http_status_as_error(false).build();
    let answer = request.send(ureq::SendBody::from_reader(&mut json));
    let mut answer = answer.unwrap_or_else(|error| panic!("{address}: {error}"));
    answer.body_mut().read_json().expect("JSON")
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
    let (charges, mut strays) = account(key);
    strays.extend(on_console(&session, key));
    Outcome { said, charges, strays }
}

/// The messages on the console that contain the key. Chromium logs the opened URL, into which the test itself put the key.
fn on_console(session: &Session, key: &str) -> Vec<String> {
    let said = Browser::chosen().console(session).into_iter();
    said.filter(|line| line.replace(&format!("&key={key}"), "").contains(key)).collect()
}

/// The number of charges of a key, and the places where it was found other than in its header.
fn account(key: &str) -> (usize, Vec<String>) {
    let mut answer = ureq::get(format!("{}/account", required("KLING_SIMULATOR")))
        .header("Authorization", format!("Bearer {key}"))
        .call()
        .expect("the account of the simulator");
    let account: Value = answer.body_mut().read_json().expect("JSON");
    let violations = account["violations"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let strays = violations.filter(|what| what.contains("the key in")).map(str::to_owned).collect();
    (account["charges"].as_array().map_or(0, Vec::len), strays)
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
        assert_eq!(self.strays, [""; 0], "where else the key was found");
    }
}
