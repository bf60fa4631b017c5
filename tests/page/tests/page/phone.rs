//! The page on a phone: taps, the camera, a screen that turns, the keyboard over the form, and pages that are frozen, discarded
//! or kept in the background. Where Firefox and WebKit have no command for it, `page_tests::phone` says what stands in.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use image::ImageFormat::Jpeg;
use serde_json::{Value, json};

use crate::page::Page;
use crate::pictures::made;

/// A phone that is held upright, in px of CSS.
const UPRIGHT: (u32, u32) = (390, 844);

/// The height that the keyboard leaves, in px of CSS.
const ABOVE_KEYBOARD: u32 = 340;

const HELD: &str = "ok,hold=submitted";

/// The pictures, the prompt and the mode.
const FORM: &str = "[[...document.querySelectorAll('.picture .name')].map((name) => name.textContent),
    document.querySelector('#prompt').value, document.querySelector('[name=mode]:checked').value]";

/// The base URL and the key.
const CONNECTION: &str = "[document.querySelector('#baseUrl').value, document.querySelector('#apiKey').value]";

impl Page {
    /// Opens the page on a phone.
    #[track_caller]
    fn on_a_phone(scenario: &str) -> Self {
        let page = Self::open(scenario);
        page.browser.set_phone(&page.session, UPRIGHT.0, UPRIGHT.1);
        page.reload();
        page.connect(scenario);
        page
    }

    #[track_caller]
    fn tap(&self, selector: &str) {
        self.browser.tap(&self.session, selector);
    }

    /// Turns the screen, and asserts that nothing needs sideways scrolling.
    #[track_caller]
    fn turn_to(&self, (width, height): (u32, u32)) {
        self.browser.set_phone(&self.session, width, height);
        let fits = self.eval("document.documentElement.scrollWidth <= document.documentElement.clientWidth");
        assert_eq!(fits, json!(true), "expected no sideways scrolling at {width} px");
    }

    /// Turns the screen to its side and back.
    #[track_caller]
    fn turn_over(&self) {
        self.turn_to((UPRIGHT.1, UPRIGHT.0));
        self.turn_to(UPRIGHT);
    }

    /// What the form holds: the names of the pictures, the prompt, the mode.
    #[track_caller]
    fn form(&self) -> Value {
        self.eval(FORM)
    }

    /// Submits the form, and waits until the task is in the queue.
    #[track_caller]
    fn send(&self) {
        self.prepare();
        self.click("#submit");
        self.wait_status("in the service's queue");
    }

    /// Notes events of the page's life; `lives` returns them.
    #[track_caller]
    fn note_lives(&self) {
        self.session.run(
            "window.lives = [];
            for (const type of ['freeze', 'resume']) document.addEventListener(type, () => lives.push(type));
            addEventListener('pageshow', ({ persisted }) => lives.push(persisted ? 'restored' : 'loaded'));",
            &[],
        );
    }
}

#[test]
fn the_whole_story_by_taps() {
    let page = Page::on_a_phone("ok,processing=0,hold=submitted,hold=processing");
    page.pick(&crate::pictures::photos());
    page.tap("#prompt");
    assert_eq!(page.eval("document.activeElement.id"), json!("prompt"));
    page.session.press("from the temple to the flower");
    page.tap("[name=mode][value=pro]");
    page.tap("[name=duration][value='10']");
    page.tap("details summary");
    page.wait("the further fields", "document.querySelector('details').open");
    page.tap("details summary");
    page.wait_ready();
    assert_eq!(page.text("#price"), "$0.92");
    page.tap("#submit");
    page.wait_status("in the service's queue");
    page.release();
    page.wait_status("making the video");
    page.release();
    page.wait_video();
    page.wait_ready();
    page.tap("#save");
    page.tap(".record [data-action=forget]");
    page.tap(".record [data-action=forget-anyway]");
    page.wait_text("#records-note", "Nothing has been sent");
    page.assert_charged(1);
}

#[test]
fn the_file_input_offers_camera_and_library() {
    let page = Page::on_a_phone("ok");
    let input = page.eval(
        "(({ type, multiple, accept, capture }, has) => [type, multiple, accept, has])
            (document.querySelector('#files'), document.querySelector('#files').hasAttribute('capture'))",
    );
    // `capture` would forbid the library. With a list of formats that names HEIC, iOS would not convert it to JPEG.
    assert_eq!(input, json!(["file", true, "image/*", false]));
    let folder = tempfile::tempdir().expect("a folder");
    let shots = shots(folder.path(), 4);
    page.pick(&shots[..1]);
    page.pick(&shots[1..]);
    assert_eq!(page.names(), json!(["image.jpg", "image.jpg", "image.jpg", "image.jpg"]));
    page.fill("#prompt", "four shots of the camera");
    page.wait_ready();
    page.tap("#submit");
    page.wait_video();
    let widths: Vec<_> = page.account()["charges"][0]["images"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|image| image["width"].as_u64())
        .collect();
    assert_eq!(widths, [400, 410, 420, 430], "expected each picture once, in the order in which they were chosen");
    page.assert_charged(1);
}

/// Different pictures with the same name and the same time, as iOS passes those of its camera.
fn shots(folder: &Path, count: u32) -> Vec<PathBuf> {
    let shot = |number: u32| {
        let folder = folder.join(number.to_string());
        fs::create_dir(&folder).expect("a folder");
        let path = made(&folder, "image.jpg", (400 + 10 * number, 400), Jpeg);
        let file = File::options().append(true).open(&path).expect("the picture");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("another time");
        path
    };
    (0..count).map(shot).collect()
}

