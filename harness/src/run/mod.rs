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
pub use plan::{Attempt, Cell, DerivedCases, Earlier, Plan, RepeatRequest, TestPoint};

/// The tests of controls and repeats, by name, to be run again under every mistake of `mutant.rs`.
#[cfg(test)]
pub(crate) const CONTROLS_TESTS: &[(&str, fn())] = &controls::tests::TESTS;
/// See [`CONTROLS_TESTS`].
#[cfg(test)]
pub(crate) const REPEAT_TESTS: &[(&str, fn())] = &repeat::tests::TESTS;

/// A plan of one case for one runtime, for tests.
#[cfg(test)]
pub(crate) use plan::tests::plan as plan_of_one_case;
