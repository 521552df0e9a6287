//! In which way two outcomes of one cell differ.

use super::observed;
use ocipick_records::Outcome;
use schemars::JsonSchema;
use serde::Serialize;
use strum::VariantArray as _;

/// The kinds of difference between two outcomes that were both measured, those that matter most
/// first.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    JsonSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum DiffKind {
    /// The tool or its daemon dies now, and did not.
    NowCrashes,
    /// The tool hangs, panics and lives on, leaves nothing or contradicts itself now, and picked or refused before.
    NowFails,
    /// Another child is picked. Nobody sees an error.
    OtherPick,
    /// A child was picked that is refused now.
    NowRefused,
    /// What was refused is picked now.
    NowPicked,
    /// The tool differs when repeated on one side, and never did what it does on the other.
    Elsewhere,
    /// A crash, a survived panic, a hang, an empty success or a contradiction became another of these.
    OtherFailure,
    /// The tool crashed, hung, left nothing or contradicted itself, and picks or refuses now.
    NoLongerFails,
    /// The reason for refusing is another one. It is read from the tool's words, so that new words
    /// alone can look like this.
    OtherReason,
    /// The tool differs when repeated on one side or both, and what was seen on the one side was
    /// also seen on the other: no change is known.
    Wavers,
}

impl DiffKind {
    /// Every kind, in order.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// In which way two outcomes differ; none where they agree. Both were measured.
    #[must_use]
    pub fn of(old: &Outcome, new: &Outcome) -> Option<Self> {
        if old.agrees_with(new) {
            return None;
        }
        if wavers(old) || wavers(new) {
            let (old, new) = (observed(old), observed(new));
            let in_common = old
                .iter()
                .any(|it| new.iter().any(|its| it.agrees_with(its)));
            return Some(if in_common {
                Self::Wavers
            } else {
                Self::Elsewhere
            });
        }
        Some(match (DiffSide::of(old), DiffSide::of(new)) {
            (DiffSide::Picks, DiffSide::Picks) => Self::OtherPick,
            (DiffSide::Picks, DiffSide::Refuses) => Self::NowRefused,
            (DiffSide::Refuses, DiffSide::Picks) => Self::NowPicked,
            (DiffSide::Refuses, DiffSide::Refuses) => Self::OtherReason,
            (DiffSide::Picks | DiffSide::Refuses | DiffSide::Fails, DiffSide::Crashes) => {
                Self::NowCrashes
            }
            (DiffSide::Picks | DiffSide::Refuses, DiffSide::Fails) => Self::NowFails,
            (DiffSide::Fails | DiffSide::Crashes, DiffSide::Picks | DiffSide::Refuses) => {
                Self::NoLongerFails
            }
            (DiffSide::Fails | DiffSide::Crashes, DiffSide::Fails)
            | (DiffSide::Crashes, DiffSide::Crashes) => Self::OtherFailure,
        })
    }

    /// Whether it is a change at all.
    #[must_use]
    pub const fn is_change(self) -> bool {
        match self {
            Self::NowCrashes
            | Self::NowFails
            | Self::OtherPick
            | Self::NowRefused
            | Self::NowPicked
            | Self::Elsewhere
            | Self::OtherFailure
            | Self::NoLongerFails
            | Self::OtherReason => true,
            Self::Wavers => false,
        }
    }

    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What was done, as far as kinds of change go.
#[derive(Clone, Copy)]
enum DiffSide {
    Picks,
    Refuses,
    Fails,
    Crashes,
}

impl DiffSide {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Picked { .. } => Self::Picks,
            Outcome::Refused { .. } => Self::Refuses,
            Outcome::Crashed {
                survived: false, ..
            } => Self::Crashes,
            Outcome::Crashed { survived: true, .. }
            | Outcome::Nothing
            | Outcome::Mixed { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Unstable { .. }
            | Outcome::Unmeasured { .. } => Self::Fails,
        }
    }
}

fn wavers(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unstable { .. })
}
