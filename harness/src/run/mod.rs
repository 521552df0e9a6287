//! Running trials: which, in what order, on which threads, and what becomes of them.

mod controls;
mod event;
mod execute;
mod gate;
mod parcel;
mod plan;
mod repeat;

pub use controls::{Controls, ControlsError};
pub use event::{Event, RuntimeEnd, Watcher};
pub use execute::{Bench, execute};
pub use plan::{Cell, Plan, Question};
