//! Which cases two results have in common.

use super::{PairedRuntimes, now};
use crate::analysis::matrix::Matrix;
use ocipick_records::{Outcome, Trial};
use std::collections::{BTreeMap, BTreeSet};

/// Which cases are new, which are gone, and which are other bytes now; by the ids that they have
/// now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectedCells<'a> {
    /// Cases that both have, of the same bytes as far as is known.
    pub same: BTreeSet<&'a str>,
    /// Cases that only the newer results have.
    pub new: BTreeSet<&'a str>,
    /// Cases that only the older results have.
    pub gone: BTreeSet<&'a str>,
    /// Cases that are other bytes now. What was observed then and now are answers to two questions.
    pub other_bytes: BTreeSet<&'a str>,
    /// Cases that are compared although nobody knows whether they are the same bytes, because
    /// results did not record that when they were made. Those in which one child has two digests
    /// are known to be others.
    pub unknown_bytes: BTreeSet<&'a str>,
    /// Ids that cases had in the older results, with those that they have now.
    pub renamed: BTreeMap<&'a str, &'a str>,
}

/// What is known of the bytes of the cases of one side.
struct Side<'a> {
    cases: BTreeSet<&'a str>,
    content: BTreeMap<&'a str, &'a str>,
    digests: BTreeSet<&'a str>,
    /// The digests under which a child of a case was picked.
    picks: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
}

impl<'a> SelectedCells<'a> {
    pub(super) fn of(
        old: &'a Matrix<'a>,
        new: &'a Matrix<'a>,
        runtimes: &PairedRuntimes,
        renamed: &'a BTreeMap<String, String>,
    ) -> Self {
        let before = Side::of(old, Some(renamed));
        let after = Side::of(new, None);
        let mut cases = Self::default();
        // A case that was asked for and never tried is still there.
        for case in before.cases.difference(&after.cases) {
            cases.gone.insert(case);
        }
        for case in after.cases.difference(&before.cases) {
            cases.new.insert(case);
        }
        let one_corpus = before.digests.len() == 1 && before.digests == after.digests;
        for case in before.cases.intersection(&after.cases) {
            let known = before.content.get(case).zip(after.content.get(case));
            match known {
                Some((then, now)) if then != now => cases.other_bytes.insert(case),
                Some(_) => cases.same.insert(case),
                None if one_corpus => cases.same.insert(case),
                None if before.contradicts(&after, case) => cases.other_bytes.insert(case),
                None => cases.unknown_bytes.insert(case) & cases.same.insert(case),
            };
        }
        let ids = old.trials().map(|trial| trial.case.as_str());
        cases.renamed = ids
            .filter_map(|id| Some((id, renamed.get(id)?.as_str())))
            .collect();
        // Without a runtime in common nothing is compared, whatever is known of the bytes.
        if runtimes.pairs.is_empty() {
            cases.unknown_bytes.clear();
        }
        cases
    }

    /// Whether the cells of a case are compared.
    pub(super) fn is_compared(&self, case: &str) -> bool {
        self.same.contains(case)
    }
}

impl<'a> Side<'a> {
    fn of(matrix: &'a Matrix<'a>, renamed: Option<&'a BTreeMap<String, String>>) -> Self {
        let mut side = Self {
            cases: BTreeSet::new(),
            content: BTreeMap::new(),
            digests: BTreeSet::new(),
            picks: BTreeMap::new(),
        };
        for run in &matrix.runs {
            let corpus = &run.header.corpus;
            side.digests.insert(&corpus.digest);
            for (case, content) in &corpus.content {
                let case = now(case, renamed);
                side.cases.insert(case);
                side.content.insert(case, content);
            }
        }
        for trial in matrix.trials() {
            side.cases.insert(now(&trial.case, renamed));
            side.note(trial, &trial.outcome, renamed);
        }
        side
    }

    fn note(
        &mut self,
        trial: &'a Trial,
        outcome: &'a Outcome,
        renamed: Option<&'a BTreeMap<String, String>>,
    ) {
        match outcome {
            Outcome::Picked { child, digest } => {
                let place = (now(&trial.case, renamed), child.as_str());
                self.picks.entry(place).or_default().insert(digest);
            }
            Outcome::Unstable { observed } => {
                for seen in observed {
                    self.note(trial, &seen.outcome, renamed);
                }
            }
            Outcome::Refused { .. }
            | Outcome::Nothing
            | Outcome::Mixed { .. }
            | Outcome::Crashed { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Unmeasured { .. } => {}
        }
    }

    /// Whether a child of a case has no digest in common with that of the other side.
    fn contradicts(&self, other: &Self, case: &str) -> bool {
        self.picks
            .iter()
            .filter(|((of, _), _)| *of == case)
            .any(|(place, digests)| {
                let theirs = other.picks.get(place);
                theirs.is_some_and(|theirs| digests.is_disjoint(theirs))
            })
    }
}
