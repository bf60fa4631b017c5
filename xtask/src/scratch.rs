//! Folders for one run, removed when it ends.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder of this process in the system's temporary folder. The path is short: browsers put sockets into it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty folder.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let path = own_folder().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self(path))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        // Succeeds after the last one is removed.
        let _ = fs::remove_dir(own_folder());
    }
}

/// Removes all folders of this process, for an exit that runs no destructors.
pub(crate) fn remove_all() {
    let _ = fs::remove_dir_all(own_folder());
}

fn own_folder() -> PathBuf {
    std::env::temp_dir().join(format!("kling-xtask-{}", std::process::id()))
}
