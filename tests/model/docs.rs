//! The documents, the declarations and the simulator state the numbers and words of the core. `limits.rs` and `fields.rs` check
//! the limits and the fields of the request; here is the rest.

use std::fs;
use std::path::Path;

use kling_core::delay::{MAX_TIME_MS, MIN_TIME_MS};
use kling_core::flow::records::{MAX_UNKEPT, MAX_UNSUCCESSFUL};
use kling_core::image::limits::{MAX_IMAGE_MIB, MIN_EDGE_PX, max_aspect_ratio};
use kling_core::poll::{Polling, SLOW_TASK_MS};
use kling_core::record::RecordState;
use kling_core::request::{MAX_IMAGES, MAX_PROMPT_CHARACTERS, MIN_IMAGES};
use kling_core::retry::MIN_UPLOAD_BYTES_PER_MS;
use kling_core::task::TaskStatus;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// Fails if a file lacks one of these texts. Line breaks and the marks of comments do not matter.
#[track_caller]
fn states(path: &str, texts: &[String]) {
    let content = joined(&read(path));
    for text in texts {
        assert!(content.contains(text), "{path} does not say {text:?}");
    }
}

/// A file as one line, without the marks of comments.
fn joined(text: &str) -> String {
    let words = text.lines().flat_map(|line| {
        let line = line.trim_start();
        let unmarked = ["//! ", "/// ", "// ", "* "].iter().find_map(|mark| line.strip_prefix(mark));
        unmarked.unwrap_or(line).split_whitespace()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The part of a file between two texts.
#[track_caller]
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start:?}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end:?} after {start:?}")).0
}

#[test]
fn the_default_schedule_is_documented() {
    let Polling { first_delay_ms, interval_ms, max_interval_ms, outage_budget_ms, not_found_grace_ms } =
        Polling::default();
    let defaults = [
        ("firstDelay", first_delay_ms),
        ("interval", interval_ms),
        ("maxInterval", max_interval_ms),
        ("outageBudget", outage_budget_ms),
        ("notFoundGrace", not_found_grace_ms),
    ];
    let seconds = |ms: u64| format!("{} s", ms / 1000);
    let (max, max_of_slow) = (seconds(max_interval_ms), seconds(max_interval_ms * 2));
    let mut options: Vec<String> =
        defaults.iter().map(|(name, ms)| format!("| `polling.{name}` | {ms} ms |")).collect();
    options.push(format!("Times are from {MIN_TIME_MS} ms to {MAX_TIME_MS} ms"));
    let schedule = [
        format!("after a submission first {} later", seconds(first_delay_ms)),
        format!("up to every {max}, after ten minutes every {max_of_slow}"),
    ];
    assert_eq!(SLOW_TASK_MS, 600_000, "ten minutes");
    // `options.rs` checks the declarations.
    states("docs/calls.md", &options);
    states("docs/waiting.md", &schedule);
}

#[test]
fn the_slowest_upload_is_documented() {
    let rate = format!("at {MIN_UPLOAD_BYTES_PER_MS} kB/s");
    states("docs/money.md", &[format!("`outageBudget` plus the time of the upload {rate}")]);
    states("src/js/types.d.ts", &[format!("plus the time of its upload {rate}")]);
}

#[test]
fn every_state_of_a_record_is_documented() {
    let page = read("docs/videos.md");
    let table = between(&page, "| `state` | Meaning |", "\n\n");
    for &state in RecordState::ALL {
        let word = state.as_str();
        // Callers never see a withdrawn record.
        if state != RecordState::Withdrawn {
            assert!(table.contains(&format!("`{word}`")), "the table of states in docs/videos.md has no {word}");
        }
        if let Some(status) = state.status() {
            assert_eq!((RecordState::from(status), status.as_str()), (state, word));
            assert_eq!(state.is_finished(), status.is_final(), "{word}");
        }
    }
}

