//! What a process prints goes to files, and files have space for only so much.
//!
//! A limit that the kernel knows (`RLIMIT_FSIZE`) would hold for everything that a tool writes,
//! the stores of daemons included. So the output is watched instead.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How many bytes a process may print to one stream, or a daemon to its log. One that prints more
/// is ended. The most talkative tool prints less than a thousandth of it about an image.
pub const OUTPUT_LIMIT: u64 = 64 << 20;

/// What is said of a process that printed more.
#[must_use]
pub fn flood_words() -> String {
    format!(
        "printed more than {} MiB, and was ended",
        OUTPUT_LIMIT >> 20
    )
}

/// Whether one of these files is longer than the limit.
pub(super) fn is_flooded(files: &[PathBuf]) -> bool {
    files.iter().any(|file| length(file) > OUTPUT_LIMIT)
}

fn length(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// Gives back what a file takes beyond its first `length` bytes.
pub(super) fn shorten(file: &Path, most: u64) {
    if length(file) > most
        && let Err(error) = OpenOptions::new()
            .write(true)
            .open(file)
            .and_then(|file| file.set_len(most))
    {
        tracing::warn!(file = %file.display(), %error, "cannot shorten");
    }
}

/// How often the log of a daemon is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Watches the log of a daemon, and ends the daemon when it has become too long.
pub(super) struct LogWatch {
    is_flooded: Arc<AtomicBool>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl LogWatch {
    /// Begins to watch. `kill` ends the daemon, and does nothing when it has ended before.
    pub(super) fn over(log: &Path, kill: impl Fn() + Send + 'static) -> Self {
        let is_flooded = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = mpsc::channel::<()>();
        let (log, flag) = (log.to_owned(), Arc::clone(&is_flooded));
        let watch = move || {
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if length(&log) > OUTPUT_LIMIT {
                    flag.store(true, Ordering::SeqCst);
                    kill();
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("log-watch".to_owned())
            .spawn(watch);
        let thread = match thread {
            Ok(thread) => Some((stop, thread)),
            Err(error) => {
                tracing::warn!(%error, "cannot watch the log of a daemon");
                None
            }
        };
        Self { is_flooded, thread }
    }

    /// Whether the daemon was ended for what it printed.
    pub(super) fn is_flooded(&self) -> bool {
        self.is_flooded.load(Ordering::SeqCst)
    }
}

impl Drop for LogWatch {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
