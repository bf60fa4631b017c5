//! What the results depend on: the machine, its load, the date.

use std::fs;
use std::process::Command;

/// The load of the machine: how many processes wanted to run, on average over the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

/// The processor, how many of it, the memory and the system.
pub(crate) fn description() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    describe(&processors, &memory, &system, count)
}

fn describe(processors: &str, memory: &str, system: &str, count: usize) -> String {
    let value = |text: &str, name: &str, separator: char| {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(separator));
        found.map_or_else(|| "unknown".to_owned(), |value| value.trim().trim_matches('"').to_owned())
    };
    let kilobytes = value(memory, "MemTotal", ':').trim_end_matches(" kB").parse::<u64>().unwrap_or_default();
    let name = value(processors, "model name", ':');
    format!("{count} × {name}, {} GB of memory, {}", kilobytes.div_ceil(1 << 20), value(system, "PRETTY_NAME", '='))
}

/// Today, as `2026-11-26`.
pub(crate) fn date() -> String {
    let printed = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    printed.map_or_else(|_| "unknown".to_owned(), |printed| String::from_utf8_lossy(&printed.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn the_machine_is_described() {
        let text = describe(
            "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t: a\n",
            "MemTotal:       24683000 kB\nMemFree: 1 kB\n",
            "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
            2,
        );
        assert_eq!(text, "2 × AMD EPYC, 24 GB of memory, Debian GNU/Linux 12 (bookworm)");
        assert_eq!(describe("", "", "", 1), "1 × unknown, 0 GB of memory, unknown");
    }
}