#[test]
fn every_status_of_a_task_is_declared() {
    let words: Vec<String> = TaskStatus::WORDS.iter().map(|word| format!("\"{word}\"")).collect();
    let finals: Vec<String> = TaskStatus::ALL
        .iter()
        .filter(|status| status.is_final())
        .map(|status| format!("`{}`", status.as_str()))
        .collect();
    for path in ["src/js/types.d.ts", "tests/types/contract.d.ts"] {
        states(path, &[format!("export type TaskStatus = {};", words.join(" | "))]);
    }
    states("src/js/types.d.ts", &[format!("{} are final", finals.join(" and "))]);
}

#[test]
fn examples_have_the_limits() {
    let example = format!("{{ limit: {MIN_EDGE_PX}, actual: {} }}", MIN_EDGE_PX - 1);
    states("src/js/errors.d.ts", &[example]);
    let ratio = max_aspect_ratio();
    let source = format!("width and height at least {MIN_EDGE_PX} px, a ratio between 1:{ratio} and {ratio}:1");
    states("core/src/image/limits.rs", &[format!("at most {MAX_IMAGE_MIB} MB"), source]);
    let pruned = [
        format!("the newest {MAX_UNSUCCESSFUL} in state `rejected` or `failed`"),
        format!("the newest {MAX_UNKEPT} in state `succeed` without a kept video"),
    ];
    states("docs/videos.md", &pruned);
    states("src/js/index.d.ts", &pruned);
    states("SECURITY.md", &pruned);
}

#[test]
fn the_place_of_kept_videos_is_documented() {
    let database = read("src/js/database.js");
    assert!(database.contains("videos.put("), "videos are kept elsewhere: change the documents below, then this test");
    states("docs/videos.md", &["keeps the video in IndexedDB".to_owned()]);
    states("SECURITY.md", &["kept videos, in an IndexedDB database".to_owned()]);
    states("core/src/lib.rs", &["bytes and record change in one transaction".to_owned()]);
}

/// Where the module cannot be loaded, the error and the table in `docs/loading.md` have the same words.
#[test]
fn each_reason_why_the_module_cannot_be_loaded_is_documented() {
    let (script, guide) = (joined(&read("src/js/loader.js")), joined(&read("docs/loading.md")));
    let reasons = [
        "this page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src",
        "this extension forbids WebAssembly; add to its manifest",
        "\"content_security_policy\": { \"extension_pages\": \"script-src 'self' 'wasm-unsafe-eval'\" }",
        "this content script is under the page's policy, which forbids WebAssembly; use the package in the extension's service worker",
        "this runtime compiles no WebAssembly; import the .wasm file, and pass it to init",
        "a service worker may import no script later",
        "this page is a file or a sandboxed frame",
        ": import kling-multi-image2video/inline",
        "the .wasm file is broken or incomplete",
        "the .wasm file did not arrive within",
        "expected the .wasm file, found HTTP",
        "expected the module of",
        "this browser has no WebAssembly; use another one, or turn its lockdown mode off",
        "this browser cannot compile it; it is too old",
    ];
    for reason in reasons {
        assert!(script.contains(reason), "src/js/loader.js does not say {reason:?}");
        assert!(guide.contains(reason), "docs/loading.md does not explain {reason:?}");
    }
    // Each reason that ends every later call, too.
    let obstacles = script.matches("return \"this ").count() + script.matches("return `this ").count();
    assert_eq!(obstacles, reasons.iter().filter(|reason| reason.starts_with("this ")).count() - 1, "a new reason");
}

/// `tests/browser` holds each of these sentences: in `loading.js` and `early.js`.
#[test]
fn what_loading_does_is_documented() {
    let limits = ["MAX_FILE_MS = 10_000;", "MAX_LOAD_MS = 40_000;"].map(str::to_owned);
    states("src/js/loader.js", &limits);
    let sentences = [
        "does not send it within 10 s, the script imports the same module from `wasm.inline.js`",
        "The script imports that file in no other case",
        "it reads no global that browsers and servers add to the language",
        "A call obeys its `signal`, its `timeout` and `close()` also while the module loads. A load that is not complete after 40 s ends with an error.",
        "It does not wait for a load that is under way.",
    ];
    states("docs/loading.md", &sentences.map(str::to_owned));
    states("README.md", &["Importing runs nothing, so it is safe on a server.".to_owned()]);
}

