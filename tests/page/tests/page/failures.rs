//! Refused requests, failed tasks, and videos that cannot be downloaded.

use serde_json::json;

use crate::page::Page;

#[test]
fn a_wrong_key_points_at_its_field() {
    let page = Page::open("ok");
    page.fill("#apiKey", "sk-wrong-key");
    page.prepare();
    page.click("#submit");
    page.wait_failure("unauthorized");
    page.wait("the field to be marked", "document.querySelector('#apiKey').ariaInvalid === 'true'");
    page.wait_refused("key");
    page.screenshot("5-unauthorized");
    page.fill("#apiKey", &page.key);
    page.wait_ready();
    assert_eq!(page.eval("document.querySelector('#apiKey').ariaInvalid"), json!("false"));
    page.click("#submit");
    page.wait_video();
    page.assert_charged(1);
}

#[test]
fn a_failed_task_shows_the_reason_of_the_service() {
    let page = Page::open("task-failed");
    page.prepare();
    page.click("#submit");
    page.wait_failure("task_failed");
    let said = page.text("#failure");
    assert!(said.contains("You may submit again"), "expected what to do, found {said:?}");
    assert_ne!(page.text("#taskId"), "", "expected the task's id");
    page.screenshot("6-failed");
    page.wait_ready();
    page.assert_charged(1);
}

#[test]
fn a_video_from_a_host_without_cors_still_plays() {
    let page = Page::open("video-no-cors,content=0");
    page.prepare();
    page.click("#submit");
    page.wait_video();
    assert_eq!(
        page.eval("document.querySelector('#video').src === document.querySelector('#videoUrl').href"),
        json!(true)
    );
    assert_eq!(page.eval("document.querySelector('#save').hidden"), json!(true));
    page.wait_status("Open the video's URL");
}

#[test]
fn a_video_from_a_host_without_cors_comes_through_the_gateway() {
    let page = Page::open("video-no-cors");
    page.prepare();
    page.click("#submit");
    page.wait_video();
    page.wait_status("kept in this browser");
    assert_eq!(page.eval("document.querySelector('#video').src.startsWith('blob:')"), json!(true));
}

#[test]
fn an_expired_url_keeps_the_task() {
    let page = Page::open("video-forbidden,content=0");
    page.prepare();
    page.click("#submit");
    page.wait_failure("url_expired");
    assert_eq!(page.text("#again"), "Watch again");
    page.assert_charged(1);
}

#[test]
fn an_error_of_the_page_does_not_touch_the_task() {
    let page = Page::open("ok,hold=answer");
    page.prepare();
    page.click("#submit");
    page.wait_status("Sending the request");
    page.wait_charged(1);
    let script = "document.dispatchEvent(new CustomEvent('failure', { detail: 'an error of the page' }))";
    page.session.run(script, &[]);
    page.wait_failure("An error of the page");
    // While the request is under way, stopping could only do harm.
    assert_eq!(page.eval("document.querySelector('#stop').hidden"), json!(true));
    assert_eq!(page.eval("document.querySelector('#again').hidden"), json!(true));
    page.release();
    page.wait_video();
    page.assert_charged(1);
}
