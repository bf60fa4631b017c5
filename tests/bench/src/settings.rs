//! What `cargo xtask bench` passes on, in the environment.

use std::path::{Path, PathBuf};

use crate::rows;

/// What to measure, with what.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where results and files are kept for this run.
    pub(crate) folder: PathBuf,
    /// How often each row is measured.
    pub(crate) rounds: usize,
    /// The parts that are measured; empty: all.
    parts: Vec<String>,
    /// The rows that are measured; empty: all.
    rows: Vec<String>,
}

impl Settings {
    /// Reads them.
    pub(crate) fn read() -> Self {
        let list = |name: &str| {
            let words = std::env::var(name).unwrap_or_default();
            words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let rows: Vec<String> = list("KLING_BENCH_ROWS");
        let names = rows::names();
        let unknown = rows.iter().find(|row| !names.contains(&row.as_str()));
        assert_eq!(unknown, None, "expected some of {}", names.join(","));
        Self {
            folder: PathBuf::from(required("KLING_BENCH")),
            rounds: number("KLING_BENCH_ROUNDS"),
            parts: list("KLING_BENCH_PARTS"),
            rows,
        }
    }

    /// Whether a part is measured.
    pub(crate) fn has_part(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }

    /// Whether a row is measured.
    pub(crate) fn has_row(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|wanted| wanted == row)
    }

    /// How often the slow measurements of memory and tasks are repeated.
    pub(crate) fn slow_rounds(&self) -> usize {
        self.rounds.div_ceil(2)
    }
}

/// A variable that must be set.
pub(crate) fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("expected {name} to be set: run this with `cargo xtask bench`"))
}

/// A number that must be set.
pub(crate) fn number<T: std::str::FromStr>(name: &str) -> T {
    let value = required(name);
    value.parse().unwrap_or_else(|_| panic!("{name}: expected a number, found {value}"))
}

/// The folder of this repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
