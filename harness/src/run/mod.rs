//! Running trials: which, in what order, on which threads, and what becomes of them.

mod controls;
mod event;
mod execute;
mod gate;
mod lanes;
mod ledger;
mod line;
mod parcel;
mod plan;
mod repeat;
mod rounds;
mod shuffle;
mod trial;

pub use controls::{Controls, ControlsError};
pub use event::{Event, RuntimeEnd, Watcher};
pub use execute::{Bench, execute};
pub use plan::{Cell, Earlier, Plan, Question, Try};