#[test]
fn the_oldest_browsers_are_the_same_in_both_places() {
    let (readme, page) = (read("README.md"), read("docs/browsers.md"));
    let browsers = between(&readme, "[Browsers](docs/browsers.md): ", " and later");
    let table = between(&page, "## Versions", "\n\nTested");
    let named: Vec<_> = browsers.split(", ").map(|browser| browser.rsplit_once(' ').unwrap()).collect();
    assert_eq!(named.len(), 3, "{browsers}");
    for (browser, version) in named {
        let row = table.lines().find(|line| line.starts_with(&format!("| {browser}"))).unwrap();
        assert!(row.contains(&format!(" | {version} | ")), "{row}");
    }
}

#[test]
fn the_table_of_engines_counts_every_test() {
    let tests = |folder: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.map(|file| fs::read_to_string(file).unwrap().matches("#[test]").count()).sum::<usize>()
    };
    let cases = read("tests/browser/cases.rs").lines().filter(|line| line.starts_with("    ")).count();
    let rows = [
        format!("in `tests/browser` | {cases} | {cases} | {cases} |"),
        format!("in `tests/page` | {0} | {0} | {0} |", tests("tests/page/tests/page")),
        format!("in `tests/page/tests/site` | {0} | {0} | {0} |", tests("tests/page/tests/site")),
    ];
    states("docs/browsers.md", &rows);
}

/// The simulator shares no code with the core, so that one cannot repeat the other's mistake. Its limits are the same ones.
#[test]
fn the_simulator_has_the_same_limits() {
    let request = "tests/simulator/src/request.rs";
    states(
        request,
        &[
            format!("MAX_IMAGE_BYTES: usize = {MAX_IMAGE_MIB} * 1024 * 1024;"),
            format!("({MIN_IMAGES}..={MAX_IMAGES}).contains(&self.image_list.len())"),
        ],
    );
    let request = read(request).replace('_', "");
    assert!(
        request.contains(&format!("MAXPROMPTCHARACTERS: usize = {MAX_PROMPT_CHARACTERS};")),
        "the simulator's prompts"
    );
    states("tests/simulator/src/pictures.rs", &[format!("MIN_EDGE_PX: u32 = {MIN_EDGE_PX};")]);
}

/// The figures of the README are those of the commands.
#[test]
fn the_figures_of_the_readme_are_true() {
    let number = |path: &str, constant: &str| {
        let source = read(path);
        let digits = between(&source, &format!("{constant} = "), ";").replace('_', "");
        digits.parse::<usize>().unwrap_or_else(|_| panic!("{path}: {constant} is no number"))
    };
    let budget = number("xtask/src/size.rs", "const BUDGET: usize");
    let prepare = number("xtask/src/size.rs", "const PREPARE_BUDGET: usize");
    let schedules = number("xtask/src/model.rs", "const SCHEDULES: u32");
    assert_eq!((budget % 1000, prepare % 1000, schedules), (0, 0, 1_000_000), "write these figures differently");
    let declarations = read("src/js/errors.d.ts");
    let codes = between(&declarations, "export type ErrorCode =", ";").matches('"').count() / 2;
    let figures = [
        format!("{} kB gzipped at most", budget / 1000),
        "with 1,000,000 random schedules".to_owned(),
        format!("each of the {codes} error codes"),
    ];
    states("README.md", &figures);
    let budgets = [
        format!(" kB | {} kB | the script with the page", budget / 1000),
        format!(" kB | {} kB | when the first", prepare / 1000),
    ];
    states("docs/performance.md", &budgets);
}
