//! A task that was running when the page was closed is resumed when it is opened again.

use serde_json::json;

use crate::page::Page;

/// The task stays in the queue until the test releases it.
const HELD: &str = "ok,hold=submitted";

/// Submits the form, and reloads the page when the task is in the queue. Returns the task's id.
#[track_caller]
fn leave(page: &Page) -> String {
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    let task = page.text("#taskId");
    page.wait_text(".record", "Running on this page");
    page.reload();
    task
}

#[test]
fn a_reload_resumes_the_task_without_a_click() {
    let page = Page::open("ok");
    // With the base URL and the key that the simulator gives to its page.
    page.configure(HELD);
    page.reload();
    let task = leave(&page);
    page.clear_configuration();
    page.wait_text("#resumed", "Resumed: “the flower drifts down to the temple roof”");
    page.wait_text("#taskId", &task);
    let place = page.eval("[document.activeElement === document.body, scrollY]");
    assert_eq!(place, json!([true, 0]), "expected the focus and the view to stay");
    let leaving = page.eval("dispatchEvent(new Event('beforeunload', { cancelable: true }))");
    assert_eq!(leaving, json!(true), "expected no warning: the task would be resumed again");
    page.wait_text("#notice", "resumed: see Video");
    page.screenshot("12-resumed");
    page.release();
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.wait_text(".record .state", "Finished, kept in this browser");
}

#[test]
fn another_window_resumes_the_task_of_a_closed_one() {
    let page = Page::open(HELD);
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    let task = page.text("#taskId");
    page.reopen();
    page.connect(HELD);
    page.wait_text("#resumed", "Resumed");
    page.release();
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_missing_or_wrong_key_is_no_error() {
    let page = Page::open(HELD);
    let task = leave(&page);
    page.connect_with(HELD, " ");
    page.wait_status("Enter the key to watch it again");
    page.wait_text(".record .note", "Enter the key to watch it again");
    page.wait_text("#notice", "Enter the key to watch it again");
    page.screenshot("13-key-missing");
    page.click(".record [data-action=watch]");
    assert_eq!(page.eval("document.activeElement.id"), json!("apiKey"));
    page.fill("#apiKey", "sk-wrong-key");
    page.wait_status("The service did not accept this key");
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true), "expected no error");
    page.fill("#apiKey", &page.key);
    page.wait_text("#resumed", "Resumed");
    page.release();
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.assert_charged(1);
}

#[test]
fn the_newest_is_shown_and_the_others_are_kept_up_to_date() {
    let page = Page::open(HELD);
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    page.click("#stop");
    page.wait_ready();
    let task = leave(&page);
    page.connect(HELD);
    page.wait_text("#taskId", &task);
    page.release();
    page.wait_records("succeed", 2);
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.wait_text(".record:first-child .state", "Finished, kept in this browser");
    page.wait_text(".record:last-child .state", "Finished, kept in this browser");
    assert_eq!(page.text("#taskId"), task, "expected the newest task to stay shown");
    page.assert_charged(2);
}

#[test]
fn a_submission_replaces_a_resumed_task() {
    let page = Page::open(HELD);
    let task = leave(&page);
    page.connect(HELD);
    page.wait_text("#taskId", &task);
    page.wait_refused("image");
    page.prepare();
    page.fill("#prompt", "another one meanwhile");
    page.wait_ready();
    page.click("#submit");
    page.wait_charged(2);
    page.release();
    page.wait_video();
    page.wait_ready();
    assert_ne!(page.text("#taskId"), task);
    assert_eq!(page.eval("document.querySelector('#resumed').hidden"), json!(true));
    page.wait_records("succeed", 2);
    page.assert_charged(2);
}

#[test]
fn a_stopped_task_is_resumed_only_after_a_reload() {
    let page = Page::open(HELD);
    leave(&page);
    page.connect(HELD);
    page.wait_text("#resumed", "Resumed");
    page.wait_status("Accepted");
    page.wait_poll();
    page.click("#stop");
    page.wait_status("No longer watched");
    page.wait_text("#stopped", "a reload of this page resumes it");
    assert_eq!(page.polls_when_online(), json!(0), "expected no request after the stop");
    page.reload();
    page.connect(HELD);
    page.wait_text("#resumed", "Resumed");
    page.wait_status("Accepted");
    page.assert_charged(1);
}

/// Submits the form to a service that responds slowly. Returns the external task id.
#[track_caller]
fn send(page: &Page) -> String {
    page.prepare();
    page.click("#submit");
    page.wait_status("Sending the request");
    page.wait_records("submitting", 1);
    page.text("#taskExternalId")
}

#[test]
fn a_reload_before_the_response_loses_no_task() {
    let slow = "ok,hold=answer,hold=submitted";
    let page = Page::open(slow);
    let id = send(&page);
    page.wait_charged(1);
    page.reload();
    page.release();
    page.connect(slow);
    page.wait_text("#resumed", "Resumed");
    page.release();
    page.wait_video();
    assert_eq!(page.text("#taskExternalId"), id);
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true), "expected no error");
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_window_closed_before_the_response_loses_no_task() {
    let slow = "ok,hold=answer";
    let page = Page::open(slow);
    let id = send(&page);
    page.wait_charged(1);
    page.reopen();
    page.connect(slow);
    // The task has finished when it is found, and its video is shown.
    page.wait_video();
    assert_eq!(page.text("#taskExternalId"), id);
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_request_that_never_arrived_is_unknown() {
    let page = Page::open("submit-stall");
    let id = send(&page);
    page.reload();
    page.connect("submit-stall");
    page.wait_records("unknown", 1);
    page.wait_text(".record", "a task may exist and be charged");
    page.wait_text(".record", "choose them again and use its id");
    assert_eq!(page.eval("document.querySelector('.record').dataset.record"), json!(id));
    assert_eq!(page.eval("document.querySelector('#resumed').hidden"), json!(true));
    page.assert_charged(0);
}

#[test]
fn another_tab_shows_that_the_sending_tab_was_closed() {
    let page = Page::open("submit-stall");
    send(&page);
    let sender = page.session.windows();
    page.session.open_window();
    page.reload();
    page.connect("submit-stall");
    page.wait_records("submitting", 1);
    let both = page.session.windows();
    page.session.switch_to(&sender[0]);
    page.session.close_window();
    page.session.switch_to(both.iter().find(|window| **window != sender[0]).expect("the other tab"));
    page.wait_records("unknown", 1);
    page.assert_charged(0);
}

#[test]
fn an_interrupted_download_is_resumed_without_a_click() {
    let page = Page::open("ok,hold=video");
    page.prepare();
    page.click("#submit");
    page.wait_status("Downloading the video");
    page.wait_records("succeed", 1);
    page.reload();
    page.connect("ok,hold=video");
    page.release();
    page.wait_text(".record .state", "Finished");
    page.wait_text(".record .state", "kept in this browser");
    page.click(".record [data-action=show]");
    page.wait_video();
    page.wait_status("This is the video kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_key_fixed_during_the_download_loses_no_video() {
    let page = Page::open("ok,hold=video");
    page.prepare();
    page.click("#submit");
    page.wait_status("Downloading the video");
    page.wait_records("succeed", 1);
    page.reload();
    page.connect_with("ok,hold=video", "sk-half-of-a");
    page.wait_text(".record .state", "Finished");
    // The download with that key has begun, and has not ended.
    page.wait_downloads(2);
    page.paste("#apiKey", &page.key);
    page.release();
    page.wait_text(".record .state", "kept in this browser");
    page.assert_charged(1);
}
