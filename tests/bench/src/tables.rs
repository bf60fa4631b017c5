//! The results as Markdown tables.

use crate::budgets::Verdict;
use crate::rows::{BODY, CALLS, CASES, DOWNLOADS, LARGE, PHOTOS, PREPARATIONS, RELAYS, Row, UPLOADS, VIDEO};
use crate::series::{Metric, Results};
use crate::statistics::Spread;

/// A browser, or Node, that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Engine {
    /// Its name in the results.
    pub(crate) id: String,
    /// Its name and version.
    pub(crate) version: String,
}

/// A column: its heading, and the series of its cells.
struct Column<'a> {
    heading: String,
    case: &'a str,
    metric: Metric,
}

/// All tables, of the rows that were to be measured. One without a value is left out.
pub(crate) fn all(results: &Results, engines: &[Engine], is_wanted: &dyn Fn(&Row) -> bool) -> String {
    let table = |engine: &Engine, title: &str, rows: &[Row], columns: &[Column]| {
        let rows: Vec<Row> = rows.iter().copied().filter(is_wanted).collect();
        table(results, engine, title, &rows, columns)
    };
    let section = |engine: &Engine| {
        let tables = [
            table(engine, "From picked files to the accepted request", &UPLOADS, &upload_columns()),
            table(engine, "Four photos of 12 megapixels", &PREPARATIONS, &columns(PHOTOS)),
            table(engine, "Downloading a video of 200 MB", &DOWNLOADS, &columns(VIDEO)),
            table(engine, "Other calls", &CALLS, &columns(LARGE.name)),
            table(engine, "Passing on a body of 56 MB", &RELAYS, &columns(BODY)),
        ];
        let tables: Vec<String> = tables.into_iter().flatten().collect();
        (!tables.is_empty()).then(|| format!("### {}\n\n{}", engine.version, tables.join("\n\n")))
    };
    engines.iter().filter_map(section).collect::<Vec<_>>().join("\n\n")
}

/// What became of the budgets.
pub(crate) fn budgets(verdicts: &[Verdict], engines: &[Engine]) -> String {
    let mut lines = vec!["| Budget | | Limit | Measured | |".to_owned(), "|---|---|---|---|---|".to_owned()];
    lines.extend(verdicts.iter().map(|verdict| {
        let Verdict { engine, about, limit, .. } = verdict;
        let version = engines.iter().find(|found| found.id == *engine).map_or(*engine, |found| found.version.as_str());
        let word = match verdict {
            Verdict { holds: true, .. } => "holds",
            Verdict { is_goal: true, .. } => "a goal, not reached",
            Verdict { is_ratio: true, .. } => "**missed**",
            _ => "above, on this machine",
        };
        format!("| {about} | {version} | {limit} | {} | {word} |", verdict.measured())
    }));
    lines.join("\n")
}

fn upload_columns() -> Vec<Column<'static>> {
    let column = |heading: &str, metric| Column { heading: heading.to_owned(), case: LARGE.name, metric };
    let times = CASES.map(|case| Column { heading: case.name.to_owned(), case: case.name, metric: Metric::Time });
    let more = [
        column("Preparation alone", Metric::Preparation),
        column("Longest task: CPU time", Metric::Task),
        column("By the clock", Metric::TaskOnWall),
        column("Peak memory over idle", Metric::Memory),
        column("Bytes sent", Metric::Bytes),
        column("Requests", Metric::Requests),
    ];
    times.into_iter().chain(more).collect()
}

fn columns(case: &str) -> Vec<Column<'_>> {
    let headings = [
        ("Time", Metric::Time),
        ("Preparation alone", Metric::Preparation),
        ("Longest task: CPU time", Metric::Task),
        ("By the clock", Metric::TaskOnWall),
        ("Peak memory over idle", Metric::Memory),
        ("Bytes sent", Metric::Bytes),
        ("Requests", Metric::Requests),
    ];
    headings.map(|(heading, metric)| Column { heading: heading.to_owned(), case, metric }).into_iter().collect()
}

