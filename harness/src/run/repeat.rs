//! What several trials of one cell come to.

use ocipick_records::{Observed, Outcome, OutcomeClass, UnmeasuredWhy};

/// The outcome of a cell that was tried several times. Outcomes that differ are never reported
/// as any one of them: where all were measured the tool is unstable, and where some were not
/// nobody can say.
pub(super) fn together(outcomes: Vec<Outcome>) -> Outcome {
    let count = outcomes.len();
    let mut observed: Vec<Observed> = Vec::new();
    for outcome in outcomes {
        match observed
            .iter_mut()
            .find(|known| known.outcome.agrees_with(&outcome))
        {
            Some(known) => known.count += 1,
            None => observed.push(Observed {
                outcome: Box::new(outcome),
                count: 1,
            }),
        }
    }
    let unmeasured = observed.iter().find(|known| !known.outcome.is_measured());
    match (observed.len(), unmeasured) {
        (0, _) => Outcome::Unmeasured {
            why: UnmeasuredWhy::EvidenceMissing,
            detail: "no trial was run".to_owned(),
        },
        (1, _) => *observed.remove(0).outcome,
        (_, Some(unmeasured)) => Outcome::Unmeasured {
            why: UnmeasuredWhy::EvidenceMissing,
            detail: format!(
                "{} of {count} trials could not be measured, and the others cannot stand for them: {}",
                unmeasured.count,
                unmeasured.outcome.gist()
            ),
        },
        (_, None) => {
            // The most frequent first; equal ones in the order of their outcomes, so that two
            // runs which saw the same say the same.
            observed.sort_by(|a, b| {
                b.count
                    .cmp(&a.count)
                    .then_with(|| a.outcome.cmp(&b.outcome))
            });
            Outcome::Unstable { observed }
        }
    }
}

/// What was seen, in the order in which it was seen; the evidence is that of the first.
pub(super) fn in_turn(outcomes: &[Outcome]) -> String {
    let gists: Vec<String> = outcomes.iter().map(Outcome::gist).collect();
    format!(
        "{} trials, in turn: {}; the evidence is of the first",
        gists.len(),
        gists.join(", ")
    )
}

/// Whether an outcome is one that should not be published after a single look: all but a pick.
/// What could not be measured is not tried again either, since that could only hide why.
pub(super) fn is_doubtful(outcome: &Outcome) -> bool {
    match outcome.class() {
        OutcomeClass::Pick | OutcomeClass::Unmeasured => false,
        OutcomeClass::Refusal | OutcomeClass::NoAnswer | OutcomeClass::Unstable => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::RefusalReason;
    use ocipick_reports::analysis::split::Split;

    fn picked(child: &str) -> Outcome {
        Outcome::Picked {
            child: child.to_owned(),
            digest: String::new(),
        }
    }

    fn refused(message: &str) -> Outcome {
        Outcome::Refused {
            reason: RefusalReason::SizeMismatch,
            message: message.to_owned(),
        }
    }

    #[test]
    fn trials_that_agree_are_one_outcome_whatever_the_words() {
        assert_eq!(
            together(vec![refused("port 1"), refused("port 2")]),
            refused("port 1")
        );
    }

    #[test]
    fn trials_that_differ_are_none_of_their_outcomes() {
        let outcome = together(vec![picked("a"), refused("x"), picked("a")]);
        let Outcome::Unstable { observed } = &outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(observed.len(), 2);
        assert_eq!(
            (observed[0].count, &*observed[0].outcome),
            (2, &picked("a"))
        );
        let turned = together(vec![refused("x"), picked("a"), picked("a")]);
        assert_eq!(turned.gist(), outcome.gist());
    }

    #[test]
    fn what_was_not_measured_makes_the_cell_unmeasured_and_never_unstable() {
        let trouble = Outcome::Unmeasured {
            why: UnmeasuredWhy::HarnessTrouble,
            detail: "no space".to_owned(),
        };
        let outcome = together(vec![picked("a"), trouble]);
        assert!(!outcome.is_measured(), "{outcome:?}");
    }

    #[test]
    fn a_row_splits_where_two_that_were_measured_differ() {
        let unmeasured = Outcome::Unmeasured {
            why: UnmeasuredWhy::Unsupported,
            detail: String::new(),
        };
        let (a, b, x, y) = (picked("a"), picked("b"), refused("x"), refused("y"));
        let splits = |row: &[&Outcome]| Split::of(row.iter().copied()).is_some();
        assert!(splits(&[&a, &a, &b]));
        assert!(splits(&[&unmeasured, &a, &x]));
        assert!(!splits(&[&x, &y]));
        assert!(!splits(&[&a, &unmeasured, &a]));
        assert!(!splits(&[&unmeasured, &unmeasured]) && !splits(&[]));
        // What does not agree with itself is on no side. It is tried again for its own sake.
        let unstable = together(vec![picked("a"), refused("x")]);
        assert!(!splits(&[&unstable, &a]) && is_doubtful(&unstable));
        assert!(is_doubtful(&x) && is_doubtful(&Outcome::Nothing));
        assert!(!is_doubtful(&a) && !is_doubtful(&unmeasured));
    }

    #[test]
    fn the_note_keeps_their_order() {
        let note = in_turn(&[picked("a"), refused("x")]);
        assert!(
            note.starts_with("2 trials, in turn: a, refused: size-mismatch"),
            "{note}"
        );
    }
}
