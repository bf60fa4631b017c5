//! All measurements in one browser.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use page_tests::{Browser, longest_task};
use serde_json::json;

use crate::files;
use crate::machine;
use crate::memory::Idle;
use crate::page::{Page, Step};
use crate::photos;
use crate::rows::{CALLS, CASES, DOWNLOADS, LARGE, PHOTOS, PREPARATIONS, Row, UPLOADS, VIDEO};
use crate::series::{Metric, Results};
use crate::settings::{self, Settings};
use crate::sink::Sink;

/// Measures everything in the browser that `KLING_BROWSER` names, and writes the results into the folder.
pub(crate) fn run(settings: &Settings) -> ExitCode {
    let browser = Browser::chosen();
    let mut run = Run {
        settings,
        browser,
        driver: settings::number("KLING_DRIVER_PROCESS"),
        sink: start_sink(settings),
        page: None,
        results: Results::default(),
        loads: Vec::new(),
    };
    let version = run.page().version();
    if settings.has_part("upload") {
        let photo = settings::root().join("tests/cases/photos/flower.jpg");
        let files = |case| files::make(&settings.folder, &photo, case);
        let cases = CASES.map(|case| (case.name, files(case)));
        let rows = run.rows(&UPLOADS);
        run.times(&rows, &cases, LARGE.name);
        let large = files(LARGE);
        run.tasks(&rows, LARGE.name, &large);
        run.memory(&rows, LARGE.name, &large);
    }
    if settings.has_part("prepare") {
        let rows = run.rows(&PREPARATIONS);
        let photos = photos::make(run.page(), &settings.folder);
        run.times(&rows, &[(PHOTOS, photos.clone())], PHOTOS);
        run.tasks(&rows, PHOTOS, &photos);
    }
    if settings.has_part("download") {
        let rows = run.rows(&DOWNLOADS);
        run.times(&rows, &[(VIDEO, Vec::new())], VIDEO);
        run.memory(&rows, VIDEO, &[]);
    }
    if settings.has_part("calls") {
        let photo = settings::root().join("tests/cases/photos/flower.jpg");
        let large = files::make(&settings.folder, &photo, LARGE);
        let rows = run.rows(&CALLS);
        run.times(&rows, &[(LARGE.name, large)], LARGE.name);
    }
    if let Some(page) = run.page.take() {
        page.end();
    }
    let text = json!({ "version": version, "loads": run.loads, "series": run.results.to_json() }).to_string();
    let path = settings.folder.join(format!("{}.json", browser.name()));
    fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    ExitCode::SUCCESS
}

fn start_sink(settings: &Settings) -> Sink {
    let root = settings::root();
    Sink::start(vec![
        ("/packages.js", settings.folder.join("packages.js")),
        ("/pkg/", root.join("pkg")),
        ("/cases/", root.join("tests/browser")),
        ("/", root.join("tests/bench/page")),
    ])
}

struct Run<'a> {
    settings: &'a Settings,
    browser: Browser,
    /// The process of the driver: the parent of the browser.
    driver: u32,
    sink: Sink,
    /// A browser that runs.
    page: Option<Page>,
    results: Results,
    loads: Vec<f64>,
}

