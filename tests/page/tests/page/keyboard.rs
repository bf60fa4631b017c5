//! Use without a mouse, and with a screen reader.

use serde_json::json;

use crate::page::Page;
use crate::pictures::photos;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// Presses Tab until the element has the focus. The focus must be visible at each step; within a video the browser shows it.
#[track_caller]
fn tab_to(page: &Page, selector: &str) {
    for _ in 0..60 {
        page.session.press(TAB);
        let here = page.eval(&format!("document.activeElement.matches({})", json!(selector)));
        let visible = page.eval(
            "(at => at === document.body || at.id === 'video' || [at, ...document.querySelectorAll('label')].some((place) =>
                (place === at || place.contains(at) || place.htmlFor === at.id)
                && [place, ...place.querySelectorAll('*')].some((part) => getComputedStyle(part).outlineStyle !== 'none')))(document.activeElement)",
        );
        assert_eq!(
            visible,
            json!(true),
            "expected to see the focus at {}",
            page.eval("document.activeElement.outerHTML")
        );
        if here == json!(true) {
            return;
        }
    }
    panic!("expected to reach {selector} with the Tab key");
}

#[test]
fn the_page_works_with_the_keyboard_alone() {
    let page = Page::open("ok,hold=processing");
    page.session.run("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0);", &[]);
    // WebDriver cannot use the browser's own file dialogue.
    page.session
        .send_keys("#files", &photos().iter().map(|photo| photo.display().to_string()).collect::<Vec<_>>().join("\n"));
    page.wait("the pictures", "document.querySelectorAll('.picture').length === 4");
    page.session.run("document.querySelector('#files').focus()", &[]);
    tab_to(&page, "#pictures li:nth-child(2) [data-action=up]");
    page.session.press(ENTER);
    assert_eq!(page.names()[0], json!("flower.jpg"));
    tab_to(&page, "#pictures li:nth-child(2) [data-action=remove]");
    page.session.press(" ");
    assert_eq!(page.names(), json!(["flower.jpg", "grace_hopper.jpg", "chelsea.png"]));
    tab_to(&page, "#prompt");
    page.session.press("a cat and a flower");
    tab_to(&page, "[name=mode]");
    tab_to(&page, "[name=duration]");
    page.session.press("\u{e014}");
    assert_eq!(page.text("#price"), "$0.53", "expected the right arrow to choose 10 s");
    tab_to(&page, "summary");
    page.session.press(ENTER);
    tab_to(&page, "#modelName");
    tab_to(&page, "#apiKey");
    page.session.press(ENTER);
    page.wait_ready();
    page.assert_charged(0);
    tab_to(&page, "#submit");
    page.session.press(ENTER);
    page.wait_status("making the video");
    tab_to(&page, "#stop");
    page.session.press(ENTER);
    page.wait_status("No longer watched");
    page.release();
    page.session.press_shift_tab();
    tab_to(&page, "#again");
    page.session.press(ENTER);
    page.wait_video();
    tab_to(&page, "#save");
    page.assert_charged(1);
}

#[test]
fn every_control_has_a_name() {
    let page = Page::open("ok");
    page.pick(&photos());
    page.session.run("document.querySelectorAll('details').forEach((part) => (part.open = true))", &[]);
    let ids = page.session.run(
        "return [...document.querySelectorAll('input, textarea, button, a, video, progress')].filter((control) => !control.closest('[hidden]'))
            .map((control, index) => (control.dataset.test = index, `[data-test=\"${index}\"]`))",
        &[],
    );
    for selector in ids.as_array().expect("controls") {
        let selector = selector.as_str().expect("a selector");
        let (name, role) = page.session.accessible(selector);
        assert_ne!(
            name.trim(),
            "",
            "expected a name for the {role} {}",
            page.eval(&format!("document.querySelector({}).outerHTML", json!(selector)))
        );
    }
    let (name, role) = page.session.accessible("#prompt");
    assert_eq!((name.as_str(), role.as_str()), ("Prompt", "textbox"));
    assert_eq!(page.eval("document.querySelectorAll('[aria-describedby]').values().every((at) => at.getAttribute('aria-describedby').split(' ').every((id) => document.getElementById(id)))"), json!(true));
    assert_eq!(page.eval("[...document.querySelectorAll('[id]')].length === new Set([...document.querySelectorAll('[id]')].map(({ id }) => id)).size"), json!(true));
}
