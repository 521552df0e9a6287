//! Running trials: which, in what order, on which threads, and what becomes of them.

mod controls;
mod event;
mod execute;
mod header;
mod job;
mod plan;
mod repeat;
mod repetitions;
mod shuffle;
mod tracker;
mod trial;

pub use controls::{Controls, ControlsError};
pub use event::{Event, RuntimeEnd, Watcher};
pub use execute::{RunContext, execute};
pub use header::{header, now, runtime_record};
pub use plan::{
    Attempt, Cell, DerivedCases, Earlier, Plan, RepeatRequest, Rival, RivalOutcomes, TestPoint,
};

/// A plan of one case for one runtime, for tests.
#[cfg(test)]
pub(crate) use plan::tests::plan as plan_of_one_case;
