//! What was done, leaving aside which child it was done to.

use crate::analysis::matrix::Row;
use ocipick_records::{Observation, Outcome, RefusalReason, Trial};

/// An outcome without names of children, which differ from case to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutcomeShape {
    /// A child was picked.
    Picked,
    /// An error, for this reason.
    Refused(RefusalReason),
    /// Success, and no usable image.
    Nothing,
    /// Success, and an image that was stored whole and has no file system: an artifact, say.
    WithoutFiles,
    /// Evidence that contradicts itself.
    Mixed,
    /// The tool or its daemon died.
    Crashed,
    /// A daemon panicked and lives on.
    Survived,
    /// No end within the deadline.
    TimedOut,
    /// Different when repeated.
    Unstable,
    /// Nothing was measured.
    Unmeasured,
}

/// The words of ocipick for an image that is there and has nothing in it.
const EMPTY: [&str; 2] = ["the mount is empty", "the image has no layers"];

impl OutcomeShape {
    /// What an outcome is by itself.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
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

    /// The same with a look at the evidence.
    #[must_use]
    pub fn of_trial(trial: &Trial) -> Self {
        match Self::of(&trial.outcome) {
            Self::Nothing if is_without_files(trial) => Self::WithoutFiles,
            shape => shape,
        }
    }

    /// What the runtime in this column did.
    #[must_use]
    pub fn at(row: &Row<'_>, column: usize) -> Self {
        let trial = row.cells.get(column).copied().flatten();
        trial.map_or(Self::Unmeasured, Self::of_trial)
    }
}

/// Whether all that there is was fetched and stored, and only a file system is not in it. An
/// artifact that is pulled whole is not the same as an image that cannot be used.
fn is_without_files(trial: &Trial) -> bool {
    let evidence = &trial.evidence;
    let is_empty = match &evidence.materialised {
        Observation::Absent { words } => EMPTY.contains(&words.trim()),
        Observation::Seen { .. } | Observation::Failed { .. } | Observation::NotLooked => false,
    };
    let fetched = |what: &str| {
        let mut requests = evidence.requests.iter();
        requests.any(|it| it.path.contains(what) && (200..300).contains(&it.status))
    };
    let is_whole = evidence.requests.iter().all(|it| it.status < 400);
    is_empty && is_whole && fetched("/manifests/sha256:") && fetched("/blobs/")
}
