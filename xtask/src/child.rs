//! Child processes: run to their end under a deadline, or kept as a service until dropped.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::descendants;

/// How a run under a deadline ended.
pub(crate) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// Killed at the deadline.
    Overdue,
}

/// Runs a command to its end and passes each line of its output to `line`; kills it at the deadline.
pub(crate) fn follow(command: &mut Command, deadline: Instant, mut line: impl FnMut(&str)) -> Result<End> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))?;
    let lines = output(&mut child);
    loop {
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok(text) => line(&text),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(10)),
        }
        if let Some(status) = child.try_wait()? {
            descendants::hold_if_ending();
            // A grandchild may keep the pipes open after the child's end: five seconds of silence end the reading.
            while let Ok(text) = lines.recv_timeout(Duration::from_secs(5)) {
                line(&text);
                if Instant::now() > deadline {
                    break;
                }
            }
            return Ok(End::Exited(status));
        }
        if Instant::now() > deadline {
            descendants::end(child.id());
            child.kill()?;
            child.wait()?;
            return Ok(End::Overdue);
        }
    }
}

/// Runs a command that shares this process's output. An error names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {}", words(command)))?;
    descendants::hold_if_ending();
    if !status.success() {
        bail!("{} failed: {status}", words(command));
    }
    Ok(())
}

/// Runs a command and returns what it printed; its standard error goes to this process's.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", words(command)))?;
    descendants::hold_if_ending();
    if !output.status.success() {
        bail!("{} failed: {}", words(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed text that is not UTF-8", words(command)))
}

/// Whether a command runs and succeeds. Its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A process that runs until this value is dropped. Its descendants end with it.
pub(crate) struct Service {
    child: Child,
}

impl Service {
    /// Starts a command and waits until `ready` returns a value for a line of its standard output.
    /// Later lines are read and dropped, so that the process never blocks on a full pipe.
    pub(crate) fn start<T: Send + 'static>(
        command: &mut Command,
        patience: Duration,
        ready: impl Fn(&str) -> Option<T> + Send + 'static,
    ) -> Result<(Self, T)> {
        let mut service = Self::spawn(command.stdout(Stdio::piped()))?;
        let (sender, found) = channel();
        if let Some(stdout) = service.child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if let Some(found) = ready(&line) {
                        let _ = sender.send(found);
                    }
                }
            });
        }
        let found = found.recv_timeout(patience);
        descendants::hold_if_ending();
        match found {
            Ok(found) => Ok((service, found)),
            Err(RecvTimeoutError::Timeout) => bail!("{} was not ready after {} s", words(command), patience.as_secs()),
            Err(RecvTimeoutError::Disconnected) => bail!("{} ended before it was ready", words(command)),
        }
    }

    /// Starts a command that prints no line when it is ready: waits until `ready` returns a value for its process id.
    pub(crate) fn start_silent<T>(
        command: &mut Command,
        patience: Duration,
        ready: impl Fn(u32) -> Option<T>,
    ) -> Result<(Self, T)> {
        let mut service = Self::spawn(command.stdout(Stdio::null()))?;
        let start = Instant::now();
        loop {
            let found = ready(service.child.id());
            descendants::hold_if_ending();
            if let Some(found) = found {
                return Ok((service, found));
            }
            if service.child.try_wait()?.is_some() {
                bail!("{} ended before it was ready", words(command));
            }
            if start.elapsed() > patience {
                bail!("{} was not ready after {} s", words(command), patience.as_secs());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Starts a command whose standard input stays open: the simulator runs until it closes.
    fn spawn(command: &mut Command) -> Result<Self> {
        let child =
            command.stdin(Stdio::piped()).spawn().with_context(|| format!("cannot start {}", words(command)))?;
        Ok(Self { child })
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        // `Child::wait` would close the standard input first, and the simulator would end.
        loop {
            if let Some(status) = self.child.try_wait()? {
                descendants::hold_if_ending();
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        descendants::end(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command as a line of a shell.
pub(crate) fn words(command: &Command) -> String {
    // Without the folder, which is the cache's or the toolchain's.
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or_default().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    format!("`{}`", words.join(" "))
}

fn output(child: &mut Child) -> Receiver<String> {
    let (sender, lines) = channel();
    if let Some(stdout) = child.stdout.take() {
        read_lines(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        read_lines(stderr, sender);
    }
    lines
}

fn read_lines(pipe: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while pipe.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
            if lines.send(text).is_err() {
                return;
            }
            bytes.clear();
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::{End, Service, follow};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(300)
    }

    #[test]
    fn every_line_is_passed_on_also_without_a_last_line_break() {
        let mut lines = Vec::new();
        let end = follow(&mut shell("echo one; printf two; exit 3"), soon(), |line| lines.push(line.to_owned()));
        assert!(matches!(end, Ok(End::Exited(status)) if status.code() == Some(3)));
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn an_overdue_process_is_ended() {
        let end = follow(&mut shell("exec sleep 600"), Instant::now(), |_| {});
        assert!(matches!(end, Ok(End::Overdue)));
    }

    #[test]
    fn a_grandchild_that_holds_the_output_is_not_waited_for() {
        let mut lines = Vec::new();
        let end = follow(&mut shell("(sleep 60; echo late) & echo early"), soon(), |line| lines.push(line.to_owned()));
        assert!(matches!(end, Ok(End::Exited(status)) if status.success()));
        assert_eq!(lines, ["early"]);
    }

    #[test]
    fn a_service_is_ready_when_it_prints_its_line() {
        let ready = |line: &str| line.strip_prefix("ready at ").map(str::to_owned);
        let patience = Duration::from_secs(300);
        let started = Service::start(&mut shell("echo warming up; echo ready at 7; exec sleep 600"), patience, ready);
        assert_eq!(started.map(|(_, place)| place).ok().as_deref(), Some("7"));
        assert!(Service::start(&mut shell("echo no"), patience, ready).is_err());
    }

    #[test]
    fn a_silent_service_is_ready_when_its_process_is() {
        let patience = Duration::from_secs(300);
        let started = Service::start_silent(&mut shell("exec sleep 600"), patience, Some);
        assert_eq!(started.map(|(service, id)| service.child.id() == id).ok(), Some(true));
        let never = |_| None::<()>;
        assert!(Service::start_silent(&mut shell("exit 0"), patience, never).is_err());
        assert!(Service::start_silent(&mut shell("exec sleep 600"), Duration::ZERO, never).is_err());
    }
}
