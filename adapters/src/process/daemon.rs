//! Private daemons: started when first needed, watched, and ended with all they started.

use super::{
    Cancel,
    command::{Exit, Invocation, READ_LIMIT, read_limited, tail},
    flood::{LogWatch, OUTPUT_LIMIT, flood_words, shorten},
    panic_in,
    run::{Group, RunError, preparation},
    space::{DISK_FULL, is_full},
};
use nix::sys::signal::{Signal, killpg};
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

/// A daemon that runs. Dropping it ends it and all that it started.
pub struct Daemon {
    name: String,
    group: Group,
    log: PathBuf,
    watch: LogWatch,
    ended: Option<Exit>,
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
        let group = Group::start(&spec.invocation, Some(&spec.log))?;
        let mut daemon = Self {
            name: spec.name.to_owned(),
            watch: LogWatch::over(&spec.log, group.killer()),
            group,
            log: spec.log.clone(),
            ended: None,
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
                        daemon.last_words()
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
        Some(Death {
            what: format!("{} {}", self.name, self.describe(exit)),
            words: self.panic_words(),
            by_itself: !self.watch.is_flooded(),
        })
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
    /// Whether nobody ended it. Otherwise ocipick did, because its log had become longer than
    /// [`OUTPUT_LIMIT`].
    pub by_itself: bool,
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
