//! The guide to tests, executed by the usual test runners, and environments that lack something.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use consumer_tests::Project;

use crate::succeed;

const GUIDE: &str = include_str!("../../../../docs/testing.md");

/// Environments of tests: what a file that runs in one begins with, and its name.
const JEST_30: [(&str, &str); 3] = [
    ("/** @jest-environment jsdom-30 */", "jsdom"),
    ("/** @jest-environment @happy-dom/jest-environment */", "happy-dom"),
    ("/** @jest-environment node-30 */", "node"),
];
const VITEST: [(&str, &str); 3] = [
    ("// @vitest-environment jsdom", "jsdom"),
    ("// @vitest-environment happy-dom", "happy-dom"),
    ("// @vitest-environment node", "node"),
];

/// The first lines of all blocks of JavaScript in the guide. Each of them is run below.
const BLOCKS: [&str; 5] = [
    "// mock-service.js",
    "// page.test.js",
    "// jest.setup.js",
    "import { expect, test } from \"vitest\";",
    "// simulator.test.js",
];

#[test]
fn every_block_of_the_guide_is_run() {
    let found: Vec<&str> = GUIDE.split("```js\n").skip(1).filter_map(|block| block.lines().next()).collect();
    assert_eq!(found, BLOCKS);
}

/// The block of the guide that begins with this line.
#[track_caller]
fn block(first_line: &str) -> String {
    let start = format!("```js\n{first_line}\n");
    let (_, rest) = GUIDE.split_once(&start).unwrap_or_else(|| panic!("expected a block of {first_line:?}"));
    let (block, _) = rest.split_once("```").expect("its end");
    format!("{first_line}\n{block}")
}

/// The project of all runners, with the blocks of the guide as files for each of them.
fn project() -> Project {
    let project = Project::new("test-runners", "guide");
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/photos/china.jpg");
    fs::copy(photo, project.path("photo.jpg")).expect("a photo");
    let (service, test) = (block("// mock-service.js"), block("// page.test.js"));
    project.write("jest.setup.js", &block("// jest.setup.js"));
    project.write("mock-service.js", &service);
    project.write("page.test.js", &test);
    project.write("mock-service.mjs", &service);
    project.write("page.test.mjs", &test.replace("./mock-service.js", "./mock-service.mjs"));
    let import = block("import { expect, test } from \"vitest\";");
    let test = test.replace("./mock-service.js", "../mock-service.js");
    for (environment, name) in JEST_30 {
        project.write(&format!("in-jest/{name}.test.js"), &format!("{environment}\n{test}"));
    }
    for (environment, name) in VITEST {
        project.write(&format!("in-vitest/{name}.test.js"), &format!("{environment}\n{import}{test}"));
    }
    project.write("in-vitest/simulator.test.js", &format!("{import}{}", block("// simulator.test.js")));
    project
}

/// A version of Jest in the project.
fn jest(project: &Project, version: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.current_dir(project.path("")).arg(format!("node_modules/jest-{version}/bin/jest.js"));
    command.args(["--ci", "--runInBand", "--testTimeout=300000"]).args(arguments).env("NO_COLOR", "1");
    command
}

/// The same, where tests and the package are loaded as modules.
fn jest_of_modules(project: &Project, version: &str) -> Command {
    let environment = format!("--env=jsdom-{version}");
    let mut command = jest(project, version, &[&environment, "--transform={}", "--testMatch=**/page.test.mjs"]);
    command.env("NODE_OPTIONS", "--experimental-vm-modules");
    command
}

#[test]
fn the_guide_to_tests_runs_in_jest_and_vitest() {
    let project = project();
    let commands = [
        jest(&project, "27", &["page.test.js", "--env=jsdom-27", "--setupFiles=./jest.setup.js"]),
        jest(&project, "29", &["page.test.js", "--env=jsdom-29"]),
        jest(&project, "30", &["in-jest"]),
        jest_of_modules(&project, "29"),
        jest_of_modules(&project, "30"),
        project.program("vitest", &["run", "--dir", "in-vitest", "--testTimeout=300000"]),
    ];
    // Side by side: most of their time is their start.
    thread::scope(|scope| {
        for command in commands {
            scope.spawn(|| succeed(command));
        }
    });
}

#[test]
fn a_missing_global_is_survived_or_named() {
    let project = Project::new("node", "globals");
    let mut node = Command::new("node");
    node.args(["--test", "globals.test.mjs"]).current_dir(project.path(""));
    succeed(node);
}
