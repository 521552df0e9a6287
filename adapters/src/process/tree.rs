//! Finding and ending whole process trees.

use nix::{
    errno::Errno,
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    fs,
    time::{Duration, Instant},
};

/// The environment variable that marks every process of a session. It survives `setsid` and
/// daemonising, which process groups do not.
pub const MARKER: &str = "OCIPICK_SESSION";

/// Ends the process group `pgid` with SIGKILL, again and again until it is gone, because one
/// signal can race a fork.
pub(super) fn end_group(pgid: Pid) {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        match killpg(pgid, Signal::SIGKILL) {
            Err(Errno::ESRCH) => return,
            // A zombie leader that nobody has reaped yet answers EPERM or success for ever.
            _ if Instant::now() > deadline => return,
            _ => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// Ends every process whose environment has `variable=value`, and returns how many there were.
///
/// Used for what escaped its process group, and for what a killed ocipick left behind. A
/// process is only ever found by the marker that ocipick gave it, never by its name.
pub fn end_marked(variable: &str, value: &str) -> usize {
    let mut ended = 0;
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let found = marked(variable, value);
        if found.is_empty() || Instant::now() > deadline {
            return ended;
        }
        for pid in &found {
            if nix::sys::signal::kill(*pid, Signal::SIGKILL).is_ok() {
                ended += 1;
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn marked(variable: &str, value: &str) -> Vec<Pid> {
    let wanted = format!("{variable}={value}");
    let own = std::process::id();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own)
        .filter(|pid| {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
                environ
                    .split(|byte| *byte == 0)
                    .any(|pair| pair == wanted.as_bytes())
            })
        })
        .filter(|pid| !is_zombie(*pid))
        .filter_map(|pid| i32::try_from(pid).ok())
        .map(Pid::from_raw)
        .collect()
}

fn is_zombie(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| Some(stat.rsplit_once(')')?.1.trim_start().starts_with('Z')))
        .unwrap_or(true)
}

/// When a process started, in clock ticks since boot: with its id, it names a process for ever.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 22, counted after the command name, which may contain anything.
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

/// Whether the process `pid` still runs and is the one that started at `started`.
#[must_use]
pub fn is_same_process(pid: u32, started: u64) -> bool {
    start_time(pid) == Some(started) && !is_zombie(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_itself_and_no_other() {
        let own = std::process::id();
        let started = start_time(own).unwrap();
        assert!(is_same_process(own, started));
        assert!(!is_same_process(own, started + 1));
    }
}
