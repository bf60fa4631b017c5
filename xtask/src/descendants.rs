//! All descendants of this process, so that none outlives it.
//!
//! Browsers leave their driver's process group, and a killed driver orphans its browser. So on Linux this process adopts
//! its orphaned descendants, and finds all descendants in `/proc`. Elsewhere it ends only direct children.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Whether an interrupt is ending everything.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Adopts orphaned descendants, and on an interrupt ends all of them before this process.
pub(crate) fn end_with_this_process() {
    #[cfg(target_os = "linux")]
    linux::adopt_orphans_and_watch_signals();
}

/// Blocks the caller for ever once an interrupt is ending everything, so that it starts no further process.
pub(crate) fn hold_if_ending() {
    while ENDING.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_secs(1));
    }
}

/// Ends every process that descends from process `root`, but not `root` itself.
pub(crate) fn end(root: u32) {
    #[cfg(target_os = "linux")]
    linux::end(root);
    #[cfg(not(target_os = "linux"))]
    let _ = root;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use rustix::process::{Pid, Signal, getpid, kill_process, set_child_subreaper};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    pub(super) fn adopt_orphans_and_watch_signals() {
        // Both only clean up, so a kernel that refuses them is no error.
        let _ = set_child_subreaper(Some(getpid()));
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                super::ENDING.store(true, super::Ordering::SeqCst);
                end(std::process::id());
                // Catches processes that were just starting, and those that still wrote to their folders.
                std::thread::sleep(std::time::Duration::from_millis(200));
                end(std::process::id());
                crate::scratch::remove_all();
                std::process::exit(128 + signal);
            }
        });
    }

    pub(super) fn end(root: u32) {
        // The second pass catches processes that were forked during the first.
        for _ in 0..2 {
            for pid in descendants(root, &parents()) {
                if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
        }
    }

    /// Every process with its parent.
    fn parents() -> Vec<(u32, u32)> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .filter_map(|entry| {
                let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
                parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?).map(|parent| (pid, parent))
            })
            .collect()
    }

    /// The parent in a line of `/proc/<pid>/stat`, where the command's name may hold spaces and parentheses.
    fn parent(stat: &str) -> Option<u32> {
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    }

    fn descendants(root: u32, parents: &[(u32, u32)]) -> Vec<u32> {
        let mut found = vec![root];
        let mut next = 0;
        while let Some(&pid) = found.get(next) {
            let children = parents.iter().filter(|(_, parent)| *parent == pid).map(|(child, _)| *child);
            let children: Vec<u32> = children.filter(|child| !found.contains(child)).collect();
            found.extend(children);
            next += 1;
        }
        found.split_off(1)
    }

    #[cfg(test)]
    mod tests {
        use super::{descendants, parent};

        #[test]
        fn parent_is_read_after_the_last_parenthesis() {
            assert_eq!(parent("12 (Web Content) S 7 12 7 0 -1"), Some(7));
            assert_eq!(parent("12 (odd) name) R 9 12"), Some(9));
            assert_eq!(parent("nonsense"), None);
        }

        #[test]
        fn descendants_are_found_in_any_order_of_pids() {
            let parents = [(2, 1), (3, 9), (9, 2), (4, 1), (5, 3), (8, 7)];
            let mut found = descendants(2, &parents);
            found.sort_unstable();
            assert_eq!(found, [3, 5, 9]);
        }
    }
}
