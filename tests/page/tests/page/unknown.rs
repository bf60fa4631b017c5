//! Requests of unknown outcome.

use serde_json::json;

use crate::page::Page;

/// The look-up by external task id finds the task only after the test releases it, when the page has stopped looking.
const LATER: &str = "submit-lost,hold=lookup";

/// Submits the form, loses the response, and asserts that the page explains what to do. Returns the external task id.
#[track_caller]
fn lose(page: &Page) -> String {
    page.prepare();
    page.note_statuses();
    page.click("#submit");
    page.wait_failure("If none is found, the task may still appear");
    page.wait_status("A task may exist and be charged");
    page.wait_records("unknown", 1);
    assert!(page.said().contains("Looking for its task"), "expected each step, found {}", page.said());
    let said = page.text("#failure");
    for words in ["costs nothing", "charged again if the provider accepts the repeated id"] {
        assert!(said.contains(words), "expected {words:?}, found {said:?}");
    }
    page.wait_ready();
    page.text("#taskExternalId")
}

#[test]
fn a_repeated_request_is_not_charged_twice() {
    let page = Page::open("submit-lost,lookup=0");
    // A browser may repeat a request by itself when the connection is lost. Then the service refuses the used id.
    let id = lose(&page);
    page.screenshot("10-unknown");
    page.click("#again");
    page.wait_failure("No task with this id was found. It may still appear");
    page.wait_ready();
    assert_eq!(page.text("#taskExternalId"), id);
    assert_eq!(page.text("#resend"), "Send again under the same id");
    page.click("#resend");
    page.wait_failure("this external task id is taken");
    page.wait_records("unknown", 1);
    assert_eq!(page.text("#taskExternalId"), id);
    assert_eq!(page.text(".record .state"), "Unknown whether a task was created");
    page.assert_charged(1);
}

#[test]
fn a_web_page_as_the_response_is_no_refusal() {
    let page = Page::open("submit-html,created=1,lookup=0");
    let id = lose(&page);
    assert!(page.text("#failure").contains("got no clear response"));
    assert_eq!(page.eval("document.querySelector('.record').dataset.record"), json!(id));
    page.click(".record [data-action=look]");
    page.wait_failure("It may still appear");
    page.assert_charged(1);
}

#[test]
fn a_task_that_appears_later_is_watched() {
    let page = Page::open(LATER);
    let id = lose(&page);
    page.release();
    page.click("#again");
    page.wait_video();
    assert_eq!(page.text("#taskExternalId"), id);
    page.wait_records("succeed", 1);
    assert_eq!(page.eval("document.querySelector('#resend').hidden"), json!(true));
    page.assert_charged(1);
}

#[test]
fn a_request_that_never_arrived_can_be_sent_again() {
    let page = Page::open("submit-html,times=1");
    let id = lose(&page);
    page.assert_charged(0);
    page.click(".record [data-action=send]");
    page.wait_video();
    assert_eq!(page.text("#taskExternalId"), id);
    page.wait_records("succeed", 1);
    page.assert_charged(1);
}

#[test]
fn after_a_reload_the_pictures_are_chosen_again() {
    let page = Page::open("submit-html,times=1");
    let id = lose(&page);
    page.reload();
    page.connect("submit-html,times=1");
    page.wait_records("unknown", 1);
    let said = page.text(".record");
    assert!(said.contains("choose them again"), "expected what to do about the pictures, found {said:?}");
    assert_eq!(page.count(".record [data-action=send]"), 0);
    page.screenshot("11-unknown-reloaded");
    page.click(".record [data-action=use]");
    assert_eq!(page.eval("[document.activeElement.id, document.activeElement.value]"), json!(["externalTaskId", id]));
    page.prepare();
    page.click("#submit");
    page.wait_video();
    assert_eq!(page.text("#taskExternalId"), id);
    assert_eq!(page.eval("document.querySelector('#externalTaskId').value"), json!(""));
    page.wait_records("succeed", 1);
    page.assert_charged(1);
}

#[test]
fn a_task_that_appears_later_is_found_without_a_click() {
    let page = Page::open(LATER);
    let id = lose(&page);
    page.release();
    page.reload();
    page.connect(LATER);
    page.wait_video();
    page.wait_records("succeed", 1);
    assert_eq!(page.eval("document.querySelector('.record').dataset.record"), json!(id));
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true));
    page.assert_charged(1);
}

#[test]
fn an_unknown_request_is_forgotten_only_after_confirmation() {
    let page = Page::open("submit-lost,lookup=0");
    let id = lose(&page);
    page.click(".record [data-action=forget]");
    let said = page.text(".record");
    assert!(said.contains("may exist and be charged") && said.contains(&id), "expected a warning, found {said:?}");
    page.click(".record [data-action=forget-anyway]");
    page.wait_text("#records-note", "Nothing has been sent");
}
