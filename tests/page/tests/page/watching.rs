//! Stopping to watch a task, which does not end it.

use serde_json::json;

use crate::page::Page;
use crate::pictures::padded;

#[test]
fn a_stopped_task_can_be_watched_again() {
    let page = Page::open("ok,hold=submitted");
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    let task = page.text("#taskId");
    page.wait_poll();
    page.click("#stop");
    page.wait_status("No longer watched");
    assert!(page.text("#stopped").contains("is charged"));
    assert_eq!(page.text("#taskId"), task);
    page.screenshot("7-stopped");
    assert_eq!(page.polls_when_online(), json!(0), "expected no request after the stop");
    page.release();
    page.click("#again");
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.assert_charged(1);
}

#[test]
fn a_task_of_another_visit_can_be_watched_by_its_id() {
    let page = Page::open("ok,hold=submitted");
    page.prepare();
    page.click("#submit");
    page.wait_status("Accepted");
    let task = page.text("#taskId");
    page.click("#stop");
    page.forget();
    page.wait_text("#records-note", "Nothing has been sent");
    page.reload();
    page.connect("ok,hold=submitted");
    page.click(".card summary");
    page.fill("#knownId", &task);
    page.click("#watchKnown");
    page.wait_status("in the service's queue");
    page.release();
    page.wait_video();
    page.assert_charged(1);
}

#[test]
fn cancelling_before_the_request_is_sent_costs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = Page::open("ok");
    page.pick(&[padded(folder.path(), "large.jpg", 9 << 20)]);
    page.click("[data-action=original]"); // what is made of it is small
    page.wait_ready();
    // The check reads slices of 1 MiB at most. Only those of the encoding, 1.5 MiB, wait.
    page.session.run(
        "const read = Blob.prototype.arrayBuffer;
        const released = new Promise((resolve) => (window.goOn = resolve));
        Blob.prototype.arrayBuffer = function () {
            return this.size < 1.3e6 ? read.call(this) : released.then(() => read.call(this));
        };",
        &[],
    );
    page.click("#submit");
    page.wait("the button to cancel", "!document.querySelector('#stop').hidden");
    assert_eq!(page.text("#stop"), "Cancel");
    page.click("#stop");
    page.wait_status("Nothing is charged");
    page.wait_ready();
    assert_eq!(page.eval("document.querySelector('#again').hidden"), json!(true));
    page.session.run("goOn()", &[]);
    // Until this one has its video, the cancelled one would have been charged.
    page.make("another one, which is not cancelled");
    page.assert_charged(1);
}
