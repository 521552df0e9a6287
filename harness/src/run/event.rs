//! What happens during a run, for whoever watches.

use super::Attempt;
use ocipick_adapters::Runtime;
use ocipick_records::Trial;
use std::time::Duration;

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A round has begun. There is one more for each time that cells are tried again.
    RoundBegan {
        /// Which one, from 1.
        round: u32,
        /// How many there are at most.
        rounds: u32,
        /// How many tries it has.
        tries: usize,
    },
    /// A runtime has begun, with this many tries before it in this round.
    RuntimeBegan {
        /// Its place in the plan.
        index: usize,
        /// Which runtime.
        runtime: &'a Runtime,
        /// How many tries.
        tries: usize,
    },
    /// A try has begun.
    TryBegan {
        /// Place of the runtime in the plan.
        index: usize,
        /// Id of the case.
        case: &'a str,
    },
    /// A try has ended.
    TryEnded {
        /// Place of the runtime in the plan.
        index: usize,
        /// What came of it.
        tried: &'a Attempt,
        /// How long tools were waited for.
        tools: Duration,
        /// How long it took besides.
        own: Duration,
    },
    /// A cell has had all its tries, and this is what they come to.
    TrialEnded {
        /// What came of it.
        trial: &'a Trial,
    },
    /// A runtime has ended its part of a round.
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
