//! What is dropped: pictures, URLs and text. A drop never opens in place of the page.
//!
//! In Chromium, one test also drops as the system does.

use page_tests::Browser;
use serde_json::{Value, json};

use crate::page::Page;
use crate::pictures::photo;
use crate::transfer::Expected::{Inserted, Native, Pictures, PicturesAndReason, Reason};
use crate::transfer::{CAT, PNG, TRANSFER, check, drop, paste};

const ROSE: &str = "https://photos.test/rose.PNG?size=2";

#[test]
fn dropped_urls_become_pictures_or_a_reason() {
    let list = |uris: &str| drop("#drop", json!({ "uris": uris }));
    let image = json!({ "uris": CAT, "html": format!("<img src='{CAT}' alt='a cat'>") });
    let in_link = json!({ "uris": "https://photos.test/page", "plain": "https://photos.test/page", "html": "<a href='https://photos.test/page'><img src='https://cdn.test/42?w=800'></a>" });
    let with_file = json!({ "uris": CAT, "html": format!("<img src='{CAT}'>"), "files": [["cat.jpg", "image/jpeg"]] });
    let file_lost = json!({ "uris": CAT, "html": format!("<img src='{CAT}'>"), "files": [["cat.jpg", "image/jpeg"]], "without": "files" });
    let shortcut = json!({ "uris": "https://photos.test/", "files": [["Photos.url", ""]] });
    let inline = "data:image/png;base64,iVBORw0KGgo=";
    let in_page = json!({ "uris": "https://photos.test/page", "html": format!("<a href='https://photos.test/page'><img src='{inline}'></a>") });
    let two_icons = json!({ "uris": "https://photos.test/page", "html": "<a href='https://photos.test/page'><img src='https://a.test/1'><img src='https://a.test/2'></a>" });
    let selection =
        json!({ "plain": "the cat of a friend", "html": format!("<p>the cat of a friend <img src='{CAT}'></p>") });
    let page = Page::open("ok");
    check(
        &page,
        &[
            ("an image of another tab", drop("#drop", image.clone()), Pictures(&[CAT])),
            ("the same beside the place for pictures", drop("footer", image.clone()), Pictures(&[CAT])),
            ("the same on the prompt", drop("#prompt", image), Pictures(&[CAT])),
            ("an image in a link", drop("#drop", in_link.clone()), Pictures(&["https://cdn.test/42?w=800"])),
            ("the same on a heading", drop("h1", in_link), Pictures(&["https://cdn.test/42?w=800"])),
            ("an image with its file", drop("#drop", with_file), Pictures(&["cat.jpg"])),
            ("an image whose file is not given", drop("#drop", file_lost), Pictures(&[CAT])),
            (
                "an image of relative URL",
                drop("#drop", json!({ "uris": CAT, "html": "<img src='cat.jpg'>" })),
                Pictures(&[CAT]),
            ),
            (
                "an image without scheme",
                drop("#drop", json!({ "html": "<img src='//photos.test/1'>" })),
                Pictures(&["https://photos.test/1"]),
            ),
            ("the URL of an image", list(CAT), Pictures(&[CAT])),
            (
                "a list with comments",
                list(&format!("# two\r\n{CAT}\r\n\r\n#{CAT}\r\n{ROSE}\r\n")),
                Pictures(&[CAT, ROSE]),
            ),
            ("a URL twice", list(&format!("{CAT}\r\n{CAT}")), Pictures(&[CAT])),
            (
                "an image and a link",
                list(&format!("{CAT}\r\nhttps://photos.test/")),
                PicturesAndReason(&[CAT], "link is not a picture"),
            ),
            (
                "five images",
                list(
                    "https://a.test/1.png\nhttps://a.test/2.png\nhttps://a.test/3.png\nhttps://a.test/4.png\nhttps://a.test/5.png",
                ),
                Pictures(&[
                    "https://a.test/1.png",
                    "https://a.test/2.png",
                    "https://a.test/3.png",
                    "https://a.test/4.png",
                    "https://a.test/5.png",
                ]),
            ),
            ("a URL as text", drop("#drop", json!({ "plain": CAT })), Pictures(&[CAT])),
            ("URLs as text", drop("#drop", json!({ "plain": format!("{CAT}\n{ROSE}\n") })), Pictures(&[CAT, ROSE])),
            (
                "a link to a page",
                drop(
                    "#drop",
                    json!({ "uris": "https://photos.test/", "html": "<a href='https://photos.test/'>photos</a>", "plain": "https://photos.test/" }),
                ),
                Reason("link is not a picture"),
            ),
            ("a link with two icons", drop("#drop", two_icons), Reason("link is not a picture")),
            ("a shortcut", drop("#drop", shortcut), Reason("link is not a picture")),
            ("a data: URL", list(inline), Pictures(&["image.png"])),
            ("a data: image in a link", drop("#drop", in_page), Pictures(&["image.png"])),
            ("a data: URL of text", list("data:text/plain;base64,YQ=="), Reason("data: URL")),
            ("a data: URL that is not base64", list("data:image/png;base64,?"), Reason("data: URL")),
            ("a blob: URL of another page", list("blob:https://photos.test/8d9f"), Reason("blob: URL")),
            ("a javascript: URL", list("javascript:location='https://a.test/'"), Reason("a javascript: URL")),
            ("a file: URL", list("file:///home/me/cat.jpg"), Reason("file: URL")),
            ("a page of the browser", list("chrome://settings/"), Reason("a chrome: URL")),
            ("no URL", list("cat.jpg"), Reason("neither a picture nor its URL")),
            ("text", drop("#drop", json!({ "plain": "a cat" })), Reason("Text is not a picture")),
            (
                "text with a URL in it",
                drop("#drop", json!({ "plain": format!("see {CAT}") })),
                Reason("Text is not a picture"),
            ),
            ("a selection of text and image", drop("#drop", selection), Reason("Text is not a picture")),
            (
                "an unknown type",
                drop("#drop", json!({ "html": "" , "plain": "" })),
                Reason("neither a picture nor its URL"),
            ),
        ],
    );
    page.session.run(TRANSFER, &[list("https://a.test/1.png\nhttps://a.test/2.png\nhttps://a.test/3.png\nhttps://a.test/4.png\nhttps://a.test/5.png")]);
    page.wait_refused("4");
    assert!(page.text("#pictures li:nth-child(5)").contains("Only 4 pictures can be sent"));
    page.session.run(TRANSFER, &[list("http://localhost/cat.png")]);
    page.wait_refused("a URL of this machine");
}

