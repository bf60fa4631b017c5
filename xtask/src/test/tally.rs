//! How many tests passed and failed, read from what the test programs print.

use crate::webdriver::Browser;

/// How many lines about failed tests are kept of each test program.
const MAX_DETAILS: usize = 60;

/// The counts of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests and checks that passed.
    pub(crate) passed: u64,
    /// Tests and checks that failed.
    pub(crate) failed: u64,
    /// Tests that are marked as ignored.
    pub(crate) ignored: u64,
    /// The names of the failed tests.
    pub(crate) failures: Vec<String>,
    /// What the test programs print about them.
    pub(crate) details: Vec<String>,
    /// Whether the lines that follow are such details.
    reads_details: bool,
    /// How many tests ran. A failure need not be a test that ran: a test program may not compile.
    ran: u64,
    /// How many tests each browser ran.
    browsers: Vec<(Browser, u64)>,
}

impl Tally {
    /// One check that passed.
    pub(crate) fn success() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    /// One check that failed.
    pub(crate) fn failure(name: impl Into<String>) -> Self {
        Self { failed: 1, failures: vec![name.into()], ..Self::default() }
    }

    /// Reads a line of a test program's output: libtest's or wasm-bindgen-test's.
    pub(crate) fn read(&mut self, line: &str) {
        let whole = line.trim_end();
        let line = line.trim();
        if let Some(result) = line.strip_prefix("test result: ") {
            self.reads_details = false;
            let count = |word| count(result, word).unwrap_or_default();
            self.ran += count("passed") + count("failed");
            self.passed += count("passed");
            self.failed += count("failed");
            self.ignored += count("ignored");
        } else if let Some(name) = failed_test(line) {
            self.failures.push(name.to_owned());
        } else if line == "failures:" {
            self.reads_details = true;
        } else if self.reads_details && !line.is_empty() && self.details.len() < MAX_DETAILS {
            self.details.push(whole.to_owned());
        }
    }

    /// Adds the counts of another tally.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.ran += other.ran;
        self.failures.extend(other.failures);
        self.details.extend(other.details);
        self.browsers.extend(other.browsers);
    }

    /// The same counts for this browser, with its name after each failure.
    pub(crate) fn in_browser(mut self, browser: Browser) -> Self {
        self.browsers = vec![(browser, self.ran)];
        for failure in &mut self.failures {
            *failure = format!("{failure} ({})", browser.name());
        }
        for line in &mut self.details {
            line.insert_str(0, &browser.prefix());
        }
        self
    }

    /// How many tests ran.
    pub(crate) fn ran(&self) -> u64 {
        self.ran
    }

    /// How many tests a browser ran.
    pub(crate) fn ran_in(&self, browser: Browser) -> u64 {
        self.browsers.iter().filter(|(ran, _)| *ran == browser).map(|(_, count)| count).sum()
    }
}

/// The number before a word, as in "ok. 3 passed; 0 failed".
fn count(result: &str, word: &str) -> Option<u64> {
    let mut words = result.split([' ', ';']).filter(|word| !word.is_empty()).peekable();
    while let Some(number) = words.next() {
        if words.peek() == Some(&word) {
            return number.parse().ok();
        }
    }
    None
}

/// The name in "test name ... FAILED"; wasm-bindgen-test says FAIL.
fn failed_test(line: &str) -> Option<&str> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    outcome.starts_with("FAIL").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{MAX_DETAILS, Tally};
    use crate::webdriver::Browser;

    fn read(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn libtest_is_summed_over_its_programs() {
        let tally = read(
            "running 2 tests\ntest poll::grows ... ok\ntest poll::ends ... FAILED\n\nfailures:\n    poll::ends\n\n\
             test result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
             test result: ok. 40 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.20s\n",
        );
        assert_eq!((tally.passed, tally.failed, tally.ignored), (41, 1, 2));
        assert_eq!(tally.failures, ["poll::ends"]);
        assert_eq!(tally.details, ["    poll::ends"]);
    }

    #[test]
    fn what_is_printed_about_failures_is_kept() {
        let lines = [
            "test a ... FAIL",
            "before",
            "failures:",
            "",
            "---- a output ----",
            "    expected 1",
            "failures:",
            "    a",
            "test result: FAILED. 0 passed; 1 failed",
            "after",
        ];
        let tally = read(&lines.join("\n")).in_browser(Browser::WebKit);
        let kept = ["---- a output ----", "    expected 1", "    a"];
        assert_eq!(tally.details, kept.map(|line| format!("WebKit   | {line}")));
        let endless = read(&format!("failures:\n{}", "more\n".repeat(MAX_DETAILS + 1)));
        assert_eq!(endless.details.len(), MAX_DETAILS);
    }

    #[test]
    fn wasm_bindgen_test_is_read() {
        let tally = read(
            "running 3 tests\ntest browser::submits ... ok\ntest browser::waits ... FAIL\ntest browser::later ... ignored\n\
             test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 filtered out; finished in 0.21s\n",
        );
        assert_eq!((tally.passed, tally.failed, tally.ignored), (1, 1, 1));
        assert_eq!(tally.failures, ["browser::waits"]);
    }

    #[test]
    fn other_lines_are_ignored() {
        assert_eq!(read("3 passed; 1 failed\nthe test result: ok. 3 passed\n"), Tally::default());
    }

    #[test]
    fn browsers_are_counted_apart() {
        let mut sum = read("test result: ok. 3 passed; 0 failed").in_browser(Browser::Chromium);
        sum.add(read("test a ... FAILED\ntest result: FAILED. 3 passed; 1 failed").in_browser(Browser::Firefox));
        sum.add(read("test result: ok. 2 passed; 0 failed").in_browser(Browser::Firefox));
        sum.add(read("test b ... FAIL\ntest result: FAILED. 4 passed; 1 failed").in_browser(Browser::WebKit));
        sum.add(Tally::failure("does not compile").in_browser(Browser::Chromium));
        assert_eq!(Browser::ALL.map(|browser| sum.ran_in(browser)), [3, 6, 5]);
        assert_eq!(sum.failures, ["a (Firefox)", "b (WebKit)", "does not compile (Chromium)"]);
    }
}
