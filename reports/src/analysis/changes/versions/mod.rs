//! What changed from one version of a tool to the next.
//!
//! A [`ReleaseSeries`] is the versions of one tool in one configuration. Along a line, every row falls
//! into [`Interval`]s of versions that did the same, and where one interval meets the next there
//! may be a [`VersionChange`]. Two configurations of one version are no line: where they part, that is a
//! [`VersionDifference`].
//!
//! Only what was measured is compared. A cell that was not measured is no change and hides none:
//! the nearest versions on both sides of it that were measured are compared with each other. A
//! cell that differs when repeated is kept apart as [`Step::Flaky`].

mod band;
mod change;
mod difference;
mod fold;
mod interval;
mod series;

pub use band::{AlikeVersions, bands};
pub use change::{FlakyCell, FlavourChange, History, VersionChange};
pub use difference::VersionDifference;
pub use fold::{ColumnFolding, FoldMode};
pub use interval::{Edge, Interval, IntervalSide, Step, intervals, steps};
pub use series::{ReleaseSeries, lines};
