//! What a run takes of the machine, looked at from time to time. A peak between two looks is
//! missed; looking more often would disturb what is measured.

use crate::results::Peaks;
use ocipick_adapters::RunDir;
use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How often memory is looked at, which takes a few milliseconds.
const MEMORY: Duration = Duration::from_secs(1);
/// How often disk is looked at, at most.
const DISK: Duration = Duration::from_secs(3);
/// A look at the disk walks over all files. It is not taken again before so many times the time
/// that it took.
const REST: u32 = 50;

/// Watches what a run takes, on a thread of its own.
pub struct ResourceMonitor(Option<(Sender<()>, JoinHandle<Peaks>)>);

impl ResourceMonitor {
    /// Begins to watch the run that stands on this run directory.
    #[must_use]
    pub fn start(run_dir: &RunDir) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let gauge = run_dir.gauge();
        let watch = move || {
            let mut peaks = Peaks::default();
            let mut disk_again = Instant::now();
            loop {
                let is_last = stopped.recv_timeout(MEMORY) != Err(RecvTimeoutError::Timeout);
                peaks.memory = peaks.memory.max(gauge.memory());
                if is_last || Instant::now() >= disk_again {
                    let began = Instant::now();
                    peaks.disk = peaks.disk.max(gauge.disk());
                    disk_again = Instant::now() + DISK.max(began.elapsed() * REST);
                }
                if is_last {
                    return peaks;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("meter".to_owned())
            .spawn(watch);
        Self(match thread {
            Ok(thread) => Some((stop, thread)),
            Err(error) => {
                tracing::warn!(%error, "cannot watch what the run takes");
                None
            }
        })
    }

    /// The most that was seen.
    #[must_use]
    pub fn stop(self) -> Peaks {
        self.0.map_or_else(Peaks::default, |(stop, thread)| {
            drop(stop);
            thread.join().unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_was_there_once_is_remembered() {
        let base = tempfile::tempdir().unwrap();
        let (run_dir, _) = RunDir::claim(base.path(), false).unwrap();
        let file = run_dir.dir().join("store");
        fs::write(&file, vec![1; 3 << 20]).unwrap();
        let monitor = ResourceMonitor::start(&run_dir);
        std::thread::sleep(MEMORY + Duration::from_millis(500));
        fs::remove_file(&file).unwrap();
        let peaks = monitor.stop();
        let disk = peaks.disk.unwrap();
        assert!((3 << 20..4 << 20).contains(&disk), "{disk}");
        assert!(peaks.memory.unwrap() > 1 << 20);
    }

    #[test]
    fn a_short_run_is_seen_as_well() {
        let base = tempfile::tempdir().unwrap();
        let (run_dir, _) = RunDir::claim(base.path(), false).unwrap();
        fs::write(run_dir.dir().join("store"), vec![1; 1 << 20]).unwrap();
        let peaks = ResourceMonitor::start(&run_dir).stop();
        assert!(peaks.disk.unwrap() >= 1 << 20 && peaks.memory.is_some());
    }
}
