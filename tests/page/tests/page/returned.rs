//! A person returns to the page by the browser's back button, and Safari empties the fields. A script stands in for the
//! browser, because no driver can say when a field is emptied. `phone` really leaves the page.

use serde_json::json;

use crate::page::Page;

/// What all fields hold.
const FIELDS: &str =
    "[...document.querySelectorAll('textarea, input:not([type=file])')].map(({ value, checked }) => [value, checked])";

const BACKSPACE: &str = "\u{e003}";

/// Lets a script leave the page and return to it, and notes when the page has looked for emptied fields for the last time.
#[track_caller]
fn prepare_to_return(page: &Page) {
    page.session.run(
        "window.leave = () => {
            window.hasLooked = false;
            dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
        };
        window.comeBack = async () => {
            const own = window.latestReturn = {};
            dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
            // As often as the page, and once more.
            for (let look = 0; look < 11; look++) await new Promise((later) => setTimeout(later, 10 * look));
            window.hasLooked = window.latestReturn === own;
        };
        window.emptied = () => document.querySelector('#request').reset();",
        &[],
    );
}

#[track_caller]
fn wait_for_looks(page: &Page) {
    page.wait("the last look for emptied fields", "window.hasLooked === true");
}

#[test]
fn fields_that_are_emptied_late_after_a_return_are_filled_again() {
    let page = Page::open("ok");
    page.click("[name=mode][value=pro]");
    page.prepare();
    prepare_to_return(&page);
    let fields = page.eval(FIELDS);
    let moments = [
        "emptied();",
        "setTimeout(emptied);",
        "setTimeout(() => setTimeout(emptied));",
        "setTimeout(emptied, 100);",
        // And the page is left again before the next look.
        "setTimeout(emptied); setTimeout(() => { emptied(); leave(); comeBack(); }, 100);",
        "setTimeout(emptied, 300);",
    ];
    for moment in moments {
        page.session.run(&format!("leave(); comeBack(); {moment}"), &[]);
        wait_for_looks(&page);
        assert_eq!(page.eval(FIELDS), fields, "{moment}");
    }
}

#[test]
fn what_a_person_changes_after_a_return_stays() {
    let page = Page::open("ok");
    prepare_to_return(&page);
    // Typed before Safari empties the field, and deleted.
    for (key, moment, expected) in [("s", "setTimeout(emptied, 300)", "xs"), (BACKSPACE, "", "")] {
        page.fill("#prompt", "x");
        page.session.run(
            &format!(
                "leave();
                const returned = () => {{ comeBack(); {moment} }};
                document.querySelector('#prompt').addEventListener('input', returned, {{ once: true }});"
            ),
            &[],
        );
        page.session.press(key);
        wait_for_looks(&page);
        assert_eq!(page.eval("document.querySelector('#prompt').value"), json!(expected));
    }
}

#[test]
fn an_external_task_id_that_is_used_after_a_return_is_cleared() {
    let page = Page::open("ok,hold=submitted");
    page.prepare();
    prepare_to_return(&page);
    // The page is left before it clears the field, and returned to after.
    page.session.run(
        "const field = document.querySelector('#externalTaskId');
        field.value = 'first-try';
        const { get } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
        const cleared = (value) => {
            delete field.value;
            leave();
            field.value = value;
            comeBack();
        };
        Object.defineProperty(field, 'value', { get, set: cleared, configurable: true });",
        &[],
    );
    page.click("#submit");
    page.wait_status("in the service's queue");
    wait_for_looks(&page);
    assert_eq!(page.text("#taskExternalId"), "first-try");
    assert_eq!(page.eval("document.querySelector('#externalTaskId').value"), json!(""));
}
