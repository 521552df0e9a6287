//! Carrying out a plan.

use super::{Event, Plan, Watcher, repetitions, tracker::RepetitionTracker};
use crate::classify::MessagePatterns;
use ocipick_adapters::{RunDir, process::Cancel};
use ocipick_registry::Registry;
use std::{
    io,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// What trials are run with.
pub struct RunContext<'a> {
    /// Where sandboxes are made.
    pub run_dir: &'a RunDir,
    /// Serves the cases.
    pub registry: &'a Registry,
    /// Knows what messages mean.
    pub patterns: &'a MessagePatterns,
    /// The wish of the user to end.
    pub cancel: &'a Cancel,
}

/// Carries out a plan: in rounds, where cells are tried repeatedly; in each of them runtimes side
/// by side, and the trials of one with state in sequence. Every event is shown to `watcher`.
///
/// # Errors
/// When an event could not be recorded; the run has then ended early.
pub fn execute(plan: &Plan, bench: &RunContext<'_>, watcher: &dyn Watcher) -> io::Result<()> {
    let shared = Shared {
        plan,
        bench,
        watcher,
        gate: Semaphore::new(plan.jobs),
        numbers: AtomicUsize::new(0),
        failure: Mutex::new(None),
        failed: AtomicBool::new(false),
        tracker: RepetitionTracker::of(plan),
    };
    repetitions::all(&shared);
    let failure = shared
        .failure
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    failure.map_or(Ok(()), Err)
}

/// What all threads of a run share.
pub(super) struct Shared<'a> {
    pub(super) plan: &'a Plan,
    pub(super) tracker: RepetitionTracker<'a>,
    pub(super) bench: &'a RunContext<'a>,
    watcher: &'a dyn Watcher,
    pub(super) gate: Semaphore,
    /// Counts the tries, each of which has a repository of its own.
    pub(super) numbers: AtomicUsize,
    failure: Mutex<Option<io::Error>>,
    failed: AtomicBool,
}

impl Shared<'_> {
    pub(super) fn show(&self, event: &Event<'_>) {
        if let Err(error) = self.watcher.see(event) {
            self.failed.store(true, Ordering::SeqCst);
            self.failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.bench.cancel.is_raised() || self.failed.load(Ordering::SeqCst)
    }
}

/// Limits how many trials are under way at once, over all runtimes.
pub(super) struct Semaphore {
    free: Mutex<usize>,
    changed: Condvar,
}

/// A place behind the gate, given back when dropped.
pub(super) struct Permit<'a>(&'a Semaphore);

impl Semaphore {
    pub(super) fn new(places: usize) -> Self {
        Self {
            free: Mutex::new(places.max(1)),
            changed: Condvar::new(),
        }
    }

    pub(super) fn enter(&self) -> Permit<'_> {
        // A panicking trial cannot leave the count half changed, so poison means nothing here.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self
                .changed
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Permit(self)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn never_more_than_so_many_are_inside() {
        let (gate, inside, most) = (Semaphore::new(2), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _pass = gate.enter();
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    inside.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }
}
