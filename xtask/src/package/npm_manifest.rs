//! The package's `package.json`, written from `Cargo.toml`.

use anyhow::Result;
use serde_json::{Value, json};

use crate::project::Project;

/// The text of `package.json` for a package of these files.
pub(super) fn text(project: &Project, files: &[String]) -> Result<String> {
    let module = format!("{}_bg.wasm", super::module_name(project)?);
    let published: Vec<&String> = files.iter().filter(|name| !name.starts_with('.')).collect();
    let url = project.manifest_text("repository")?;
    let fields = [
        ("name", Value::from(project.manifest_text("name")?)),
        ("version", Value::from(project.manifest_text("version")?)),
        ("description", Value::from(project.manifest_text("description")?)),
        ("keywords", project.manifest["keywords"].clone()),
        ("license", Value::from(project.manifest_text("license")?)),
        ("homepage", Value::from(format!("{url}#readme"))),
        ("bugs", Value::from(format!("{url}/issues"))),
        ("repository", json!({ "type": "git", "url": format!("git+{url}.git") })),
        ("type", Value::from("module")),
        ("sideEffects", Value::from(false)),
        // Of the three, Jest 27 takes `main`, and older bundlers take `module`: neither reads `exports`.
        ("main", Value::from("./index.cjs")),
        ("module", Value::from("./index.js")),
        ("types", Value::from("./index.d.ts")),
        ("bin", json!({ project.manifest_text("name")?: "cli/main.js" })),
        ("files", json!(published)),
    ];
    let field = |(name, value): &(&str, Value)| format!("\"{name}\": {}", format!("{value:#}").replace('\n', "\n  "));
    let fields: Vec<String> = fields.iter().map(field).collect();
    Ok(format!("{{\n  {},\n{}\n}}\n", fields.join(",\n  "), exports(&module)))
}

/// Who reads `exports` takes the first condition that fits, so `types` must stand before `default`, and `require` before
/// both.
fn exports(module: &str) -> String {
    format!(
        r#"  "exports": {{
    ".": {{
      "require": {{ "types": "./index.d.cts", "default": "./index.cjs" }},
      "default": {{ "types": "./index.d.ts", "default": "./index.js" }}
    }},
    "./inline": {{
      "require": {{ "types": "./index.d.cts", "default": "./index.cjs" }},
      "default": {{ "types": "./inline.d.ts", "default": "./inline.js" }}
    }},
    "./relay": {{
      "require": {{ "types": "./relay.d.cts", "default": "./relay.cjs" }},
      "default": {{ "types": "./relay.d.ts", "default": "./relay.js" }}
    }},
    "./{module}": {{ "types": "./{module}.d.ts", "default": "./{module}" }},
    "./package.json": "./package.json"
  }}"#
    )
}

#[cfg(test)]
mod tests {
    use super::exports;

    #[test]
    fn types_come_first() {
        let exports = exports("x_bg.wasm");
        for line in exports.lines().filter(|line| line.contains("\"default\": \"")) {
            assert!(line.find("\"types\": \"") < line.find("\"default\": \""), "{line}");
        }
        assert!(exports.find("\"require\"") < exports.find("\"default\": {"), "{exports}");
        assert!(serde_json::from_str::<serde_json::Value>(&format!("{{{exports}}}")).is_ok());
    }
}