#[test]
fn a_drop_never_opens_in_place_of_the_page() {
    let text = || json!({ "plain": "a cat" });
    let file = || json!({ "files": [PNG] });
    let office = || json!({ "plain": "Total 3", "files": [PNG] });
    let link = || json!({ "uris": "https://photos.test/", "plain": "https://photos.test/" });
    let page = Page::open("ok");
    check(
        &page,
        &[
            ("text on the prompt", drop("#prompt", text()), Native),
            ("text on a URL field", drop("#callbackUrl", text()), Native),
            ("text beside a field", drop("footer", text()), Reason("Text is not a picture")),
            ("a link on the prompt", drop("#prompt", link()), Native),
            ("a link on a URL field", drop("#pictureUrl", link()), Native),
            ("a link without text on a URL field", drop("#pictureUrl", json!({ "uris": CAT })), Inserted(CAT)),
            ("a link beside a field", drop("#result", link()), Reason("link is not a picture")),
            ("a file on the prompt", drop("#prompt", file()), Pictures(&["image.png"])),
            ("a file on a URL field", drop("#pictureUrl", file()), Pictures(&["image.png"])),
            ("a file beside a field", drop("footer", file()), Pictures(&["image.png"])),
            ("text with a picture on the prompt", drop("#prompt", office()), Inserted("Total 3")),
            ("text with a picture beside a field", drop("footer", office()), Reason("was left out")),
            ("text with a picture where pictures go", drop("#drop", office()), Pictures(&["image.png"])),
            ("an empty drag", drop("footer", json!({})), Pictures(&[])),
        ],
    );
}

