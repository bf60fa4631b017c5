//! Finished videos that this browser keeps.

use serde_json::json;

use crate::page::Page;

/// Counts the videos in the page's database.
const VIDEOS: &str = "const promised = (asked) => new Promise((resolve, reject) => Object.assign(asked, { onsuccess: () => resolve(asked.result), onerror: reject }));
    return promised(indexedDB.open('kling-multi-image2video')).then(async (database) => {
        const count = await promised(database.transaction('videos').objectStore('videos').count());
        database.close();
        return count;
    })";

#[test]
fn a_kept_video_needs_neither_network_nor_key() {
    let page = Page::open("ok");
    page.prepare();
    page.make("soon kept");
    page.wait_status("kept in this browser");
    let task = page.text("#taskId");
    page.reload();
    page.connect_with("ok", " ");
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.browser.set_online(&page.session, false);
    page.wait("the network to be gone", "!navigator.onLine");
    let requests = page.requests();
    page.click(".record [data-action=show]");
    page.wait_video();
    page.wait_status("This is the video kept in this browser");
    assert_eq!(page.text("#taskId"), task);
    assert_eq!(page.eval("document.querySelector('#save').download"), json!(format!("kling-{task}.mp4")));
    page.screenshot("17-kept");
    page.browser.set_online(&page.session, true);
    assert_eq!(page.requests(), requests, "expected no request");
}

#[test]
fn a_kept_video_is_forgotten_only_after_confirmation() {
    let page = Page::open("ok");
    page.prepare();
    page.make("kept and forgotten");
    page.wait_text(".record .state", "kept in this browser");
    assert_eq!(page.session.run(VIDEOS, &[]), json!(1));
    page.click(".record [data-action=forget]");
    page.wait_text(".record", "The kept video is deleted with it");
    page.screenshot("18-forget-kept");
    page.click(".record [data-action=keep]");
    assert_eq!(page.count(".record [data-action=show]"), 1);
    page.forget();
    page.wait_text("#records-note", "Nothing has been sent");
    assert_eq!(page.session.run(VIDEOS, &[]), json!(0));
}

#[test]
fn a_video_plays_without_space_to_keep_it() {
    let page = Page::open("ok");
    page.prepare();
    page.session.run(
        "const { put } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.put = function (value, key) {
            if (this.name === 'videos') throw new DOMException('the disk is full', 'QuotaExceededError');
            return put.call(this, value, key);
        };",
        &[],
    );
    page.make("too large to keep");
    page.wait_status("It could not be kept in this browser: save it");
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true), "expected no error");
    page.wait_records("succeed", 1);
    page.wait("the record to be free", "document.querySelector('.record [data-action=show]') !== null");
    assert_eq!(page.text(".record .state"), "Finished");
    page.click(".record [data-action=show]");
    page.wait_video();
    page.assert_charged(1);
}

/// Replaces the browser's requests for lasting storage, and counts them. WebKitGTK has no `navigator.storage`; Safari has.
const PERSIST: &str = "window.persisting = 0; window.isPersisted = false;
    const persisted = async () => window.isPersisted;
    const persist = () => (window.persisting += 1, new Promise((resolve) => (window.answer = (yes) => resolve(window.isPersisted = yes))));
    Object.defineProperty(navigator, 'storage', { value: { persisted, persist }, configurable: true });";

#[test]
fn lasting_storage_is_asked_for_once() {
    let page = Page::open("ok");
    page.session.run(PERSIST, &[]);
    page.prepare();
    // The answer does not come yet, and the page does not wait for it.
    page.make("the first one kept");
    page.make("the second one kept");
    page.wait_text("#records-retention", "The browser may delete kept videos when space runs short");
    assert_eq!(page.eval("persisting"), json!(1));
    page.session.run("window.answer(true)", &[]);
    page.wait_text("#records-retention", "Kept videos stay until you forget them");
    page.reload();
    page.session.run(PERSIST, &[]);
    page.connect("ok");
    page.prepare();
    page.make("after a reload");
    assert_eq!(page.eval("persisting"), json!(0));
}
