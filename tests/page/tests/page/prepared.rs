//! What the page makes of a picture before it is sent.

use image::ImageFormat;
use serde_json::{Value, json};

use crate::page::Page;
use crate::pictures::{lying_with_place, made, padded, photo};

const FIRST: &str = "#pictures li:nth-child(1)";

/// Sends the form; returns what the service found in the first picture.
#[track_caller]
fn sent(page: &Page) -> Value {
    page.fill("#prompt", "the temple turns upright");
    page.wait_ready();
    page.click("#submit");
    page.wait_video();
    page.assert_charged(1);
    page.account()["charges"][0]["images"][0].clone()
}

#[test]
fn a_photo_is_turned_upright_and_loses_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = Page::open("ok");
    page.pick(&[lying_with_place(folder.path(), "IMG_0001.jpg")]);
    let changes = page.text(&format!("{FIRST} .changes"));
    assert!(changes.contains("urned upright"), "found {changes:?}");
    assert!(changes.contains("place and camera data removed"), "found {changes:?}");
    let figures = page.text(&format!("{FIRST} .figures"));
    assert!(figures.contains("427 × 640 px") && figures.contains(" → "), "found {figures:?}");
    assert_eq!(page.text(&format!("{FIRST} .problems")), "", "expected no warning of a place that is gone");
    page.screenshot("9-prepared");
    let image = sent(&page);
    assert_eq!((&image["width"], &image["height"]), (&json!(427), &json!(640)), "{image}");
    assert_eq!(image["metadata"], json!(false), "{image}");
}

#[test]
fn the_original_is_sent_if_a_person_wants_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let original = lying_with_place(folder.path(), "IMG_0002.jpg");
    let page = Page::open("ok");
    page.pick(&[original]);
    page.click(&format!("{FIRST} [data-action=original]"));
    page.wait_text(&format!("{FIRST} .problems"), "GPS position");
    assert_eq!(page.text(&format!("{FIRST} .changes")), "Sent as it was chosen.");
    let image = sent(&page);
    assert_eq!(image["metadata"], json!(true), "{image}");
}

#[test]
fn a_picture_that_is_in_order_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = Page::open("ok");
    page.pick(&[made(folder.path(), "fine.png", (400, 300), ImageFormat::Png)]);
    assert_eq!(page.text(&format!("{FIRST} .changes")), "");
    assert!(!page.text(&format!("{FIRST} .figures")).contains('→'));
    sent(&page);
}

#[test]
fn what_the_service_would_refuse_is_made_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = Page::open("ok");
    page.pick(&[
        made(folder.path(), "small.png", (299, 400), ImageFormat::Png),
        made(folder.path(), "webp.jpg", (400, 400), ImageFormat::WebP),
        padded(folder.path(), "large.jpg", 11 << 20),
    ]);
    page.wait_ready();
    for (index, change) in [(1, "nlarged"), (2, "onverted"), (3, "data removed")] {
        let changes = page.text(&format!("#pictures li:nth-child({index}) .changes"));
        assert!(changes.contains(change), "expected {change:?}, found {changes:?}");
    }
    page.screenshot("9-made-fit");
    page.fill("#prompt", "three of a kind");
    page.click("#submit");
    page.wait_video();
    page.assert_charged(1);
}

#[test]
fn a_panorama_is_cropped_or_gets_a_border() {
    let folder = tempfile::tempdir().expect("a folder");
    let panorama = made(folder.path(), "panorama.png", (1200, 400), ImageFormat::Png);
    for (action, ratio_is_kept) in [("crop", false), ("pad", true)] {
        let page = Page::open("ok");
        page.pick(std::slice::from_ref(&panorama));
        page.wait_refused("panorama.png");
        page.screenshot("9-panorama");
        page.click(&format!("{FIRST} [data-action={action}]"));
        let image = sent(&page);
        let size = (image["width"].as_u64(), image["height"].as_u64());
        let expected = if ratio_is_kept { (Some(1200), Some(480)) } else { (Some(1000), Some(400)) };
        assert_eq!(size, expected, "{action}: {image}");
    }
}

#[test]
fn a_heic_is_decoded_by_a_package_that_only_it_loads() {
    let page = Page::open("ok");
    page.pick(&[photo("flower.jpg")]);
    let is_loaded = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/heic-to/'))";
    assert_eq!(page.eval(is_loaded), json!(false), "expected no decoder for a JPEG");
    page.pick(&[photo("flower.heic")]);
    page.wait_ready();
    let figures = page.text("#pictures li:nth-child(2) .figures");
    assert!(figures.starts_with("640 × 427 px · HEIC"), "found {figures:?}");
    page.screenshot("9-heic");
    page.fill("#prompt", "two flowers");
    page.wait_ready();
    page.click("#submit");
    page.wait_video();
    let image = &page.account()["charges"][0]["images"][1];
    assert_eq!((&image["width"], &image["height"]), (&json!(640), &json!(427)), "{image}");
}
