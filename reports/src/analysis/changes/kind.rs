//! In which way two outcomes of one cell differ.

use ocipick_records::{Outcome, OutcomeKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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
pub enum OutcomeChange {
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

impl OutcomeChange {
    /// Every kind, in order.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// In which way two outcomes differ; none where they agree. Both were measured.
    #[must_use]
    pub fn between(old: &Outcome, new: &Outcome) -> Option<Self> {
        if old.agrees_with(new) {
            return None;
        }
        if !(is_steady(old) && is_steady(new)) {
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
        Some(match (Side::of(old), Side::of(new)) {
            (Side::Picks, Side::Picks) => Self::OtherPick,
            (Side::Picks, Side::Refuses) => Self::NowRefused,
            (Side::Refuses, Side::Picks) => Self::NowPicked,
            (Side::Refuses, Side::Refuses) => Self::OtherReason,
            (Side::Picks | Side::Refuses | Side::Fails, Side::Crashes) => Self::NowCrashes,
            (Side::Picks | Side::Refuses, Side::Fails) => Self::NowFails,
            (Side::Fails | Side::Crashes, Side::Picks | Side::Refuses) => Self::NoLongerFails,
            (Side::Fails | Side::Crashes, Side::Fails) | (Side::Crashes, Side::Crashes) => {
                Self::OtherFailure
            }
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

    /// What became of which, leaving aside which of the two came first; none where one of them
    /// differs when repeated.
    #[must_use]
    pub const fn kind(self) -> Option<ChangeKind> {
        match self {
            Self::NowCrashes | Self::NowFails | Self::OtherFailure | Self::NoLongerFails => {
                Some(ChangeKind::Failure)
            }
            Self::OtherPick => Some(ChangeKind::Pick),
            Self::NowRefused | Self::NowPicked => Some(ChangeKind::Acceptance),
            Self::OtherReason => Some(ChangeKind::Reason),
            Self::Elsewhere | Self::Wavers => None,
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
enum Side {
    Picks,
    Refuses,
    Fails,
    Crashes,
}

impl Side {
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

/// The kinds of change, those that matter most first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// To or from what no tool should do: a crash, a hang, a success that leaves nothing, evidence
    /// that contradicts itself.
    Failure,
    /// From one child to another. Nobody sees an error.
    Pick,
    /// From a refusal to a pick, or the other way.
    Acceptance,
    /// From one reason for refusing to another. The reason is read from the tool's words, so that
    /// new words alone can look like this.
    Reason,
}

/// Whether an outcome is the same each time, so that another can be held against it: it was
/// measured, and does not differ when repeated.
#[must_use]
pub fn is_steady(outcome: &Outcome) -> bool {
    match outcome.kind() {
        OutcomeKind::Unmeasured | OutcomeKind::Unstable => false,
        OutcomeKind::Picked
        | OutcomeKind::Refused
        | OutcomeKind::Nothing
        | OutcomeKind::Mixed
        | OutcomeKind::Crashed
        | OutcomeKind::TimedOut => true,
    }
}

/// Whether two outcomes are the same choice. For which reason a tool refuses is read from its words,
/// and no choice; neither is how exactly it fails.
#[must_use]
pub fn is_same_choice(one: &Outcome, other: &Outcome) -> bool {
    match (one, other) {
        (Outcome::Picked { child, .. }, Outcome::Picked { child: theirs, .. }) => child == theirs,
        _ => one.kind() == other.kind(),
    }
}

/// Every outcome that was observed: one, or those of repeated trials.
fn observed(outcome: &Outcome) -> Vec<&Outcome> {
    match outcome {
        Outcome::Unstable { observed } => observed.iter().map(|it| &*it.outcome).collect(),
        Outcome::Picked { .. }
        | Outcome::Refused { .. }
        | Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::Crashed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unmeasured { .. } => vec![outcome],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::{Observed, RefusalReason, UnmeasuredWhy};

    /// One of each kind, two where they may differ within it.
    fn outcomes() -> Vec<Outcome> {
        let picked = |child: &str| Outcome::Picked {
            child: child.to_owned(),
            digest: String::new(),
        };
        let refused = |reason| Outcome::Refused {
            reason,
            message: String::new(),
        };
        let mixed = |child: &str| Outcome::Mixed {
            children: vec![child.to_owned()],
            digests: Vec::new(),
        };
        let crashed = |survived| Outcome::Crashed {
            what: String::new(),
            survived,
        };
        let unstable = |outcomes: [Outcome; 2]| Outcome::Unstable {
            observed: outcomes
                .into_iter()
                .map(|outcome| Observed {
                    outcome: Box::new(outcome),
                    count: 1,
                })
                .collect(),
        };
        vec![
            picked("a"),
            picked("b"),
            refused(RefusalReason::NoMatch),
            refused(RefusalReason::Malformed),
            Outcome::Nothing,
            mixed("a"),
            mixed("b"),
            crashed(false),
            crashed(true),
            Outcome::TimedOut { after_ms: 1 },
            unstable([picked("a"), Outcome::Nothing]),
            unstable([picked("c"), picked("d")]),
        ]
    }

    #[test]
    fn a_change_is_of_one_kind_in_both_directions() {
        for old in outcomes() {
            for new in outcomes() {
                let there = OutcomeChange::between(&old, &new);
                let back = OutcomeChange::between(&new, &old);
                assert_eq!(there.is_none(), old.agrees_with(&new), "{old:?} {new:?}");
                let kind = |change: Option<OutcomeChange>| change.and_then(OutcomeChange::kind);
                assert_eq!(kind(there), kind(back), "{old:?} {new:?}");
                let compared = is_steady(&old) && is_steady(&new);
                let differs = there.is_some() && compared;
                assert_eq!(kind(there).is_some(), differs, "{old:?} {new:?}");
            }
        }
    }

    #[test]
    fn a_reason_is_no_choice_and_a_child_is_one() {
        let all = outcomes();
        for old in &all {
            for new in &all {
                match OutcomeChange::between(old, new).and_then(OutcomeChange::kind) {
                    Some(ChangeKind::Reason) => assert!(is_same_choice(old, new)),
                    Some(ChangeKind::Pick | ChangeKind::Acceptance) => {
                        assert!(!is_same_choice(old, new), "{old:?} {new:?}");
                    }
                    // Within one kind of failure there is nothing to choose.
                    Some(ChangeKind::Failure) => {
                        assert_eq!(is_same_choice(old, new), old.kind() == new.kind());
                    }
                    None => {}
                }
            }
        }
        let unmeasured = Outcome::Unmeasured {
            why: UnmeasuredWhy::NotStarted,
            detail: String::new(),
        };
        assert!(!is_steady(&unmeasured));
    }
}
