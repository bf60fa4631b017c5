//! Serving a project, by the simulator or by its own development server.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::required;

/// How long a development server may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server, which ends with this value.
#[derive(Debug)]
pub struct Served {
    child: Child,
    /// Its origin, as a URL.
    pub address: String,
}

impl Served {
    /// Serves a folder of files, beside a simulated service.
    #[track_caller]
    pub fn files(folder: &Path) -> Self {
        let mut command = Command::new(required("KLING_SIMULATOR_PROGRAM"));
        command.args(["--port", "0", "--www"]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut address = String::new();
        let output = child.stdout.take().expect("the output of the simulator");
        BufReader::new(output).read_line(&mut address).expect("the address of the simulator");
        Self { child, address: address.trim().to_owned() }
    }

    /// Runs a command that serves on the port that it gets.
    #[track_caller]
    pub fn command(command: impl FnOnce(&str) -> Command) -> Self {
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            free.local_addr().expect("its number").port()
        };
        let mut command = command(&port.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let served = Self { child, address: format!("http://127.0.0.1:{port}") };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "{command:?}: expected it to answer on port {port}");
            sleep(Duration::from_millis(100));
        }
        served
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The simulator ends when its standard input closes; the others must be killed.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
