//! One `WebDriver` session: one browser with its own profile.

use std::fmt::{self, Display, Formatter};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::drivers::Driver;
use crate::trace::Trace;

/// The key under which the protocol wraps a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running browser. Dropping it ends the browser, unless the next test is to use it.
#[derive(Debug)]
pub struct Session {
    agent: Agent,
    url: String,
    driver: Driver,
    /// The version of the browser, unless an earlier test has used it.
    version: Option<String>,
    /// The address of Chromium's debugging protocol, unless an earlier test has used this browser.
    debugger: Option<String>,
    /// Whether an earlier test has used it.
    pub(crate) is_used: bool,
    /// Whether the next test uses it, unless this one fails.
    pub(crate) is_lasting: bool,
}

impl Session {
    /// Starts a browser with these capabilities, or takes the one that an earlier test left running.
    #[track_caller]
    pub(crate) fn start(mut driver: Driver, capabilities: &Value) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(300)))
            .build()
            .new_agent();
        let left = driver.session.take();
        let mut session = Self {
            agent,
            url: String::new(),
            driver,
            version: None,
            debugger: None,
            is_used: left.is_some(),
            is_lasting: false,
        };
        if let Some(url) = left {
            session.url = url;
            return session;
        }
        session.url = format!("{}/session", session.driver.url);
        let started = session.post("", &json!({ "capabilities": { "alwaysMatch": capabilities } }));
        let id = started["sessionId"].as_str().unwrap_or_else(|| panic!("expected a session id, found {started}"));
        session.url = format!("{}/{id}", session.url);
        session.version = started["capabilities"]["browserVersion"].as_str().map(str::to_owned);
        let debugger = started["capabilities"]["goog:chromeOptions"]["debuggerAddress"].as_str();
        session.debugger = debugger.map(str::to_owned);
        session
    }

    /// The version of the browser, unless an earlier test has used it.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Ends the browser, also if the next test could use it.
    pub fn end(mut self) {
        self.is_lasting = false;
    }

    /// Opens a URL.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// Goes back to the page before this one.
    #[track_caller]
    pub fn back(&self) {
        self.post("/back", &json!({}));
    }

    /// The tabs, in the order in which they were opened.
    #[track_caller]
    pub fn windows(&self) -> Vec<String> {
        let handles = self.get("/window/handles");
        handles.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The current tab.
    #[track_caller]
    pub fn window(&self) -> String {
        let handle = self.get("/window");
        handle.as_str().unwrap_or_else(|| panic!("expected a tab, found {handle}")).to_owned()
    }

    /// Switches to another tab.
    #[track_caller]
    pub fn switch_to(&self, window: &str) {
        self.post("/window", &json!({ "handle": window }));
    }

    /// Opens an empty tab and switches to it.
    #[track_caller]
    pub fn open_window(&self) {
        let opened = self.post("/window/new", &json!({ "type": "tab" }));
        let handle = opened["handle"].as_str().unwrap_or_else(|| panic!("expected a tab, found {opened}"));
        self.switch_to(handle);
    }

    /// Closes the current tab.
    #[track_caller]
    pub fn close_window(&self) {
        value("/window", self.agent.delete(format!("{}/window", self.url)).call());
    }

    /// Sets the outer size of the window, in px.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        self.post("/window/rect", &json!({ "width": width, "height": height }));
    }

    /// Runs a script, whose `arguments` are `values`; returns its result.
    #[track_caller]
    pub fn run(&self, script: &str, values: &[Value]) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": values }))
    }

    /// Whether a JavaScript expression becomes true within a second. While the browser leaves the document, it does not. The page
    /// itself looks again and again, so that the driver has less to do. A frozen page does not respond.
    #[track_caller]
    pub fn becomes_true(&self, expression: &str) -> bool {
        let script = format!(
            "const end = performance.now() + 1000;
            const isTrue = () => ({expression}) === true;
            return (async () => {{
                while (!isTrue()) {{
                    if (performance.now() > end) return false;
                    await new Promise((later) => setTimeout(later, 50));
                }}
                return true;
            }})();"
        );
        let body = json!({ "script": script, "args": [] });
        let command = "/execute/sync";
        match answer(command, self.agent.post(format!("{}{command}", self.url)).send_json(&body)) {
            Ok(value) => value == json!(true),
            Err(refusal) if refusal.is_of_navigation() => false,
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Starts a trace; `None` in other browsers than Chromium.
    #[must_use]
    pub fn trace(&self) -> Option<Trace> {
        self.debugger.as_deref().map(Trace::start)
    }

    /// Clicks the element, scrolling to it first.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into the element, or gives paths to a file input.
    #[track_caller]
    pub fn send_keys(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// Empties a text field.
    #[track_caller]
    pub fn clear(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/clear"), &json!({}));
    }

    /// The element's rendered text.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let element = self.element(selector);
        let text = self.get(&format!("/element/{element}/text"));
        text.as_str().unwrap_or_else(|| panic!("expected the text of {selector}, found {text}")).to_owned()
    }

    /// The element's accessible name and role, as the browser computes them.
    #[track_caller]
    pub fn accessible(&self, selector: &str) -> (String, String) {
        let element = self.element(selector);
        let word = |what: &str| self.get(&format!("/element/{element}/{what}")).as_str().unwrap_or_default().to_owned();
        (word("computedlabel"), word("computedrole"))
    }

    /// Presses and releases keys one after the other, at the focused element. Private code points of the protocol stand for
    /// special keys: `\u{e004}` is Tab, `\u{e007}` Enter.
    #[track_caller]
    pub fn press(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })])
            .collect();
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }));
    }

    /// Presses Tab with Shift held down.
    #[track_caller]
    pub fn press_shift_tab(&self) {
        let key = |kind: &str, value: &str| json!({ "type": kind, "value": value });
        let strokes = [
            key("keyDown", "\u{e008}"),
            key("keyDown", "\u{e004}"),
            key("keyUp", "\u{e004}"),
            key("keyUp", "\u{e008}"),
        ];
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }));
    }

    /// The visible part of the page as a PNG file.
    #[track_caller]
    pub fn screenshot(&self) -> Vec<u8> {
        let shot = self.get("/screenshot");
        let text = shot.as_str().unwrap_or_else(|| panic!("expected a screenshot, found {shot}"));
        STANDARD.decode(text).unwrap_or_else(|error| panic!("expected base64 of a screenshot: {error}"))
    }

    /// Sends a command to the driver.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.agent.post(format!("{}{path}", self.url)).send_json(body);
        value(path, answer)
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        value(path, self.agent.get(format!("{}{path}", self.url)).call())
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("expected an element at {selector}, found {found}")).to_owned()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut driver = std::mem::take(&mut self.driver);
        if self.is_lasting && !thread::panicking() {
            driver.session = Some(std::mem::take(&mut self.url));
        } else {
            // If the driver has ended already, so has the browser.
            let _ = self.agent.delete(&self.url).call();
        }
        driver.give_back();
    }
}

