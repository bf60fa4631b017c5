//! The documents and the API reference, and who can use all of it.

use std::env;
use std::fs;

use serde_json::{Value, json};

use crate::site::Site;

/// What axe finds in the document: the rule, and where it is broken.
#[track_caller]
fn violations(site: &Site) -> Vec<String> {
    let axe =
        env::var("KLING_AXE").expect("expected KLING_AXE to be set: run these tests with `cargo xtask test site`");
    let axe = fs::read_to_string(&axe).unwrap_or_else(|error| panic!("cannot read {axe}: {error}"));
    let run = "return axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(
        ({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target}`)))";
    // A colour that is still changing would be measured.
    site.wait("the end of all transitions", "!document.getAnimations().some((one) => one instanceof CSSTransition)");
    let found = site.session.run(&format!("{axe};\n{run}"), &[]);
    let list = found.as_array().unwrap_or_else(|| panic!("expected a list, found {found}"));
    list.iter().map(Value::to_string).collect()
}

/// A document, as one of its kind, and what is in it.
const DOCUMENTS: [(&str, &str); 6] = [
    ("docs/index.html", "Getting started"),
    ("docs/architecture.html", "A diagram, in the language of Mermaid"),
    ("docs/loading.html", "WebAssembly"),
    ("docs/changelog.html", "Unreleased"),
    ("reference/index.html", "kling-multi-image2video/relay"),
    ("reference/functions/kling-multi-image2video.createClient.html", "createClient"),
];

/// What `TypeDoc` does in the documents of its symbols: its menu has links inside of the buttons that unfold it, and it leaves out
/// a level of headings.
const KNOWN: [&str; 2] = ["nested-interactive: ", "heading-order: "];

#[test]
fn documents_load_from_this_site_only() {
    let site = Site::open();
    site.click("footer a[href='docs/index.html']");
    site.wait("the documents", "location.pathname.endsWith('/docs/index.html')");
    for (path, text) in DOCUMENTS {
        site.visit(path);
        site.wait("the document", "document.readyState === 'complete'");
        site.wait_text("body", text);
        assert_eq!(site.requests_elsewhere(), json!([]), "{path}");
        assert_eq!(site.complaints(), Vec::<String>::new(), "expected a quiet console at {path}");
        let width = site.eval("document.documentElement.scrollWidth - innerWidth");
        assert!(width.as_i64().unwrap_or(1) <= 0, "{path} is {width} px too wide");
        let name = path.replace('/', "-").replace(".html", "");
        site.screenshot(&name);
    }
}

#[test]
fn every_document_and_the_page_are_accessible() {
    let site = Site::open();
    assert_eq!(violations(&site), Vec::<String>::new(), "the page");
    site.prepare("a prompt");
    assert_eq!(violations(&site), Vec::<String>::new(), "the page with a request");
    let found: Vec<_> = DOCUMENTS
        .iter()
        .flat_map(|(path, text)| {
            site.visit(path);
            site.wait_text("body", text);
            let is_symbol = path.starts_with("reference/functions");
            let found = violations(&site).into_iter();
            found
                .filter(move |line| !is_symbol || !KNOWN.iter().any(|known| line.contains(known)))
                .map(move |violation| format!("{path}: {violation}"))
        })
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

/// Without this, an empty list of violations would prove little.
#[test]
fn violations_are_found() {
    let site = Site::open();
    site.session.run("document.querySelector('label[for=prompt]').remove()", &[]);
    let found = violations(&site);
    assert!(found.iter().any(|line| line.contains("label") && line.contains("#prompt")), "{found:?}");
}

#[test]
fn a_visitor_finds_the_documents_the_reference_and_the_way_back() {
    let site = Site::open();
    let title = |what: &str| {
        site.wait(what, &format!("document.title.includes({}) && document.readyState === 'complete'", json!(what)));
    };
    assert_eq!(site.session.text("footer").matches("Documentation").count(), 1);
    site.click("footer a[href='docs/index.html']");
    title("Documentation");
    site.click("header a[href='../reference/index.html']");
    title("kling-multi-image2video");
    site.click("dl a[href$='relay.html']");
    title("relay");
    site.click("a[href$='../docs/index.html']");
    title("Documentation");
    site.click("header a[href='../index.html']");
    site.wait("the page", "document.querySelector('#submit') !== null");
}