#[test]
fn folders_empty_files_and_files_that_are_not_given_are_reported() {
    let files = |files: Value, without: &str| drop("#drop", json!({ "files": files, "without": without }));
    let page = Page::open("ok");
    check(
        &page,
        &[
            ("a folder", files(json!([["holiday", ""]]), "content"), Reason("drop the pictures inside it: holiday")),
            (
                "a folder and a file",
                files(json!([["holiday", ""], PNG]), "content"),
                PicturesAndReason(&["image.png"], "drop the pictures inside it: holiday"),
            ),
            (
                "a folder on the prompt",
                drop("#prompt", json!({ "files": [["holiday", ""]], "without": "content" })),
                Reason("drop the pictures inside it: holiday"),
            ),
            (
                "a copied folder with its name",
                paste("#prompt", json!({ "plain": "holiday", "files": [["holiday", ""]], "without": "content" })),
                Reason("drop the pictures inside it: holiday"),
            ),
            (
                "files with their URLs",
                drop(
                    "#drop",
                    json!({ "uris": "file:///home/me/holiday\nfile:///home/me/a.heic", "files": [["holiday", ""], ["a.heic", "x/y"]], "without": "content" }),
                ),
                PicturesAndReason(&["a.heic"], "drop the pictures inside it: holiday"),
            ),
            ("a file that is not given", files(json!([PNG]), "files"), Reason("browser gave no file")),
            (
                "the same, pasted",
                paste("#prompt", json!({ "files": [PNG], "without": "files" })),
                Reason("browser gave no file"),
            ),
            ("another file after that", files(json!([PNG]), ""), Pictures(&["image.png"])),
        ],
    );
    page.session.run(TRANSFER, &[files(json!([["empty.png", "image/png", ""]]), "")]);
    page.wait_refused("empty.png");
    assert!(page.text("#pictures li:nth-child(1) .problems").contains("0 bytes"));
}

#[test]
fn a_picture_of_the_list_is_not_added_again() {
    let dragged = json!({ "uris": "PREVIEW", "html": "<img src='PREVIEW'>", "files": [PNG], "own": "dragged" });
    let copied = json!({ "html": "<img src='PREVIEW'>", "files": [PNG], "own": "copied" });
    let reason = || PicturesAndReason(&["listed.png"], "already in the list");
    let page = Page::open("ok");
    check(
        &page,
        &[
            ("its preview dragged onto the place for pictures", drop("#drop", dragged.clone()), reason()),
            ("onto the prompt", drop("#prompt", dragged), reason()),
            ("its preview copied and pasted", paste("body", copied.clone()), reason()),
            ("at the prompt", paste("#prompt", copied), reason()),
        ],
    );
    // A person may choose a picture twice. The page says so.
    page.session
        .run("document.querySelectorAll('.picture [data-action=remove]').forEach((button) => button.click())", &[]);
    page.pick(&[photo("china.jpg"), photo("flower.jpg")]);
    page.pick(&[photo("flower.jpg")]);
    page.wait("a remark", "document.querySelector('#pictures li:nth-child(3) .warning') !== null");
    assert_eq!(page.text("#pictures li:nth-child(3) .warning"), "The same as picture 2.");
    assert_eq!(page.text("#pictures li:nth-child(3) .verdict"), "Ready");
    assert_eq!(page.count(".picture .warning"), 1);
}

