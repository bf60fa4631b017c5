//! The browsers, from the system's packages.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::tools::find_on_path;
use crate::webdriver;

/// The package of Debian 12; other releases have another number.
const LIBAVCODEC: &str = "libavcodec59";

/// Installs Chromium, its driver and Firefox with apt-get if they are missing; fails without apt-get or without root.
pub(super) fn browsers() -> Result<()> {
    let is_linux = cfg!(target_os = "linux");
    install(&[
        ("chromium", find_on_path(webdriver::CHROMIUM).is_some()),
        ("chromium-driver", find_on_path(webdriver::CHROMEDRIVER).is_some()),
        ("firefox-esr", find_on_path(webdriver::FIREFOX).is_some()),
        // Firefox plays no MP4 without it, and its package only recommends it.
        (LIBAVCODEC, !is_linux || has_library("libavcodec.so")),
        // A browser without any font renders no text.
        ("fonts-dejavu-core", !is_linux || Path::new("/usr/share/fonts/truetype").is_dir()),
    ])
}

/// Installs WebKit, its driver and a display in the same way. Only Linux has WebKitGTK.
pub(super) fn webkit() -> Result<()> {
    let is_linux = cfg!(target_os = "linux");
    install(&[
        // It depends on the browser.
        ("webkit2gtk-driver", find_on_path(webdriver::WEBKIT_DRIVER).is_some()),
        ("xvfb", find_on_path(webdriver::XVFB).is_some()),
        // It plays no MP4 without them, and its package only recommends them.
        ("gstreamer1.0-plugins-good", !is_linux || has_plugin("libgstisomp4.so")),
        ("gstreamer1.0-plugins-bad", !is_linux || has_plugin("libgstvideoparsersbad.so")),
        ("gstreamer1.0-libav", !is_linux || has_plugin("libgstlibav.so")),
    ])
}

/// Installs the Debian packages of the parts that are missing: the name of each, and whether it is there.
fn install(parts: &[(&'static str, bool)]) -> Result<()> {
    let missing: Vec<&str> = parts.iter().filter(|(_, there)| !there).map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let words = missing.join(" ");
    let Some(apt_get) = find_on_path(&["apt-get"]) else {
        bail!("missing: {words} (names of Debian packages); install them and put them on PATH");
    };
    if !is_root() {
        bail!("missing: {words}; as root run `apt-get install --no-install-recommends {words}`");
    }
    println!("installing {words} (apt-get install, a minute, once)");
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new(&apt_get);
        child::run(command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
    };
    // The old package lists may still work.
    if let Err(error) = apt_get(&["update", "-q"]) {
        println!("{error:#}; trying with the old package lists");
    }
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(missing.iter().map(|package| if *package == LIBAVCODEC { libavcodec() } else { *package }));
    apt_get(&arguments).with_context(|| format!("missing: {words}; see above why apt-get failed"))
}

/// The name of this package in this release of the system.
fn libavcodec() -> &'static str {
    let known = |package: &&&str| child::succeeds(Command::new("apt-cache").arg("show").arg(package));
    ["libavcodec59", "libavcodec60", "libavcodec61", "libavcodec62"].iter().find(known).unwrap_or(&LIBAVCODEC)
}

/// The folders of libraries; Debian names them after the kind of machine.
const LIBRARIES: [&str; 4] = ["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

fn has_library(name: &str) -> bool {
    let mut entries = LIBRARIES.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    entries.any(|entry| entry.file_name().to_string_lossy().starts_with(name))
}

/// Whether there is a plugin of GStreamer, which plays WebKit's videos.
fn has_plugin(name: &str) -> bool {
    LIBRARIES.iter().any(|folder| Path::new(folder).join("gstreamer-1.0").join(name).is_file())
}

fn is_root() -> bool {
    child::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
