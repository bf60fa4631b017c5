//! The list of tasks that were sent from this browser.

use serde_json::json;

use crate::page::Page;

#[test]
fn finished_tasks_are_listed_after_a_reload_and_shown_again() {
    let page = Page::open("ok");
    page.wait_text("#records-note", "Nothing has been sent from this browser to this URL yet");
    page.prepare();
    page.make("the first one");
    let first = page.text("#taskId");
    page.wait("the finished record", "document.querySelector('.record [data-action=show]') !== null");
    page.eval("document.querySelectorAll('.record .name, .record [data-action=show]').forEach((part) => { part.isOld = true; })");
    page.make(&"the second, of many words ".repeat(8));
    page.wait_records("succeed", 2);
    let old = page.eval("[...document.querySelectorAll('.record:last-child > *, .record:last-child button')].filter(({ isOld }) => isOld).map(({ textContent }) => textContent)");
    assert_eq!(
        old,
        json!(["Show"]),
        "expected the button to stay when the texts change: a person may be about to press it"
    );
    page.reload();
    page.connect("ok");
    page.wait_records("succeed", 2);
    let listed = page.text(".record:first-child");
    for words in ["the second, of many words", "…", "Finished", "just now", "2 pictures", "std", "5 s"] {
        assert!(listed.contains(words), "expected {words:?} in the newest record, found {listed:?}");
    }
    page.screenshot("8-records");
    assert_eq!(page.text(".record:last-child .name"), "the first one");
    page.click(".record:last-child [data-action=show]");
    page.wait_video();
    assert_eq!(page.text("#taskId"), first);
    page.assert_charged(2);
}

#[test]
fn the_list_is_that_of_the_base_url() {
    let page = Page::open("ok,tag=one");
    page.prepare();
    page.make("for one URL");
    page.connect("ok,tag=other");
    page.wait_text("#records-note", "Nothing has been sent");
    assert_eq!(page.count(".record"), 0);
    page.fill("#baseUrl", "https://");
    page.wait_text("#records-note", "Enter a base URL");
    page.connect("ok,tag=one");
    page.wait_records("succeed", 1);
}

#[test]
fn a_task_from_elsewhere_is_listed_once_it_is_watched() {
    let page = Page::open("ok");
    page.prepare();
    page.make("soon forgotten");
    let task = page.text("#taskId");
    page.forget();
    page.wait_text("#records-note", "Nothing has been sent");
    page.click(".card summary");
    page.fill("#knownId", &task);
    page.click("#watchKnown");
    page.wait_video();
    page.wait_records("succeed", 1);
    assert_eq!(page.text(".record .name"), task);
    page.assert_charged(1);
}

#[test]
fn a_running_task_is_forgotten_only_after_confirmation() {
    let page = Page::open("ok,hold=submitted");
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    let task = page.text("#taskId");
    page.click("#stop");
    page.wait_text("#stopped", "stays listed under Tasks of this browser, and a reload");
    page.wait("the list to be free", "document.querySelector('.record [data-action=forget]') !== null");
    page.click(".record [data-action=forget]");
    let said = page.text(".record");
    assert!(said.contains("is charged") && said.contains(&task), "expected a warning, found {said:?}");
    page.click(".record [data-action=keep]");
    assert_eq!(
        page.eval("document.activeElement.closest('.record') !== null"),
        json!(true),
        "expected the focus to stay"
    );
    page.click(".record [data-action=forget]");
    page.screenshot("9-forget");
    page.click(".record [data-action=forget-anyway]");
    page.wait_text("#records-note", "Nothing has been sent");
    assert_eq!(page.eval("document.activeElement.id"), json!("records-title"));
    assert!(
        page.text("#stopped").contains("keeps no record of it"),
        "expected the note to change when the task was forgotten"
    );
    page.reload();
    page.connect("ok,hold=submitted");
    page.wait_text("#records-note", "Nothing has been sent");
}

#[test]
fn the_list_shows_what_another_tab_sends() {
    let page = Page::open("ok");
    let first = page.session.windows().remove(0);
    // Not by `window.open`: WebKit blocks it without a click.
    page.session.open_window();
    page.session.open(&format!("{}/", page.url));
    page.wait("the script to start", "!document.querySelector('#submit-note').textContent.includes('not started')");
    page.connect("ok");
    page.prepare();
    page.click("#submit");
    page.wait_video();
    page.session.switch_to(&first);
    page.wait_records("succeed", 1);
    assert_eq!(page.text(".record .name"), "the flower drifts down to the temple roof");
    page.assert_charged(1);
}

#[test]
fn a_browser_without_a_database_says_so() {
    let page = Page::open("ok,tag=before");
    page.session.run("Object.defineProperty(window, 'indexedDB', { value: undefined })", &[]);
    page.connect("ok,hold=submitted");
    page.wait_text("#records-note", "This browser keeps no records of this page; note the task id");
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    page.click("#stop");
    page.wait_text("#stopped", "This page keeps no record of it: note the task id");
    page.wait_records("submitted", 1);
    page.release();
    page.click("#again");
    page.wait_video();
    page.wait_status("It could not be kept in this browser: save it");
    page.wait_text(".record .state", "Finished, kept until this page is closed");
    page.assert_charged(1);
}

#[test]
fn a_failing_storage_is_reported_and_breaks_nothing() {
    let page = Page::open("ok");
    page.prepare();
    page.make("before the storage fails");
    page.session.run(
        "window.working = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = () => { throw new DOMException('the disk is full', 'QuotaExceededError'); };",
        &[],
    );
    page.forget();
    page.wait_text("#records-note", "the disk is full");
    page.wait_ready();
    page.click("#submit");
    page.wait_failure("the disk is full");
    page.wait_status("nothing is charged");
    page.session.run("IDBDatabase.prototype.transaction = working", &[]);
    page.make("after the storage works again");
    page.wait_records("succeed", 2);
    page.assert_charged(2);
}
