//! What a split is. This is the only place that decides it.
//!
//! A row is a *split* where runtimes that were measured, and that answer the same way each time,
//! disagree about what becomes of the image: they take different children, or some take one and
//! others do not, or some refuse and others fail. A different reason for refusing, or other words
//! for it, is no split: everybody refuses. What was not measured, and what differs when repeated,
//! is on no side.

use ocipick_records::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// In which way the runtimes of a row disagree, what matters most first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Two runtimes take different children. Nobody sees an error.
    Children,
    /// All that take a child take the same one, and others take none.
    Taken,
    /// Nobody takes a child, and not all of them refuse: some report success without an image,
    /// contradict themselves, crash or hang.
    Failures,
}

/// The side on which a runtime is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitSide<'o> {
    /// It took this child.
    Took(&'o str),
    /// It refused, for whatever reason.
    Refused,
    /// It reported success and left nothing usable.
    Nothing,
    /// Its evidence names these children.
    Mixed(&'o [String]),
    /// It crashed.
    Crashed,
    /// It did not end.
    TimedOut,
}

impl<'o> SplitSide<'o> {
    /// The side that an outcome is on; none where nothing was measured, and where it differs when
    /// repeated.
    #[must_use]
    pub fn of(outcome: &'o Outcome) -> Option<Self> {
        match outcome {
            Outcome::Picked { child, .. } => Some(Self::Took(child)),
            Outcome::Refused { .. } => Some(Self::Refused),
            Outcome::Nothing => Some(Self::Nothing),
            Outcome::Mixed { children, .. } => Some(Self::Mixed(children)),
            Outcome::Crashed { .. } => Some(Self::Crashed),
            Outcome::TimedOut { .. } => Some(Self::TimedOut),
            Outcome::Unstable { .. } | Outcome::Unmeasured { .. } => None,
        }
    }

    /// Every side that a runtime may be on some day: of what differs when repeated all that was
    /// seen, and of contradictory evidence every child that it names. For those who have to be
    /// careful rather than exact.
    #[must_use]
    pub fn possible(outcome: &'o Outcome) -> Vec<Self> {
        match outcome {
            Outcome::Unstable { observed } => observed
                .iter()
                .flat_map(|seen| Self::possible(&seen.outcome))
                .collect(),
            Outcome::Mixed { children, .. } => {
                children.iter().map(|child| Self::Took(child)).collect()
            }
            Outcome::Picked { .. }
            | Outcome::Refused { .. }
            | Outcome::Nothing
            | Outcome::Crashed { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Unmeasured { .. } => Self::of(outcome).into_iter().collect(),
        }
    }
}

impl Split {
    /// Whether, and in which way, outcomes of one row disagree.
    #[must_use]
    pub fn of<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Option<Self> {
        let sides: BTreeSet<SplitSide<'o>> =
            outcomes.into_iter().filter_map(SplitSide::of).collect();
        Self::of_sides(&sides)
    }

    /// The same of the sides that there are.
    #[must_use]
    pub fn of_sides(sides: &BTreeSet<SplitSide<'_>>) -> Option<Self> {
        let took = |side: &&SplitSide<'_>| matches!(side, SplitSide::Took(_));
        match (sides.iter().filter(took).count(), sides.len()) {
            (_, 0 | 1) => None,
            (2.., _) => Some(Self::Children),
            (1, _) => Some(Self::Taken),
            (0, _) => Some(Self::Failures),
        }
    }

    /// Whether all that were measured refuse, and only the reasons differ.
    #[must_use]
    pub fn is_of_reasons_only<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> bool {
        let mut reasons = BTreeSet::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Refused { reason, .. } => {
                    reasons.insert(*reason);
                }
                Outcome::Unstable { .. } | Outcome::Unmeasured { .. } => {}
                Outcome::Picked { .. }
                | Outcome::Nothing
                | Outcome::Mixed { .. }
                | Outcome::Crashed { .. }
                | Outcome::TimedOut { .. } => return false,
            }
        }
        reasons.len() > 1
    }
}

