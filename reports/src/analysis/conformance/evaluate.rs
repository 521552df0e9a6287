//! The functions that hold an outcome, and the evidence for it, against a clause.

#[cfg(test)]
mod tests;

use super::{Because, ConformanceRule, ReasonedVerdict, Verdict};
use ocipick_corpus::{Expectation, Level, Sign};
use ocipick_records::{Evidence, Identity, Outcome, Sighting};

/// Holds a trial against a rule. Where the rule says what evidence shows that it was broken, that
/// counts whatever the outcome; a trial that wavers has the evidence of one of its tries, and is
/// held against the rule by its outcomes alone.
#[must_use]
pub fn evaluate_trial(
    outcome: &Outcome,
    evidence: &Evidence,
    rule: &ConformanceRule,
) -> ReasonedVerdict {
    let reasoned = evaluate(outcome, rule);
    let wavers = matches!(outcome, Outcome::Unstable { .. });
    if rule.breached_where.is_empty() || wavers || !outcome.is_measured() || !rule.can_show() {
        return reasoned;
    }
    let verdict = match rule.level {
        Some(Level::Must) => Verdict::Violates,
        _ => Verdict::Deviates,
    };
    let mut signs = rule.breached_where.iter();
    if let Some(sign) = signs.find(|sign| is_seen(sign, evidence)) {
        let sign = (*sign).clone();
        return ReasonedVerdict::new(verdict, Because::EvidenceBreaks { sign });
    }
    // Every request was seen, so that none of another form is an answer; that nobody saw a config
    // being read is none.
    if rule.satisfied_by.is_empty()
        && rule.breached_where.contains(&Sign::OddReference)
        && manifest_references(evidence).next().is_some()
    {
        return ReasonedVerdict::new(Verdict::Conforms, Because::RequestsSatisfy);
    }
    reasoned
}

/// Whether evidence shows a sign.
fn is_seen(sign: &Sign, evidence: &Evidence) -> bool {
    let sighted = |child: &str, is: fn(&Identity) -> bool| {
        let places = [&evidence.reported, &evidence.materialised];
        let mut sightings = places.into_iter().flat_map(|it| it.sightings());
        sightings.any(|seen: &Sighting| {
            is(&seen.identity) && seen.children.iter().any(|name| name == child)
        })
    };
    match sign {
        Sign::Unpacks(child) => sighted(child, |identity| {
            matches!(identity, Identity::DiffIds(_) | Identity::ChainId(_))
        }),
        Sign::ReadsLabels(child) => {
            sighted(child, |identity| matches!(identity, Identity::Label(_)))
        }
        Sign::OddReference => {
            manifest_references(evidence).any(|reference| !is_digest_or_tag(reference))
        }
    }
}

/// By what the registry was asked for manifests, as it arrived.
fn manifest_references(evidence: &Evidence) -> impl Iterator<Item = &str> {
    let paths = evidence.requests.iter().map(|it| it.path.as_str());
    paths.filter_map(|path| {
        let rest = path.strip_prefix("/manifests")?;
        if rest.is_empty() {
            return Some(rest);
        }
        rest.strip_prefix('/')
    })
}

/// Whether a reference has the form of a digest or of a tag.
fn is_digest_or_tag(reference: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let tag = reference.starts_with(is_word)
        && reference.len() <= 128
        && reference
            .chars()
            .all(|c| is_word(c) || c == '.' || c == '-');
    let digest = reference
        .split_once(':')
        .is_some_and(|(algorithm, encoded)| {
            let parts = algorithm.split(['+', '.', '_', '-']);
            let is_part = |part: &str| {
                !part.is_empty()
                    && part
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            };
            parts.into_iter().all(is_part)
                && !encoded.is_empty()
                && encoded
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '=' | '_' | '-'))
        });
    tag || digest
}

/// Holds an outcome against a rule. Nothing but the two decides.
#[must_use]
pub fn evaluate(outcome: &Outcome, rule: &ConformanceRule) -> ReasonedVerdict {
    if let Outcome::Unstable { observed } = outcome {
        let reasoned = observed.iter().map(|seen| evaluate(&seen.outcome, rule));
        return in_common(reasoned);
    }
    match bearing(outcome, rule) {
        Bearing::Nothing(because) => ReasonedVerdict::new(Verdict::NotJudged, because),
        Bearing::Unsaid(because) => ReasonedVerdict::new(Verdict::Silent, because),
        Bearing::Optional => ReasonedVerdict::new(Verdict::Allowed, Because::Optional),
        Bearing::Satisfies => ReasonedVerdict::new(Verdict::Conforms, Because::Satisfies),
        Bearing::Breaks(strength, because) => {
            let verdict = match strength {
                Strength::Required => Verdict::Violates,
                Strength::Recommended => Verdict::Deviates,
            };
            ReasonedVerdict {
                arguable: rule.arguable && !is_plain(outcome, rule),
                ..ReasonedVerdict::new(verdict, because)
            }
        }
    }
}

/// Whether the tool's own words say that a violation is what it looks like.
fn is_plain(outcome: &Outcome, rule: &ConformanceRule) -> bool {
    match (outcome, &rule.plain_where_said) {
        (Outcome::Refused { message, .. }, Some(said)) => message.contains(said.as_str()),
        _ => false,
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

fn bearing(outcome: &Outcome, rule: &ConformanceRule) -> Bearing {
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
    if satisfies(outcome, &rule.leaves_open) {
        return Bearing::Nothing(Because::LeftOpen);
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
fn breach(outcome: &Outcome, rule: &ConformanceRule) -> Result<Option<Because>, Because> {
    if satisfies(outcome, &rule.satisfied_by) {
        return Ok(None);
    }
    match outcome {
        Outcome::Picked { .. } => Ok(Some(Because::NotAmongThose)),
        Outcome::Refused { reason, .. } => {
            // No clause names a reason that says nothing.
            if rule.breached_by.contains(reason) {
                Ok(Some(Because::ReasonBreaks))
            } else if rule.excused.contains(reason) {
                Err(Because::IndexInvalid)
            } else {
                Err(Because::RefusedOverSomethingElse)
            }
        }
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
            matches!(outcome, Outcome::Refused { reason, .. } if reason == over)
        }
    })
}

/// The verdict on all that was observed, where it is one and the same.
fn in_common(reasoned: impl Iterator<Item = ReasonedVerdict>) -> ReasonedVerdict {
    let wavers = || ReasonedVerdict::new(Verdict::NotJudged, Because::Wavers);
    reasoned
        .reduce(|one, other| {
            if one.verdict == other.verdict {
                ReasonedVerdict {
                    arguable: one.arguable || other.arguable,
                    ..one
                }
            } else {
                wavers()
            }
        })
        .unwrap_or_else(wavers)
}
