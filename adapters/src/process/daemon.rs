//! Private daemons: started when first needed, watched, and ended with all they started.

use super::{
    Cancel,
    command::{Invocation, READ_LIMIT, read_limited, tail},
    disk_full::{DISK_FULL, is_full},
    output_limit::{LogWatch, OUTPUT_LIMIT, flood_words, shorten},
    outside::{MemoryKills, STOPPED, is_from_outside, outside_in},
    panic_in,
    run::{Group, RunError, preparation},
    tree::{Kin, is_stopped},
};
use nix::sys::signal::{Signal, killpg};
use ocipick_records::Exit;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How to start a daemon.
pub struct DaemonSpec<'a> {
    /// What people call it, such as `dockerd`.
    pub name: &'a str,
    /// Its command; `deadline` is how long it may take until it answers.
    pub invocation: Invocation,
    /// The file that takes all it prints.
    pub log: PathBuf,
    /// Asks whether it answers yet.
    pub ready: &'a dyn Fn() -> Readiness,
}

/// Whether a daemon answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It answers.
    Ready,
    /// It does not answer yet.
    NotYet,
}

/// Why a daemon is not there.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// It could not be run at all.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It ended before it answered.
    #[error("{name} ended before it answered ({exit}); its last words: {words}")]
    Ended {
        /// Which daemon.
        name: String,
        /// How it ended.
        exit: String,
        /// The end of its log.
        words: String,
    },
    /// Its sockets would lie too deep.
    #[error(
        "{name} cannot be started, because the path of its socket {} would be longer than the {SOCKET_LIMIT} \
         bytes that the kernel takes (hint: a shorter TMPDIR)",
        path.display()
    )]
    TooDeep {
        /// Which daemon.
        name: String,
        /// The socket.
        path: PathBuf,
    },
    /// It did not answer in time.
    #[error("{name} did not answer within {} s; its last words: {words}", patience.as_secs())]
    Silent {
        /// Which daemon.
        name: String,
        /// How long ocipick waited.
        patience: Duration,
        /// The end of its log.
        words: String,
    },
}

/// How long the path of a socket may be, without the zero at its end.
pub(crate) const SOCKET_LIMIT: usize = 107;

/// Whether the kernel takes the path of a socket.
///
/// # Errors
/// When it does not.
pub(crate) fn fits_socket(name: &str, path: &Path) -> Result<(), DaemonError> {
    if path.as_os_str().len() <= SOCKET_LIMIT {
        return Ok(());
    }
    Err(DaemonError::TooDeep {
        name: name.to_owned(),
        path: path.to_owned(),
    })
}

/// A daemon that runs. Dropping it ends it and all that it started.
pub struct Daemon {
    name: String,
    group: Group,
    log: PathBuf,
    watch: LogWatch,
    ended: Option<Exit>,
    /// How often the memory killer had killed when it was started.
    kills: MemoryKills,
    /// A process that it started and cannot do without, and what that is called.
    helper: Option<(&'static str, Kin)>,
}

impl Daemon {
    /// Starts a daemon and waits until it answers.
    ///
    /// The kernel ends the daemon when the *thread* that started it ends, so call this on the
    /// thread that will use it to the end.
    ///
    /// # Errors
    /// When it cannot be started, ends, or does not answer in time; with its own last words.
    pub fn start(spec: &DaemonSpec<'_>, cancel: &Cancel) -> Result<Self, DaemonError> {
        let began = Instant::now();
        tracing::debug!(name = spec.name, line = %spec.invocation.line(&[]), "start");
        let kills = MemoryKills::now();
        let group = Group::start(&spec.invocation, Some(&spec.log))?;
        let mut daemon = Self {
            name: spec.name.to_owned(),
            watch: LogWatch::over(&spec.log, group.killer()),
            group,
            log: spec.log.clone(),
            ended: None,
            kills,
            helper: None,
        };
        loop {
            if let Some(exit) = daemon.group.wait(Duration::from_millis(20)) {
                daemon.ended = Some(exit);
                if let Exit::Code(code) = exit {
                    preparation(&spec.invocation, code, &daemon.log)?;
                }
                return Err(DaemonError::Ended {
                    name: daemon.name.clone(),
                    exit: daemon.describe(exit),
                    words: if is_full(&daemon.log) {
                        DISK_FULL.to_owned()
                    } else {
                        daemon.dying_words()
                    },
                });
            }
            if (spec.ready)() == Readiness::Ready {
                return Ok(daemon);
            }
            if cancel.is_raised() {
                return Err(RunError::Cancelled.into());
            }
            if began.elapsed() > spec.invocation.deadline {
                return Err(DaemonError::Silent {
                    name: daemon.name.clone(),
                    patience: spec.invocation.deadline,
                    words: daemon.last_words(),
                });
            }
        }
    }

    /// How the daemon ended by itself, if it did. Waits up to `patience` for it, because a
    /// client can see the connection break before the daemon is quite dead.
    pub fn death(&mut self, patience: Duration) -> Option<Death> {
        if self.ended.is_none() {
            self.ended = self.group.wait(patience);
        }
        let exit = self.ended?;
        Some(self.end_of(exit))
    }

    fn end_of(&self, exit: Exit) -> Death {
        let name = &self.name;
        let told = |cause, how: String| Death {
            what: format!("{name} {how}"),
            words: self.panic_words(),
            cause,
        };
        if self.watch.is_flooded() {
            return told(Cause::Flood, flood_words());
        }
        match exit {
            Exit::Signal(signal) if is_from_outside(signal) => told(
                Cause::Outside,
                self.kills.words(signal, self.group.leader().as_raw()),
            ),
            // A daemon does so when it is asked to end, and nobody here has asked.
            Exit::Code(0) => told(
                Cause::Outside,
                "was asked to end from outside (it exited with code 0)".to_owned(),
            ),
            Exit::Code(_) | Exit::Signal(_) | Exit::Deadline | Exit::OutputLimit => {
                let log = read_from(&self.log, 0);
                match outside_in(&String::from_utf8_lossy(&log)) {
                    Some(words) => {
                        told(Cause::Outside, format!("was killed from outside ({words})"))
                    }
                    None => told(Cause::Itself, describe(exit)),
                }
            }
        }
    }

