//! A captive portal, as in a hotel: it answers every request with a page of its own until its user has logged in.

use serde_json::json;

use crate::page::Page;

/// What a portal may answer, after the place of the request: a page, a redirect, a page that the browser does not let a page read.
const ANSWERS: [&str; 5] = ["html,status=200", "html,status=511", "redirect", "no-cors", "empty"];

#[test]
fn before_the_payment_it_is_an_error_and_costs_nothing() {
    let page = Page::open("ok");
    page.prepare();
    for answer in ANSWERS {
        page.connect(&format!("probe-{answer}"));
        page.wait_ready();
        let requests = page.requests();
        page.click("#submit");
        page.wait_requests(requests + 1);
        page.wait_ready();
        page.wait_status("nothing is charged");
        page.wait_failure("");
        let said = page.text("#failure");
        assert!(said.len() > 20 && !said.contains("<html"), "{answer}: expected an explanation, found {said:?}");
        page.wait("nothing to be listed", "document.querySelector('.record') === null");
    }
    page.assert_charged(0);
    page.connect("ok");
    page.wait_ready();
    page.click("#submit");
    page.wait_video();
    page.assert_charged(1);
}

#[test]
fn while_a_task_is_watched_it_is_waited_out() {
    let page = Page::open("ok");
    page.prepare();
    for (count, answer) in ANSWERS.iter().enumerate() {
        page.connect(&format!("query-{answer},hold=trouble"));
        page.fill("#prompt", answer);
        page.wait_ready();
        page.click("#submit");
        page.wait_charged(count + 1);
        page.wait_status("The task continues; asking again");
        assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true), "{answer}: expected no error");
        page.release();
        page.wait_video();
        page.wait_ready();
    }
    page.assert_charged(ANSWERS.len());
}

#[test]
fn its_page_is_never_kept_as_the_video() {
    let page = Page::open("video-html,content=0");
    page.prepare();
    page.click("#submit");
    page.wait_failure("not_a_video");
    page.wait_ready();
    page.wait_records("succeed", 1);
    assert!(!page.text(".record .state").contains("kept"), "expected no kept video");
    assert_eq!(page.eval("document.querySelector('#save').hidden"), json!(true));
    page.assert_charged(1);
}
