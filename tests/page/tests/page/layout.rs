//! The page in narrow and wide windows, in light and dark colours.

use page_tests::ColorScheme;
use serde_json::json;

use crate::page::Page;
use crate::pictures::photos;

/// Lists every text of the page whose contrast with its background is below 4.5.
const FAINT: &str = r"
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => [r, g, b].map((value) => value / 255).map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (element) => { for (let at = element; at; at = at.parentElement) { const color = rgba(getComputedStyle(at).backgroundColor); if (color[3] === 255) return color; } return [255, 255, 255]; };
    const texts = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && !element.closest('.unseen, .thumbnail')
        && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    return texts.flatMap((element) => {
        const [a, b] = [light(rgba(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        return contrast < 4.5 ? [`${element.tagName} ${element.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`] : [];
    });";

#[test]
fn the_page_never_scrolls_sideways() {
    let page = Page::open("task-failed");
    page.pick(&photos());
    page.fill("#prompt", &"averyverylongword".repeat(20));
    page.session.run("document.querySelectorAll('details').forEach((part) => (part.open = true))", &[]);
    page.wait_ready();
    page.click("#submit");
    page.wait_failure("task_failed");
    for width in [390, 1280] {
        page.browser.set_viewport(&page.session, width, 900);
        let fits = page.eval("document.documentElement.scrollWidth <= document.documentElement.clientWidth");
        assert_eq!(fits, json!(true), "expected no sideways scrolling at {width} px");
        let small = page.eval(
            "[...document.querySelectorAll('button, summary, fieldset label')].filter((control) => control.checkVisibility() && control.getBoundingClientRect().height < 24).map(({ outerHTML }) => outerHTML)",
        );
        assert_eq!(small, json!([]), "expected targets of at least 24 px");
    }
}

#[test]
fn every_text_has_enough_contrast() {
    let page = Page::open("task-failed");
    page.pick(&photos());
    page.session.run("document.querySelectorAll('details').forEach((part) => (part.open = true))", &[]);
    page.wait_ready();
    page.click("#submit");
    page.wait_failure("task_failed");
    page.pick(&photos());
    page.wait("too many pictures to be refused", "document.querySelector('#submit').ariaDisabled === 'true'");
    for scheme in [ColorScheme::Light, ColorScheme::Dark] {
        page.browser.set_color_scheme(&page.session, scheme);
        let is_dark = format!("matchMedia('(prefers-color-scheme: dark)').matches === {}", scheme == ColorScheme::Dark);
        page.wait("the colours of the scheme, at rest", &format!("{is_dark} && document.getAnimations().length === 0"));
        assert_eq!(page.session.run(FAINT, &[]), json!([]), "expected a contrast of at least 4.5 in {scheme:?}");
    }
}

#[test]
fn the_video_card_does_not_jump() {
    let page = Page::open("ok,processing=0,hold=submitted,hold=processing");
    page.prepare();
    page.session.run(
        "window.tops = new Set(); const stage = document.querySelector('.stage');
        setInterval(() => tops.add(Math.round(stage.getBoundingClientRect().top + scrollY)), 20);",
        &[],
    );
    page.click("#submit");
    for status in ["in the service's queue", "making the video"] {
        page.wait_status(status);
        page.release();
    }
    page.wait_video();
    assert_eq!(page.eval("tops.size"), json!(1), "expected the video's place to stay");
    assert_eq!(page.eval("Math.round(document.querySelector('#video').getBoundingClientRect().height - document.querySelector('.stage').getBoundingClientRect().height)"), json!(0));
}
