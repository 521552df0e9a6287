//! Finding and ending whole process trees.

use nix::{
    errno::Errno,
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

/// The environment variable that marks every process of a session. It survives `setsid` and
/// daemonising, which process groups do not.
pub const MARKER: &str = "OCIPICK_SESSION";

/// Ends the process group `pgid` with SIGKILL, again and again until it is gone, because one
/// signal can race a fork. `reap` takes in the leader if it is dead: until then it is a zombie,
/// which takes signals for ever.
pub(super) fn end_group(pgid: Pid, reap: impl Fn()) {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        if killpg(pgid, Signal::SIGKILL) == Err(Errno::ESRCH) {
            return;
        }
        reap();
        // Other zombies wait for whoever adopted them, which in a container may be nobody.
        if !has_living(pgid) || Instant::now() > deadline {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a process of the group `pgid` is alive, and no zombie.
fn has_living(pgid: Pid) -> bool {
    let group = pgid.to_string();
    processes().any(|pid| {
        // After the command name: state, parent, group.
        stat_fields(pid).is_some_and(|fields| fields[0] != "Z" && fields[2] == group)
    })
}

fn processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// What `/proc` says of a process after its command name, which may contain anything: from
/// its state (field 3) on.
fn stat_fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<String> = stat
        .rsplit_once(')')?
        .1
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    (fields.len() >= 20).then_some(fields)
}

/// Ends every process whose environment has `variable=value`, and returns how many there were.
///
/// Used for what escaped its process group, and for what a killed ocipick left behind. A
/// process is only ever found by the marker that ocipick gave it, never by its name.
pub fn end_marked(variable: &str, value: &str) -> usize {
    let mut ended = BTreeSet::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let found = marked(variable, value);
        if found.is_empty() || Instant::now() > deadline {
            return ended.len();
        }
        for pid in found.iter().filter_map(|pid| i32::try_from(*pid).ok()) {
            if nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok() {
                // One that takes its time to die is found, and killed, more than once.
                ended.insert(pid);
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The resident memory of a process, in bytes.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

/// The living processes whose environment has `variable=value`, this one excepted.
pub(crate) fn marked(variable: &str, value: &str) -> Vec<u32> {
    let wanted = format!("{variable}={value}");
    let own = std::process::id();
    processes()
        .filter(|pid| *pid != own)
        .filter(|pid| {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
                environ
                    .split(|byte| *byte == 0)
                    .any(|pair| pair == wanted.as_bytes())
            })
        })
        .filter(|pid| !is_zombie(*pid))
        .collect()
}

fn is_zombie(pid: u32) -> bool {
    stat_fields(pid).is_none_or(|fields| fields[0] == "Z")
}
