//! Serving a project, by the simulator or by its own development server.

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::required;

/// How long a development server may take to start.
const PATIENCE: Duration = Duration::from_secs(600);

/// The first port of the range for servers that cannot choose one themselves.
const FIRST_PORT: u32 = 20_000;

/// How many ports the range has.
const PORTS: u32 = 12_000;

/// A server, which ends with this value.
#[derive(Debug)]
pub struct Served {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
    /// Its origin, as a URL.
    pub address: String,
}

impl Served {
    /// Serves a folder of files, beside a simulated service.
    #[track_caller]
    pub fn files(folder: &Path) -> Self {
        let mut command = Command::new(required("KLING_SIMULATOR_PROGRAM"));
        command.args(["--port", "0", "--www"]).arg(folder);
        Self::printing(command)
    }

    /// Runs a command that prints its URL first.
    #[track_caller]
    pub fn printing(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut address = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        output.read_line(&mut address).expect("its URL");
        Self { child, output: Some(output), address: address.trim().to_owned() }
    }

    /// Ends the server as Ctrl-C does, and returns what it printed after its URL.
    #[track_caller]
    pub fn interrupt(mut self) -> String {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success(), "kill: {status}");
        let mut printed = String::new();
        let mut output = self.output.take().expect("a command that prints");
        output.read_to_string(&mut printed).expect("its output");
        let start = Instant::now();
        while self.child.try_wait().expect("its end").is_none() {
            assert!(start.elapsed() < PATIENCE, "expected it to end");
            sleep(Duration::from_millis(20));
        }
        printed
    }

    /// Runs a command that serves on the port that it gets.
    #[track_caller]
    pub fn command(command: impl FnOnce(&str) -> Command) -> Self {
        let port = free_port();
        let mut command = command(&port.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let served = Self { child, output: None, address: format!("http://127.0.0.1:{port}") };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "{command:?}: expected it to answer on port {port}");
            sleep(Duration::from_millis(100));
        }
        served
    }
}

/// A free port below those that a system gives to connections, which begin at 32768 on Linux and higher elsewhere.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Two runs at once begin at different ports.
    let first = std::process::id();
    let mut ports = (0..PORTS).map(|_| FIRST_PORT + (first + NEXT.fetch_add(1, Relaxed)) % PORTS);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.find_map(|port| u16::try_from(port).ok().filter(is_free)).expect("a free port")
}

impl Drop for Served {
    fn drop(&mut self) {
        // The simulator ends when its standard input closes; the others must be killed.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
