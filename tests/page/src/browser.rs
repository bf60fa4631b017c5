//! What differs between the browsers.

use std::env;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Session;
use crate::drivers::Driver;
use crate::webkit;

/// How often a window is given another size until its page has the size that is wanted.
const MAX_RESIZINGS: u32 = 30;

/// A window changes its size after the command: how many times 20 ms the page is waited for before the next one.
const RESIZE_STEPS: u32 = 50;

/// The sides of the page and of its window, once the page has this size or this many steps are over.
const SIZE_WITHIN: &str = "
    const [width, height, steps] = arguments;
    const size = async () => {
        for (let step = 0; (innerWidth !== width || innerHeight !== height) && step < steps; step += 1) await new Promise((later) => setTimeout(later, 20));
        return [innerWidth, innerHeight, outerWidth, outerHeight];
    };
    return size();";

/// A browser that the tests can drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// Chromium through chromedriver.
    Chromium,
    /// Firefox through geckodriver.
    Firefox,
    /// WebKitGTK's small browser, through its driver.
    WebKit,
}

/// The colour scheme that the system prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorScheme {
    /// Dark text on a light background.
    Light,
    /// Light text on a dark background.
    Dark,
}

impl Browser {
    /// The browser that `KLING_BROWSER` names.
    pub fn chosen() -> Self {
        match required("KLING_BROWSER").as_str() {
            "chromium" => Self::Chromium,
            "firefox" => Self::Firefox,
            "webkit" => Self::WebKit,
            other => panic!("KLING_BROWSER: expected chromium, firefox or webkit, found {other:?}"),
        }
    }

    /// Its name as in `KLING_BROWSER`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// Where it saves downloads, if this does not depend on the session.
    pub fn fixed_downloads(self) -> Option<PathBuf> {
        (self == Self::WebKit).then(|| PathBuf::from(required("KLING_DOWNLOADS")))
    }

    /// Starts it without a window once a driver is free. Downloads are saved to a folder without asking.
    pub fn start(self, downloads: &Path) -> Session {
        let mut session = Session::start(Driver::take(), &self.capabilities(downloads));
        if session.is_used {
            self.clear(&session, downloads);
        }
        if self == Self::Chromium {
            let folder = json!({ "behavior": "allow", "downloadPath": downloads });
            cdp(&session, "Browser.setDownloadBehavior", &folder);
            // Chromium grants lasting storage by itself to a site that was used enough, so also after other tests.
            let storage = json!({ "permission": { "name": "persistent-storage" }, "setting": "denied" });
            cdp(&session, "Browser.setPermission", &storage);
        }
        // Starting another one takes seconds.
        session.is_lasting = true;
        session
    }

    /// Sets the size of the page itself, in px. It may be smaller than a window can be.
    pub fn set_viewport(self, session: &Session, width: u32, height: u32) {
        match self {
            Self::Chromium => {
                let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
                cdp(session, "Emulation.setDeviceMetricsOverride", &size);
            }
            Self::Firefox => {
                privileged(session, "document.documentElement.style.minWidth = '0';", &[]);
            }
            Self::WebKit => {}
        }
        let mut found = Value::Null;
        for resizings in 0..=MAX_RESIZINGS {
            let steps = if resizings == 0 { 0 } else { RESIZE_STEPS };
            found = session.run(SIZE_WITHIN, &[json!(width), json!(height), json!(steps)]);
            let side =
                |index: usize| found[index].as_u64().and_then(|side| u32::try_from(side).ok()).unwrap_or_default();
            if (side(0), side(1)) == (width, height) {
                return;
            }
            // The window may have changed and its page not yet: then the next size is right.
            session.resize((width + side(2)).saturating_sub(side(0)), (height + side(3)).saturating_sub(side(1)));
        }
        panic!(
            "expected a page of {width} × {height} px, found {found}: the sides of the page, then those of its window"
        );
    }

    /// Sets the colour scheme that the system prefers.
    pub fn set_color_scheme(self, session: &Session, scheme: ColorScheme) {
        match self {
            Self::Chromium => {
                let value = if scheme == ColorScheme::Dark { "dark" } else { "light" };
                let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
                cdp(session, "Emulation.setEmulatedMedia", &media);
            }
            Self::Firefox => {
                let value = i32::from(scheme == ColorScheme::Light);
                let script =
                    "Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', arguments[0]);";
                privileged(session, script, &[json!(value)]);
            }
            Self::WebKit => webkit::set_color_scheme(session, scheme),
        }
    }

