//! What was running when the page was left goes on when it is opened again.

use serde_json::json;

use crate::page::Page;

/// Long enough to reload the page meanwhile.
const SOME_SECONDS: &str = "ok,submitted=1500,processing=3500";

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
    let page = Page::open(SOME_SECONDS);
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    let task = page.text("#taskId");
    let old = page.session.windows();
    page.session.open_window();
    let new = page.session.windows().into_iter().find(|window| !old.contains(window)).expect("another window");
    page.session.switch_to(&old[0]);
    page.session.close_window();
    page.session.switch_to(&new);
    page.reload();
    page.connect(SOME_SECONDS);
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_missing_or_wrong_key_is_asked_for_calmly() {
    let page = Page::open("ok,submitted=1500,processing=9000");
    let task = leave(&page);
    page.connect("ok,submitted=1500,processing=9000");
    page.fill("#apiKey", " ");
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
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.assert_charged(1);
}

#[test]
fn the_newest_is_shown_and_the_others_are_kept_up_to_date() {
    let page = Page::open("ok,submitted=1500,processing=5000");
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    page.click("#stop");
    page.wait_ready();
    let task = leave(&page);
    page.connect("ok,submitted=1500,processing=5000");
    page.wait_records("succeed", 2);
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    assert_eq!(page.text(".record:first-child .state"), "Finished, kept in this browser");
    assert_eq!(page.text(".record:last-child .state"), "Finished", "expected the other one to be left alone");
    page.assert_charged(2);
}

#[test]
fn what_was_taken_up_gives_way_to_what_is_asked_for() {
    let page = Page::open(SOME_SECONDS);
    let task = leave(&page);
    page.connect(SOME_SECONDS);
    page.wait_text("#taskId", &task);
    page.wait_refused("image");
    page.prepare();
    page.make("another one meanwhile");
    assert_ne!(page.text("#taskId"), task);
    assert_eq!(page.eval("document.querySelector('#taken').hidden"), json!(true));
    page.wait_records("succeed", 2);
    page.assert_charged(2);
}

#[test]
fn what_is_no_longer_watched_is_taken_up_by_the_next_visit_only() {
    let page = Page::open(SOME_SECONDS);
    leave(&page);
    page.connect(SOME_SECONDS);
    page.wait_text("#taken", "Taken up again");
    page.wait_status("Accepted");
    page.click("#stop");
    page.wait_status("No longer watched");
    page.wait_text("#stopped", "after a reload, which takes it up again");
    let asked = page.requests();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(page.requests(), asked, "expected no question after the stop");
    page.reload();
    page.connect(SOME_SECONDS);
    page.wait_video();
    page.assert_charged(1);
}
