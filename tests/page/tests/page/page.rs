//! The page in its own browser, and the simulator's account of its requests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::{panicking, sleep};
use std::time::{Duration, Instant, SystemTime};

use page_tests::{Browser, ColorScheme, NOTE_STATUSES, PLAYS_ANOTHER_VIDEO, Session, Spellings};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Every text that must not contain the key, by place. The records of a database that a test has broken are `unreadable`.
const KEY_PLACES: &str = r"
    const asked = (request) => new Promise((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
    });
    const records = async () => {
        const all = [];
        for (const { name } of await indexedDB.databases()) {
            const database = await asked(indexedDB.open(name));
            for (const store of database.objectStoreNames) all.push(await asked(database.transaction(store).objectStore(store).getAll()));
            database.close();
        }
        return JSON.stringify(all);
    };
    return (async () => ({
            page: document.documentElement.outerHTML,
            url: location.href,
            requestedUrls: performance.getEntriesByType('resource').map(({ name }) => name).join(' '),
            storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state]),
            records: await records().catch((error) => `unreadable: ${error}`),
            broadcasts: JSON.stringify(window.broadcasts ?? []),
    }))();";

/// From now on, records each message that this page sends to other tabs, and every URL that it requests.
const RECORD_ALL: &str = r"
    performance.setResourceTimingBufferSize(1_000_000);
    window.broadcasts = [];
    const { postMessage } = BroadcastChannel.prototype;
    BroadcastChannel.prototype.postMessage = function (message) {
        window.broadcasts.push(message);
        return postMessage.call(this, message);
    };";

/// Ends a test that hangs; no machine is so slow.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(600);

pub(crate) struct Page {
    pub(crate) browser: Browser,
    pub(crate) session: Session,
    /// Different for each test, so that the simulator keeps separate accounts.
    pub(crate) key: String,
    pub(crate) downloads: PathBuf,
    /// A folder that is removed with the page.
    _own_folder: TempDir,
    /// The URL of the page.
    pub(crate) url: String,
}

impl Page {
    /// Opens the page, 1280 px wide, with this scenario of the simulator as the service.
    #[track_caller]
    pub(crate) fn open(scenario: &str) -> Self {
        let url = env::var("KLING_SIMULATOR")
            .expect("expected KLING_SIMULATOR to be set: run these tests with `cargo xtask test`");
        let browser = Browser::chosen();
        let own_folder = TempDir::new().expect("a folder for downloads");
        let downloads = browser.fixed_downloads().unwrap_or_else(|| own_folder.path().to_owned());
        let session = browser.start(&downloads);
        let nanos = SystemTime::UNIX_EPOCH.elapsed().expect("a clock past 1970").as_nanos();
        let key = format!("sk-sim-page-{}-{nanos}", browser.name());
        let page = Self { browser, session, key, downloads, _own_folder: own_folder, url };
        page.browser.set_viewport(&page.session, 1280, 900);
        page.reload();
        page.connect(scenario);
        page
    }

    /// Sets the base URL to this scenario of the simulator. Its origin differs from the page's, as the real service's does.
    #[track_caller]
    pub(crate) fn connect(&self, scenario: &str) {
        self.connect_with(scenario, &self.key);
    }

    /// The same with another key. The key is set first, because the page uses it as soon as the base URL changes.
    #[track_caller]
    pub(crate) fn connect_with(&self, scenario: &str, key: &str) {
        let elsewhere = self.url.replace("127.0.0.1", "localhost");
        self.paste("#apiKey", key);
        self.paste("#baseUrl", &format!("{elsewhere}/s/{scenario}/kling"));
    }

    /// Submits the form with another prompt, and waits for the video.
    #[track_caller]
    pub(crate) fn make(&self, prompt: &str) {
        self.fill("#prompt", prompt);
        self.wait_ready();
        let old = self.text("#taskId");
        self.click("#submit");
        let is_new = format!("!['', {}].includes(document.querySelector('#taskId').textContent)", json!(old));
        self.wait("another task", &is_new);
        self.wait_video();
        self.wait_ready();
    }

    /// Forgets the newest record, and confirms it.
    #[track_caller]
    pub(crate) fn forget(&self) {
        self.wait("the list to be free", "document.querySelector('.record [data-action=forget]') !== null");
        self.click(".record [data-action=forget]");
        self.click(".record [data-action=forget-anyway]");
    }

    #[track_caller]
    pub(crate) fn reload(&self) {
        self.session.open(&format!("{}/", self.url));
        self.browser.watch(&self.session);
        self.session.run(RECORD_ALL, &[]);
        self.wait("the script to start", "!document.querySelector('#submit-note').textContent.includes('not started')");
    }

    /// From the next load on, the page begins with this scenario and the key of this test, in place of those of the demo.
    #[track_caller]
    pub(crate) fn configure(&self, scenario: &str) {
        let script = "document.cookie = `scenario=${arguments[0]}`; document.cookie = `key=${arguments[1]}`";
        self.session.run(script, &[json!(scenario), json!(self.key)]);
    }