/// A table of the rows of an engine, without columns that have no value; `None` without any value.
fn table(results: &Results, engine: &Engine, title: &str, rows: &[Row], columns: &[Column]) -> Option<String> {
    let found = |row: &Row, column: &Column| results.spread(&engine.id, row.id, column.case, column.metric);
    let columns: Vec<&Column> = columns
        .iter()
        .filter(|column| rows.iter().any(|row| found(row, column).is_some_and(|found| found.upper > 0.0)))
        .collect();
    if columns.is_empty() {
        return None;
    }
    let headings: Vec<&str> = columns.iter().map(|column| column.heading.as_str()).collect();
    let mut lines = vec![format!("| {title} | {} |", headings.join(" | ")), "|---".repeat(columns.len() + 1) + "|"];
    lines.extend(rows.iter().map(|row| {
        let cells: Vec<String> = columns.iter().map(|column| cell(found(row, column), column.metric)).collect();
        format!("| {} | {} |", row.about, cells.join(" | "))
    }));
    Some(lines.join("\n"))
}

/// A cell: the median, and the quartiles where they differ from it.
fn cell(found: Option<Spread>, metric: Metric) -> String {
    let Some(Spread { median, lower, upper }) = found else { return "–".to_owned() };
    match metric {
        Metric::Bytes | Metric::Requests => grouped(median),
        Metric::Memory => spread(&[median, lower, upper].map(|bytes| bytes / 1e6), "MB"),
        Metric::Time | Metric::Preparation | Metric::Task | Metric::TaskOnWall => spread(&[median, lower, upper], "ms"),
    }
}

fn spread([median, lower, upper]: &[f64; 3], unit: &str) -> String {
    let digits = usize::from(*median < 10.0);
    let [median, lower, upper] = [median, lower, upper].map(|value| format!("{value:.digits$}"));
    if lower == upper { format!("{median} {unit}") } else { format!("{median} {unit} ({lower}–{upper})") }
}

/// A whole number with commas between its thousands.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{Engine, all, cell};
    use crate::series::{Metric, Results};
    use crate::statistics::Spread;

    #[test]
    fn cells_have_the_median_and_the_quartiles() {
        let cases = [
            (Metric::Time, [476.4, 460.2, 501.0], "476 ms (460–501)"),
            (Metric::Time, [476.4, 476.4, 476.4], "476 ms"),
            (Metric::Preparation, [9.44, 9.0, 11.0], "9.4 ms (9.0–11.0)"),
            (Metric::Memory, [120e6, 119.6e6, 121e6], "120 MB (120–121)"),
            (Metric::Bytes, [55_924_312.0, 55_924_312.0, 55_924_312.0], "55,924,312"),
            (Metric::Requests, [2.0, 2.0, 2.0], "2"),
        ];
        for (metric, [median, lower, upper], expected) in cases {
            assert_eq!(cell(Some(Spread { median, lower, upper }), metric), expected);
        }
        assert_eq!(cell(None, Metric::Time), "–");
    }

    #[test]
    fn a_table_has_the_columns_that_were_measured() {
        let mut results = Results::default();
        results.add("firefox", "ours", "4 × 10 MiB", Metric::Time, 300.0);
        results.add("firefox", "ours", "4 × 10 MiB", Metric::Requests, 2.0);
        results.add("firefox", "read", "4 × 10 MiB", Metric::Time, 100.0);
        results.add("firefox", "read", "4 × 10 MiB", Metric::Requests, 0.0);
        let firefox = Engine { id: "firefox".to_owned(), version: "Firefox 153".to_owned() };
        let text = all(&results, &[firefox], &|row| row.id != "base64-js");
        let expected = [
            "### Firefox 153",
            "| From picked files to the accepted request | 4 × 10 MiB | Requests |",
            "| this package: `submit` | 300 ms | 2 |",
            "| `toBase64()` of slices into a `Blob` + `fetch` | – | – |",
            "| only reading the files | 100 ms | 0 |",
        ];
        for line in expected {
            assert!(text.lines().any(|found| found == line), "expected {line} in\n{text}");
        }
        assert!(!text.contains("Other calls") && !text.contains("base64-js"), "{text}");
    }
}
