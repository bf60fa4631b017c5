//! The types of the package.

use std::collections::BTreeSet;

use consumer_tests::Project;

/// The variables that the examples of the declarations use.
const GIVEN: &str = r#"
declare const client: import("kling-multi-image2video").Client;
declare const task: import("kling-multi-image2video").Task;
declare const file: File;
declare const input: HTMLInputElement;
declare const hint: HTMLElement;
declare const video: HTMLVideoElement;
declare const process: { env: Record<string, string | undefined> };
declare function mayPay(request: Request): Promise<boolean>;
"#;

#[test]
fn the_declarations_accept_correct_code_only() {
    let project = Project::new("types", "types");
    project.write("examples.ts", &examples());
    for (resolution, module) in [("node16", "node16"), ("nodenext", "nodenext"), ("bundler", "esnext")] {
        let mut arguments = vec!["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
        arguments.extend(["--target", "esnext", "--lib", "esnext,dom,dom.iterable", "--types", ""]);
        arguments.extend(["--moduleResolution", resolution, "--module", module, "uses.ts", "wrong.ts", "examples.ts"]);
        if resolution != "bundler" {
            // A bundler finds no declarations of CommonJS: it always imports.
            arguments.push("require.cts");
        }
        project.run("tsc", &arguments);
    }
}

/// The examples of the declarations, each as a function of its own.
fn examples() -> String {
    let declarations = [
        include_str!("../../../../src/js/errors.d.ts"),
        include_str!("../../../../src/js/images.d.ts"),
        include_str!("../../../../src/js/index.d.ts"),
        include_str!("../../../../src/js/types.d.ts"),
        include_str!("../../../../src/js/relay.d.ts"),
    ]
    .join("\n");
    let (mut imports, mut body) = (BTreeSet::new(), String::new());
    let declarations = declarations.replace("* ```ts\n", "* ```js\n");
    let mut blocks = declarations.split("* ```js\n").skip(1);
    let count = blocks.by_ref().map(|block| {
        let example = block.split("* ```\n").next().expect("an example");
        body.push_str("async () => {\n");
        for line in example.lines().map(|line| line.trim_start().trim_start_matches("* ").trim_end_matches('*')) {
            if line.starts_with("import ") {
                imports.insert(line);
            } else if !line.starts_with("export ") {
                body.push_str(line);
                body.push('\n');
            }
        }
        body.push_str("};\n");
    });
    let count = count.count();
    assert!(count > 50, "expected an example of each symbol, found {count}");
    let imports: Vec<&str> = imports.into_iter().collect();
    format!("{}\n{GIVEN}\n{body}", imports.join("\n"))
}
