//! What a runtime did, without what differs from run to run.

use super::text::{escape, unescape};
use ocipick_records::{Observed, Outcome, RefusalReason};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// What a runtime did, without what differs from run to run: no messages, digests, times and
/// counts. Two answers are equal where the outcomes agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BaselineAnswer {
    /// It picked this child.
    Picked(String),
    /// It refused, for this reason.
    Refused(RefusalReason),
    /// It reported success, and left nothing usable.
    Nothing,
    /// The evidence names these children.
    Mixed(Vec<String>),
    /// It, or its daemon, died; or panicked and lives on.
    Crashed {
        /// Whether it lives on.
        survived: bool,
    },
    /// It did not end within its deadline.
    TimedOut,
    /// It does one of these when repeated.
    Unstable(BTreeSet<BaselineAnswer>),
}

/// Why a text is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no outcome (hint: picked CHILD, refused REASON, nothing, mixed CHILD CHILD, crashed, crashed survived, timed-out, or unstable with several of those between bars)"
)]
pub struct AnswerError(String);

impl BaselineAnswer {
    /// What an outcome amounts to; nothing where nothing was measured.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Option<Self> {
        Some(match outcome {
            Outcome::Picked { child, .. } => Self::Picked(child.clone()),
            // What is not known is neither accepted nor held against anything.
            Outcome::Refused {
                reason: RefusalReason::Unknown,
                ..
            } => return None,
            Outcome::Refused { reason, .. } => Self::Refused(*reason),
            Outcome::Nothing => Self::Nothing,
            Outcome::Mixed { children, .. } => Self::Mixed(children.clone()),
            Outcome::Crashed { survived, .. } => Self::Crashed {
                survived: *survived,
            },
            Outcome::TimedOut { .. } => Self::TimedOut,
            Outcome::Unstable { observed } => {
                let seen = observed.iter();
                let mut answers = BTreeSet::new();
                for answer in seen.filter_map(|seen| Self::of(&seen.outcome)) {
                    match answer {
                        Self::Unstable(more) => answers.extend(more),
                        other => {
                            answers.insert(other);
                        }
                    }
                }
                Self::Unstable(answers)
            }
            Outcome::Unmeasured { .. } => return None,
        })
    }

    /// An outcome that amounts to this, to compare others with. What a baseline does not keep is empty in it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Picked(child) => Outcome::Picked {
                child: child.clone(),
                digest: String::new(),
            },
            Self::Refused(reason) => Outcome::Refused {
                reason: *reason,
                message: String::new(),
            },
            Self::Nothing => Outcome::Nothing,
            Self::Mixed(children) => Outcome::Mixed {
                children: children.clone(),
                digests: Vec::new(),
            },
            Self::Crashed { survived } => Outcome::Crashed {
                what: String::new(),
                survived: *survived,
            },
            Self::TimedOut => Outcome::TimedOut { after_ms: 0 },
            Self::Unstable(answers) => Outcome::Unstable {
                observed: answers
                    .iter()
                    .map(|answer| Observed {
                        outcome: Box::new(answer.outcome()),
                        count: 1,
                    })
                    .collect(),
            },
        }
    }

    /// Whether this is what a baseline says, or one face of it: a runtime that is known to waver
    /// shows one of its answers when it is asked once.
    #[must_use]
    pub fn is_as(&self, accepted: &Self) -> bool {
        match (self, accepted) {
            (Self::Unstable(seen), Self::Unstable(known)) => seen.is_subset(known),
            (seen, Self::Unstable(known)) => known.contains(seen),
            (seen, accepted) => seen == accepted,
        }
    }
}

impl fmt::Display for BaselineAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picked(child) => write!(f, "picked {}", escape(child)),
            Self::Refused(reason) => write!(f, "refused {reason}"),
            Self::Nothing => f.write_str("nothing"),
            Self::Mixed(children) => {
                f.write_str("mixed")?;
                children
                    .iter()
                    .try_for_each(|child| write!(f, " {}", escape(child)))
            }
            Self::Crashed { survived: false } => f.write_str("crashed"),
            Self::Crashed { survived: true } => f.write_str("crashed survived"),
            Self::TimedOut => f.write_str("timed-out"),
            Self::Unstable(answers) => {
                let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
                write!(f, "unstable {}", answers.join(" | "))
            }
        }
    }
}

