//! The three browsers and the programs that drive them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::child::{Service, words};
use crate::port;
use crate::project::Project;
use crate::tools::find_on_path;

/// The names of Chromium's program.
pub(crate) const CHROMIUM: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// The name of Chromium's driver.
pub(crate) const CHROMEDRIVER: &[&str] = &["chromedriver"];
/// The names of Firefox's program.
pub(crate) const FIREFOX: &[&str] = &["firefox-esr", "firefox"];
/// The name of the driver of WebKitGTK, the WebKit of Linux. It starts the browser of its own package.
pub(crate) const WEBKIT_DRIVER: &[&str] = &["WebKitWebDriver"];
/// The name of the X server without a screen.
pub(crate) const XVFB: &[&str] = &["Xvfb"];

/// How long a driver or a display may take to start.
const START_PATIENCE: Duration = Duration::from_secs(300);

/// How many ports chromedriver may try: it takes one that is free in IPv6, and ends if a connection of another process has it
/// in IPv4.
const MAX_PORTS: usize = 100;

/// What a driver prints of its port.
#[derive(Debug, PartialEq)]
enum Listening {
    /// It listens on this port.
    On(u16),
    /// The port that it took was not free. It ends.
    Nowhere,
}

/// A browser that the tests run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browser {
    /// Chromium, or Chrome.
    Chromium,
    /// Firefox.
    Firefox,
    /// WebKit, the engine of Safari, as WebKitGTK.
    WebKit,
}

impl Browser {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        }
    }

    /// What each line of its tests begins with.
    pub(crate) fn prefix(self) -> String {
        format!("{:<8} | ", self.name())
    }

    /// Its name for the page tests.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// wasm-pack's options that choose it and its driver.
    pub(crate) fn wasm_pack_options(self) -> (&'static str, &'static str) {
        match self {
            Self::Chromium => ("--chrome", "--chromedriver"),
            Self::Firefox => ("--firefox", "--geckodriver"),
            Self::WebKit => ("--safari", "--safaridriver"),
        }
    }

    /// The environment variable with the URL of a running driver, for wasm-bindgen's runner.
    pub(crate) fn remote_driver_variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROMEDRIVER_REMOTE",
            Self::Firefox => "GECKODRIVER_REMOTE",
            Self::WebKit => "SAFARIDRIVER_REMOTE",
        }
    }

    /// The program that drives it.
    pub(crate) fn driver(self, project: &Project) -> Result<PathBuf> {
        match self {
            Self::Chromium => find_on_path(CHROMEDRIVER).context("missing: chromedriver; run `cargo xtask setup`"),
            Self::Firefox => {
                let program = project.tools.program(&project.tools.geckodriver);
                let there = program.is_file().then_some(program);
                there.context("missing: geckodriver; run `cargo xtask setup`")
            }
            Self::WebKit => find_on_path(WEBKIT_DRIVER).context("missing: WebKitWebDriver; run `cargo xtask setup`"),
        }
    }

    /// Starts its driver on a free port of this machine; returns the driver's URL too. Its output goes to `log`.
    pub(crate) fn start(self, driver: &mut Command, log: &Path) -> Result<(Service, String)> {
        let log_file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        driver.arg("--port=0").stderr(Stdio::from(log_file));
        let (service, port) = match self {
            Self::Chromium | Self::Firefox => start_listening(driver)?,
            // It prints no port.
            Self::WebKit => Service::start_silent(driver, START_PATIENCE, port::listened_by)?,
        };
        Ok((service, format!("http://127.0.0.1:{port}")))
    }
}

/// Starts a driver that prints its port.
fn start_listening(driver: &mut Command) -> Result<(Service, u16)> {
    for _ in 0..MAX_PORTS {
        let (service, listening) = Service::start(driver, START_PATIENCE, listening)?;
        if let Listening::On(port) = listening {
            return Ok((service, port));
        }
    }
    bail!("{} found no free port in {MAX_PORTS} tries", words(driver))
}

/// A display in memory, for a browser that has no headless mode. It ends when it is dropped.
pub(crate) struct Display {
    _server: Service,
    name: String,
}

impl Display {
    /// Starts one that is free.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        command.args(["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]).stderr(Stdio::null());
        let (server, number) = Service::start(command, START_PATIENCE, display_number)?;
        Ok(Self { _server: server, name: format!(":{number}") })
    }

    /// Lets a command and its browsers use it.
    pub(crate) fn lend(&self, command: &mut Command) {
        command.env("DISPLAY", &self.name).env_remove("WAYLAND_DISPLAY").env("GDK_BACKEND", "x11");
    }
}

/// The folder of a browser's settings: WebKitGTK saves downloads without asking into `downloads`, and its window may be as
/// narrow as a phone.
pub(crate) fn write_settings(folder: &Path, downloads: &Path) -> Result<()> {
    let files = [
        ("user-dirs.dirs", format!("XDG_DOWNLOAD_DIR=\"{}\"\n", downloads.display())),
        ("gtk-3.0/gtk.css", "* { min-width: 0; margin: 0; padding: 0; font-size: 4px; }\n".to_owned()),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    fs::create_dir_all(downloads).with_context(|| format!("cannot make the folder {}", downloads.display()))
}

/// The number in the line that Xvfb prints when it is ready.
fn display_number(line: &str) -> Option<u16> {
    line.trim().parse().ok()
}

/// What the line of a driver says of its port.
fn listening(line: &str) -> Option<Listening> {
    if line.contains("port not available") {
        return Some(Listening::Nowhere);
    }
    let (_, rest) =
        line.split_once("started successfully on port ").or_else(|| line.split_once("Listening on 127.0.0.1:"))?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok().map(Listening::On)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use anyhow::Result;

    use super::{Listening, display_number, listening, start_listening};
    use crate::scratch::Scratch;

    #[test]
    fn the_port_of_a_driver_is_found_in_its_line() {
        let cases = [
            ("ChromeDriver was started successfully on port 38417.", Some(Listening::On(38417))),
            ("IPv4 port not available. Exiting...", Some(Listening::Nowhere)),
            ("Starting ChromeDriver 156.0.8078.79 on port 0", None),
            ("1763874000000\tgeckodriver\tINFO\tListening on 127.0.0.1:40123", Some(Listening::On(40123))),
        ];
        for (line, port) in cases {
            assert_eq!(listening(line), port, "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_driver_that_took_a_port_in_use_is_started_again() -> Result<()> {
        let folder = Scratch::new("used-port")?;
        let mut driver = Command::new("sh");
        let script = "mkdir used 2>&- && echo IPv4 port not available. Exiting... || echo Listening on 127.0.0.1:7";
        driver.current_dir(folder.path()).args(["-c", script]);
        assert_eq!(start_listening(&mut driver).map(|(_, port)| port).ok(), Some(7));
        assert!(start_listening(Command::new("sh").args(["-c", "echo IPv6 port not available"])).is_err());
        assert!(start_listening(Command::new("sh").args(["-c", "echo no"])).is_err());
        Ok(())
    }

    #[test]
    fn the_number_of_a_display_is_found_in_its_line() {
        let cases =
            [("0", Some(0)), ("77", Some(77)), (" 104\r", Some(104)), ("", None), ("_XSERVTransmkdir: error 1", None)];
        for (line, number) in cases {
            assert_eq!(display_number(line), number, "{line}");
        }
    }
}
