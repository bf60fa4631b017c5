//! Finished videos, kept in this browser.

use serde_json::json;

use crate::page::Page;

/// Whether there is any video in the page's databases.
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
    let asked = page.requests();
    page.click(".record [data-action=show]");
    page.wait_video();
    page.wait_status("The video as it is kept in this browser");
    assert_eq!(page.text("#taskId"), task);
    assert_eq!(page.eval("document.querySelector('#save').download"), json!(format!("kling-{task}.mp4")));
    page.screenshot("17-kept");
    page.browser.set_online(&page.session, true);
    assert_eq!(page.requests(), asked, "expected nothing to be asked for");
}

#[test]
fn a_kept_video_is_forgotten_only_when_asked_twice() {
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
fn a_video_for_which_there_is_no_space_plays_all_the_same() {
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
    assert_eq!(page.eval("document.querySelector('#failure').hidden"), json!(true), "expected no alarm");
    assert_eq!(page.text(".record .state"), "Finished");
    page.click(".record [data-action=show]");
    page.wait_video();
    page.assert_charged(1);
}

/// Answers for the browser when it is asked to keep the page's data for good, and counts.
const PERSIST: &str = "window.persisting = 0; window.isPersisted = false;
    StorageManager.prototype.persisted = async () => window.isPersisted;
    StorageManager.prototype.persist = () => (window.persisting += 1, new Promise((resolve) => (window.answer = (yes) => resolve(window.isPersisted = yes))));";

#[test]
fn lasting_storage_is_asked_for_once() {
    let page = Page::open("ok");
    page.session.run(PERSIST, &[]);
    page.prepare();
    // The answer never comes meanwhile, and nobody waits for it.
    page.make("the first one kept");
    page.make("the second one kept");
    page.wait_text("#records-promise", "The browser may delete kept videos when space runs short");
    assert_eq!(page.eval("persisting"), json!(1));
    page.session.run("window.answer(true)", &[]);
    page.wait_text("#records-promise", "Kept videos stay until you forget them");
    page.reload();
    page.session.run(PERSIST, &[]);
    page.connect("ok");
    page.prepare();
    page.make("after a reload");
    assert_eq!(page.eval("persisting"), json!(0));
}