    /// Undoes `configure`: a cookie is a place where no key may be.
    #[track_caller]
    pub(crate) fn clear_configuration(&self) {
        self.session.run("for (const name of ['scenario', 'key']) document.cookie = `${name}=; max-age=0`", &[]);
    }

    /// Opens the page in another window, and closes this one.
    #[track_caller]
    pub(crate) fn reopen(&self) {
        self.move_to_another_window();
        self.reload();
    }

    /// Closes this window, and leaves an empty one.
    #[track_caller]
    pub(crate) fn move_to_another_window(&self) {
        let old = self.session.windows();
        self.session.open_window();
        let new = self.session.windows().into_iter().find(|window| !old.contains(window)).expect("another window");
        self.session.switch_to(&old[0]);
        self.session.close_window();
        self.session.switch_to(&new);
    }

    /// Chooses files in the file input.
    #[track_caller]
    pub(crate) fn pick(&self, files: &[PathBuf]) {
        let paths: Vec<&str> = files.iter().map(|file| file.to_str().expect("a path in UTF-8")).collect();
        let before = self.count(".picture");
        self.session.send_keys("#files", &paths.join("\n"));
        let expected = before + files.len();
        self.wait("the pictures to be checked", &format!(
            "document.querySelectorAll('.picture').length === {expected} && ![...document.querySelectorAll('.verdict')].some((verdict) => /^(Checking|Preparing)…$/.test(verdict.textContent))",
        ));
    }

