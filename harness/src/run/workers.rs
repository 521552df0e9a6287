//! How many runtimes are measured at once. Each may have a daemon, which takes memory for as long
//! as its runtime is measured, and not only while a trial of it is under way.

use std::fs;

/// What a runtime with its daemon and a client takes at most. dockerd 28 with its containerd has
/// 140 MiB.
const EACH: u64 = 256 << 20;

/// How many of `runtimes` are measured at once, where `jobs` trials may be under way: more, so
/// that some can start and end their daemons in the meantime; but not so many that they take more
/// than half of the memory that is free.
pub(super) fn workers(jobs: usize, runtimes: usize) -> usize {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    within(jobs, runtimes, available(&info))
}

fn within(jobs: usize, runtimes: usize, available: Option<u64>) -> usize {
    let by_memory = available.map_or(usize::MAX, |bytes| {
        usize::try_from(bytes / 2 / EACH).unwrap_or(usize::MAX)
    });
    (jobs * 2).min(runtimes).min(by_memory).max(1)
}

/// The line `MemAvailable` of `/proc/meminfo`, in bytes.
fn available(info: &str) -> Option<u64> {
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn a_small_machine_measures_fewer_at_once() {
        assert_eq!(within(4, 20, Some(64 * GIB)), 8);
        assert_eq!(within(4, 20, Some(2 * GIB)), 4);
        assert_eq!(within(4, 20, Some(GIB / 4)), 1);
        assert_eq!(within(4, 3, Some(64 * GIB)), 3);
        assert_eq!(within(1, 20, None), 2);
    }

    #[test]
    fn free_memory_is_read_as_the_kernel_writes_it() {
        let info = "MemTotal:       24683000 kB\nMemAvailable:   17288000 kB\n";
        assert_eq!(available(info), Some(17_288_000 << 10));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        let own = fs::read_to_string("/proc/meminfo").unwrap();
        assert!(available(&own).is_some_and(|bytes| bytes > 0));
    }
}
