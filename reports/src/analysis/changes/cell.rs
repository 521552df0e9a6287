//! Two trials of one cell, held against each other.

use super::{ChangeKind, OutcomeChange};
use ocipick_records::Trial;

/// What two trials of one cell have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellComparison<'a> {
    /// Neither was measured.
    NotMeasured,
    /// Only the older one was measured.
    OnlyBefore(&'a Trial),
    /// Only the newer one was measured.
    OnlyAfter(&'a Trial),
    /// They agree.
    Same,
    /// They differ.
    Changed(CellChange<'a>),
}

/// Two trials of one cell that were both measured, and differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellChange<'a> {
    /// The older one.
    pub before: &'a Trial,
    /// The newer one.
    pub after: &'a Trial,
    /// In which way they differ.
    pub what: OutcomeChange,
}

impl<'a> CellComparison<'a> {
    /// Holds a trial against an older one; none is one that was not made.
    #[must_use]
    pub fn of(before: Option<&'a Trial>, after: Option<&'a Trial>) -> Self {
        let measured = |trial: Option<&'a Trial>| trial.filter(|it| it.outcome.is_measured());
        match (measured(before), measured(after)) {
            (None, None) => Self::NotMeasured,
            (Some(before), None) => Self::OnlyBefore(before),
            (None, Some(after)) => Self::OnlyAfter(after),
            (Some(before), Some(after)) => {
                match OutcomeChange::between(&before.outcome, &after.outcome) {
                    None => Self::Same,
                    Some(what) => Self::Changed(CellChange {
                        before,
                        after,
                        what,
                    }),
                }
            }
        }
    }

    /// What changed, where both do the same each time.
    #[must_use]
    pub fn steady_change(self) -> Option<(CellChange<'a>, ChangeKind)> {
        match self {
            Self::Changed(change) => Some((change, change.what.kind()?)),
            Self::NotMeasured | Self::OnlyBefore(_) | Self::OnlyAfter(_) | Self::Same => None,
        }
    }

    /// Whether both do the same, each time.
    #[must_use]
    pub fn is_same(self) -> bool {
        self == Self::Same
    }
}

impl CellChange<'_> {
    /// Whether one of the two was tried only once, so that the change may as well be a race.
    #[must_use]
    pub fn rests_on_one_try(&self) -> bool {
        self.before.tries < 2 || self.after.tries < 2
    }
}