    /// Scrolls to the element at once, even while the page scrolls smoothly, and clicks it.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let script = "document.querySelector(arguments[0]).scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.session.run(script, &[json!(selector)]);
        self.session.click(selector);
    }

    /// Types a text into a field that is cleared first.
    #[track_caller]
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        self.session.clear(selector);
        self.session.send_keys(selector, text);
    }

    /// Sets the text of a field in one step, like a paste.
    #[track_caller]
    pub(crate) fn paste(&self, selector: &str, text: &str) {
        let script = "const field = document.querySelector(arguments[0]);
            field.focus();
            field.value = arguments[1];
            field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));";
        self.session.run(script, &[json!(selector), json!(text)]);
    }

    /// Fills the form with two photographs and a prompt, and waits until it can be submitted.
    #[track_caller]
    pub(crate) fn prepare(&self) {
        self.pick(&[crate::pictures::photo("china.jpg"), crate::pictures::photo("flower.jpg")]);
        self.fill("#prompt", "the flower drifts down to the temple roof");
        self.wait_ready();
    }

    #[track_caller]
    pub(crate) fn wait_ready(&self) {
        self.wait("the request to be in order", "document.querySelector('#submit').ariaDisabled === 'false'");
    }

    /// Waits until the page refuses to submit for this reason.
    #[track_caller]
    pub(crate) fn wait_refused(&self, reason: &str) {
        self.wait(&format!("the reason {reason:?}"), &format!(
            "document.querySelector('#submit').ariaDisabled === 'true' && document.querySelector('#submit-note').textContent.includes({})",
            json!(reason),
        ));
    }

    /// Waits for a video that no test has waited for since the page was loaded.
    #[track_caller]
    pub(crate) fn wait_video(&self) {
        self.wait("another video to play", PLAYS_ANOTHER_VIDEO);
    }

    /// Waits until this many tasks with this state are listed.
    #[track_caller]
    pub(crate) fn wait_records(&self, state: &str, count: usize) {
        self.wait(
            &format!("{count} records in the state {state:?}"),
            &format!("document.querySelectorAll('.record[data-state={state}]').length === {count}"),
        );
    }

    #[track_caller]
    pub(crate) fn wait_text(&self, selector: &str, text: &str) {
        self.wait(
            &format!("{text:?} at {selector}"),
            &format!("document.querySelector({})?.textContent.includes({}) === true", json!(selector), json!(text)),
        );
    }

    #[track_caller]
    pub(crate) fn wait_status(&self, text: &str) {
        self.wait(
            &format!("the status {text:?}"),
            &format!("document.querySelector('#status').textContent.includes({})", json!(text)),
        );
    }

    /// Notes each text of the status from now on, also one that lasts for a moment only: [`Self::said`] returns them.
    #[track_caller]
    pub(crate) fn note_statuses(&self) {
        self.session.run(NOTE_STATUSES, &[]);
    }

    #[track_caller]
    pub(crate) fn said(&self) -> String {
        self.eval("said").to_string()
    }

    #[track_caller]
    pub(crate) fn wait_failure(&self, text: &str) {
        self.wait(
            &format!("the error {text:?}"),
            &format!(
                "(failure => !failure.hidden && failure.textContent.includes({}))(document.querySelector('#failure'))",
                json!(text),
            ),
        );
    }

    /// Waits until the JavaScript expression is true.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, expression: &str) {
        let start = Instant::now();
        while !self.session.becomes_true(expression) {
            if start.elapsed() > MAX_WAIT {
                let seen = self.eval("['#submit-note', '#status', '#failure', '#records', '#pictures'].map((at) => document.querySelector(at).textContent.replace(/\\s+/g, ' '))");
                panic!("waited {MAX_WAIT:?} for {what}; the page says {seen}; complaints: {:?}", self.complaints());
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// Waits for a request of the watch, which polls when the browser reports that it is online.
    #[track_caller]
    pub(crate) fn wait_poll(&self) {
        let requests = self.requests();
        self.session.run("dispatchEvent(new Event('online'))", &[]);
        self.wait_requests(requests + 1);
    }

    /// How many requests the page sends when the browser reports that it is online: each watch then polls within a second.
    #[track_caller]
    pub(crate) fn polls_when_online(&self) -> Value {
        let script = "const own = window.fetch;
            let calls = 0;
            window.fetch = (...given) => { calls += 1; return own(...given); };
            dispatchEvent(new Event('online'));
            // On a machine of any speed, a watch's timer of a second ends before this one.
            const later = new Promise((resolve) => setTimeout(resolve, 1200));
            // And these are more steps of the database and of timers than its poll then takes.
            const step = () => new Promise((resolve) => {
                const opening = indexedDB.open('steps');
                opening.onsuccess = () => { opening.result.close(); setTimeout(resolve, 0); };
            });
            const steps = async () => { for (let left = 20; left > 0; left -= 1) await step(); };
            return later.then(steps).then(() => { window.fetch = own; return calls; });";
        self.session.run(script, &[])
    }

    #[track_caller]
    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.session.run(&format!("return ({expression})"), &[])
    }

    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        self.session.text(selector)
    }

    #[track_caller]
    pub(crate) fn count(&self, selector: &str) -> usize {
        let count = self.eval(&format!("document.querySelectorAll({}).length", json!(selector)));
        usize::try_from(count.as_u64().expect("a count")).expect("a small count")
    }

    /// The names of the pictures in the order of the list.
    #[track_caller]
    pub(crate) fn names(&self) -> Value {
        self.eval("[...document.querySelectorAll('.picture .name')].map((name) => name.textContent)")
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.browser.complaints(&self.session, &self.url)
    }

    /// The places where the page has a text in any spelling. Of the console only what was not read before.
    pub(crate) fn places_of(&self, text: &str) -> Vec<String> {
        let mut places = self.session.run(KEY_PLACES, &[]);
        places["console"] = json!(self.browser.console(&self.session));
        let spellings = Spellings::of(text);
        // A string is searched without the escapes of JSON.
        let has_text = |value: &Value| match value {
            Value::String(text) => spellings.are_in(text.as_bytes()),
            other => spellings.are_in(other.to_string().as_bytes()),
        };
        let places = places.as_object().into_iter().flatten();
        places.filter(|(_, value)| has_text(value)).map(|(place, _)| place.clone()).collect()
    }

    /// Asserts that the key is only in its field and in one header. No spelling of it may be in the page, a URL, a record, a
    /// message to another tab or the console.
    fn assert_key_stayed(&self) {
        assert_eq!(self.places_of(&self.key), Vec::<String>::new(), "expected the key in its field only");
        let strays = self.account()["violations"].to_string();
        assert!(!strays.contains("the key in"), "expected no key in a request but in its header: {strays}");
    }

    /// Saves images of the whole page if `KLING_SCREENSHOTS` is set: wide and narrow, light and dark.
    pub(crate) fn screenshot(&self, step: &str) {
        let Some(folder) = env::var_os("KLING_SCREENSHOTS").map(PathBuf::from) else { return };
        fs::create_dir_all(&folder).expect("a folder for screenshots");
        for width in [390, 1280] {
            self.browser.set_viewport(&self.session, width, 900);
            let height = self
                .eval("Math.max(900, document.documentElement.scrollHeight)")
                .as_u64()
                .and_then(|height| u32::try_from(height).ok());
            self.browser.set_viewport(&self.session, width, height.expect("a height"));
            self.save_screenshots(&folder, &format!("{step}-{width}"));
        }
        self.browser.set_viewport(&self.session, 1280, 900);
    }

    /// Saves the images of the README if `KLING_SCREENSHOTS` is set: a window of 1280 × 940 px, light and dark.
    pub(crate) fn screenshot_for_readme(&self) {
        let Some(folder) = env::var_os("KLING_SCREENSHOTS").map(PathBuf::from) else { return };
        self.browser.set_viewport(&self.session, 1280, 940);
        self.eval("(document.body.style.overflow = 'hidden', video.pause(), video.currentTime = 0.5)");
        self.save_screenshots(&folder, "readme");
    }

    /// Saves what the window shows, light and dark.
    fn save_screenshots(&self, folder: &Path, name: &str) {
        for scheme in [ColorScheme::Light, ColorScheme::Dark] {
            self.browser.set_color_scheme(&self.session, scheme);
            sleep(Duration::from_millis(250)); // transitions of colours
            let file = format!("{}-{name}-{scheme:?}.png", self.browser.name()).to_lowercase();
            fs::write(folder.join(file), self.session.screenshot()).expect("a screenshot");
        }
        self.browser.set_color_scheme(&self.session, ColorScheme::Light);
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if !panicking() {
            self.assert_key_stayed();
        }
    }
}
