//! The stand-in: a visitor without a key sees the whole story, and no request leaves the page.

use std::env;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::site::Site;

/// Asserts that the page says that nothing is sent and charged, where that is read.
#[track_caller]
fn assert_marked(site: &Site) {
    let banner = site.session.text("#stand-in");
    assert!(banner.contains("Nothing is sent, nothing is charged"), "{banner}");
    let price = site.session.text("#price-of");
    assert!(price.contains("nothing here"), "{price}");
    assert!(!site.is_visible("[data-path=apiKey]"), "expected no field for a key");
}

#[test]
fn without_a_key_pictures_become_a_video_that_plays() {
    let site = Site::open();
    site.prepare("the flower drifts down to the temple roof");
    assert_marked(&site);
    site.wait_text("#submit-note", "nothing is sent, nothing is charged");
    site.screenshot("page-1-ready");
    site.note_statuses();
    site.stop_clock();
    site.click("#submit");
    site.wait_text("#status", "in the service's queue");
    assert_marked(&site);
    let said = site.eval("said").to_string();
    assert!(said.contains("Sending the request"), "{said}");
    site.advance_clock(3000);
    site.wait_text("#status", "making the video");
    site.advance_clock(10_000);
    site.wait_text("#trial", "nothing is charged");
    site.wait_video();
    site.wait_text("#status", "The video is ready");
    site.wait_text("#status", "kept in this browser");
    assert_marked(&site);
    site.screenshot("page-2-video");
    site.wait("the record", "document.querySelectorAll('.record[data-state=succeed]').length === 1");
    assert_eq!(site.requests_elsewhere(), json!([]), "expected requests to this site only");
    assert_eq!(site.complaints(), Vec::<String>::new(), "expected a quiet console");
}

#[test]
fn a_prompt_that_asks_for_it_plays_a_failure_that_is_explained() {
    let site = Site::open();
    site.wait_text("#service-hint", "“fail”");
    site.prepare("Fail, please");
    site.click("#submit");
    site.wait_text("#status", "The task failed");
    site.wait_text("#failure", "Failure to pass the risk control system");
    site.wait_text("#failure", "You may submit again");
    site.wait_text("#trial", "nothing is charged");
    site.wait("the record", "document.querySelectorAll('.record[data-state=failed]').length === 1");
}

#[test]
fn a_reload_resumes_a_task_and_shows_a_finished_one() {
    let site = Site::open();
    site.prepare("a reload while the video is being made");
    site.stop_clock();
    site.click("#submit");
    site.wait_text("#status", "in the service's queue");
    site.advance_clock(3000);
    site.wait_text("#status", "making the video");
    let id = site.session.text("#taskId");
    // The page asks before it is closed.
    site.session.run("addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), true)", &[]);
    site.reload();
    site.wait_text("#resumed", "a reload while the video is being made");
    site.wait_video();
    assert_eq!(site.session.text("#taskId"), id);
    site.reload();
    site.wait("the record", "document.querySelectorAll('.record[data-state=succeed]').length === 1");
    site.click(".record [data-action=show]");
    site.wait_video();
    assert_marked(&site);
}

#[test]
fn an_external_task_id_is_used_once() {
    let site = Site::open();
    site.prepare("the first of two under the same id");
    site.session.run("document.querySelector('#externalTaskId').closest('details').open = true", &[]);
    site.fill("#externalTaskId", "the-same-id");
    site.click("#submit");
    site.wait("the task", "document.querySelector('#taskId').textContent !== ''");
    let first = site.session.text("#taskId");
    site.wait_video();
    site.wait("the form", "document.querySelector('#submit').ariaDisabled === 'false'");
    site.fill("#externalTaskId", "the-same-id");
    site.click("#submit");
    site.wait_video();
    assert_eq!(site.session.text("#taskId"), first, "expected the task that has this id");
}

/// The simulator is the service that the visitor has a key for.
#[test]
fn an_own_service_takes_the_place_of_the_stand_in() {
    let simulator = env::var("KLING_SIMULATOR").expect("expected KLING_SIMULATOR to be set");
    let nanos = SystemTime::UNIX_EPOCH.elapsed().expect("a clock past 1970").as_nanos();
    let key = format!("sk-sim-site-{nanos}");
    let site = Site::open();
    site.click("#switch");
    let default = site.eval("document.querySelector('#baseUrl').value");
    assert_eq!(default, json!("https://api.cometapi.com/kling"));
    assert!(!site.is_visible("#stand-in"), "expected no mark of the stand-in beside a real service");
    assert!(site.is_visible("[data-path=apiKey]"), "expected a field for the key");
    site.fill("#apiKey", &key);
    site.fill("#baseUrl", &format!("{simulator}/s/ok/kling"));
    site.prepare("with a key");
    assert!(site.session.text("#submit-note").contains("charged once"));
    site.click("#submit");
    site.wait_video();
    assert!(!site.is_visible("#trial"), "expected no mark of the stand-in");
    let mut account = ureq::get(format!("{simulator}/account"))
        .header("authorization", format!("Bearer {key}"))
        .call()
        .expect("the account");
    let account: Value = account.body_mut().read_json().expect("the account as JSON");
    assert_eq!(account["charges"].as_array().map(Vec::len), Some(1), "{account:#}");
    site.click("#switch");
    site.wait_text("#stand-in", "Nothing is sent");
    site.wait_text("#records-note", "Nothing has been sent from this browser to this URL yet");
}
