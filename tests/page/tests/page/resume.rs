//! What was running when the page was left goes on when it is opened again.

use serde_json::json;

use crate::page::Page;

/// Under way until the test releases it.
const HELD: &str = "ok,hold=submitted";

/// Submits what is in the form, and comes back to the page when it is under way; brings its id.
#[track_caller]
fn leave(page: &Page) -> String {
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    let task = page.text("#taskId");
    page.wait_text(".record", "Under way on this page");
    page.reload();
    task
}

#[test]
fn a_reload_takes_it_up_without_a_word() {
    let page = Page::open("ok");
    // With the address and the key that the simulator gives to its page.
    page.reload();
    let task = leave(&page);
    page.wait_text("#taken", "Taken up again: “the flower drifts down to the temple roof”");
    page.wait_text("#taskId", &task);
    let place = page.eval("[document.activeElement === document.body, scrollY]");
    assert_eq!(place, json!([true, 0]), "expected the focus and the view to stay");
    let leaving = page.eval("dispatchEvent(new Event('beforeunload', { cancelable: true }))");
    assert_eq!(leaving, json!(true), "expected no warning: it would be taken up again");
    page.wait_text("#notice", "taken up again: see Video");
    page.screenshot("12-taken-up");
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.wait_text(".record .state", "Finished, kept in this browser");
}

#[test]
fn another_window_takes_up_what_the_closed_one_began() {
    let page = Page::open(HELD);
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    let task = page.text("#taskId");
    page.reopen();
    page.connect(HELD);
    page.wait_text("#taken", "Taken up again");
    page.release();
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_missing_or_wrong_key_is_asked_for_calmly() {
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
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true), "expected no alarm");
    page.fill("#apiKey", &page.key);
    page.wait_text("#taken", "Taken up again");
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
    assert_eq!(page.text("#taskId"), task, "expected the other one to stay out of sight");
    page.assert_charged(2);
}

#[test]
fn what_was_taken_up_gives_way_to_what_is_asked_for() {
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
    assert_eq!(page.eval("document.querySelector('#taken').hidden"), json!(true));
    page.wait_records("succeed", 2);
    page.assert_charged(2);
}

#[test]
fn what_is_no_longer_watched_is_taken_up_by_the_next_visit_only() {
    let page = Page::open(HELD);
    leave(&page);
    page.connect(HELD);
    page.wait_text("#taken", "Taken up again");
    page.wait_status("Accepted");
    page.click("#stop");
    page.wait_status("No longer watched");
    page.wait_text("#stopped", "after a reload, which takes it up again");
    let asked = page.requests();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(page.requests(), asked, "expected no question after the stop");
    page.reload();
    page.connect(HELD);
    page.wait_text("#taken", "Taken up again");
    page.wait_status("Accepted");
    page.assert_charged(1);
}

/// Submits what is in the form to a service that is slow to answer; brings the external id under which it was sent.
#[track_caller]
fn send(page: &Page) -> String {
    page.prepare();
    page.click("#submit");
    page.wait_status("Sending the request");
    page.wait_records("submitting", 1);
    page.text("#taskExternalId")
}

#[test]
fn a_reload_before_the_answer_loses_no_task() {
    let slow = "ok,hold=answer,hold=submitted";
    let page = Page::open(slow);
    let id = send(&page);
    page.wait_charged(1);
    page.reload();
    page.release();
    page.connect(slow);
    page.wait_text("#taken", "Taken up again");
    page.release();
    page.wait_video();
    assert_eq!(page.text("#taskExternalId"), id);
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true), "expected no alarm");
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_window_closed_before_the_answer_loses_no_task() {
    let slow = "ok,hold=answer";
    let page = Page::open(slow);
    let id = send(&page);
    page.wait_charged(1);
    page.reopen();
    page.connect(slow);
    // Finished when it is found, and shown all the same.
    page.wait_video();
    assert_eq!(page.text("#taskExternalId"), id);
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_request_that_never_arrived_is_not_said_to_have() {
    let page = Page::open("submit-stall");
    let id = send(&page);
    page.reload();
    page.connect("submit-stall");
    page.wait_records("unknown", 1);
    page.wait_text(".record", "a task may exist and be charged");
    page.wait_text(".record", "choose them again and use its id");
    assert_eq!(page.eval("document.querySelector('.record').dataset.record"), json!(id));
    assert_eq!(page.eval("document.querySelector('#taken').hidden"), json!(true));
    page.assert_charged(0);
}

#[test]
fn another_tab_learns_that_the_sender_is_gone() {
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
fn a_video_that_was_being_fetched_is_kept_without_a_click() {
    let page = Page::open("ok,hold=video");
    page.prepare();
    page.click("#submit");
    page.wait_status("Fetching the video");
    page.wait_records("succeed", 1);
    page.reload();
    page.connect("ok,hold=video");
    page.release();
    page.wait_text(".record .state", "Finished");
    page.wait_text(".record .state", "kept in this browser");
    page.click(".record [data-action=show]");
    page.wait_video();
    page.wait_status("The video as it is kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_key_that_is_mended_meanwhile_costs_no_video() {
    let page = Page::open("ok,hold=video");
    page.prepare();
    page.click("#submit");
    page.wait_status("Fetching the video");
    page.wait_records("succeed", 1);
    page.reload();
    page.connect_with("ok,hold=video", "sk-half-of-a");
    page.wait_text(".record .state", "Finished");
    // Once it has begun with that key, before the video arrives.
    page.wait_downloads(2);
    page.paste("#apiKey", &page.key);
    page.release();
    page.wait_text(".record .state", "kept in this browser");
    page.assert_charged(1);
}
