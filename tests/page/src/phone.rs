//! A phone: a small touch screen, its keyboard, and an operating system that freezes pages.
//!
//! Chromium emulates these through its own protocol. Firefox and `WebKit` have no command for them: there, a narrow window and
//! an ordinary click stand in for the screen and a tap, and events that a script dispatches stand in for a frozen page.

use serde_json::{Value, json};

use crate::browser::cdp;
use crate::{Browser, Session};

/// Shows this document as hidden or visible, and dispatches the events of a page that is frozen or shown again.
const SET_FROZEN: &str = r"
    const [isFrozen] = arguments;
    const dispatch = (type) => document.dispatchEvent(new Event(type));
    Object.defineProperty(document, 'visibilityState', { value: isFrozen ? 'hidden' : 'visible', configurable: true });
    Object.defineProperty(document, 'hidden', { value: isFrozen, configurable: true });
    for (const type of isFrozen ? ['visibilitychange', 'freeze'] : ['resume', 'visibilitychange']) dispatch(type);";

impl Browser {
    /// Whether the browser emulates a phone; otherwise scripts and a narrow window stand in.
    pub fn emulates_phones(self) -> bool {
        self == Self::Chromium
    }

    /// Sets the screen of a phone, in px of CSS.
    pub fn set_phone(self, session: &Session, width: u32, height: u32) {
        if !self.emulates_phones() {
            return self.set_viewport(session, width, height);
        }
        let angle = if width < height { 0 } else { 90 };
        let kind = if width < height { "portraitPrimary" } else { "landscapePrimary" };
        let screen = json!({
            "width": width, "height": height, "screenWidth": width, "screenHeight": height, "deviceScaleFactor": 3, "mobile": true,
            "screenOrientation": { "type": kind, "angle": angle },
        });
        cdp(session, "Emulation.setDeviceMetricsOverride", &screen);
        cdp(session, "Emulation.setTouchEmulationEnabled", &json!({ "enabled": true, "maxTouchPoints": 5 }));
        let found = session.run("return [innerWidth, innerHeight, matchMedia('(pointer: coarse)').matches]", &[]);
        assert_eq!(found, json!([width, height, true]), "expected the screen of a phone");
    }

    /// Touches the element with one finger. The element must be on the screen, and on top.
    #[track_caller]
    pub fn tap(self, session: &Session, selector: &str) {
        let script = "const element = document.querySelector(arguments[0]);
            element.scrollIntoView({ block: 'center', behavior: 'instant' });
            const { left, top, width, height } = element.getBoundingClientRect();
            const [x, y] = [left + width / 2, top + height / 2];
            const found = document.elementFromPoint(x, y);
            return [x, y, found === element || element.contains(found) || found?.contains(element) === true];";
        let place = session.run(script, &[json!(selector)]);
        assert_eq!(place[2], json!(true), "expected {selector} on the screen and on top, found {place}");
        if !self.emulates_phones() {
            return session.click(selector);
        }
        let finger = json!([{ "x": place[0], "y": place[1] }]);
        cdp(session, "Input.dispatchTouchEvent", &json!({ "type": "touchStart", "touchPoints": finger }));
        cdp(session, "Input.dispatchTouchEvent", &json!({ "type": "touchEnd", "touchPoints": [] }));
    }

    /// Freezes the page in the background, or shows it again.
    pub fn set_frozen(self, session: &Session, is_frozen: bool) {
        if !self.emulates_phones() {
            session.run(SET_FROZEN, &[json!(is_frozen)]);
            return;
        }
        let state = if is_frozen { "frozen" } else { "active" };
        cdp(session, "Page.setWebLifecycleState", &json!({ "state": state }));
        if !is_frozen {
            // The browser shows it again when another tab was in front.
            let own = session.window();
            session.open_window();
            session.close_window();
            session.switch_to(&own);
            assert_eq!(session.run("return document.visibilityState", &[]), json!("visible"));
        }
    }

    /// Sets whether the browser asks sites to save data.
    pub fn set_saves_data(self, session: &Session, saves: bool) {
        if self.emulates_phones() {
            cdp(session, "Emulation.setDataSaverOverride", &json!({ "dataSaverEnabled": saves }));
        } else {
            let script = "Object.defineProperty(navigator, 'connection', { value: { saveData: arguments[0] }, configurable: true })";
            session.run(script, &[json!(saves)]);
        }
        let found: Value = session.run("return navigator.connection.saveData", &[]);
        assert_eq!(found, json!(saves), "expected the browser to ask for less data");
    }
}