/// How many rows disagree, and in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disagreements {
    /// Rows in which two runtimes take different children.
    pub children: usize,
    /// Rows in which some take a child and others take none.
    pub taken: usize,
    /// Rows in which nobody takes a child, and not all refuse.
    pub failures: usize,
    /// Rows in which all refuse, and only the reasons differ. They are no splits.
    pub reasons: usize,
}

impl Disagreements {
    /// Counts a row.
    pub fn add(&mut self, split: Option<Split>, reasons_only: bool) {
        match split {
            Some(Split::Children) => self.children += 1,
            Some(Split::Taken) => self.taken += 1,
            Some(Split::Failures) => self.failures += 1,
            None if reasons_only => self.reasons += 1,
            None => {}
        }
    }

    /// How many rows are splits.
    #[must_use]
    pub fn splits(&self) -> usize {
        self.children + self.taken + self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::{Observed, RefusalReason, UnmeasuredWhy};

    fn picked(child: &str) -> Outcome {
        Outcome::Picked {
            child: child.to_owned(),
            digest: String::new(),
        }
    }

    fn refused(reason: RefusalReason, words: &str) -> Outcome {
        Outcome::Refused {
            reason,
            message: words.to_owned(),
        }
    }

    fn unstable(outcomes: &[Outcome]) -> Outcome {
        Outcome::Unstable {
            observed: outcomes
                .iter()
                .map(|outcome| Observed {
                    outcome: Box::new(outcome.clone()),
                    count: 1,
                })
                .collect(),
        }
    }

    #[test]
    fn a_split_is_told_from_what_is_none() {
        let no_match = refused(RefusalReason::NoMatch, "x");
        let other = refused(RefusalReason::Other, "y");
        let mixed = Outcome::Mixed {
            children: vec!["a".to_owned(), "b".to_owned()],
            digests: Vec::new(),
        };
        let unmeasured = Outcome::Unmeasured {
            why: UnmeasuredWhy::Unsupported,
            detail: String::new(),
        };
        let (a, b) = (picked("a"), picked("b"));
        let wavers = unstable(&[a.clone(), no_match.clone()]);
        let of = |row: &[&Outcome]| Split::of(row.iter().copied());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[&a, &a]), None);
        assert_eq!(of(&[&a, &b]), Some(Split::Children));
        assert_eq!(of(&[&a, &b, &no_match]), Some(Split::Children));
        assert_eq!(of(&[&a, &no_match]), Some(Split::Taken));
        assert_eq!(of(&[&a, &Outcome::Nothing]), Some(Split::Taken));
        assert_eq!(of(&[&no_match, &Outcome::Nothing]), Some(Split::Failures));
        // Reasons and words are no sides.
        assert_eq!(of(&[&no_match, &other]), None);
        // Neither is what was not measured, or differs when repeated.
        assert_eq!(of(&[&a, &unmeasured, &wavers]), None);
        // One runtime that contradicts itself disagrees with nobody but those beside it.
        assert_eq!(of(&[&mixed]), None);
        assert_eq!(of(&[&mixed, &a]), Some(Split::Taken));
    }

    #[test]
    fn reasons_alone_are_told_apart() {
        let no_match = refused(RefusalReason::NoMatch, "x");
        let other = refused(RefusalReason::Other, "y");
        let again = refused(RefusalReason::NoMatch, "other words");
        let only = |row: &[&Outcome]| Split::is_of_reasons_only(row.iter().copied());
        assert!(only(&[&no_match, &other]));
        assert!(!only(&[&no_match, &again]));
        assert!(!only(&[&no_match, &other, &picked("a")]));
        assert!(!only(&[&no_match, &other, &Outcome::Nothing]));
        assert!(only(&[&no_match, &other, &unstable(&[picked("a")])]));
    }

    #[test]
    fn the_careful_count_what_may_happen() {
        let sides = |outcome: &Outcome| -> usize { SplitSide::possible(outcome).len() };
        assert_eq!(sides(&unstable(&[picked("a"), picked("b")])), 2);
        let mixed = Outcome::Mixed {
            children: vec!["a".to_owned(), "b".to_owned()],
            digests: Vec::new(),
        };
        let all: BTreeSet<SplitSide<'_>> = SplitSide::possible(&mixed).into_iter().collect();
        assert_eq!(Split::of_sides(&all), Some(Split::Children));
    }
}
