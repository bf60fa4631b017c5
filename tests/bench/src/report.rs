//! The end of a run: prints everything, writes it, and judges it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::series::Results;
use crate::settings::Settings;
use crate::tables::{self, Engine};

/// The engines, in the order of the tables.
const ENGINES: [&str; 4] = ["chromium", "firefox", "webkit", "node"];

/// Prints the results that the other steps wrote into the folder.
pub(crate) fn run(settings: &Settings) -> ExitCode {
    let (mut results, mut engines, mut loads) = (Results::default(), Vec::new(), Vec::new());
    for id in ENGINES {
        let Some(found) = read(&settings.folder.join(format!("{id}.json"))) else { continue };
        results.append(Results::from_json(&found["series"]).expect("the results of a step"));
        let version = found["version"].as_str().unwrap_or(id).to_owned();
        engines.push(Engine { id: id.to_owned(), version });
        loads.extend(found["loads"].as_array().into_iter().flatten().filter_map(Value::as_f64));
    }
    println!("{}", tables::all(&results, &engines));
    let all = json!({ "loads": loads, "series": results.to_json() });
    let path = crate::settings::required("KLING_BENCH_JSON");
    fs::write(&path, format!("{all:#}\n")).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
    ExitCode::SUCCESS
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}
