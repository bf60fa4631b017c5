//! From four photographs to a saved video, and a second time.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::page::{MAX_WAIT, Page};
use crate::pictures::{PHOTOS, photos};

#[test]
fn four_photographs_become_a_video_that_plays_and_is_saved() {
    let page = Page::open("ok,processing=0,hold=submitted,hold=processing");
    assert!(
        page.eval("!document.querySelector('#simulator').hidden").as_bool().unwrap_or_default(),
        "expected the banner of the simulator"
    );
    page.screenshot("1-empty");
    page.pick(&photos());
    page.fill("#prompt", "Slow camera move from the temple to the flower, warm evening light");
    page.click("[name=mode][value=pro]");
    page.wait_ready();
    assert_eq!(page.names(), json!(PHOTOS));
    for (index, figures) in [(1, "640 × 427 px · JPEG · 197 kB"), (4, "451 × 300 px · PNG · 241 kB")] {
        let shown = page.text(&format!("#pictures li:nth-child({index}) .figures"));
        assert!(shown.starts_with(figures), "expected {figures:?}, found {shown:?}");
    }
    assert_eq!(page.text("#price"), "$0.46");
    page.screenshot("2-filled");

    page.note_statuses();
    page.click("#submit");
    page.wait_status("in the service's queue");
    page.release();
    page.wait_status("making the video");
    let leaving = page.eval("!dispatchEvent(new Event('beforeunload', { cancelable: true }))");
    assert_eq!(leaving, json!(true), "expected a warning before the page is closed while a task is running");
    if std::env::var_os("KLING_SCREENSHOTS").is_none() {
        let elapsed = page.text("#clock");
        assert!(elapsed.contains("elapsed"), "expected the time that has passed, found {elapsed:?}");
    }
    page.release();
    page.wait_video();
    let before = page.eval("document.querySelector('#video').currentTime");
    page.wait("the picture to move on", &format!("document.querySelector('#video').currentTime > {before}"));
    assert_eq!(page.eval("document.querySelector('#video').src.startsWith('blob:')"), json!(true));
    assert_eq!(
        page.eval("dispatchEvent(new Event('beforeunload', { cancelable: true }))"),
        json!(true),
        "expected no warning any more"
    );
    let said = page.said();
    for step in ["Sending the request", "in the service's queue", "making the video", "The video is ready"] {
        assert!(said.contains(step), "expected {step:?} to be announced, found {said}");
    }
    page.screenshot("3-done");
    page.screenshot_for_readme();

    let url = page.eval("document.querySelector('#videoUrl').href");
    let mut served = ureq::get(url.as_str().expect("a URL")).call().expect("the video");
    let served = served.body_mut().read_to_vec().expect("the bytes of the video");
    assert!(save(&page, served.len()) == served, "expected the saved file to be what was delivered");

    let account = page.account();
    let charge = &account["charges"][0];
    let formats: Vec<_> = charge["images"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|image| (image["width"].clone(), image["height"].clone()))
        .collect();
    assert_eq!(
        formats,
        [(640, 427), (640, 427), (512, 600), (451, 300)].map(|(width, height)| (json!(width), json!(height)))
    );
    assert_eq!(charge["taskId"], json!(page.text("#taskId")));
    assert_eq!(charge["externalTaskId"], json!(page.text("#taskExternalId")));
    page.assert_charged(1);
    assert_key_unseen(&page);
    // Before the paid request, the package looks up the new id, and Chromium logs the 404.
    let id = page.text("#taskExternalId");
    let complaints: Vec<_> = page.complaints().into_iter().filter(|line| !line.contains(&id)).collect();
    assert_eq!(complaints, Vec::<String>::new(), "expected a quiet console");
}

#[test]
fn a_second_run_needs_no_reload_and_keeps_the_form() {
    let page = Page::open("ok");
    page.prepare();
    page.click("#submit");
    page.wait_video();
    let first = page.text("#taskId");
    let old = page.eval("document.querySelector('#video').src");
    page.wait_ready();
    assert_eq!(page.count(".picture"), 2);
    assert_eq!(page.session.run(LOADS, std::slice::from_ref(&old)), json!(true));
    page.click("#submit");
    page.wait(
        "another task",
        &format!("!['', {}].includes(document.querySelector('#taskId').textContent)", json!(first)),
    );
    page.wait_video();
    assert_eq!(page.session.run(LOADS, &[old]), json!(false), "expected the first video to be released");
    page.wait(
        "both tasks to be listed as finished",
        "document.querySelectorAll('.record[data-state=succeed]').length === 2",
    );
    page.assert_charged(2);
}

#[test]
fn a_double_click_pays_once() {
    let page = Page::open("ok");
    page.fill("#baseUrl", "/s/ok,hold=answer/kling");
    page.prepare();
    page.eval("(document.querySelector('#submit').click(), document.querySelector('#submit').click(), true)");
    page.click("#submit");
    page.wait_charged(1);
    page.click("#submit");
    page.release();
    page.wait_video();
    page.assert_charged(1);
}

