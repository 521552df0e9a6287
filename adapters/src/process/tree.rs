//! Finding and ending whole process trees.

use super::tag;
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

/// Ends every process of a session, and returns how many there were.
///
/// Used for what escaped its process group, and for what a killed ocipick left behind. A process is
/// only ever found by what ocipick gave it, a variable of its environment or a tag, never by its
/// name.
pub fn end_session(session: &str) -> usize {
    end_all(|pid| is_of_session(pid, session))
}

/// Ends every process whose environment has `variable=value`, and returns how many there were.
pub fn end_marked(variable: &str, value: &str) -> usize {
    end_all(|pid| has_marker(pid, variable, value))
}

/// Ends every process of which `is_meant` says so.
pub(super) fn end_all(is_meant: impl Fn(u32) -> bool) -> usize {
    let mut ended = BTreeSet::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let found = living(&is_meant);
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

/// The living processes of a session, this one excepted.
pub(crate) fn of_session(session: &str) -> Vec<u32> {
    living(|pid| is_of_session(pid, session))
}

fn is_of_session(pid: u32, session: &str) -> bool {
    tag::read(pid).is_some_and(|found| tag::is_of(found, session))
        || has_marker(pid, MARKER, session)
}

fn living(is_meant: impl Fn(u32) -> bool) -> Vec<u32> {
    let own = std::process::id();
    processes()
        .filter(|pid| *pid != own && is_meant(*pid) && !is_zombie(*pid))
        .collect()
}

/// Whether the environment of a process has `variable=value`.
pub(super) fn has_marker(pid: u32, variable: &str, value: &str) -> bool {
    let wanted = format!("{variable}={value}");
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
        environ
            .split(|byte| *byte == 0)
            .any(|pair| pair == wanted.as_bytes())
    })
}

/// Whether a process was stopped.
pub(super) fn is_stopped(pid: Pid) -> bool {
    u32::try_from(pid.as_raw())
        .ok()
        .and_then(stat_fields)
        .is_some_and(|fields| fields[0] == "T")
}

/// A process that another one started, by its id and when that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kin {
    pid: u32,
    started: String,
}

impl Kin {
    /// The child of that name.
    pub(super) fn child(parent: Pid, name: &str) -> Option<Self> {
        let parent = parent.to_string();
        processes().find_map(|pid| {
            let fields = stat_fields(pid)?;
            let comm = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
            (fields[1] == parent && comm.trim_end() == name).then(|| Self {
                pid,
                started: fields[STARTED].clone(),
            })
        })
    }

    /// Whether it lives.
    pub(super) fn is_alive(&self) -> bool {
        stat_fields(self.pid)
            .is_some_and(|fields| fields[0] != "Z" && fields[STARTED] == self.started)
    }

    /// Whether it was stopped.
    pub(super) fn is_stopped(&self) -> bool {
        i32::try_from(self.pid).is_ok_and(|pid| is_stopped(Pid::from_raw(pid)))
    }
}

/// Where the time stands when a process was started, among the fields after its name.
const STARTED: usize = 19;

fn is_zombie(pid: u32) -> bool {
    stat_fields(pid).is_none_or(|fields| fields[0] == "Z")
}
