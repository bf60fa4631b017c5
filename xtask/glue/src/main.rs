//! `glue <module> <folder> <name>`
//!
//! Makes the JavaScript glue of a compiled module, and the module that fits it: the same files as
//! `wasm-bindgen --target web --out-dir <folder> --out-name <name> <module>`.

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder, name] = arguments.as_slice() else { bail!("usage: glue <module> <folder> <name>") };
    let mut bindgen = Bindgen::new();
    // The program of that name sets this; the library leaves the path out by default.
    bindgen.omit_default_module_path(false);
    bindgen.web(true)?.typescript(true).input_path(module).out_name(name);
    bindgen.generate(folder).with_context(|| format!("cannot make the glue of {module}"))
}
