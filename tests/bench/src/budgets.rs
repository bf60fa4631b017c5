//! What must hold: ratios of what was measured in one run. Times in ms depend on the machine, so no budget limits them.

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

/// The ratio of two cells, and its limit. A cell of several rows is their sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    engine: &'static str,
    pub(crate) about: &'static str,
    above: Cell,
    below: Cell,
    limit: Limit,
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
    pub(crate) ratio: f64,
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
    Budget { engine, about, above: upload(other), below: upload(&["ours"]), limit: Limit::AtLeast(least) }
}

const fn at_most(engine: &'static str, about: &'static str, above: Cell, below: Cell, most: f64) -> Budget {
    Budget { engine, about, above, below, limit: Limit::AtMost(most) }
}

/// All budgets.
const BUDGETS: [Budget; 14] = [
    faster("chromium", "time of `readAsDataURL` + string / `submit`", &["data-url"], 4.0),
    faster("chromium", "time of `toBase64` + string / `submit`", &["to-base64"], 3.5),
    at_most(
        "chromium",
        "time of `submit` / (reading + posting a ready `Blob`)",
        upload(&["ours"]),
        upload(&["read", "post"]),
        1.6,
    ),
    at_most(
        "chromium",
        "peak memory of `submit` / `readAsDataURL` + string",
        cell(&["ours"], LARGE.name, Metric::Memory),
        cell(&["data-url"], LARGE.name, Metric::Memory),
        0.2,
    ),
    faster("firefox", "time of `readAsDataURL` + string / `submit`", &["data-url"], 1.4),
    faster("firefox", "time of `toBase64` + string / `submit`", &["to-base64"], 1.4),
    smaller_photos("chromium"),
    smaller_photos("firefox"),
    smaller_photos("webkit"),
    download("chromium"),
    download("firefox"),
    download("webkit"),
    relay("time of the relay / a bare pipe", Metric::Time),
    relay("peak memory of the relay / a bare pipe", Metric::Memory),
];

const fn smaller_photos(engine: &'static str) -> Budget {
    let about = "bytes of four photos of 12 megapixels with `prepare` / without";
    let [after, before] = [cell(&["prepared"], PHOTOS, Metric::Bytes), cell(&["originals"], PHOTOS, Metric::Bytes)];
    at_most(engine, about, after, before, 0.125)
}

const fn download(engine: &'static str) -> Budget {
    let [ours, other] = [cell(&["download"], VIDEO, Metric::Time), cell(&["blob"], VIDEO, Metric::Time)];
    at_most(engine, "time of `download` / `fetch` + `blob()`", ours, other, 1.3)
}

const fn relay(about: &'static str, metric: Metric) -> Budget {
    at_most("node", about, cell(&["relay"], BODY, metric), cell(&["pipe"], BODY, metric), 1.2)
}

/// Judges the budgets of everything that was measured.
pub(crate) fn judge(results: &Results) -> Vec<Verdict> {
    BUDGETS.iter().filter_map(|budget| budget.judge(results)).collect()
}

impl Budget {
    fn judge(&self, results: &Results) -> Option<Verdict> {
        let sum = |cell: Cell| -> Option<f64> {
            cell.rows.iter().map(|row| results.median(self.engine, row, cell.case, cell.metric)).sum()
        };
        let ratio = sum(self.above)? / sum(self.below)?;
        let (limit, holds) = match self.limit {
            Limit::AtLeast(least) => (format!("≥ {least}"), ratio >= least),
            Limit::AtMost(most) => (format!("≤ {most}"), ratio <= most),
        };
        Some(Verdict { engine: self.engine, about: self.about, limit, ratio, holds })
    }
}

impl Verdict {
    /// As JSON.
    pub(crate) fn to_json(&self) -> Value {
        let Self { engine, about, limit, ratio, holds } = self;
        json!({ "engine": engine, "budget": about, "limit": limit, "ratio": ratio, "holds": holds })
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
        let found: Vec<_> = judge(&results).into_iter().map(|verdict| (verdict.ratio, verdict.holds)).collect();
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
    fn bytes_and_memory_have_budgets_too() {
        let (bytes, memory) = (Metric::Bytes, Metric::Memory);
        check(
            &[("webkit, prepared, 4 × 12 MP", bytes, 10.0), ("webkit, originals, 4 × 12 MP", bytes, 80.0)],
            &[(0.125, true)],
        );
        check(&[("node, relay, 56 MB", memory, 130.0), ("node, pipe, 56 MB", memory, 100.0)], &[(1.3, false)]);
    }
}
