//! What WebKit's driver has no command for, as scripts in the document.

use serde_json::{Value, json};

use crate::{ColorScheme, Session};

/// Collects errors and the lines of the console, once for each document.
const WATCH: &str = r"
    if (window.webkitWatch) return;
    const watch = window.webkitWatch = { complaints: [], console: [] };
    const complain = (line) => watch.complaints.push(line);
    addEventListener('error', ({ message, target }) => complain(message ?? `not loaded: ${target.src ?? target.href}`), true);
    addEventListener('unhandledrejection', ({ reason }) => complain(`unhandled: ${reason}`));
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => complain(`${violatedDirective}: ${blockedURI}`));
    for (const name of ['debug', 'log', 'info', 'warn', 'error']) {
        const own = console[name];
        console[name] = (...words) => {
            watch.console.push(words.map(String).join(' '));
            if (name === 'error') complain(words.map(String).join(' '));
            own.apply(console, words);
        };
    }";

/// Switches the network of this document off or on. A running request goes on.
const SET_ONLINE: &str = r"
    const [isOnline] = arguments;
    const own = window.webkitFetch ??= window.fetch;
    Object.defineProperty(navigator, 'onLine', { value: isOnline, configurable: true });
    window.fetch = isOnline ? own : async () => { throw new TypeError('Load failed'); };
    dispatchEvent(new Event(isOnline ? 'online' : 'offline'));";

/// Sets the colour scheme: that of the document, and what a script finds.
const SET_COLOR_SCHEME: &str = r"
    const [scheme] = arguments;
    document.documentElement.style.colorScheme = scheme;
    const own = window.webkitMatchMedia ??= window.matchMedia;
    window.matchMedia = (query) => {
        const [, asked] = /prefers-color-scheme: (\w+)/.exec(query) ?? [];
        return asked ? { matches: asked === scheme, media: query } : own.call(window, query);
    };";

/// Deletes everything that an origin has stored. All its other documents are closed. A page in place of a server that has ended
/// has no storage, and no later test has its port.
const CLEAR: &str = r"
    try {
        localStorage.clear();
    } catch (error) {
        if (error.name === 'SecurityError') return [];
        throw error;
    }
    const deleted = ({ name }) => new Promise((resolve, reject) => Object.assign(indexedDB.deleteDatabase(name), { onsuccess: resolve, onerror: reject }));
    return indexedDB.databases().then((all) => Promise.all(all.map(deleted))).then(() => indexedDB.databases());";

/// Clears what an earlier test left in this origin. The current tab is new.
pub(crate) fn clear(session: &Session, origin: &str) {
    if origin.starts_with("http") {
        // A document without scripts.
        session.open(&format!("{origin}/config.json"));
        assert_eq!(session.run(CLEAR, &[]), json!([]), "expected WebKit to delete all databases");
    }
}

/// See `Browser::watch`.
pub(crate) fn watch(session: &Session) {
    session.run(WATCH, &[]);
}

/// See `Browser::complaints`.
pub(crate) fn complaints(session: &Session) -> Vec<String> {
    lines(&session.run("return window.webkitWatch?.complaints ?? []", &[]))
}

/// See `Browser::console`.
pub(crate) fn console(session: &Session) -> Vec<String> {
    lines(&session.run("return window.webkitWatch?.console.splice(0) ?? []", &[]))
}

/// See `Browser::set_online`.
pub(crate) fn set_online(session: &Session, online: bool) {
    session.run(SET_ONLINE, &[json!(online)]);
}

/// See `Browser::set_color_scheme`.
pub(crate) fn set_color_scheme(session: &Session, scheme: ColorScheme) {
    let scheme = if scheme == ColorScheme::Dark { "dark" } else { "light" };
    session.run(SET_COLOR_SCHEME, &[json!(scheme)]);
}

fn lines(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(ToString::to_string).collect()
}
