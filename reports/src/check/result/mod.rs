//! Whether a trial passes as a check: held against what was accepted before, and where nothing was,
//! against what the specifications require.
//!
//! 1. What could not be measured passes no check and fails none. Where the baseline has an outcome
//!    of it, it is lost, and the check as a whole is no pass.
//! 2. An expected failure that no longer occurs fails (xpass); one that occurs passes (xfail).
//! 3. Where the runtime has a baseline, the outcome has to be as it says. Cases that it does not
//!    have are new, and never fail.
//! 4. Where an older version or another build has one, every difference is a change, which fails
//!    unless changes are only to be reported.
//! 5. Where the platform was left to the tool, only a baseline of the same CPU level counts. What
//!    passes without it is not held against anything, and is said to be so.
//! 6. Where nothing was ever accepted, a broken requirement (MUST) fails, and so does what is no
//!    answer at all: a crash, a hang, an empty success, a contradiction, a different answer each
//!    time. All else is only reported.

mod entries;
mod explain;

pub use explain::{Explained, Hints, explain};

use crate::{
    analysis::conformance::{ConformanceRule, ReasonedVerdict, Verdict},
    baseline::{BaselineAnswer, Check, Distance, Reference},
    check::expected::{ExpectationStatus, ExpectedFailure},
};
use ocipick_records::{Outcome, OutcomeClass, Trial, UnmeasuredWhy};

/// What to do about changes against the baseline of an older version or another build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Changes {
    /// They fail.
    #[default]
    Fail,
    /// They are only reported.
    Report,
}

/// The variable that says what to do about changes.
pub const CHANGES: &str = "OCIPICK_CHANGES";

/// A value of [`CHANGES`] that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{CHANGES} is `{0}` (hint: it can be `fail`, which is what happens without it, or `report`)"
)]
pub struct ChangesError(String);

impl Changes {
    /// Reads the variable's value; nothing is the same as `fail`.
    ///
    /// # Errors
    ///
    /// Where it means nothing.
    pub fn parse(value: Option<&str>) -> Result<Self, ChangesError> {
        match value {
            None | Some("" | "fail") => Ok(Self::Fail),
            Some("report") => Ok(Self::Report),
            Some(other) => Err(ChangesError(other.to_owned())),
        }
    }
}

/// All that a check result rests on.
#[derive(Clone, Copy, Debug)]
pub struct CheckInput<'f> {
    /// The trial.
    pub trial: &'f Trial,
    /// The trial held against the nearest baseline.
    pub check: &'f Check<'f>,
    /// The trial held against every clause that its case exercises.
    pub verdicts: &'f [(&'f ConformanceRule, ReasonedVerdict)],
    /// Whether an expected failure is about it.
    pub standing: &'f ExpectationStatus<'f>,
    /// What to do about changes.
    pub changes: Changes,
}

/// Whether a trial passes.
#[derive(Debug)]
pub enum CheckResult<'f> {
    /// It passes.
    Passes,
    /// It fails as it is expected to, and that passes.
    Expected(&'f ExpectedFailure),
    /// It passes, and there is something to say about it.
    Reported(CheckReason<'f>),
    /// It fails.
    Fails(CheckReason<'f>),
    /// It passes by the specifications, and is not held against its baseline, which is of another
    /// CPU level.
    NotHeld {
        /// The baseline.
        reference: Reference<'f>,
        /// The level of the processor that was measured on, where it is known.
        level: Option<&'f str>,
    },
    /// It was not measured, although something was accepted.
    Lost {
        /// Why it was not measured.
        why: UnmeasuredWhy,
        /// The baseline.
        reference: Reference<'f>,
        /// What was accepted.
        accepted: &'f BaselineAnswer,
    },
    /// It was not measured, and nothing was ever accepted.
    Unmeasured(UnmeasuredWhy),
}

impl CheckResult<'_> {
    /// What kind of thing it rests on, in a word or two.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Passes => "passed",
            Self::Expected(_) => "xfail",
            Self::Reported(ground) | Self::Fails(ground) => match ground {
                CheckReason::Stale(_) => "xpass",
                CheckReason::Changed { .. } => "changed",
                CheckReason::New { .. } => "new",
                CheckReason::Violates(_) => "violates",
                CheckReason::Deviates(_) => "deviates",
                CheckReason::NoAnswer => "no answer",
            },
            Self::NotHeld { .. } => "not held",
            Self::Lost { .. } => "not measured any more",
            Self::Unmeasured(_) => "not measured",
        }
    }
}

