//! Versions that did the same in one row, and where that ends.

use super::ReleaseSeries;
use crate::analysis::{
    changes::{CellChange, CellComparison, is_steady},
    matrix::Row,
};
use ocipick_records::{Outcome, Trial};

/// What one runtime did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntervalSide<'a> {
    /// The runtime, by its place in the matrix.
    pub column: usize,
    /// The trial in which that was observed.
    pub trial: &'a Trial,
}

impl<'a> IntervalSide<'a> {
    /// What the runtime in a column did, where it was measured.
    pub(super) fn of(row: &Row<'a>, column: usize) -> Option<Self> {
        let trial = row.cells.get(column).copied().flatten()?;
        trial
            .outcome
            .is_measured()
            .then_some(Self { column, trial })
    }

    /// What was observed.
    #[must_use]
    pub fn outcome(&self) -> &'a Outcome {
        &self.trial.outcome
    }
}

/// A point on a line at which outcomes part.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<'a> {
    /// Two versions do different things, each of them steadily.
    Changed {
        /// The older one.
        from: IntervalSide<'a>,
        /// The newer one.
        to: IntervalSide<'a>,
        /// The versions between them of which no steady outcome is known.
        between: Vec<usize>,
        /// What changed.
        change: CellChange<'a>,
    },
    /// One of two versions differs when repeated, so that there is nothing to compare.
    Flaky {
        /// The older one.
        from: IntervalSide<'a>,
        /// The newer one.
        to: IntervalSide<'a>,
    },
}

/// Neighbouring versions of a line that did the same in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval<'a> {
    /// Its runtimes, by their place in the matrix.
    pub columns: Vec<usize>,
    /// How it begins.
    pub edge: Edge,
    /// The first of its cells; none where there is no trial.
    pub trial: Option<&'a Trial>,
}

/// How an interval begins. What says more is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// Nothing is known to have changed: it is the first, or one side was not measured.
    Plain,
    /// On one of its sides the outcome differs when repeated.
    Flaky,
    /// The outcome changed.
    Changed,
}

impl<'a> Step<'a> {
    /// The newer of the two versions.
    #[must_use]
    pub fn to(&self) -> IntervalSide<'a> {
        match self {
            Self::Changed { to, .. } | Self::Flaky { to, .. } => *to,
        }
    }

    fn edge(&self) -> Edge {
        match self {
            Self::Changed { .. } => Edge::Changed,
            Self::Flaky { .. } => Edge::Flaky,
        }
    }
}

/// The steps of a row along a line, oldest first. Those among the versions that go before the
/// line belong to another line and are left out.
#[must_use]
pub fn steps<'a>(line: &ReleaseSeries<'_>, row: &Row<'a>) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let mut steady: Option<IntervalSide<'a>> = None;
    let mut measured: Option<IntervalSide<'a>> = None;
    let mut between = Vec::new();
    let all = line.before.iter().map(|column| (*column, false));
    let all = all.chain(line.columns.iter().map(|column| (*column, true)));
    for (column, own) in all {
        let Some(here) = IntervalSide::of(row, column) else {
            between.push(column);
            continue;
        };
        let steady_here = is_steady(here.outcome());
        if let Some(before) = measured.replace(here)
            && own
            && is_steady(before.outcome()) != steady_here
        {
            steps.push(Step::Flaky {
                from: before,
                to: here,
            });
        }
        if !steady_here {
            between.push(column);
            continue;
        }
        let between = std::mem::take(&mut between);
        if let Some(from) = steady.replace(here)
            && own
            && let CellComparison::Changed(change) =
                CellComparison::of(Some(from.trial), Some(here.trial))
        {
            steps.push(Step::Changed {
                from,
                to: here,
                between,
                change,
            });
        }
    }
    steps
}

/// The intervals of a row along a line, oldest first: every column of the line is in exactly one.
#[must_use]
pub fn intervals<'a>(line: &ReleaseSeries<'_>, row: &Row<'a>) -> Vec<Interval<'a>> {
    let mut intervals: Vec<Interval<'a>> = Vec::new();
    let steps = steps(line, row);
    for column in &line.columns {
        let trial = row.cells.get(*column).copied().flatten();
        match intervals.last_mut() {
            Some(last) if look_alike(last.trial, trial) => last.columns.push(*column),
            Some(_) | None => {
                let here = steps.iter().filter(|step| step.to().column == *column);
                intervals.push(Interval {
                    columns: vec![*column],
                    edge: here.map(Step::edge).max().unwrap_or(Edge::Plain),
                    trial,
                });
            }
        }
    }
    intervals
}

/// Whether two cells look the same; those without a trial are alike as well.
pub(super) fn look_alike(left: Option<&Trial>, right: Option<&Trial>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.outcome.agrees_with(&right.outcome),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
