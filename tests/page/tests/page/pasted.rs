//! What is pasted: text goes into text fields, pictures to the list.

use serde_json::json;

use crate::page::Page;
use crate::pictures::photo;
use crate::transfer::Expected::{Native, Pictures, Reason};
use crate::transfer::{CAT, PNG, TRANSFER, check, paste};

#[test]
fn pasted_text_goes_into_text_fields_and_pictures_to_the_list() {
    let office = json!({ "plain": "Total\t3", "html": "<table><tr><td>Total<td>3</table>", "files": [PNG] });
    let image = json!({ "html": format!("<img src='{CAT}'>"), "files": [PNG] });
    let image_with_url = json!({ "plain": CAT, "html": format!("<img src='{CAT}'>"), "files": [PNG] });
    let copied_files =
        json!({ "plain": "/home/me/a.png\n/home/me/b.png", "files": [["a.png", "image/png"], ["b.png", "image/png"]] });
    let escaped_paths = json!({ "plain": "file:///home/me/a%20cat.png\nC:\\cats\\b.png", "files": [["a cat.png", "image/png"], ["b.png", "image/png"]] });
    let path_in_text = json!({ "plain": "see docs/image.png", "files": [PNG] });
    let only_html_text = json!({ "html": "<p>Total 3</p>", "files": [PNG] });
    let page = Page::open("ok");
    check(
        &page,
        &[
            ("text of an office program", paste("#prompt", office.clone()), Native),
            ("the same in another field", paste("#apiKey", office.clone()), Native),
            ("the same outside a field", paste("body", office.clone()), Reason("paste it into a text field")),
            ("the same at a button", paste("#submit", office.clone()), Reason("paste it into a text field")),
            ("the same at the place for pictures", paste("#files", office), Pictures(&["image.png"])),
            ("text in HTML only", paste("body", only_html_text), Reason("paste it into a text field")),
            ("text", paste("#prompt", json!({ "plain": "a cat" })), Native),
            ("formatted text", paste("#prompt", json!({ "plain": "a cat", "html": "<b>a cat</b>" })), Native),
            (
                "text and an image in HTML",
                paste("#prompt", json!({ "plain": "a cat", "html": format!("a cat <img src='{CAT}'>") })),
                Native,
            ),
            ("text outside a field", paste("body", json!({ "plain": "sk-1234" })), Reason("Text is not a picture")),
            ("a screenshot at the prompt", paste("#prompt", json!({ "files": [PNG] })), Pictures(&["image.png"])),
            ("a screenshot at a URL field", paste("#pictureUrl", json!({ "files": [PNG] })), Pictures(&["image.png"])),
            ("a screenshot outside a field", paste("body", json!({ "files": [PNG] })), Pictures(&["image.png"])),
            ("an image of a web page", paste("#prompt", image.clone()), Pictures(&["image.png"])),
            ("the same outside a field", paste("body", image), Pictures(&["image.png"])),
            ("an image with its URL", paste("#prompt", image_with_url.clone()), Pictures(&["image.png"])),
            ("the same outside a field", paste("body", image_with_url), Pictures(&["image.png"])),
            ("files with their paths", paste("#prompt", copied_files.clone()), Pictures(&["a.png", "b.png"])),
            ("the same outside a field", paste("body", copied_files), Pictures(&["a.png", "b.png"])),
            ("files with their URLs", paste("#prompt", escaped_paths), Pictures(&["a cat.png", "b.png"])),
            ("text with a path", paste("#prompt", path_in_text), Native),
            ("a URL at the prompt", paste("#prompt", json!({ "plain": CAT })), Native),
            ("a URL at its field", paste("#pictureUrl", json!({ "plain": CAT })), Native),
            ("a URL outside a field", paste("body", json!({ "plain": CAT })), Pictures(&[CAT])),
            (
                "the URL of a page outside a field",
                paste("body", json!({ "plain": "https://photos.test/" })),
                Reason("link is not a picture"),
            ),
            ("nothing", paste("#prompt", json!({})), Native),
        ],
    );
    let reason = page.session.run(TRANSFER, &[paste("body", json!({ "plain": page.key }))]);
    assert!(!reason.to_string().contains(&page.key), "expected a key that is pasted beside its field not to be shown");
}

#[test]
fn only_what_a_person_added_is_sent() {
    let page = Page::open("ok");
    page.pick(&[photo("china.jpg")]);
    page.session.run("document.querySelectorAll('details').forEach((part) => (part.open = true))", &[]);
    page.session.send_keys("#pictureUrl", "https://photos.test/any\u{e007}");
    page.wait("the URL in the list", "document.querySelectorAll('.picture').length === 2");
    let office = "const data = new DataTransfer();
        data.setData('text/plain', 'a cat');
        data.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
        const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true });
        Object.defineProperty(event, 'clipboardData', { value: data });
        document.querySelector('#prompt').dispatchEvent(event);";
    page.session.run(office, &[]);
    // The browser's own copy and paste.
    page.fill("#prompt", "a cat");
    let chord = |letter: &str| {
        let key = |kind: &str, value: &str| json!({ "type": kind, "value": value });
        let strokes =
            [key("keyDown", "\u{e009}"), key("keyDown", letter), key("keyUp", letter), key("keyUp", "\u{e009}")];
        page.session.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }));
    };
    chord("a");
    chord("c");
    page.session.run("document.querySelector('#negativePrompt').focus()", &[]);
    chord("v");
    page.wait("the text", "document.querySelector('#negativePrompt').value === 'a cat'");
    page.wait_ready();
    page.click("#submit");
    page.wait_video();
    let images = page.account()["charges"][0]["images"].clone();
    assert_eq!(images.as_array().map(Vec::len), Some(2), "{images}");
    page.assert_charged(1);
}
