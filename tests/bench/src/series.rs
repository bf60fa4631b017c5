//! What was measured: series of values, each of one row.

use serde_json::{Value, json};

use crate::statistics::Spread;

/// A quantity that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    /// From the picked files to the accepted request, in ms.
    Time,
    /// Until the body of the request is ready, in ms.
    Preparation,
    /// The longest task of the main thread during the preparation, by the clock of the thread, in ms.
    Task,
    /// The same by the clock on the wall, in ms.
    TaskOnWall,
    /// The peak over idle, in bytes.
    Memory,
    /// The bytes of all bodies that the server received.
    Bytes,
    /// The requests that the server received.
    Requests,
}

impl Metric {
    const ALL: [Self; 7] =
        [Self::Time, Self::Preparation, Self::Task, Self::TaskOnWall, Self::Memory, Self::Bytes, Self::Requests];

    /// Its name in JSON.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Time => "time_ms",
            Self::Preparation => "preparation_ms",
            Self::Task => "longest_task_cpu_ms",
            Self::TaskOnWall => "longest_task_wall_ms",
            Self::Memory => "peak_memory_over_idle_bytes",
            Self::Bytes => "sent_bytes",
            Self::Requests => "requests",
        }
    }
}

/// All values of one quantity.
#[derive(Clone, Debug, PartialEq)]
struct Series {
    /// A browser, or Node.
    engine: String,
    row: String,
    case: String,
    metric: Metric,
    values: Vec<f64>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Results(Vec<Series>);

impl Results {
    /// Adds a value to a series.
    pub(crate) fn add(&mut self, engine: &str, row: &str, case: &str, metric: Metric, value: f64) {
        let found = self.0.iter_mut().find(|series| series.is(engine, row, case, metric));
        if let Some(series) = found {
            series.values.push(value);
        } else {
            let [engine, row, case] = [engine, row, case].map(str::to_owned);
            self.0.push(Series { engine, row, case, metric, values: vec![value] });
        }
    }

    /// Adds a number of bytes or requests to a series.
    #[expect(clippy::cast_precision_loss, reason = "no count is near 2^53")]
    pub(crate) fn count(&mut self, engine: &str, row: &str, case: &str, metric: Metric, value: u64) {
        self.add(engine, row, case, metric, value as f64);
    }

    /// The median and the quartiles of a series, if anything was measured.
    pub(crate) fn spread(&self, engine: &str, row: &str, case: &str, metric: Metric) -> Option<Spread> {
        Spread::of(&self.0.iter().find(|series| series.is(engine, row, case, metric))?.values)
    }

    /// The median of a series.
    pub(crate) fn median(&self, engine: &str, row: &str, case: &str, metric: Metric) -> Option<f64> {
        Some(self.spread(engine, row, case, metric)?.median)
    }

    /// Adds all series of other results.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// As JSON.
    pub(crate) fn to_json(&self) -> Value {
        self.0.iter().map(Series::to_json).collect()
    }

    /// Reads what `to_json` wrote; `None` if it is something else.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(Series::from_json).collect::<Option<_>>().map(Self)
    }
}

impl Series {
    fn is(&self, engine: &str, row: &str, case: &str, metric: Metric) -> bool {
        self.engine == engine && self.row == row && self.case == case && self.metric == metric
    }

    fn to_json(&self) -> Value {
        let spread = Spread::of(&self.values);
        json!({
            "engine": self.engine,
            "row": self.row,
            "case": self.case,
            "metric": self.metric.id(),
            "median": spread.map(|spread| spread.median),
            "quartiles": spread.map(|spread| [spread.lower, spread.upper]),
            "values": self.values,
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let values = value["values"].as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
        let metric = Metric::ALL.into_iter().find(|metric| value["metric"] == metric.id())?;
        Some(Self { engine: text("engine")?, row: text("row")?, case: text("case")?, metric, values })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Metric, Results};

    #[test]
    fn results_are_read_as_they_were_written() {
        let mut results = Results::default();
        for (at, metric) in Metric::ALL.into_iter().enumerate() {
            results.add("chromium", "ours", "4 × 10 MiB", metric, 1.5);
            results.add("chromium", "ours", "4 × 10 MiB", metric, if at == 0 { 2.5 } else { 1.5 });
        }
        results.add("node", "relay", "56 MB", Metric::Time, 9.0);
        assert_eq!(Results::from_json(&results.to_json()), Some(results.clone()));
        assert_eq!(results.median("chromium", "ours", "4 × 10 MiB", Metric::Time), Some(2.0));
        assert_eq!(results.median("firefox", "ours", "4 × 10 MiB", Metric::Time), None);
        assert_eq!(Results::from_json(&json!([{ "engine": "node" }])), None);
    }
}
