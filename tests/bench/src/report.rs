//! The end of a run: prints everything, writes it, and judges it.

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::budgets::{self, Verdict};
use crate::document;
use crate::machine;
use crate::series::Results;
use crate::settings::{self, Settings};
use crate::statistics::Spread;
use crate::tables::{self, Engine};

/// The engines, in the order of the tables.
const ENGINES: [&str; 4] = ["chromium", "firefox", "webkit", "node"];

/// Prints the results that the other steps wrote into the folder. Fails if a budget is missed.
pub(crate) fn run(settings: &Settings) -> ExitCode {
    let (mut results, mut engines, mut loads) = (Results::default(), Vec::new(), Vec::new());
    for id in ENGINES {
        let Some(found) = read(&settings.folder.join(format!("{id}.json"))) else { continue };
        results.append(Results::from_json(&found["series"]).expect("the results of a step"));
        let version = found["version"].as_str().unwrap_or(id).to_owned();
        engines.push(Engine { id: id.to_owned(), version });
        loads.extend(found["loads"].as_array().into_iter().flatten().filter_map(Value::as_f64));
    }
    let (machine, date) = (machine::description(), machine::date());
    let verdicts = budgets::judge(&results);
    let versions: Vec<&str> = engines.iter().map(|engine| engine.version.as_str()).collect();
    let about = format!(
        "{date}; {machine}; {}; {}, each the median with the quartiles; {}.",
        versions.join(", "),
        if settings.rounds == 1 { "1 round".to_owned() } else { format!("{} rounds", settings.rounds) },
        described(&loads),
    );
    let text =
        [about, tables::budgets(&verdicts, &engines), tables::all(&results, &engines, &|row| settings.has_row(row.id))]
            .join("\n\n");
    println!("\n{text}");
    let json = json!({
        "date": date,
        "machine": machine,
        "engines": versions,
        "rounds": settings.rounds,
        "loads": loads,
        "budgets": verdicts.iter().map(Verdict::to_json).collect::<Vec<_>>(),
        "series": results.to_json(),
    });
    write(&settings::required("KLING_BENCH_JSON"), &format!("{json:#}\n"));
    if let Ok(path) = env::var("KLING_BENCH_DOCUMENT") {
        let old = fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
        let new = document::replaced(&old, &text);
        write(&path, &new.unwrap_or_else(|| panic!("{path}: expected the two lines of the bench")));
    }
    let missed: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.fails()).collect();
    for verdict in &missed {
        let Verdict { engine, about, limit, .. } = verdict;
        eprintln!("budget missed: {engine}: {about}: expected {limit}, found {}", verdict.measured());
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

fn write(path: &str, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
}

/// The load of the machine during the run.
fn described(loads: &[f64]) -> String {
    let (lowest, highest) =
        loads.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), load| (low.min(*load), high.max(*load)));
    let Some(Spread { median, .. }) = Spread::of(loads) else { return "load unknown".to_owned() };
    format!("load {median:.1} ({lowest:.1}–{highest:.1})")
}

#[cfg(test)]
mod tests {
    use super::described;

    #[test]
    fn the_load_is_described_by_median_and_range() {
        let cases: [(&[f64], &str); 5] = [
            (&[], "load unknown"),
            (&[1.0], "load 1.0 (1.0–1.0)"),
            (&[1.0, 3.0], "load 2.0 (1.0–3.0)"),
            (&[9.0, 1.0, 2.0], "load 2.0 (1.0–9.0)"),
            (&[0.0, 0.0, 0.0], "load 0.0 (0.0–0.0)"),
        ];
        for (loads, expected) in cases {
            assert_eq!(described(loads), expected);
        }
    }
}
