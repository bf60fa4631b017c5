//! What must hold: ratios of what was measured in one run. Goals that no build has reached yet and times in ms, which depend on the
//! machine, are shown beside their limits, and fail nothing.

use serde_json::{Value, json};

use crate::rows::{BODY, LARGE, PHOTOS, VIDEO};
use crate::series::{Metric, Results};

/// A row, a case and a quantity of an engine.
#[derive(Clone, Copy, Debug)]
struct Cell {
    rows: &'static [&'static str],
    case: &'static str,
    metric: Metric,
}

/// A cell, or the ratio of two, and its limit. A cell of several rows is their sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    engine: &'static str,
    pub(crate) about: &'static str,
    above: Cell,
    /// `None` for a time that is compared with a limit in ms.
    below: Option<Cell>,
    limit: Limit,
    /// Whether it is aimed at, and fails nothing.
    is_goal: bool,
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

/// A budget that could be judged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) engine: &'static str,
    pub(crate) about: &'static str,
    /// The limit, for people.
    pub(crate) limit: String,
    /// A ratio, or a time in ms.
    pub(crate) found: f64,
    pub(crate) is_ratio: bool,
    pub(crate) is_goal: bool,
    pub(crate) holds: bool,
}

const fn cell(rows: &'static [&'static str], case: &'static str, metric: Metric) -> Cell {
    Cell { rows, case, metric }
}

const fn upload(rows: &'static [&'static str]) -> Cell {
    cell(rows, LARGE.name, Metric::Time)
}

/// A time of another row, divided by that of `submit`.
const fn faster(engine: &'static str, about: &'static str, other: &'static [&'static str], least: f64) -> Budget {
    Budget {
        engine,
        about,
        above: upload(other),
        below: Some(upload(&["ours"])),
        limit: Limit::AtLeast(least),
        is_goal: false,
    }
}

const fn at_most(engine: &'static str, about: &'static str, above: Cell, below: Cell, most: f64) -> Budget {
    Budget { engine, about, above, below: Some(below), limit: Limit::AtMost(most), is_goal: false }
}

/// All budgets. First those that compare the package with other ways to do the same work, then what it adds to what its own way cannot
/// do without.
const BUDGETS: [Budget; 26] = [
    faster("chromium", "time of `readAsDataURL` + string / `submit`", &["data-url"], 4.0).as_goal(),
    faster("chromium", "time of `toBase64` + string / `submit`", &["to-base64"], 3.5).as_goal(),
    at_most(
        "chromium",
        "time of `submit` / (reading + posting a ready `Blob`)",
        upload(&["ours"]),
        upload(&["read", "post"]),
        1.6,
    )
    .as_goal(),
    memory("peak memory of `submit` / `readAsDataURL` + string", &["data-url"], 0.2).as_goal(),
    faster("firefox", "time of `readAsDataURL` + string / `submit`", &["data-url"], 1.4),
    faster("firefox", "time of `toBase64` + string / `submit`", &["to-base64"], 1.4),
    smaller_photos("chromium"),
    smaller_photos("firefox"),
    smaller_photos("webkit"),
    download("chromium", "time of `download` / `fetch` + `blob()`", &["blob"]).as_goal(),
    download("firefox", "time of `download` / `fetch` + `blob()`", &["blob"]).as_goal(),
    download("webkit", "time of `download` / `fetch` + `blob()`", &["blob"]),
    relay("time of the relay / a bare pipe", &["pipe"], Metric::Time).as_goal(),
    relay("peak memory of the relay / a bare pipe", &["pipe"], Metric::Memory).as_goal(),
    within_ms("longest task of the main thread during the preparation, CPU time", &["ours"], Metric::Task, 16.0),
    within_ms("inspecting four files of 10 MiB", &["inspect"], Metric::Time, 10.0),
    within_ms("`init()`, cached", &["init"], Metric::Time, 15.0),
    moving("chromium"),
    moving("firefox"),
    moving("webkit"),
    memory("peak memory of `submit` / moving as many bytes", &["move"], 1.5),
    download("chromium", "time of `download` / reading into blobs", &["blobs"]),
    download("firefox", "time of `download` / reading into blobs", &["blobs"]),
    download("webkit", "time of `download` / reading into blobs", &["blobs"]),
    relay("time of the relay / a bare `fetch`", &["fetch"], Metric::Time),
    relay("peak memory of the relay / a bare `fetch`", &["fetch"], Metric::Memory),
];

