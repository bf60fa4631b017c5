//! What preparing does to photos: their bytes before and after it, as the simulator receives them, and how long it keeps the page
//! busy. `cargo xtask photos` runs it once for each browser.
//!
//! The photos of 12 megapixels are made from those of the repository by `make.js`, which repeats a photo that is enlarged twice
//! and adds the noise of a sensor. The first browser makes them, and all browsers prepare the same files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use page_tests::{Browser, Session, longest_task};
use serde_json::{Value, json};

/// What a photo of 12 megapixels may have of its bytes after preparing.
const MAX_SHARE: f64 = 1.0 / 8.0;

/// How often each photo is prepared for the gap between timers.
const RUNS: u32 = 2;

/// How long the preparations and submissions of one photo may take, in ms: a busy machine is slow.
const MAX_SCRIPT_MS: u32 = 55_000;

/// The 12-megapixel photos: a photo of the repository, and the format of the file.
const LARGE: [(&str, &str); 5] = [
    ("china.jpg", "jpeg"),
    ("flower.jpg", "jpeg"),
    ("grace_hopper.jpg", "jpeg"),
    ("chelsea.png", "jpeg"),
    ("china.jpg", "webp"),
];

/// Small images of `tests/browser/photo-files.js` in formats that the service does not accept.
const SMALL: [(&str, &str); 2] = [("turned.webp", "TURNED_WEBP"), ("green.avif", "AVIF")];

fn main() -> ExitCode {
    let folder = PathBuf::from(required("KLING_PHOTOS"));
    let simulator = required("KLING_SIMULATOR");
    let browser = Browser::chosen();
    let session = browser.start(&folder);
    session.post("/timeouts", &json!({ "script": MAX_SCRIPT_MS }));
    // Any document of that origin without a policy.
    session.open(&format!("{simulator}/style.css"));
    session.run("document.documentElement.innerHTML = '<input type=file>';", &[]);
    let name = session.run(r"return navigator.userAgent.match(/(Chrome|Firefox)\/\d+/)[0].replace('/', ' ');", &[]);
    let name = name.as_str().unwrap_or("?").replace("Chrome", "Chromium");

    let mut is_within = true;
    for (photo, format) in LARGE {
        let path = large(&session, &folder, photo, format);
        let found = measured(&session, &path);
        print_row(&name, &path, &found);
        is_within &= share(&found) <= MAX_SHARE;
    }
    let heic = cases().join("photos/flower.heic");
    print_row(&name, &heic, &measured(&session, &heic));
    for (file, constant) in SMALL {
        let path = small(&session, &folder, file, constant);
        print_row(&name, &path, &measured(&session, &path));
    }
    if is_within {
        return ExitCode::SUCCESS;
    }
    eprintln!("{name}: a photo of 12 megapixels has more than {MAX_SHARE} of its bytes after preparing");
    ExitCode::FAILURE
}

fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("expected {name} to be set: run this with `cargo xtask photos`"))
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases")
}

/// The path of a photo of 12 megapixels, which is made if it does not exist.
fn large(session: &Session, folder: &Path, photo: &str, format: &str) -> PathBuf {
    let (stem, _) = photo.split_once('.').unwrap_or((photo, ""));
    let path = folder.join(format!("{stem}-12mp.{}", if format == "jpeg" { "jpg" } else { format }));
    if !path.exists() {
        let source = fs::read(cases().join("photos").join(photo)).expect("a photo of the repository");
        let made = session.run(include_str!("make.js"), &[json!(STANDARD.encode(source)), json!(format)]);
        write(&path, &made);
    }
    path
}

/// The path of a small image, which is a constant of a script of the browser tests.
fn small(session: &Session, folder: &Path, file: &str, constant: &str) -> PathBuf {
    let path = folder.join(file);
    let script = "return import('/cases/photo-files.js').then((files) => files[arguments[0]]);";
    write(&path, &session.run(script, &[json!(constant)]));
    path
}

fn write(path: &Path, base64: &Value) {
    let bytes = STANDARD.decode(base64.as_str().unwrap_or_default()).expect("base64 of an image");
    fs::write(path, bytes).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// Prepares a photo in the browser, and sends it before and after.
fn measured(session: &Session, path: &Path) -> Value {
    let path = path.canonicalize().unwrap_or_else(|error| panic!("cannot find {}: {error}", path.display()));
    session.send_keys("input", &path.display().to_string());
    let trace = session.trace();
    let mut found = session.run(include_str!("measure.js"), &[json!(RUNS)]);
    if let Some(trace) = trace {
        let (cpu, wall) = longest_task(&trace.end(), "preparing", "prepared");
        found["task"] = json!(format!("{cpu:.0} ms ({wall:.0} ms)"));
    }
    found
}

/// The bytes after preparing, as a share of those before: of the requests, or of the files if the original is refused.
fn share(found: &Value) -> f64 {
    let bytes = |name: &str| found[name].as_f64().unwrap_or(f64::NAN);
    let requests = bytes("bodyAfter") / bytes("bodyBefore");
    if requests.is_nan() { bytes("bytesAfter") / bytes("bytesBefore") } else { requests }
}

fn print_row(browser: &str, path: &Path, found: &Value) {
    let file = path.file_name().unwrap_or_default().display();
    let number = |name: &str| found[name].as_u64().map_or_else(|| "refused".to_owned(), grouped);
    let text = |name: &str| found[name].as_str().unwrap_or("?");
    let gap = found["gap"].as_f64().unwrap_or(f64::NAN);
    println!(
        "| {browser} | `{file}` | {}, {} | {} | {}, {} | {} | {:.1} % | {} | {} | {gap:.0} ms |",
        text("sizeBefore"),
        number("bytesBefore"),
        number("bodyBefore"),
        text("sizeAfter"),
        number("bytesAfter"),
        number("bodyAfter"),
        100.0 * share(found),
        text("changes"),
        found["task"].as_str().unwrap_or("unknown"),
    );
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}