    /// Switches the network of the page off or on.
    pub fn set_online(self, session: &Session, online: bool) {
        match self {
            Self::Chromium => {
                let conditions =
                    json!({ "offline": !online, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
                cdp(session, "Network.emulateNetworkConditions", &conditions);
            }
            Self::Firefox => {
                // By default, Firefox reaches this machine while it is offline.
                let script = "Services.prefs.setBoolPref('network.disable-localhost-when-offline', true);
                    Services.io.offline = !arguments[0];";
                privileged(session, script, &[json!(online)]);
            }
            Self::WebKit => webkit::set_online(session, online),
        }
    }

    /// Frees what closed pages have left, as far as the browser has a command for it.
    pub fn collect_garbage(self, session: &Session) {
        match self {
            Self::Chromium => cdp(session, "HeapProfiler.collectGarbage", &json!({})),
            Self::Firefox => {
                privileged(session, "Services.obs.notifyObservers(null, 'child-gc-request');", &[]);
            }
            Self::WebKit => {}
        }
    }

    /// Prepares a document that was just opened: WebKit reports no errors to other processes, so the document collects them.
    pub fn watch(self, session: &Session) {
        if self == Self::WebKit {
            webkit::watch(session);
        }
    }

    /// Every uncaught error and every violation of the content security policy since the start, of pages at this URL; in
    /// WebKit since [`Self::watch`]. In Chromium also every `console.error` and failed request, which Firefox does not report
    /// to other processes.
    pub fn complaints(self, session: &Session, url: &str) -> Vec<String> {
        match self {
            Self::Chromium => {
                let log = session.post("/se/log", &json!({ "type": "browser" }));
                let severe = log
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|entry| entry["level"] == "SEVERE" || entry["source"] == "security");
                severe.map(|entry| entry["message"].to_string()).collect()
            }
            Self::Firefox => {
                let script = r"
                    return Services.console.getMessageArray()
                        .filter((message) => message instanceof Ci.nsIScriptError && !(message.flags & Ci.nsIScriptError.warningFlag))
                        .map((message) => `${message.category}: ${message.errorMessage} ${message.sourceName}`)
                        .filter((line) => line.includes(arguments[0]));";
                let lines = privileged(session, script, &[json!(url)]);
                lines.as_array().into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>()
            }
            Self::WebKit => webkit::complaints(session),
        }
    }

    /// The messages on the console since the start, or since the last call. In Firefox only errors and warnings; in
    /// WebKit those of this document.
    pub fn console(self, session: &Session) -> Vec<String> {
        let lines = match self {
            Self::Chromium => session.post("/se/log", &json!({ "type": "browser" })),
            Self::Firefox => privileged(session, "return Services.console.getMessageArray().map(String);", &[]),
            Self::WebKit => return webkit::console(session),
        };
        lines.as_array().into_iter().flatten().map(ToString::to_string).collect()
    }

    /// Clears everything that an earlier test left: tabs, storage, cache, permissions, settings.
    fn clear(self, session: &Session, downloads: &Path) {
        let old = session.windows();
        let origins = match self {
            Self::Chromium | Self::WebKit => origins(session, &old),
            Self::Firefox => Vec::new(),
        };
        session.switch_to(old.first().expect("a tab"));
        session.open_window();
        let new = session.windows().into_iter().find(|window| !old.contains(window)).expect("another tab");
        for window in &old {
            session.switch_to(window);
            session.close_window();
        }
        session.switch_to(&new);
        match self {
            Self::Chromium => {
                for origin in origins {
                    let all = json!({ "origin": origin, "storageTypes": "all" });
                    cdp(session, "Storage.clearDataForOrigin", &all);
                }
                cdp(session, "Network.clearBrowserCache", &json!({}));
                cdp(session, "Emulation.setTouchEmulationEnabled", &json!({ "enabled": false }));
                cdp(session, "Browser.resetPermissions", &json!({}));
                self.console(session);
            }
            Self::Firefox => {
                let script = r"
                    Services.io.offline = false;
                    Services.prefs.clearUserPref('network.disable-localhost-when-offline');
                    Services.prefs.clearUserPref('layout.css.prefers-color-scheme.content-override');
                    Services.prefs.setCharPref('browser.download.dir', arguments[0]);
                    Services.console.reset();
                    return new Promise((resolve) => {
                        Services.clearData.deleteData(Ci.nsIClearDataService.CLEAR_ALL, { onDataDeleted: resolve });
                    });";
                let failed = privileged(session, script, &[json!(downloads)]);
                assert_eq!(failed, json!(0), "expected Firefox to delete all data");
            }
            Self::WebKit => origins.iter().filter_map(Value::as_str).for_each(|origin| webkit::clear(session, origin)),
        }
    }

    fn capabilities(self, downloads: &Path) -> Value {
        // For a script on a busy machine; the default is 30 s.
        let timeouts = json!({ "script": 300_000 });
        match self {
            Self::Chromium => json!({
                "browserName": "chrome",
                "timeouts": timeouts,
                "goog:loggingPrefs": { "browser": "ALL" },
                "goog:chromeOptions": { "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900",
                    // The browser does not know that this host is this machine: no secure context over plain HTTP.
                    "--host-resolver-rules=MAP lan.test 127.0.0.1",
                ] },
            }),
            // The driver knows the program of its own package.
            Self::WebKit => json!({ "browserName": "MiniBrowser", "timeouts": timeouts }),
            Self::Firefox => json!({
                "browserName": "firefox",
                "timeouts": timeouts,
                "moz:firefoxOptions": {
                    "args": ["-headless", "-remote-allow-system-access", "--width=1280", "--height=900"],
                    "prefs": {
                        "browser.download.folderList": 2,
                        "browser.download.dir": downloads,
                        "browser.download.useDownloadDir": true,
                        "browser.download.always_ask_before_handling_new_types": false,
                        "browser.helperApps.neverAsk.saveToDisk": "video/mp4",
                        "media.autoplay.default": 0,
                        // Fewer frames leave more processor time to the tests.
                        "layout.frame_rate": 10,
                    },
                },
            }),
        }
    }
}

/// An environment variable that the test command sets.
pub(crate) fn required(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("expected {name} to be set: run these tests with `cargo xtask test`"))
}

/// Sends a command of Chromium's own protocol, where `WebDriver` has none.
pub(crate) fn cdp(session: &Session, command: &str, parameters: &Value) {
    session.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
}

/// The origins of the tabs that an earlier test left.
fn origins(session: &Session, windows: &[String]) -> Vec<Value> {
    let origin = |window: &String| {
        session.switch_to(window);
        session.run("return location.origin", &[])
    };
    windows.iter().map(origin).collect()
}

/// Runs a script with the rights of Firefox itself, where `WebDriver` has no command.
fn privileged(session: &Session, script: &str, values: &[Value]) -> Value {
    session.post("/moz/context", &json!({ "context": "chrome" }));
    let value = session.run(script, values);
    session.post("/moz/context", &json!({ "context": "content" }));
    value
}