/// Whether there is a video at a URL. The page's policy does not let `fetch` read a `blob:` URL.
const LOADS: &str = "return new Promise((resolve) => Object.assign(document.createElement('video'),
    { onloadedmetadata: () => resolve(true), onerror: () => resolve(false), src: arguments[0] }))";

#[track_caller]
fn save(page: &Page, size: usize) -> Vec<u8> {
    let name = page.eval("document.querySelector('#save').download");
    let path = page.downloads.join(name.as_str().expect("a file name"));
    assert_eq!(path.extension().and_then(|end| end.to_str()), Some("mp4"));
    page.click("#save");
    let start = Instant::now();
    loop {
        // Browsers first write an empty file or one with another name.
        match fs::read(&path) {
            Ok(content) if content.len() == size => return content,
            _ if start.elapsed() > MAX_WAIT => panic!("expected {size} bytes at {}", path.display()),
            _ => sleep(Duration::from_millis(50)),
        }
    }
}

/// Everything in every database of the page.
const RECORDS: &str = "const promised = (asked) => new Promise((resolve, reject) => Object.assign(asked, { onsuccess: () => resolve(asked.result), onerror: reject }));
    const contents = async ({ name }) => {
        const database = await promised(indexedDB.open(name));
        const stores = [...database.objectStoreNames];
        const all = await Promise.all(stores.map((store) => promised(database.transaction(store).objectStore(store).getAll())));
        database.close();
        return all;
    };
    return indexedDB.databases().then((list) => Promise.all(list.map(contents)))";

/// Asserts that the key is only in its field and in one header.
#[track_caller]
fn assert_key_unseen(page: &Page) {
    let places = page.session.run(
        "return [document.documentElement.outerHTML, document.body.innerText, location.href, document.cookie,
            JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), JSON.stringify(history.state),
            JSON.stringify(performance.getEntriesByType('resource').map(({ name }) => name))]",
        &[],
    );
    assert!(!places.to_string().contains(&page.key), "expected no key in a text, a URL or a storage");
    let stored = page.session.run(RECORDS, &[]).to_string();
    assert!(stored.contains("Slow camera move"), "expected to see the record, found {stored}");
    assert!(!stored.contains(&page.key), "expected no key in a record");
}

/// Without this, an empty list of complaints would prove little.
#[test]
fn complaints_are_found() {
    let page = Page::open("ok");
    // From a listener: WebDriver catches the errors of its own scripts.
    page.session.run(
        "const link = document.querySelector('#videoUrl');
        link.addEventListener('click', (event) => { event.preventDefault(); throw new Error('alarm one'); });
        link.hidden = false; link.click();
        document.body.append(Object.assign(new Image(), { src: '/alarm-two.png' }));",
        &[],
    );
    let (start, mut complaints) = (Instant::now(), String::new());
    while ["alarm one", "alarm-two"].iter().any(|error| !complaints.contains(error)) {
        assert!(start.elapsed() < MAX_WAIT, "expected to find both errors, found {complaints}");
        sleep(Duration::from_millis(100));
        // Chromium returns only new messages.
        complaints.push_str(&page.complaints().join("\n"));
    }
}

/// The same for the search for the key after every test.
#[test]
fn a_key_is_found_in_every_place() {
    let page = Page::open("ok");
    let planted = "sk-planted-in-each-place";
    assert_eq!(page.places_of(planted), Vec::<String>::new());
    let spelled = |spell: fn(u8) -> String| planted.bytes().map(spell).collect::<Vec<_>>().concat();
    let spellings = [
        planted.to_owned(),
        spelled(|byte| format!("%{byte:02x}")),
        spelled(|byte| format!("%{byte:02X}")),
        spelled(|byte| format!("\\u{byte:04x}")),
        "YSBzay1wbGFudGVkLWluLWVhY2gtcGxhY2U=".to_owned(),
    ];
    for text in spellings {
        page.session.run(
            "document.querySelector('#status').dataset.planted = arguments[0]; sessionStorage.setItem('planted', arguments[0]);
            history.replaceState(null, '', `?${arguments[0]}`); new BroadcastChannel('planted').postMessage(arguments[0]);
            console.error(arguments[0]); performance.clearResourceTimings();
            const isListed = () => performance.getEntriesByType('resource').some(({ name }) => name.includes('/config.json'));
            const listed = async () => { while (!isListed()) await new Promise((later) => setTimeout(later, 50)); };
            return fetch(`/config.json?${arguments[0]}`).then((answer) => answer.text()).then(listed);",
            &[json!(text)],
        );
        let mut found = page.places_of(planted);
        // Firefox does not report the console's messages to other processes.
        let is_on_console = found.iter().any(|place| place == "console");
        assert!(is_on_console || page.browser.name() == "firefox", "{text}");
        found.retain(|place| place != "console");
        assert_eq!(found, ["broadcasts", "page", "requestedUrls", "storage", "url"], "{text}");
        page.session.run(
            "delete document.querySelector('#status').dataset.planted; sessionStorage.clear(); broadcasts.length = 0;
            history.replaceState(null, '', '/'); performance.clearResourceTimings();",
            &[],
        );
        assert_eq!(page.places_of(planted), Vec::<String>::new(), "{text}");
    }
}
