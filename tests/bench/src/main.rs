//! Measures the package against other ways to do the same work. `cargo xtask bench` runs it: once for each browser, once for
//! Node, and once to print and judge the results.

mod budgets;
mod document;
mod files;
mod machine;
mod memory;
mod node;
mod page;
mod photos;
mod report;
mod rounds;
mod rows;
mod series;
mod settings;
mod sink;
mod statistics;
mod tables;

use std::process::ExitCode;

use crate::settings::Settings;

fn main() -> ExitCode {
    let settings = Settings::read();
    match std::env::args().nth(1).as_deref() {
        Some("browser") => rounds::run(&settings),
        Some("node") => node::run(&settings),
        Some("report") => report::run(&settings),
        other => panic!("expected browser, node or report, found {other:?}"),
    }
}