impl Run<'_> {
    fn page(&mut self) -> &Page {
        let (browser, url) = (self.browser, &self.sink.url);
        self.page.get_or_insert_with(|| Page::start(browser, url))
    }

    /// The rows that this browser can run.
    fn rows(&mut self, all: &[Row]) -> Vec<Row> {
        let wanted: Vec<Row> = all.iter().copied().filter(|row| self.settings.has_row(row.id)).collect();
        let page = self.page();
        page.open(&[]);
        wanted.into_iter().filter(|row| page.supports(*row)).collect()
    }

    /// Measures the times of all rows with all files, and those of the preparation alone in one case.
    fn times(&mut self, rows: &[Row], cases: &[(&str, Vec<PathBuf>)], prepared: &str) {
        for round in 0..self.settings.rounds {
            self.begin(round, "times");
            for row in order(rows, round) {
                for (case, files) in cases {
                    self.time(row, case, files, Step::Run);
                    if *case == prepared && row.prepares {
                        self.time(row, case, files, Step::Prepare);
                    }
                }
            }
        }
    }

    /// Measures a time, and counts what the service received.
    fn time(&mut self, row: Row, case: &str, files: &[PathBuf], step: Step) {
        let page = self.page();
        page.open(files);
        page.make_ready(row);
        self.sink.take_counts();
        let time = self.page().measure(row, step);
        let counts = self.sink.take_counts();
        let engine = self.browser.name();
        if step == Step::Prepare {
            self.results.add(engine, row.id, case, Metric::Preparation, time);
            return;
        }
        self.results.add(engine, row.id, case, Metric::Time, time);
        self.results.count(engine, row.id, case, Metric::Bytes, counts.bytes);
        self.results.count(engine, row.id, case, Metric::Requests, counts.requests);
    }

    /// Measures the longest task of the main thread during the preparation, in traces, which only Chromium has.
    fn tasks(&mut self, rows: &[Row], case: &str, files: &[PathBuf]) {
        if self.browser != Browser::Chromium {
            return;
        }
        for round in 0..self.settings.slow_rounds() {
            self.begin(round, "traces");
            for row in order(rows, round).filter(|row| row.prepares) {
                let page = self.page();
                page.open(files);
                page.make_ready(row);
                let trace = page.session.trace().expect("a trace of Chromium");
                page.measure(row, Step::Prepare);
                let (cpu, wall) = longest_task(&trace.end(), "begin", "end");
                self.results.add(self.browser.name(), row.id, case, Metric::Task, cpu);
                self.results.add(self.browser.name(), row.id, case, Metric::TaskOnWall, wall);
            }
        }
    }

    /// Measures the peak of the memory of all processes of the browser over what they had before, each time in a new browser.
    fn memory(&mut self, rows: &[Row], case: &str, files: &[PathBuf]) {
        if self.browser != Browser::Chromium {
            return;
        }
        for round in 0..self.settings.slow_rounds() {
            self.begin(round, "memory");
            for row in order(rows, round) {
                if let Some(page) = self.page.take() {
                    page.end();
                }
                let driver = self.driver;
                let page = self.page();
                page.open(files);
                page.make_ready(row);
                let idle = Idle::of(driver);
                page.measure(row, Step::Run);
                let over = idle.peak(driver);
                self.results.count(self.browser.name(), row.id, case, Metric::Memory, over);
            }
        }
    }

    fn begin(&mut self, round: usize, what: &str) {
        let load = machine::load();
        self.loads.push(load);
        eprintln!("{}: {what}, round {}; load {load}", self.browser.name(), round + 1);
    }
}

/// The rows in the order of a round, so that each comes first, last and after each neighbour.
pub(crate) fn order(rows: &[Row], round: usize) -> impl Iterator<Item = Row> + use<> {
    let mut rows = rows.to_vec();
    if let Some(by) = round.checked_rem(rows.len()) {
        rows.rotate_left(by);
    }
    if round % 2 == 1 {
        rows.reverse();
    }
    rows.into_iter()
}

#[cfg(test)]
mod tests {
    use page_tests::longest_task;
    use serde_json::{Value, json};

    use super::order;
    use crate::rows::UPLOADS;

    #[test]
    fn each_row_comes_first_and_last_once_in_as_many_rounds_as_rows() {
        let mut ends = Vec::new();
        for round in 0..UPLOADS.len() {
            let rows: Vec<&str> = order(&UPLOADS, round).map(|row| row.id).collect();
            let mut sorted = rows.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), UPLOADS.len(), "round {round}");
            ends.push((rows[0], rows[rows.len() - 1]));
        }
        for row in UPLOADS {
            assert_eq!(
                ends.iter().filter(|(first, last)| *first == row.id || *last == row.id).count(),
                2,
                "{}",
                row.id
            );
        }
        assert_eq!(order(&[], 5).count(), 0);
    }

    #[test]
    fn the_longest_task_between_the_marks_is_found() {
        let mark = |name: &str, at: u32| json!({ "name": name, "ph": "I", "pid": 7, "tid": 1, "ts": at });
        let task = |thread: u32, at: u32, wall: u32, cpu: u32| json!({ "name": "RunTask", "ph": "X", "pid": 7, "tid": thread, "ts": at, "dur": wall, "tdur": cpu });
        let marks = [mark("begin", 10_000), mark("end", 90_000)];
        let cases: [(&[Value], (f64, f64)); 6] = [
            (&[], (0.0, 0.0)),
            (&[task(1, 20_000, 5_000, 4_000)], (4.0, 5.0)),
            (&[task(1, 20_000, 5_000, 4_000), task(1, 30_000, 4_500, 4_400)], (4.4, 5.0)),
            // Of another thread; over before the first mark; begun after the last one.
            (&[task(2, 20_000, 5_000, 4_000), task(1, 1_000, 8_000, 8_000), task(1, 91_000, 9_000, 9_000)], (0.0, 0.0)),
            // Begun before the first mark, over after the last one.
            (&[task(1, 9_000, 2_000, 2_000), task(1, 89_000, 3_000, 1_000)], (2.0, 3.0)),
            (&[json!({ "name": "x", "ph": "B", "pid": 7, "tid": 1, "ts": 20_000, "dur": 7_000 })], (0.0, 0.0)),
        ];
        for (tasks, expected) in cases {
            let events: Vec<Value> = marks.iter().chain(tasks).cloned().collect();
            assert_eq!(longest_task(&events, "begin", "end"), expected, "{tasks:?}");
        }
    }
}
