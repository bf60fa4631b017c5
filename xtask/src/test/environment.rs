//! The environment of test processes.

use std::env;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

/// Prepares a command so that it sends no request to another machine, costs no money, and its browsers can write.
pub(super) fn prepare(command: &mut Command, scratch: &Path) -> Result<()> {
    command.env_remove("COMETAPI_KEY");
    for name in ["NO_PROXY", "no_proxy"] {
        command.env(name, "127.0.0.1,localhost");
    }
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    // Browser profiles go into a folder that is removed even if a driver was killed.
    command.env("TMPDIR", scratch);
    let home = env::var_os("HOME").map(PathBuf::from).filter(|home| !home.as_os_str().is_empty());
    if !home.as_deref().is_some_and(is_writable) {
        let stand_in = scratch.join("home");
        fs::create_dir_all(&stand_in)?;
        command.env("HOME", stand_in);
        // Cargo and rustup find their folders in the home by default.
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if let (None, Some(home)) = (env::var_os(name), &home) {
                command.env(name, home.join(folder));
            }
        }
    }
    Ok(())
}

fn is_writable(folder: &Path) -> bool {
    let probe = folder.join(format!(".kling-xtask-{}", std::process::id()));
    let written = fs::write(&probe, "").is_ok();
    let _ = fs::remove_file(&probe);
    written
}
