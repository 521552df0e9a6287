//! Processes that were killed from outside: by a person, a supervisor, a limit of the session, or
//! the memory killer of the kernel. That says nothing about the tool.

use nix::sys::signal::Signal;
use std::{
    fs,
    io::Read as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Whether a process does not die of this signal by a fault of its own.
#[must_use]
pub fn is_from_outside(signal: i32) -> bool {
    match Signal::try_from(signal) {
        Ok(
            Signal::SIGSEGV
            | Signal::SIGABRT
            | Signal::SIGBUS
            | Signal::SIGILL
            | Signal::SIGFPE
            | Signal::SIGTRAP
            | Signal::SIGSYS
            | Signal::SIGPIPE,
        ) => false,
        Ok(_) => true,
        // Real-time signals have no names, and nobody sends them to tools.
        Err(_) => false,
    }
}

/// What a program in Go prints when it was sent a signal that ends it with a stack, and when the
/// limits of the session leave it no files or threads to begin with.
const SENT: [&str; 6] = [
    "SIGQUIT: quit",
    "SIGXFSZ: file size limit exceeded",
    "runtime: pipe failed with",
    "runtime: epollcreate failed with",
    "runtime: eventfd failed with",
    "runtime: failed to create new OS thread",
];

/// What a program in Go says that it ended of, where that came from outside.
#[must_use]
pub fn outside_in(printed: &str) -> Option<&'static str> {
    let mut lines = printed.lines();
    lines.find_map(|line| SENT.into_iter().find(|words| line.starts_with(words)))
}

/// What is said of a process that was stopped, and not continued until its deadline.
pub(super) const STOPPED: &str = "it was stopped from outside (SIGSTOP)";

/// How often the memory killer has killed, in this control group and on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MemoryKills {
    group: Option<u64>,
    machine: Option<u64>,
}

impl MemoryKills {
    /// Until now.
    pub(super) fn now() -> Self {
        let count = |text: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("oom_kill "))?;
            line.trim().parse().ok()
        };
        let read = |path: &Path| count(&fs::read_to_string(path).ok()?);
        Self {
            group: record_of_group().and_then(|path| read(&path)),
            machine: read(Path::new("/proc/vmstat")),
        }
    }

    /// What is said of a process that died of a signal from outside after these were counted.
    pub(super) fn words(self, signal: i32, pid: i32) -> String {
        let name = Signal::try_from(signal)
            .map_or_else(|_| format!("signal {signal}"), |signal| signal.to_string());
        let killed = format!("was killed from outside ({name})");
        match Signal::try_from(signal) {
            Ok(Signal::SIGKILL) => format!("{killed}; {}", self.since(Self::now(), pid)),
            Ok(Signal::SIGXFSZ) => format!("{killed}: files may not become so large (ulimit -f)"),
            Ok(Signal::SIGXCPU) => format!("{killed}: it may not take so long (ulimit -t)"),
            _ => killed,
        }
    }

    fn since(self, now: Self, pid: i32) -> String {
        let more = |then: Option<u64>, now: Option<u64>| Some(now?.saturating_sub(then?));
        let record = || {
            kernel_log().and_then(|log| {
                let wanted = format!("Killed process {pid} ");
                let line = log.lines().rfind(|line| line.contains(&wanted))?;
                Some(line.split(';').next_back()?.to_owned())
            })
        };
        let of = match (more(self.group, now.group), more(self.machine, now.machine)) {
            (Some(1..), _) => "of this control group",
            (_, Some(1..)) => "of this machine",
            (None, None) => return "whether it was the memory killer cannot be told".to_owned(),
            (_, Some(0)) | (Some(0), None) => return "it was not the memory killer".to_owned(),
        };
        let words = format!("the memory killer (OOM) {of} has killed meanwhile");
        record().map_or_else(|| words.clone(), |record| format!("{words}: {record}"))
    }
}

/// The file in which the kernel counts the kills of the control group of this process.
fn record_of_group() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let candidates = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let path = path.trim_start_matches('/');
        let (mount, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.events"),
            _ if controllers.split(',').any(|it| it == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.oom_control")
            }
            _ => return None,
        };
        // Inside a container the group is often mounted as the root.
        [Path::new(mount).join(path), PathBuf::from(mount)]
            .map(|dir| dir.join(file))
            .into_iter()
            .find(|file| file.is_file())
    });
    candidates.into_iter().next()
}

/// What the kernel has logged, where one may read it.
fn kernel_log() -> Option<String> {
    let mut log = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NONBLOCK)
        .open("/dev/kmsg")
        .ok()?;
    let mut text = String::new();
    let mut record = [0; 8192];
    // Each read gives one record; where there is no more, it would block.
    while let Ok(length @ 1..) = log.read(&mut record) {
        text.push_str(&String::from_utf8_lossy(&record[..length]));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_faults_of_its_own_are_blamed_on_a_process() {
        for own in [Signal::SIGSEGV, Signal::SIGABRT, Signal::SIGBUS] {
            assert!(!is_from_outside(own as i32), "{own}");
        }
        for sent in [
            Signal::SIGKILL,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGINT,
            Signal::SIGXFSZ,
            Signal::SIGXCPU,
        ] {
            assert!(is_from_outside(sent as i32), "{sent}");
        }
    }

    #[test]
    fn the_memory_killer_is_named_where_it_has_killed() {
        let then = MemoryKills {
            group: Some(3),
            machine: Some(9),
        };
        let later = |group, machine| then.since(MemoryKills { group, machine }, 1);
        assert_eq!(later(Some(3), Some(9)), "it was not the memory killer");
        assert_eq!(
            later(None, None),
            "whether it was the memory killer cannot be told"
        );
        assert!(later(Some(4), Some(10)).contains("of this control group has killed"));
        assert!(later(None, Some(10)).contains("of this machine has killed"));
        assert!(
            MemoryKills::now()
                .words(Signal::SIGTERM as i32, 1)
                .ends_with("(SIGTERM)")
        );
    }

    #[test]
    fn a_go_program_says_which_signal_it_was_sent() {
        assert_eq!(
            outside_in("x\nSIGQUIT: quit\nPC=0x1 m=0"),
            Some("SIGQUIT: quit")
        );
        let limit = "runtime: pipe failed with 24\nfatal error: runtime: pipe failed\n\ngoroutine 1 [running]:";
        assert!(outside_in(limit).is_some());
        assert_eq!(outside_in("panic: SIGQUIT: quit"), None);
    }
}
