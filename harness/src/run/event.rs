//! What happens during a run, for whoever watches.

use ocipick_adapters::Runtime;
use ocipick_reports::results::Trial;
use std::time::Duration;

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A runtime has begun, with this many trials before it.
    RuntimeBegan {
        /// Its place in the plan.
        index: usize,
        /// Which runtime.
        runtime: &'a Runtime,
        /// How many trials.
        trials: usize,
    },
    /// A trial has begun.
    TrialBegan {
        /// Place of the runtime in the plan.
        index: usize,
        /// Id of the case.
        case: &'a str,
    },
    /// A trial has ended.
    TrialEnded {
        /// Place of the runtime in the plan.
        index: usize,
        /// What came of it.
        trial: &'a Trial,
        /// How long tools were waited for, all repeats together.
        tools: Duration,
    },
    /// A runtime has ended.
    RuntimeEnded {
        /// Its place in the plan.
        index: usize,
        /// Which runtime.
        runtime: &'a Runtime,
        /// How.
        end: RuntimeEnd,
    },
}

/// How the trials of a runtime ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimeEnd {
    /// All were run.
    Finished,
    /// None counts, for this reason.
    Unmeasured(String),
    /// The user wanted to stop.
    Interrupted,
}

/// Watches a run. An error ends the run: what cannot be recorded need not be measured.
pub trait Watcher: Sync {
    /// Takes note of an event.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn see(&self, event: &Event<'_>) -> std::io::Result<()>;
}
