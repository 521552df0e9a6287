//! What was done, leaving aside which child it was done to.

use crate::results::{Outcome, RefusalReason};

/// An outcome without names of children, which differ from case to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    Picked,
    Refused(RefusalReason),
    Nothing,
    Mixed,
    Crashed,
    Survived,
    TimedOut,
    Unstable,
    Unmeasured,
}

impl Deed {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Picked { .. } => Self::Picked,
            Outcome::Refused { reason, .. } => Self::Refused(*reason),
            Outcome::Nothing => Self::Nothing,
            Outcome::Mixed { .. } => Self::Mixed,
            Outcome::Crashed {
                survived: false, ..
            } => Self::Crashed,
            Outcome::Crashed { survived: true, .. } => Self::Survived,
            Outcome::TimedOut { .. } => Self::TimedOut,
            Outcome::Unstable { .. } => Self::Unstable,
            Outcome::Unmeasured { .. } => Self::Unmeasured,
        }
    }
}