    /// Watches over a process that the daemon has started, and cannot do without.
    pub fn watch_helper(&mut self, name: &'static str) {
        self.helper = Kin::child(self.group.leader(), name).map(|helper| (name, helper));
    }

    /// What became of the helper, where it does not live any more although the daemon does.
    /// `length` is how long the log was before.
    #[must_use]
    pub fn lost_helper(&self, length: u64) -> Option<Death> {
        let (name, helper) = self.helper.as_ref()?;
        if helper.is_alive() {
            return None;
        }
        let log = String::from_utf8_lossy(&read_from(&self.log, length)).into_owned();
        let panic = panic_in(&log);
        let own = [
            "segmentation fault",
            "aborted",
            "bus error",
            "illegal instruction",
        ];
        let fault = own
            .into_iter()
            .find(|fault| log.contains(&format!("signal: {fault}")));
        let (cause, how) = match (&panic, fault) {
            (Some(_), _) => (Cause::Itself, "panicked".to_owned()),
            (None, Some(fault)) => (Cause::Itself, format!("died of a {fault}")),
            (None, None) => (Cause::Outside, "was killed from outside".to_owned()),
        };
        Some(Death {
            what: format!("the {name} of {} {how}", self.name),
            words: panic.unwrap_or_else(|| tail(&log, 6)),
            cause,
        })
    }

    /// What is said where the daemon, or its helper, was stopped and not continued.
    #[must_use]
    pub fn stopped(&self) -> Option<String> {
        let helper = self.helper.as_ref().filter(|(_, kin)| kin.is_stopped());
        match helper {
            Some((name, _)) => Some(format!("the {name} of {}: {STOPPED}", self.name)),
            None => is_stopped(self.group.leader()).then(|| format!("{}: {STOPPED}", self.name)),
        }
    }

    fn describe(&self, exit: Exit) -> String {
        if self.watch.is_flooded() {
            flood_words()
        } else {
            describe(exit)
        }
    }

    /// The end of its log.
    #[must_use]
    pub fn last_words(&self) -> String {
        tail(&String::from_utf8_lossy(&read_limited(&self.log)), 6)
    }

    /// Why it ended before it answered: the first lines of its panic, or else its last line, since
    /// what it says before that is how it began.
    fn dying_words(&self) -> String {
        let log = String::from_utf8_lossy(&read_from(&self.log, 0)).into_owned();
        panic_in(&log).unwrap_or_else(|| tail(log.trim_end(), 1))
    }

    /// The first lines of its panic, or else the end of its log.
    fn panic_words(&self) -> String {
        let log = String::from_utf8_lossy(&read_from(&self.log, 0)).into_owned();
        panic_in(&log).unwrap_or_else(|| tail(&log, 6))
    }

    /// How long its log is now, in bytes.
    #[must_use]
    pub fn log_length(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |metadata| metadata.len())
    }

    /// Whether it wrote these words to its log after the first `length` bytes.
    #[must_use]
    pub fn has_said(&self, words: &str, length: u64) -> bool {
        String::from_utf8_lossy(&read_from(&self.log, length)).contains(words)
    }

    /// The first lines of a panic that it wrote to its log after the first `length` bytes. A
    /// server that catches the panic of one request lives on, but what it was asked is lost.
    #[must_use]
    pub fn panic_since(&self, length: u64) -> Option<String> {
        panic_in(&String::from_utf8_lossy(&read_from(&self.log, length)))
    }

    /// Asks the daemon to end, and ends it after `grace`. Returns whether it had to be killed.
    pub fn stop(mut self, grace: Duration) -> bool {
        if self.ended.is_some() {
            return false;
        }
        let _ = killpg(self.group.leader(), Signal::SIGTERM);
        self.ended = self.group.wait(grace);
        self.ended.is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.group.end();
        if self.log_length() > OUTPUT_LIMIT {
            shorten(&self.log, READ_LIMIT);
        }
    }
}

/// A daemon that ended without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// Which daemon, and how it ended.
    pub what: String,
    /// The first lines of its panic, or the end of its log.
    pub words: String,
    /// Whose doing it was.
    pub cause: Cause,
}

/// Whose doing the end of a daemon was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its own: it crashed.
    Itself,
    /// That of somebody outside, such as the memory killer. It says nothing about the daemon.
    Outside,
    /// That of ocipick, because its log had become longer than [`OUTPUT_LIMIT`].
    Flood,
}

fn describe(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exited with code {code}"),
        Exit::Signal(signal) => Signal::try_from(signal).map_or_else(
            |_| format!("died of signal {signal}"),
            |signal| format!("died of {signal}"),
        ),
        Exit::Deadline => "was ended at its deadline".to_owned(),
        Exit::OutputLimit => flood_words(),
    }
}

/// A log from `offset` on, at most its last megabyte: a daemon that panics says so at the end.
fn read_from(path: &Path, offset: u64) -> Vec<u8> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    const LIMIT: u64 = 1 << 20;
    let mut bytes = Vec::new();
    if let Ok(mut file) = std::fs::File::open(path) {
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        let _ = file.seek(SeekFrom::Start(offset.max(length.saturating_sub(LIMIT))));
        let _ = file.take(LIMIT).read_to_end(&mut bytes);
    }
    bytes
}
