//! The memory of processes, from `/proc`.

use std::collections::HashMap;
use std::fs;

/// The memory that a process has now in bytes, without what is swapped out.
fn resident(pid: u32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS")
}

/// The highest value of it, since the start of the process or since it was reset.
fn peak(pid: u32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM")
}

/// The memory of some processes before something begins.
///
/// The kernel keeps the peak of each process, so that none is missed however busy the machine is. The peaks of several
/// processes need not be at the same moment, and what two processes share counts in both.
#[derive(Debug)]
pub(crate) struct Idle(HashMap<u32, u64>);

impl Idle {
    /// Resets the peaks of a process and its descendants.
    pub(crate) fn of(root: u32) -> Self {
        let reset = |pid: u32| {
            fs::write(format!("/proc/{pid}/clear_refs"), "5").ok()?;
            Some((pid, resident(pid)?))
        };
        Self(with_descendants(root, &parents()).into_iter().filter_map(reset).collect())
    }

    /// The peaks since then over the memory at the beginning, in bytes, also of processes that started since then.
    pub(crate) fn peak(&self, root: u32) -> u64 {
        let over = |pid: u32| Some(peak(pid)?.saturating_sub(*self.0.get(&pid).unwrap_or(&0)));
        with_descendants(root, &parents()).into_iter().filter_map(over).sum()
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

fn with_descendants(root: u32, parents: &[(u32, u32)]) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(parents.iter().filter(|(_, parent)| *parent == pid).map(|(child, _)| *child));
        next += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Idle, field, parent, with_descendants};

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
        let mut found = with_descendants(2, &[(2, 1), (3, 9), (9, 2), (4, 1), (5, 3), (8, 7)]);
        found.sort_unstable();
        assert_eq!(found, [2, 3, 5, 9]);
    }

    #[test]
    fn a_peak_that_is_over_is_still_seen() {
        const BYTES: usize = 64 << 20;
        let own = std::process::id();
        let idle = Idle::of(own);
        let filled = vec![1_u8; BYTES];
        assert_eq!(std::hint::black_box(&filled).len(), BYTES);
        drop(filled);
        assert!(idle.peak(own) >= BYTES as u64 * 9 / 10, "{}", idle.peak(own));
    }
}
