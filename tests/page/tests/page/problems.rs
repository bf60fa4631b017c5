//! Problems that the page finds before it sends anything, shown at the picture or the field.

use std::path::Path;

use image::ImageFormat;
use serde_json::json;

use crate::page::Page;
use crate::pictures::{made, photo, photos};

/// Chooses a good picture and a bad one, and expects the bad one to be refused for this reason.
#[track_caller]
fn check(bad: &Path, reason: &str) -> Page {
    let page = Page::open("ok");
    page.pick(&[photo("china.jpg"), bad.to_owned()]);
    let name = bad.file_name().and_then(|name| name.to_str()).expect("a name");
    page.wait_refused(name);
    assert_eq!(page.text("#pictures li:nth-child(1) .verdict"), "Ready");
    assert_eq!(page.text("#pictures li:nth-child(2) .verdict"), "Cannot be sent");
    let said = page.text("#pictures li:nth-child(2) .problems");
    assert!(
        said.to_lowercase().contains(&reason.to_lowercase()),
        "expected {reason:?} beside the picture, found {said:?}"
    );
    page.click("#submit");
    page.wait(
        "the focus at the picture",
        &format!("document.activeElement.ariaLabel === {}", json!(format!("Remove {name}"))),
    );
    page.assert_charged(0);
    assert_eq!(page.account()["requests"], json!([]), "expected nothing to be sent");
    page
}

#[test]
fn a_picture_too_small_to_be_enlarged() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = check(&made(folder.path(), "small.png", (149, 149), ImageFormat::Png), "149");
    page.screenshot("4-refused");
    page.click("#pictures li:nth-child(2) [data-action=remove]");
    page.wait_ready();
}

#[test]
fn a_text_named_jpg() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("holiday.jpg");
    std::fs::write(&path, "dear diary").expect("a file");
    check(&path, "JPEG or PNG").screenshot("4-text");
}

#[test]
fn five_pictures() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = Page::open("ok");
    let mut five = photos();
    five.push(made(folder.path(), "fifth.png", (400, 400), ImageFormat::Png));
    page.pick(&five);
    page.wait_refused("4");
    assert_eq!(page.count(".picture"), 5, "expected no picture to be lost");
    assert_eq!(page.text("#pictures li:nth-child(4) .verdict"), "Ready");
    assert!(page.text("#pictures li:nth-child(5)").contains("Only 4 pictures can be sent"));
    page.screenshot("4-five");
    page.click("#pictures li:nth-child(2) [data-action=remove]");
    page.wait_ready();
    assert_eq!(page.names(), json!(["china.jpg", "grace_hopper.jpg", "chelsea.png", "fifth.png"]));
}

#[test]
fn reordered_and_removed_pictures_are_sent_as_shown() {
    let page = Page::open("ok");
    page.pick(&photos());
    page.fill("#prompt", "a cat dreams of a flower");
    page.click("#pictures li:nth-child(4) [data-action=up]");
    assert_eq!(
        page.eval("document.activeElement.ariaLabel"),
        json!("Move chelsea.png up"),
        "expected the focus to stay"
    );
    page.session.press("\u{e007}");
    // WebKit's driver returns no text of an element that only screen readers read.
    page.wait_text("#announcement", "chelsea.png is now picture 2 of 4");
    page.click("#pictures li:nth-child(1) [data-action=remove]");
    assert_eq!(page.names(), json!(["chelsea.png", "flower.jpg", "grace_hopper.jpg"]));
    page.wait_ready();
    page.click("#submit");
    page.wait_video();
    let account = page.account();
    let widths: Vec<_> =
        account["charges"][0]["images"].as_array().into_iter().flatten().map(|image| &image["width"]).collect();
    assert_eq!(widths, [451, 640, 512]);
    page.assert_charged(1);
}

#[test]
fn a_long_prompt_is_counted_as_the_service_counts() {
    let page = Page::open("ok");
    page.pick(&[photo("china.jpg")]);
    page.session.run(
        "const prompt = document.querySelector('#prompt'); prompt.value = '🌸'.repeat(2501); prompt.dispatchEvent(new Event('input', { bubbles: true }));",
        &[],
    );
    page.wait_refused("2500");
    assert_eq!(page.text("#prompt-count"), "2501 / 2500");
    page.click("#submit");
    page.wait(
        "the field to be marked",
        "document.activeElement.id === 'prompt' && document.activeElement.ariaInvalid === 'true'",
    );
    assert!(page.text("#prompt-problems").contains("2501"));
}

#[test]
fn an_empty_form_shows_problems_only_after_a_click() {
    let page = Page::open("ok");
    page.wait_refused("image");
    assert_eq!(page.text("#images-problems"), "", "expected no problems in an untouched form");
    page.click("#submit");
    page.wait("the reason beside the field", "document.querySelector('#images-problems').textContent !== ''");
    assert_eq!(page.eval("document.activeElement.id"), json!("files"));
}

#[test]
fn a_dropped_folder_is_reported() {
    let page = Page::open("ok");
    // WebDriver cannot drop files. A script can make a drop event, but not one with a folder in it.
    page.session.run(
        "const data = new DataTransfer(); data.items.add(new File(['x'], 'holiday'));
        DataTransferItem.prototype.webkitGetAsEntry = () => ({ isDirectory: true });
        document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));",
        &[],
    );
    page.wait(
        "the folder to be reported",
        "document.querySelector('#images-problems').textContent.includes('drop the pictures inside it: holiday')",
    );
    assert_eq!(page.count(".picture"), 0);
}

#[test]
fn pictures_can_be_dropped() {
    let page = Page::open("ok");
    page.session.run(
        "return fetch('data:image/png;base64,iVBORw0KGgo=').catch(() => {}).then(() => {
            const data = new DataTransfer(); data.items.add(new File([new Uint8Array(8)], 'dropped.png'));
            document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })); })",
        &[],
    );
    page.wait_refused("dropped.png");
}