impl FromStr for BaselineAnswer {
    type Err = AnswerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let none = || AnswerError(text.to_owned());
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match (word, rest) {
            ("picked", child) if is_name(child) => Ok(Self::Picked(unescape(child))),
            ("refused", reason) => match reason.parse() {
                Err(_) | Ok(RefusalReason::Unknown) => Err(none()),
                Ok(reason) => Ok(Self::Refused(reason)),
            },
            ("nothing", "") => Ok(Self::Nothing),
            ("mixed", "") => Ok(Self::Mixed(Vec::new())),
            ("mixed", children) if children.split(' ').all(is_name) => {
                Ok(Self::Mixed(children.split(' ').map(unescape).collect()))
            }
            ("crashed", "") => Ok(Self::Crashed { survived: false }),
            ("crashed", "survived") => Ok(Self::Crashed { survived: true }),
            ("timed-out", "") => Ok(Self::TimedOut),
            ("unstable", rest) => {
                let answers = rest.split(" | ").map(|part| match part.parse() {
                    Ok(Self::Unstable(_)) | Err(_) => Err(none()),
                    Ok(answer) => Ok(answer),
                });
                answers.collect::<Result<_, _>>().map(Self::Unstable)
            }
            _ => Err(none()),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::UnmeasuredWhy;

    fn answer(text: &str) -> BaselineAnswer {
        text.parse().unwrap()
    }

    #[test]
    fn answers_are_read_as_they_are_written() {
        for text in [
            "picked first",
            "picked with%20a%20space",
            "refused no-match",
            "nothing",
            "mixed first second",
            "mixed",
            "crashed",
            "crashed survived",
            "timed-out",
            "unstable picked first | picked second | crashed",
            "unstable crashed | crashed survived",
        ] {
            assert_eq!(answer(text).to_string(), text);
            let outcome = answer(text).outcome();
            assert_eq!(BaselineAnswer::of(&outcome), Some(answer(text)), "{text}");
        }
        for text in [
            "",
            "picked",
            "picked a b",
            "refused",
            "refused never",
            "nothing at all",
            "exploded",
            "unstable",
            "unstable picked a | unstable crashed",
            "unmeasured",
            "crashed twice",
        ] {
            assert!(text.parse::<BaselineAnswer>().is_err(), "{text}");
        }
        assert_eq!(answer("picked a%7Cb"), BaselineAnswer::Picked("a|b".into()));
    }

    #[test]
    fn what_differs_from_run_to_run_is_left_out() {
        let outcome = |message: &str| Outcome::Refused {
            reason: RefusalReason::NoMatch,
            message: message.to_owned(),
        };
        assert_eq!(
            BaselineAnswer::of(&outcome("a")),
            BaselineAnswer::of(&outcome("b"))
        );
        let unstable = |counts: [u32; 2]| Outcome::Unstable {
            observed: counts
                .iter()
                .zip([outcome("a"), Outcome::Nothing])
                .map(|(count, outcome)| Observed {
                    outcome: Box::new(outcome),
                    count: *count,
                })
                .collect(),
        };
        assert_eq!(
            BaselineAnswer::of(&unstable([1, 2])),
            BaselineAnswer::of(&unstable([5, 1]))
        );
        let unmeasured = Outcome::Unmeasured {
            why: UnmeasuredWhy::NotStarted,
            detail: String::new(),
        };
        assert_eq!(BaselineAnswer::of(&unmeasured), None);
    }

    #[test]
    fn one_face_of_what_wavers_is_as_accepted_and_not_the_other_way_round() {
        let wavers = answer("unstable picked a | picked b");
        assert!(answer("picked a").is_as(&wavers));
        assert!(wavers.is_as(&wavers));
        assert!(!answer("picked c").is_as(&wavers));
        assert!(!wavers.is_as(&answer("picked a")));
        assert!(!answer("unstable picked a | picked c").is_as(&wavers));
    }
}
