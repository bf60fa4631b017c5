//! The site in its own browser.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use page_tests::{Browser, ColorScheme, NOTE_STATUSES, PLAYS_ANOTHER_VIDEO, Session, serve_files};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where a host may put the site.
const PATH: &str = "/some/path/";

const MAX_WAIT: Duration = Duration::from_secs(600);

pub(crate) struct Site {
    pub(crate) browser: Browser,
    pub(crate) session: Session,
    /// The URL of the page, with a slash at its end.
    pub(crate) url: String,
    _downloads: TempDir,
}

impl Site {
    /// Opens the page, 1280 px wide.
    #[track_caller]
    pub(crate) fn open() -> Self {
        let browser = Browser::chosen();
        let own_folder = TempDir::new().expect("a folder for downloads");
        let downloads = browser.fixed_downloads().unwrap_or_else(|| own_folder.path().to_owned());
        let session = browser.start(&downloads);
        let site = Self { browser, session, url: url(), _downloads: own_folder };
        site.browser.set_viewport(&site.session, 1280, 900);
        site.reload();
        site
    }

    /// Opens the page again.
    #[track_caller]
    pub(crate) fn reload(&self) {
        self.visit("");
        self.wait("the script to start", "!document.querySelector('#submit-note').textContent.includes('not started')");
    }

    /// Notes each text of the status from now on in `said`, also one that lasts for a moment only.
    #[track_caller]
    pub(crate) fn note_statuses(&self) {
        self.session.run(NOTE_STATUSES, &[]);
    }

    /// Stops the clock by which the page plays the service, until the next load.
    #[track_caller]
    pub(crate) fn stop_clock(&self) {
        self.session.run("window.clock = Date.now(); Date.now = () => window.clock", &[]);
    }

    #[track_caller]
    pub(crate) fn advance_clock(&self, milliseconds: u32) {
        self.session.run("window.clock += arguments[0]", &[json!(milliseconds)]);
    }

    /// Opens a document of the site.
    #[track_caller]
    pub(crate) fn visit(&self, path: &str) {
        self.session.open(&format!("{}{path}", self.url));
        self.browser.watch(&self.session);
    }

    /// Chooses two photographs, enters a prompt, and waits until the form can be submitted.
    #[track_caller]
    pub(crate) fn prepare(&self, prompt: &str) {
        let photos = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/photos");
        let photos = ["china.jpg", "flower.jpg"].map(|name| photos.join(name).canonicalize().expect("a photograph"));
        let paths = photos.map(|photo| photo.to_str().expect("a path in UTF-8").to_owned());
        self.session.send_keys("#files", &paths.join("\n"));
        self.fill("#prompt", prompt);
        self.wait("the request to be in order", "document.querySelector('#submit').ariaDisabled === 'false'");
    }

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

    #[track_caller]
    pub(crate) fn wait_text(&self, selector: &str, text: &str) {
        let (at, what) = (json!(selector), json!(text));
        self.wait(
            &format!("{text:?} at {selector}"),
            &format!(
                "(found => Boolean(found) && !found.hidden && found.textContent.includes({what}))(document.querySelector({at}))"
            ),
        );
    }

    /// Waits for a video that no test has waited for since the page was loaded.
    #[track_caller]
    pub(crate) fn wait_video(&self) {
        self.wait("another video to play", PLAYS_ANOTHER_VIDEO);
    }

    /// Waits until the JavaScript expression is true.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, expression: &str) {
        let start = Instant::now();
        while !self.session.becomes_true(expression) {
            assert!(
                start.elapsed() < MAX_WAIT,
                "waited {MAX_WAIT:?} for {what}; the page says {}; complaints: {:?}",
                self.eval("document.body.innerText.replace(/\\s+/g, ' ')"),
                self.complaints()
            );
            sleep(Duration::from_millis(100));
        }
    }

    #[track_caller]
    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.session.run(&format!("return ({expression})"), &[])
    }

    #[track_caller]
    pub(crate) fn is_visible(&self, selector: &str) -> bool {
        self.eval(&format!("document.querySelector({}).checkVisibility()", json!(selector))) == json!(true)
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.browser.complaints(&self.session, &self.url)
    }

    /// The URLs that this document has requested from other hosts, or from outside the folder of the site.
    #[track_caller]
    pub(crate) fn requests_elsewhere(&self) -> Value {
        let entries = "performance.getEntriesByType('resource').map(({ name }) => name)";
        let own = json!(self.url);
        self.eval(&format!("{entries}.filter((url) => !url.startsWith({own}) && !/^(data|blob):/.test(url))"))
    }

    /// Saves images of the whole document if `KLING_SCREENSHOTS` is set: wide and narrow.
    pub(crate) fn screenshot(&self, name: &str) {
        let Some(folder) = env::var_os("KLING_SCREENSHOTS").map(PathBuf::from) else { return };
        fs::create_dir_all(&folder).expect("a folder for screenshots");
        for width in [390, 1280] {
            self.browser.set_viewport(&self.session, width, 900);
            let height = self.eval("Math.min(2600, Math.max(900, document.documentElement.scrollHeight))");
            let height = height.as_u64().and_then(|height| u32::try_from(height).ok());
            self.browser.set_viewport(&self.session, width, height.expect("a height"));
            self.browser.set_color_scheme(&self.session, ColorScheme::Light);
            let file = format!("{}-{name}-{width}.png", self.browser.name());
            fs::write(folder.join(file), self.session.screenshot()).expect("a screenshot");
        }
        self.browser.set_viewport(&self.session, 1280, 900);
    }
}

/// The URL of the site, which is served once for all tests.
fn url() -> String {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| serve_files(&folder(), PATH)).clone()
}

fn folder() -> PathBuf {
    env::var_os("KLING_SITE")
        .expect("expected KLING_SITE to be set: run these tests with `cargo xtask test site`")
        .into()
}