#[test]
fn the_place_for_pictures_is_marked_until_the_drag_leaves() {
    let page = Page::open("ok");
    // The files of a drag are not given until the drop: only its types are.
    let marked = page.session.run(
        "const drag = (name, at, types) => {
            const event = new DragEvent(name, { bubbles: true, cancelable: true });
            Object.defineProperty(event, 'dataTransfer', { value: { types, files: [], items: [], dropEffect: 'copy' } });
            document.querySelector(at).dispatchEvent(event);
            return document.querySelector('#drop').classList.contains('over');
        };
        return [
            drag('dragenter', '#drop', ['Files']), drag('dragover', '#drop', ['Files']), drag('dragleave', '#drop', ['Files']),
            drag('dragover', 'footer', ['text/uri-list']), drag('dragover', '#prompt', ['text/plain']),
            drag('dragover', '#prompt', ['text/plain', 'Files']), drag('dragleave', 'body', []),
        ]",
        &[],
    );
    assert_eq!(marked, json!([true, true, false, true, false, true, false]));
}

#[test]
fn what_another_program_drops_stays_on_the_page() {
    let page = Page::open("ok");
    if page.browser != Browser::Chromium {
        return; // Firefox can be asked for no drop of the system.
    }
    page.session.run("window.isSamePage = true", &[]);
    let system_drop = |at: &str, items: Value, files: Value| {
        let script = "const at = document.querySelector(arguments[0]); at.scrollIntoView({ block: 'center', behavior: 'instant' });
            const { left, top, width, height } = at.getBoundingClientRect(); return [left + width / 2, top + height / 2];";
        let place = page.session.run(script, &[json!(at)]);
        for kind in ["dragEnter", "dragOver", "drop"] {
            let drag = json!({ "type": kind, "x": place[0], "y": place[1],
                "data": { "items": items, "files": files, "dragOperationsMask": 7 } });
            page.session.post("/goog/cdp/execute", &json!({ "cmd": "Input.dispatchDragEvent", "params": drag }));
        }
    };
    let item = |kind: &str, data: &str| json!({ "mimeType": kind, "data": data });
    let link = item("text/uri-list", "https://photos.test/");
    let image = json!([item("text/uri-list", CAT), item("text/html", &format!("<img src='{CAT}'>"))]);
    let file = photo("china.jpg");
    system_drop("footer", json!([link]), json!([]));
    page.wait_text("#images-problems", "link is not a picture");
    system_drop("#prompt", json!([item("text/plain", "a cat")]), json!([]));
    page.wait("the text in the prompt", "document.querySelector('#prompt').value === 'a cat'");
    system_drop("#result", image.clone(), json!([]));
    page.wait("one picture", "document.querySelectorAll('.picture').length === 1");
    system_drop("#prompt", image, json!([]));
    page.wait("two pictures", "document.querySelectorAll('.picture').length === 2");
    system_drop("#baseUrl", json!([]), json!([file]));
    page.wait("the file", "document.querySelectorAll('.picture').length >= 3");
    assert_eq!(page.eval("[document.querySelector('#prompt').value, window.isSamePage]"), json!(["a cat", true]));
}

#[test]
fn a_url_and_a_reason_look_as_they_should() {
    let page = Page::open("ok");
    page.pick(&[photo("china.jpg")]);
    let long = format!("https://photos.test/{}/rose.jpg", "a-long-folder/".repeat(20));
    let uris = format!("{CAT}\n{long}\nhttps://photos.test/");
    page.session.run(
        "const data = new DataTransfer(); data.setData('text/uri-list', arguments[0]);
        document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));",
        &[json!(uris)],
    );
    page.wait_text("#images-problems", "link is not a picture");
    let names = page.names();
    assert_eq!(names[1], json!(CAT));
    assert!(names[2].as_str().is_some_and(|name| name.chars().count() == 101 && name.ends_with("rose.jpg")), "{names}");
    assert_eq!(page.text("#pictures li:nth-child(2) .figures"), "by URL");
    page.screenshot("4-by-url");
    for width in [390, 1280] {
        page.browser.set_viewport(&page.session, width, 900);
        let fits = page.eval("document.documentElement.scrollWidth <= document.documentElement.clientWidth");
        assert_eq!(fits, json!(true), "expected no sideways scrolling at {width} px");
    }
}
