//! The one function that holds an outcome against a clause.

#[cfg(test)]
mod tests;

use super::{Because, Judgement, Rule, Verdict};
use crate::results::{Outcome, RefusalReason};
use ocipick_corpus::{Expectation, Level, Refusal};

/// Holds an outcome against a rule. Nothing but the two decides.
#[must_use]
pub fn judge(outcome: &Outcome, rule: &Rule) -> Judgement {
    if let Outcome::Unstable { observed } = outcome {
        let judgements = observed.iter().map(|seen| judge(&seen.outcome, rule));
        return in_common(judgements);
    }
    match bearing(outcome, rule) {
        Bearing::Nothing(because) => Judgement {
            verdict: Verdict::NotJudged,
            because,
        },
        Bearing::Unsaid(because) => Judgement {
            verdict: Verdict::Silent,
            because,
        },
        Bearing::Optional => Judgement {
            verdict: Verdict::Allowed,
            because: Because::Optional,
        },
        Bearing::Satisfies => Judgement {
            verdict: Verdict::Conforms,
            because: Because::Satisfies,
        },
        Bearing::Breaks(strength, because) => Judgement {
            verdict: match strength {
                Strength::Required => Verdict::Violates,
                Strength::Recommended => Verdict::Deviates,
            },
            because,
        },
    }
}

/// How strongly a clause that can be broken says what it says.
#[derive(Clone, Copy)]
enum Strength {
    Required,
    Recommended,
}

/// What an outcome, taken by itself, means to a clause.
enum Bearing {
    /// It shows nothing.
    Nothing(Because),
    /// The clause says nothing of it.
    Unsaid(Because),
    /// The clause leaves it open.
    Optional,
    /// It satisfies the clause.
    Satisfies,
    /// It breaks the clause.
    Breaks(Strength, Because),
}

fn bearing(outcome: &Outcome, rule: &Rule) -> Bearing {
    if !outcome.is_measured() {
        return Bearing::Nothing(Because::Unmeasured);
    }
    let strength = match rule.level {
        None => return Bearing::Unsaid(Because::NotInForce),
        Some(Level::Silent) => return Bearing::Unsaid(Because::NothingSaid),
        Some(Level::Statement) => return Bearing::Unsaid(Because::NoKeyword),
        Some(Level::May) => None,
        Some(Level::Should) => Some(Strength::Recommended),
        Some(Level::Must) => Some(Strength::Required),
    };
    if rule.satisfied_by.is_empty() {
        return Bearing::Unsaid(Because::NothingExpected);
    }
    let breach = match breach(outcome, rule) {
        Ok(breach) => breach,
        Err(because) => return Bearing::Nothing(because),
    };
    match (strength, breach) {
        (None, _) => Bearing::Optional,
        (Some(_), None) => Bearing::Satisfies,
        (Some(strength), Some(because)) => {
            let mut rivals = rule.rivals.iter();
            match rivals.find(|rival| satisfies(outcome, &rival.satisfied_by)) {
                Some(rival) => Bearing::Unsaid(Because::AsksOtherwise {
                    clause: rival.clause.clone(),
                }),
                None => Bearing::Breaks(strength, because),
            }
        }
    }
}

/// Whether an outcome is against what the rule expects, whatever its level, and in which way.
///
/// # Errors
///
/// Where the outcome does not show it.
fn breach(outcome: &Outcome, rule: &Rule) -> Result<Option<Because>, Because> {
    if satisfies(outcome, &rule.satisfied_by) {
        return Ok(None);
    }
    match outcome {
        Outcome::Picked { .. } => Ok(Some(Because::NotAmongThose)),
        Outcome::Refused { reason, .. } => match refusal(*reason) {
            Some(refusal) if rule.breached_by.contains(&refusal) => Ok(Some(Because::ReasonBreaks)),
            Some(refusal) if rule.excused.contains(&refusal) => Err(Because::IndexInvalid),
            Some(_) | None => Err(Because::RefusedOverSomethingElse),
        },
        Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::Crashed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unstable { .. } => Err(Because::ShowsNothing {
            kind: outcome.kind(),
        }),
        Outcome::Unmeasured { .. } => Err(Because::Unmeasured),
    }
}

/// Whether an outcome is among the expected ones.
fn satisfies(outcome: &Outcome, expected: &[Expectation]) -> bool {
    expected.iter().any(|expectation| match expectation {
        Expectation::Picks(name) => {
            matches!(outcome, Outcome::Picked { child, .. } if child == name)
        }
        Expectation::Refuses => matches!(outcome, Outcome::Refused { .. }),
        Expectation::RefusesOver(over) => {
            matches!(outcome, Outcome::Refused { reason, .. } if refusal(*reason) == Some(*over))
        }
    })
}

/// The judgement on all that was observed, where the verdict is one and the same.
fn in_common(judgements: impl Iterator<Item = Judgement>) -> Judgement {
    let wavers = || Judgement {
        verdict: Verdict::NotJudged,
        because: Because::Wavers,
    };
    judgements
        .reduce(|one, other| {
            if one.verdict == other.verdict {
                one
            } else {
                wavers()
            }
        })
        .unwrap_or_else(wavers)
}

/// The reason as clauses know it; none for one that says nothing.
fn refusal(reason: RefusalReason) -> Option<Refusal> {
    match reason {
        RefusalReason::NoMatch => Some(Refusal::NoMatch),
        RefusalReason::NestedUnsupported => Some(Refusal::NestedUnsupported),
        RefusalReason::MediaType => Some(Refusal::MediaType),
        RefusalReason::MissingContent => Some(Refusal::MissingContent),
        RefusalReason::SizeMismatch => Some(Refusal::SizeMismatch),
        RefusalReason::DigestMismatch => Some(Refusal::DigestMismatch),
        RefusalReason::Ambiguous => Some(Refusal::Ambiguous),
        RefusalReason::Malformed => Some(Refusal::Malformed),
        RefusalReason::PlatformMismatch => Some(Refusal::PlatformMismatch),
        RefusalReason::Other | RefusalReason::Unknown => None,
    }
}
