//! What changed from one version of a tool to the next.
//!
//! A [`Line`] is the versions of one tool in one configuration. Along a line, every row falls
//! into [`Interval`]s of versions that did the same, and where one interval meets the next there
//! may be a [`Change`]. Two configurations of one version are no line: where they part, that is a
//! [`Difference`].
//!
//! Only what was measured is compared. A cell that was not measured is no change and hides none:
//! the nearest versions on both sides of it that were measured are compared with each other. A
//! cell that differs when repeated is kept apart as [`Step::Unsteady`].

mod band;
mod change;
mod difference;
mod interval;
mod series;

pub use band::{Band, bands};
pub use change::{Change, Companion, History, Turn, Unsteady};
pub use difference::Difference;
pub use interval::{Edge, Interval, Side, Step, intervals, steps};
pub use series::{Line, lines};
