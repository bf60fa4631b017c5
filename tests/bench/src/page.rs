//! The page that runs the rows, in a browser.

use std::path::PathBuf;

use page_tests::{Browser, Session};
use serde_json::{Value, json};

use crate::rows::Row;

/// What of a row is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All of it.
    Run,
    /// Until the body is ready.
    Prepare,
}

/// How long one script may take, in ms: a busy machine is slow.
const MAX_SCRIPT_MS: u32 = 120_000;

/// A browser, and the URL of the page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) session: Session,
    browser: Browser,
    url: String,
}

impl Page {
    /// Starts a browser.
    pub(crate) fn start(browser: Browser, url: &str) -> Self {
        let session = browser.start(&std::env::temp_dir());
        session.post("/timeouts", &json!({ "script": MAX_SCRIPT_MS }));
        Self { session, browser, url: format!("{url}/index.html") }
    }

    /// The browser's name and version.
    pub(crate) fn version(&self) -> String {
        let name = match self.browser {
            Browser::Chromium => "Chromium",
            Browser::Firefox => "Firefox",
            Browser::WebKit => "WebKitGTK",
        };
        format!("{name} {}", self.session.version().unwrap_or("of an unknown version"))
    }

    /// Opens the page anew and picks files.
    pub(crate) fn open(&self, files: &[PathBuf]) {
        self.session.open(&self.url);
        self.browser.collect_garbage(&self.session);
        let paths: Vec<&str> = files.iter().map(|file| file.to_str().expect("a path in UTF-8")).collect();
        if !paths.is_empty() {
            self.session.send_keys("input", &paths.join("\n"));
        }
    }

    /// Whether the browser can run a row.
    pub(crate) fn supports(&self, row: Row) -> bool {
        self.session.run("return bench.supports(arguments[0])", &[json!(row.id)]) == json!(true)
    }

    /// Does what a page has done before its user picks files.
    pub(crate) fn make_ready(&self, row: Row) {
        self.session.run("return bench.ready(arguments[0])", &[json!(row.id)]);
    }

    /// Runs a row, and returns its time in ms.
    pub(crate) fn measure(&self, row: Row, step: Step) -> f64 {
        let step = if step == Step::Run { "run" } else { "prepare" };
        let time: Value =
            self.session.run("return bench.measure(arguments[0], arguments[1])", &[json!(row.id), json!(step)]);
        time.as_f64().unwrap_or_else(|| panic!("expected a time, found {time}"))
    }

    /// Ends the browser.
    pub(crate) fn end(self) {
        self.session.end();
    }
}
