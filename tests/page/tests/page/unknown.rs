//! A request of which it cannot be told what it came to.

use serde_json::json;

use crate::page::Page;

/// The task is found by its external id only when the test says so, as the page has given up looking.
const LATER: &str = "submit-lost,hold=lookup";

/// Every explanation that the person needs, once the answer to the request is lost.
#[track_caller]
fn lose(page: &Page) -> String {
    page.prepare();
    page.click("#submit");
    page.wait_status("Looking for its task");
    page.wait_failure("Finding none proves nothing");
    page.wait_status("A task may exist and be charged");
    page.wait_records("unknown", 1);
    let said = page.text("#failure");
    for words in ["costs nothing", "charged again if the provider neither refuses"] {
        assert!(said.contains(words), "expected {words:?}, found {said:?}");
    }
    page.wait_ready();
    page.text("#taskExternalId")
}

#[test]
fn a_lost_answer_is_looked_for_and_sent_again_without_a_second_charge() {
    let page = Page::open("submit-lost,lookup=0");
    // A browser may itself send again what a connection lost; then the answer is the refusal of the used id.
    let id = lose(&page);
    page.screenshot("10-unknown");
    page.click("#again");
    page.wait_failure("No task of this id was found. That proves nothing");
    page.wait_ready();
    assert_eq!(page.text("#taskExternalId"), id);
    assert_eq!(page.text("#resend"), "Send again under the same id");
    page.click("#resend");
    page.wait("the request to leave again", "document.querySelector('#failure').hidden");
    page.wait_failure("this external task id is taken");
    page.wait_records("unknown", 1);
    assert_eq!(page.text("#taskExternalId"), id);
    assert_eq!(page.text(".record .state"), "Unknown whether a task was created");
    page.assert_charged(1);
}

#[test]
fn an_edge_page_after_the_task_was_created_is_no_refusal() {
    let page = Page::open("submit-html,created=1,lookup=0");
    let id = lose(&page);
    assert!(page.text("#failure").contains("No clear answer came"));
    assert_eq!(page.eval("document.querySelector('.record').dataset.record"), json!(id));
    page.click(".record [data-action=look]");
    page.wait_failure("That proves nothing");
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
fn a_request_that_never_arrived_is_made_up_for() {
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
fn an_unknown_request_is_forgotten_only_when_asked_twice() {
    let page = Page::open("submit-lost,lookup=0");
    let id = lose(&page);
    page.click(".record [data-action=forget]");
    let said = page.text(".record");
    assert!(said.contains("may exist and be charged") && said.contains(&id), "expected what is lost, found {said:?}");
    page.click(".record [data-action=forget-all-the-same]");
    page.wait_text("#records-note", "Nothing has been sent");
}