/// The driver's refusal of a command.
struct Refusal {
    command: String,
    kind: String,
    message: String,
}

impl Refusal {
    /// Whether the browser has left the document before its script could respond. Each driver has its own words for it.
    fn is_of_navigation(&self) -> bool {
        ["unload", "navigation", "navigated", "context was destroyed"].iter().any(|word| self.message.contains(word))
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { command, kind, message } = self;
        // WebKit's driver says so when the browser's process for this page has ended by itself.
        let cause = if message == "Could not parse script result" { " (the page's process has ended)" } else { "" };
        write!(f, "the driver refused {command}: {kind}: {message}{cause}")
    }
}

#[track_caller]
fn value(command: &str, result: Result<Response<Body>, ureq::Error>) -> Value {
    answer(command, result).unwrap_or_else(|refusal| panic!("{refusal}"))
}

#[track_caller]
fn answer(command: &str, result: Result<Response<Body>, ureq::Error>) -> Result<Value, Refusal> {
    let mut answer = result.unwrap_or_else(|error| panic!("expected the driver to answer {command}: {error}"));
    let status = answer.status();
    let mut body: Value = answer
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_json()
        .unwrap_or_else(|error| panic!("expected JSON from the driver for {command}: {error}"));
    let value = body["value"].take();
    if status.is_success() {
        return Ok(value);
    }
    let word = |name: &str| value[name].as_str().unwrap_or("?").to_owned();
    Err(Refusal { command: command.to_owned(), kind: word("error"), message: word("message") })
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn a_document_that_is_left_is_recognised_in_the_words_of_each_driver() {
        let cases = [
            ("Callback was not called before the unload event.", true),
            ("Document was unloaded", true),
            ("aborted by navigation: loader has changed while resolving nodes", true),
            ("Inspected target navigated or closed", true),
            ("Execution context was destroyed.", true),
            ("Could not parse script result", false),
            ("navigator.share is not a function", false),
            ("ReferenceError: Can't find variable: said", false),
        ];
        for (message, expected) in cases {
            let refusal =
                Refusal { command: "/execute/sync".to_owned(), kind: "?".to_owned(), message: message.to_owned() };
            assert_eq!(refusal.is_of_navigation(), expected, "{message}");
        }
    }
}