#[test]
fn a_screen_that_turns_loses_nothing() {
    let page = Page::on_a_phone("ok,processing=0,hold=submitted,hold=processing");
    page.prepare();
    page.tap("[name=mode][value=pro]");
    let form = page.form();
    page.turn_over();
    assert_eq!(page.form(), form);
    page.wait_ready();
    page.tap("#submit");
    page.wait_status("in the service's queue");
    let task = page.text("#taskId");
    page.turn_over();
    page.release();
    page.wait_status("making the video");
    page.turn_to((UPRIGHT.1, UPRIGHT.0));
    page.release();
    page.wait_video();
    page.turn_over();
    let width = page.eval("document.querySelector('#video').getBoundingClientRect().width <= innerWidth");
    assert_eq!(width, json!(true), "expected the video on the screen");
    assert_eq!(page.text("#taskId"), task);
    assert_eq!(page.form(), form);
    page.assert_charged(1);
}

#[test]
fn the_keyboard_covers_neither_the_field_nor_the_button() {
    let page = Page::on_a_phone("ok");
    page.prepare();
    page.session.run("document.querySelectorAll('details').forEach((part) => (part.open = true))", &[]);
    let fields = page.eval(
        "[...document.querySelectorAll('textarea, input:not([type=file], [type=radio], [type=checkbox])')]
            .filter((field) => field.checkVisibility()).map(({ id }) => `#${id}`)",
    );
    let fields: Vec<_> = fields.as_array().into_iter().flatten().filter_map(|field| field.as_str()).collect();
    assert!(fields.len() > 5, "expected the fields of the form, found {fields:?}");
    for field in fields {
        page.turn_to(UPRIGHT);
        page.tap(field);
        page.turn_to((UPRIGHT.0, ABOVE_KEYBOARD));
        // What browsers do when the keyboard opens.
        let place = page.session.run(
            "const field = document.querySelector(arguments[0]);
            field.scrollIntoView({ block: 'nearest', behavior: 'instant' });
            const { left, top, width, bottom } = field.getBoundingClientRect();
            const isOnTop = [top + 2, bottom - 2].every((y) => document.elementFromPoint(left + width / 2, y) === field);
            const isOnScreen = top > -1 && bottom < innerHeight + 1;
            return [document.activeElement === field, isOnScreen, isOnTop, [top, bottom, innerHeight]];",
            &[json!(field)],
        );
        let is_reachable = (0..3).all(|at| place[at] == json!(true));
        assert!(is_reachable, "expected {field} in focus, on the screen and on top, found {place}");
    }
    page.wait_ready();
    page.tap("#submit");
    page.turn_to(UPRIGHT);
    page.wait_video();
    page.assert_charged(1);
}

#[test]
fn a_frozen_page_goes_on_when_it_is_shown_again() {
    let page = Page::open(HELD);
    page.send();
    page.note_lives();
    page.browser.set_frozen(&page.session, true);
    page.release();
    page.browser.set_frozen(&page.session, false);
    page.wait_video();
    assert_eq!(page.eval("lives"), json!(["freeze", "resume"]));
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_page_that_is_frozen_while_it_sends_pays_once() {
    let page = Page::open("ok,hold=answer");
    page.prepare();
    page.note_lives();
    page.click("#submit");
    page.wait_charged(1);
    page.browser.set_frozen(&page.session, true);
    page.release();
    page.browser.set_frozen(&page.session, false);
    page.wait_video();
    assert_eq!(page.eval("lives"), json!(["freeze", "resume"]));
    page.assert_charged(1);
}

#[test]
fn a_page_that_is_discarded_while_frozen_is_resumed() {
    let page = Page::open(HELD);
    page.send();
    let task = page.text("#taskId");
    page.browser.set_frozen(&page.session, true);
    page.move_to_another_window();
    page.release();
    page.reload();
    page.connect(HELD);
    page.wait_video();
    assert_eq!(page.text("#taskId"), task);
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_page_that_is_left_and_returned_to_goes_on() {
    let page = Page::open(HELD);
    // For a browser that loads the page again in place of restoring it.
    page.configure(HELD);
    page.reload();
    page.click("[name=mode][value=pro]");
    page.send();
    let (task, form, connection) = (page.text("#taskId"), page.form(), page.eval(CONNECTION));
    page.note_lives();
    page.session.open(&format!("{}/config.json", page.url));
    page.release();
    page.session.back();
    page.browser.watch(&page.session);
    page.wait_video();
    let is_restored = page.eval("window.lives?.includes('restored') === true");
    println!("{}: restored from memory: {is_restored}", page.browser.name());
    if is_restored == json!(true) {
        // Safari empties the fields, and the page fills them again.
        page.wait("the form as it was left", &format!("JSON.stringify({FORM}) === JSON.stringify({form})"));
    }
    page.wait(
        "the connection as it was left",
        &format!("JSON.stringify({CONNECTION}) === JSON.stringify({connection})"),
    );
    page.clear_configuration();
    assert_eq!(page.text("#taskId"), task);
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.assert_charged(1);
}

#[test]
fn a_browser_that_saves_data_gets_everything() {
    let page = Page::on_a_phone("ok");
    page.browser.set_saves_data(&page.session, true);
    page.prepare();
    page.tap("#submit");
    page.wait_video();
    page.wait_text(".record .state", "Finished, kept in this browser");
    page.browser.set_saves_data(&page.session, false);
    page.assert_charged(1);
}
