//! Carrying out a plan.

use super::{Event, Plan, Watcher, repetitions, semaphore::Semaphore, tracker::RepetitionTracker};
use crate::classify::MessagePatterns;
use ocipick_adapters::{RunDir, process::Cancel};
use ocipick_registry::Registry;
use std::{
    io,
    sync::{
        Mutex, PoisonError,
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