/// What a check result rests on.
#[derive(Debug)]
pub enum CheckReason<'f> {
    /// An expected failure no longer occurs.
    Stale(&'f ExpectedFailure),
    /// The outcome is another than the one that was accepted.
    Changed {
        /// The baseline.
        reference: Reference<'f>,
        /// What was accepted.
        accepted: &'f BaselineAnswer,
    },
    /// The baseline does not have the case, or not in these bytes.
    New {
        /// The baseline.
        reference: Reference<'f>,
        /// Whether the case is there, and was other bytes.
        was_other_bytes: bool,
    },
    /// A requirement was broken.
    Violates(&'f ConformanceRule),
    /// A recommendation was not followed.
    Deviates(&'f ConformanceRule),
    /// The outcome is no answer.
    NoAnswer,
}

/// Rules on a trial. Nothing but the facts decides.
#[must_use]
pub fn rule<'f>(facts: &CheckInput<'f>) -> CheckResult<'f> {
    if let Outcome::Unmeasured { why, .. } = &facts.trial.outcome {
        return not_measured(*why, facts);
    }
    match facts.standing {
        ExpectationStatus::Stale(finding) => {
            return CheckResult::Fails(CheckReason::Stale(finding));
        }
        ExpectationStatus::Known(finding) => return CheckResult::Expected(finding),
        ExpectationStatus::Unlisted => {}
    }
    match facts.check {
        Check::Same { .. } => CheckResult::Passes,
        Check::New {
            reference,
            was_other_bytes,
        } => CheckResult::Reported(CheckReason::New {
            reference: *reference,
            was_other_bytes: *was_other_bytes,
        }),
        Check::Changed {
            reference,
            accepted,
            ..
        } => {
            let ground = CheckReason::Changed {
                reference: *reference,
                accepted,
            };
            match (reference.distance, facts.changes) {
                (Distance::Same, _) | (_, Changes::Fail) => CheckResult::Fails(ground),
                (Distance::OtherBuild | Distance::Older, Changes::Report) => {
                    CheckResult::Reported(ground)
                }
            }
        }
        Check::NoReference => by_specification(facts),
        Check::OtherLevel { reference, level } => match by_specification(facts) {
            CheckResult::Passes => CheckResult::NotHeld {
                reference: *reference,
                level: level.as_deref(),
            },
            other => other,
        },
        // What is not measured is told above; what is not known is held against nothing.
        Check::Unmeasured { .. } => CheckResult::Passes,
    }
}

/// Rules on a trial that was not measured.
fn not_measured<'f>(why: UnmeasuredWhy, facts: &CheckInput<'f>) -> CheckResult<'f> {
    // Of these somebody has measured it.
    let is_elsewhere = matches!(why, UnmeasuredWhy::Withheld | UnmeasuredWhy::Unknown);
    match facts.check {
        Check::Unmeasured {
            accepted: Some((reference, accepted)),
        } if !is_elsewhere
            && (reference.distance == Distance::Same || facts.changes == Changes::Fail) =>
        {
            CheckResult::Lost {
                why,
                reference: *reference,
                accepted,
            }
        }
        _ => CheckResult::Unmeasured(why),
    }
}

/// Rules on a trial about which nothing was ever accepted.
fn by_specification<'f>(facts: &CheckInput<'f>) -> CheckResult<'f> {
    let first = |verdict| {
        let mut verdicts = facts.verdicts.iter();
        verdicts
            .find(|(_, reasoned)| reasoned.verdict == verdict)
            .map(|(rule, _)| *rule)
    };
    if let Some(rule) = first(Verdict::Violates) {
        return CheckResult::Fails(CheckReason::Violates(rule));
    }
    match facts.trial.outcome.class() {
        OutcomeClass::NoAnswer | OutcomeClass::Unstable => {
            CheckResult::Fails(CheckReason::NoAnswer)
        }
        OutcomeClass::Pick | OutcomeClass::Refusal | OutcomeClass::Unmeasured => {
            first(Verdict::Deviates).map_or(CheckResult::Passes, |rule| {
                CheckResult::Reported(CheckReason::Deviates(rule))
            })
        }
    }
}

/// Whether a requirement was broken, for [`crate::check::expected`].
#[must_use]
pub fn violates(verdicts: &[(&ConformanceRule, ReasonedVerdict)]) -> bool {
    verdicts
        .iter()
        .any(|(_, reasoned)| reasoned.verdict == Verdict::Violates)
}

#[cfg(test)]
mod tests;