/// What encoding, checks and records add.
const fn moving(engine: &'static str) -> Budget {
    at_most(engine, "time of `submit` / moving as many bytes", upload(&["ours"]), upload(&["move"]), 1.8)
}

const fn memory(about: &'static str, other: &'static [&'static str], most: f64) -> Budget {
    let [ours, other] = [cell(&["ours"], LARGE.name, Metric::Memory), cell(other, LARGE.name, Metric::Memory)];
    at_most("chromium", about, ours, other, most)
}

const fn within_ms(about: &'static str, row: &'static [&'static str], metric: Metric, most: f64) -> Budget {
    let above = cell(row, LARGE.name, metric);
    Budget { engine: "chromium", about, above, below: None, limit: Limit::AtMost(most), is_goal: false }
}

const fn smaller_photos(engine: &'static str) -> Budget {
    let about = "bytes of four photos of 12 megapixels with `prepare` / without";
    let [after, before] = [cell(&["prepared"], PHOTOS, Metric::Bytes), cell(&["originals"], PHOTOS, Metric::Bytes)];
    at_most(engine, about, after, before, 0.125)
}

const fn download(engine: &'static str, about: &'static str, other: &'static [&'static str]) -> Budget {
    let [ours, other] = [cell(&["download"], VIDEO, Metric::Time), cell(other, VIDEO, Metric::Time)];
    at_most(engine, about, ours, other, 1.3)
}

const fn relay(about: &'static str, other: &'static [&'static str], metric: Metric) -> Budget {
    at_most("node", about, cell(&["relay"], BODY, metric), cell(other, BODY, metric), 1.2)
}

/// Judges the budgets of everything that was measured.
pub(crate) fn judge(results: &Results) -> Vec<Verdict> {
    BUDGETS.iter().filter_map(|budget| budget.judge(results)).collect()
}

impl Budget {
    const fn as_goal(self) -> Self {
        Self { is_goal: true, ..self }
    }

    fn judge(&self, results: &Results) -> Option<Verdict> {
        let sum = |cell: Cell| -> Option<f64> {
            cell.rows.iter().map(|row| results.median(self.engine, row, cell.case, cell.metric)).sum()
        };
        let found = match self.below {
            Some(below) => sum(self.above)? / sum(below)?,
            None => sum(self.above)?,
        };
        let is_ratio = self.below.is_some();
        let unit = if is_ratio { "" } else { " ms" };
        let (limit, holds) = match self.limit {
            Limit::AtLeast(least) => (format!("≥ {least}{unit}"), found >= least),
            Limit::AtMost(most) => (format!("≤ {most}{unit}"), found <= most),
        };
        Some(Verdict { engine: self.engine, about: self.about, limit, found, is_ratio, is_goal: self.is_goal, holds })
    }
}

impl Verdict {
    /// Whether it fails the command.
    pub(crate) fn fails(&self) -> bool {
        self.is_ratio && !self.is_goal && !self.holds
    }

    /// What was found, for people.
    pub(crate) fn measured(&self) -> String {
        if self.is_ratio { format!("{:.2}", self.found) } else { format!("{:.1} ms", self.found) }
    }

    /// As JSON.
    pub(crate) fn to_json(&self) -> Value {
        let Self { engine, about, limit, found, is_ratio, is_goal, holds } = self;
        let unit = if *is_ratio { "ratio" } else { "ms" };
        json!({ "engine": engine, "budget": about, "limit": limit, "found": found, "unit": unit, "goal": is_goal, "holds": holds })
    }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::series::{Metric, Results};

    /// Judges medians at the places `engine, row, case`.
    #[track_caller]
    fn check(values: &[(&str, Metric, f64)], expected: &[(f64, bool)]) {
        let mut results = Results::default();
        for (place, metric, value) in values {
            let mut words = place.split(", ");
            let mut word = || words.next().unwrap_or_default();
            results.add(word(), word(), word(), *metric, *value);
        }
        let found: Vec<_> = judge(&results).into_iter().map(|verdict| (verdict.found, verdict.holds)).collect();
        assert_eq!(found, expected, "{values:?}");
    }

    #[test]
    fn a_budget_is_judged_by_the_ratio_of_what_was_measured() {
        let time = Metric::Time;
        let ours = ("chromium, ours, 4 × 10 MiB", time, 100.0);
        check(&[], &[]);
        check(&[ours], &[]);
        check(&[ours, ("chromium, data-url, 4 × 10 MiB", time, 400.0)], &[(4.0, true)]);
        check(&[ours, ("chromium, data-url, 4 × 10 MiB", time, 390.0)], &[(3.9, false)]);
        check(&[ours, ("chromium, data-url, 4 × 2 MiB", time, 400.0)], &[]);
        check(
            &[("firefox, ours, 4 × 10 MiB", time, 100.0), ("firefox, to-base64, 4 × 10 MiB", time, 150.0)],
            &[(1.5, true)],
        );
    }

    #[test]
    fn the_floor_is_reading_and_posting_together() {
        let [read, post] = ["read", "post"].map(|row| format!("chromium, {row}, 4 × 10 MiB"));
        let floor = [(read.as_str(), Metric::Time, 50.0), (post.as_str(), Metric::Time, 75.0)];
        let ours = |value| ("chromium, ours, 4 × 10 MiB", Metric::Time, value);
        check(&[floor[0], ours(200.0)], &[]);
        check(&[floor[0], floor[1], ours(200.0)], &[(1.6, true)]);
        check(&[floor[0], floor[1], ours(250.0)], &[(2.0, false)]);
    }

    #[test]
    fn a_time_in_ms_is_compared_and_fails_nothing() {
        for (time, holds) in [(5.0, true), (10.0, true), (10.1, false)] {
            let mut results = Results::default();
            results.add("chromium", "inspect", "4 × 10 MiB", Metric::Time, time);
            let verdicts: Vec<_> = judge(&results).iter().map(|verdict| (verdict.holds, verdict.fails())).collect();
            assert_eq!(verdicts, [(holds, false)], "{time}");
        }
        check(&[("chromium, ours, 4 × 10 MiB", Metric::Task, 17.0)], &[(17.0, false)]);
        check(&[("chromium, init, 4 × 10 MiB", Metric::Time, 15.0)], &[(15.0, true)]);
    }

    #[test]
    fn a_missed_budget_fails_and_a_goal_that_is_not_reached_does_not() {
        for (other, holds, fails) in [("blob", false, false), ("blobs", false, true)] {
            let mut results = Results::default();
            results.add("chromium", "download", "200 MB", Metric::Time, 500.0);
            results.add("chromium", other, "200 MB", Metric::Time, 250.0);
            let verdicts: Vec<_> = judge(&results).iter().map(|verdict| (verdict.holds, verdict.fails())).collect();
            assert_eq!(verdicts, [(holds, fails)], "{other}");
        }
    }

    #[test]
    fn bytes_and_memory_have_budgets_too() {
        let (bytes, memory) = (Metric::Bytes, Metric::Memory);
        check(
            &[("webkit, prepared, 4 × 12 MP", bytes, 10.0), ("webkit, originals, 4 × 12 MP", bytes, 80.0)],
            &[(0.125, true)],
        );
        check(&[("node, relay, 56 MB", memory, 130.0), ("node, pipe, 56 MB", memory, 100.0)], &[(1.3, false)]);
    }
}
