//! The memory of processes, from `/proc`.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The pause between two readings, each of which takes some milliseconds.
const PAUSE: Duration = Duration::from_millis(5);

/// How many readings have the same processes: to find them takes as long as a reading.
const READINGS: usize = 10;

/// The memory of all descendants of a process in bytes: what several share counts once (`Pss`).
pub(crate) fn of_descendants(root: u32) -> u64 {
    of_processes(&descendants(root, &parents()))
}

fn of_processes(pids: &[u32]) -> u64 {
    pids.iter().filter_map(|pid| field(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, "Pss")).sum()
}

/// The memory of a process in bytes.
pub(crate) fn of_process(pid: u32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS")
}

/// The highest memory of a process in bytes, since its start or the last call of [`forget_peak`].
pub(crate) fn peak_of_process(pid: u32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM")
}

/// Lets the peak of a process begin again.
pub(crate) fn forget_peak(pid: u32) -> std::io::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5")
}

/// Reads the memory of all descendants of a process again and again.
#[derive(Debug)]
pub(crate) struct Sampler {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Sampler {
    /// Starts it.
    pub(crate) fn start(root: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut peak = 0;
            while !end.load(Ordering::SeqCst) {
                let pids = descendants(root, &parents());
                for _ in 0..READINGS {
                    peak = peak.max(of_processes(&pids));
                    thread::sleep(PAUSE);
                }
            }
            peak
        });
        Self { is_over, thread }
    }

    /// Ends it, and returns the highest value in bytes.
    pub(crate) fn end(self) -> u64 {
        self.is_over.store(true, Ordering::SeqCst);
        self.thread.join().expect("no panic in the thread that reads the memory")
    }
}

/// The value of a field in kB, as bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))).collect()
}

/// The parent in a line of `/proc/<pid>/stat`, where the command's name may hold spaces and parentheses.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn descendants(root: u32, parents: &[(u32, u32)]) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(parents.iter().filter(|(_, parent)| *parent == pid).map(|(child, _)| *child));
        next += 1;
    }
    found.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::{descendants, field, parent};

    #[test]
    fn fields_of_the_memory_are_read() {
        let text = "Name:\tx\nVmHWM:\t   71000 kB\nVmRSS:\t    4 kB\nPss:  12 kB\nPss_Dirty: 99 kB\nThreads:\t7\n";
        let cases = [
            ("VmHWM", Some(71_000 * 1024)),
            ("VmRSS", Some(4096)),
            ("Pss", Some(12 * 1024)),
            ("Threads", None),
            ("Name", None),
            ("Rss", None),
        ];
        for (name, bytes) in cases {
            assert_eq!(field(text, name), bytes, "{name}");
        }
    }

    #[test]
    fn the_descendants_of_a_process_are_found() {
        assert_eq!(parent("12 (Web (Content)) S 7 12 7 0 -1"), Some(7));
        let mut found = descendants(2, &[(2, 1), (3, 9), (9, 2), (4, 1), (5, 3), (8, 7)]);
        found.sort_unstable();
        assert_eq!(found, [3, 5, 9]);
    }
}
