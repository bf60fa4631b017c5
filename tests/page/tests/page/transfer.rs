//! What is dropped or pasted: pictures, URLs and text, and what becomes of each.
//!
//! `WebDriver` can neither drop nor paste files, so a script makes the events.

use serde_json::{Value, json};

use crate::page::Page;

/// Dispatches one drop or paste, and returns what became of it, once that is as expected or ten seconds have passed.
pub(crate) const TRANSFER: &str = r"
    const expected = arguments[1];
    const [{ event: name, at, plain, html, uris, files = [], without, own }] = arguments;
    document.querySelectorAll('.picture [data-action=remove]').forEach((button) => button.click());
    const field = document.querySelector(at);
    if ('value' in field && field.type !== 'file') field.value = '';
    const preview = own ? await_preview() : undefined;
    function await_preview() {
        const data = new DataTransfer();
        data.items.add(new File(['x'], 'listed.png', { type: 'image/png' }));
        document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
        return document.querySelector('.picture img');
    }
    const data = new DataTransfer();
    const set = (type, text) => text !== undefined && data.setData(type, text.replaceAll('PREVIEW', preview?.src));
    set('text/plain', plain);
    set('text/html', html);
    set('text/uri-list', uris);
    for (const [name, type, content = 'x'] of files) data.items.add(new File([content], name, { type, lastModified: 0 }));
    if (own === 'dragged') preview.dispatchEvent(new DragEvent('dragstart', { dataTransfer: data, bubbles: true, cancelable: true }));
    const { getAsFile, webkitGetAsEntry } = DataTransferItem.prototype;
    if (without === 'files') DataTransferItem.prototype.getAsFile = () => null;
    if (without === 'content') DataTransferItem.prototype.webkitGetAsEntry = function () {
        const isDirectory = getAsFile.call(this).type === '';
        return { isDirectory, name: getAsFile.call(this).name };
    };
    const isDrop = name === 'drop';
    const make = (name) => {
        const event = new (isDrop ? DragEvent : ClipboardEvent)(name, { dataTransfer: data, bubbles: true, cancelable: true });
        if (!isDrop) Object.defineProperty(event, 'clipboardData', { value: data });
        return event;
    };
    const dispatch = (name) => !field.dispatchEvent(make(name));
    const isHighlighted = () => document.querySelector('#drop').classList.contains('over');
    const over = isDrop ? [dispatch('dragenter'), dispatch('dragover'), isHighlighted()] : [];
    const isPrevented = dispatch(name);
    Object.assign(DataTransferItem.prototype, { getAsFile, webkitGetAsEntry });
    const seen = () => ({
        names: [...document.querySelectorAll('.picture .name')].map((name) => name.textContent),
        reasons: [...document.querySelectorAll('#images-problems li')].map((line) => line.textContent).filter((line) => !line.includes('images, found')).join(' '),
        figures: [...document.querySelectorAll('.picture .figures')].map((line) => line.textContent).join(' '),
        value: field.value ?? '',
        heard: document.querySelector('#announcement').textContent,
        over, isPrevented, isHighlighted: isHighlighted(),
    });
    const isAsExpected = ({ names, reasons, heard }) => !expected || (names.length === expected.names.length
        && [reasons, heard].every((text) => text.includes(expected.reason)) && (expected.reason !== '' || reasons === ''));
    return (async () => {
        for (let tries = 0; tries === 0 || (tries < 400 && !isAsExpected(seen())); tries += 1) await new Promise((resolve) => setTimeout(resolve, 300));
        return seen();
    })();";

pub(crate) const PNG: [&str; 2] = ["image.png", "image/png"];
pub(crate) const CAT: &str = "https://photos.test/cat.jpg";

/// What is expected of a drop or paste.
pub(crate) enum Expected<'a> {
    /// These pictures are added.
    Pictures(&'a [&'a str]),
    /// The browser inserts the text.
    Native,
    /// The page inserts the text.
    Inserted(&'a str),
    /// Nothing is added, and the page says why.
    Reason(&'a str),
    /// These pictures are added, and the page says why the rest is not.
    PicturesAndReason(&'a [&'a str], &'a str),
}
use Expected::{Inserted, Native, Pictures, PicturesAndReason, Reason};

/// Dispatches each drop or paste of a table, and compares.
#[track_caller]
pub(crate) fn check(page: &Page, rows: &[(&str, Value, Expected)]) {
    let url = page.eval("location.href");
    page.session.run("window.isSamePage = true", &[]);
    for (row, transfer, expected) in rows {
        let (names, reason, value): (&[&str], &str, &str) = match expected {
            Pictures(names) => (names, "", ""),
            Native => (&[], "", ""),
            Inserted(value) => (&[], "", value),
            Reason(reason) => (&[], reason, ""),
            PicturesAndReason(names, reason) => (names, reason, ""),
        };
        let found = page.session.run(TRANSFER, &[transfer.clone(), json!({ "names": names, "reason": reason })]);
        assert_eq!(found["names"], json!(names), "{row}: {found}");
        let reasons = found["reasons"].as_str().expect("a string");
        assert!(reasons.contains(reason) && (!reason.is_empty() || reasons.is_empty()), "{row}: {found}");
        assert!(found["heard"].as_str().expect("a string").contains(reason), "{row}: {found}");
        assert_eq!(found["value"], json!(value), "{row}: {found}");
        assert_eq!(found["isPrevented"], json!(!matches!(expected, Native)), "{row}: {found}");
        assert_eq!(found["isHighlighted"], json!(false), "{row}: {found}");
        let is_drop = transfer["event"] == "drop";
        let is_picture_dropped_on_text = transfer["at"] == "#prompt" && transfer.get("files").is_none();
        if is_drop && !is_picture_dropped_on_text {
            let is_taken = !matches!(expected, Native);
            let is_highlighted = is_taken && transfer.get("own") != Some(&json!("dragged"));
            assert_eq!(found["over"], json!([is_taken, is_taken, is_highlighted]), "{row}: {found}");
        }
    }
    assert_eq!(page.eval("[location.href, window.isSamePage]"), json!([url, true]), "expected to stay on the page");
    page.assert_charged(0);
}

pub(crate) fn drop(at: &str, data: Value) -> Value {
    with(at, "drop", data)
}

pub(crate) fn paste(at: &str, data: Value) -> Value {
    with(at, "paste", data)
}

fn with(at: &str, event: &str, mut data: Value) -> Value {
    data["at"] = json!(at);
    data["event"] = json!(event);
    data
}
