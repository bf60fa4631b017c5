//! No network, and a service that does not respond.

use serde_json::json;

use crate::page::Page;

#[test]
fn a_task_waits_for_the_network_to_come_back() {
    let page = Page::open("ok,hold=submitted");
    page.prepare();
    page.click("#submit");
    page.wait_status("in the service's queue");
    page.browser.set_online(&page.session, false);
    page.wait_status("No network. Waiting for it to come back; the task continues at the service");
    page.screenshot("14-offline");
    let clock = page.text("#clock");
    page.wait("the clock to go on", &format!("document.querySelector('#clock').textContent !== {}", json!(clock)));
    let clock = page.text("#clock");
    assert!(!clock.contains("asking again"), "expected no countdown without a network, found {clock:?}");
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true), "expected no error");
    page.release();
    page.browser.set_online(&page.session, true);
    page.wait_video();
    page.assert_charged(1);
}

#[test]
fn a_download_waits_for_the_network_to_come_back() {
    let page = Page::open("video-503,hold=trouble");
    page.prepare();
    page.click("#submit");
    page.wait("the video to be fetched", "!document.querySelector('#videoUrl').hidden");
    page.browser.set_online(&page.session, false);
    page.wait_status("No network. Waiting for it to come back; the video is finished");
    page.release();
    page.browser.set_online(&page.session, true);
    page.wait_video();
    page.wait_status("kept in this browser");
    page.assert_charged(1);
}

#[test]
fn nothing_is_sent_without_a_network() {
    let page = Page::open("ok");
    page.prepare();
    // A service on another machine, which does not exist: a service on this one needs no network.
    page.fill("#baseUrl", "https://service.invalid/kling");
    page.wait_ready();
    page.browser.set_online(&page.session, false);
    page.wait_refused("No network: a request cannot be sent now");
    page.screenshot("15-offline-idle");
    page.click("#submit");
    page.wait_text("#announcement", "No network");
    assert_eq!(page.count(".record"), 0);
    page.browser.set_online(&page.session, true);
    page.wait_ready();
    page.connect("ok");
    page.wait_ready();
    page.click("#submit");
    page.wait_video();
    page.assert_charged(1);
}

#[test]
fn a_service_on_this_machine_needs_no_network() {
    let page = Page::open("ok");
    page.prepare();
    page.session.run("Object.defineProperty(navigator, 'onLine', { value: false })", &[]);
    page.fill("#baseUrl", "https://service.invalid/kling");
    page.wait_refused("No network");
    page.connect("ok");
    page.wait_ready();
    page.click("#submit");
    page.wait_video();
    page.assert_charged(1);
}

#[test]
fn an_outage_is_waited_out() {
    let page = Page::open("query-html,hold=trouble");
    page.prepare();
    page.click("#submit");
    page.wait_status("The service does not respond at the moment. The task continues");
    page.wait_text("#clock", "asking again in");
    page.screenshot("16-outage");
    page.release();
    page.wait_video();
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true));
    page.assert_charged(1);
    page.connect("query-429,hold=trouble");
    page.wait_ready();
    page.click("#submit");
    page.wait_status("The service asks for a pause. The task continues");
    page.release();
    page.wait_video();
    page.assert_charged(2);
}
