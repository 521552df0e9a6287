//! What the corpus covers of the specifications and of the reports that are known; and what it
//! does not cover, and why.

mod document;
mod gap;
mod origin;
#[cfg(test)]
mod tests;
mod untested;

pub use gap::Gap;
pub use origin::Origin;
pub use untested::Untested;

use crate::{Case, Clause, Corpus, CorpusError, diagnostic::DiagnosticReport};
use std::collections::{BTreeMap, BTreeSet};

/// The corpus, held against the clauses of the specifications and the reports that are known.
#[derive(Debug)]
pub struct Coverage<'a> {
    corpus: &'a Corpus,
    origins: Vec<Origin>,
    untested: Untested,
    /// The cases that exercise a clause, by its id.
    exercised: BTreeMap<&'a str, Vec<&'a Case>>,
    /// The cases that break a clause themselves, by its id.
    broken: BTreeMap<&'static str, Vec<&'a Case>>,
    /// The cases that name a report, by its id.
    named: BTreeMap<&'a str, Vec<&'a Case>>,
}

impl<'a> Coverage<'a> {
    /// Holds a corpus against `corpus/origins.toml` and `corpus/untested.toml`.
    ///
    /// # Errors
    ///
    /// Where one of the two has mistakes; all of them are listed.
    pub fn of(corpus: &'a Corpus) -> Result<Self, CorpusError> {
        Self::assemble(
            corpus,
            ("corpus/origins.toml", include_str!("../../origins.toml")),
            ("corpus/untested.toml", include_str!("../../untested.toml")),
        )
    }

    /// Holds a corpus against two files, given as path and content.
    pub(crate) fn assemble(
        corpus: &'a Corpus,
        origins: (&str, &str),
        untested: (&str, &str),
    ) -> Result<Self, CorpusError> {
        let mut report = DiagnosticReport::new(origins.0, origins.1);
        let origins = origin::read(origins.1, &mut report);
        let mut mistakes = report.into_mistakes();
        let mut report = DiagnosticReport::new(untested.0, untested.1);
        let untested = untested::read(untested.1, corpus.clauses(), &origins, &mut report);
        mistakes.extend(report.into_mistakes());
        if !mistakes.is_empty() {
            return Err(CorpusError::Mistakes(mistakes));
        }
        let mut coverage = Self {
            corpus,
            origins,
            untested,
            exercised: BTreeMap::new(),
            broken: BTreeMap::new(),
            named: BTreeMap::new(),
        };
        coverage.read_cases();
        Ok(coverage)
    }

    fn read_cases(&mut self) {
        for case in self.corpus.cases() {
            for used in &case.clauses {
                let cases = self.exercised.entry(used.id.as_str()).or_default();
                cases.push(case);
            }
            let broken: BTreeSet<&str> = case.breaches().iter().map(|it| it.clause).collect();
            for clause in broken {
                self.broken.entry(clause).or_default().push(case);
            }
            for origin in &case.origins {
                self.named.entry(origin.as_str()).or_default().push(case);
            }
        }
    }

    /// The cases that exercise a clause, in the order of the matrix.
    #[must_use]
    pub fn exercising(&self, clause: &Clause) -> &[&'a Case] {
        self.exercised
            .get(clause.id.as_str())
            .map_or(&[], Vec::as_slice)
    }

    /// The cases that say what satisfies a clause or breaks it, so that tools are judged by it.
    #[must_use]
    pub fn judging(&self, clause: &Clause) -> Vec<&'a Case> {
        let judges = |case: &&&Case| {
            let mut used = case.clauses.iter();
            used.any(|used| used.id == clause.id && used.can_show())
        };
        self.exercising(clause)
            .iter()
            .filter(judges)
            .copied()
            .collect()
    }

    /// The cases that break a clause themselves, in the order of the matrix.
    #[must_use]
    pub fn breaking(&self, clause: &Clause) -> &[&'a Case] {
        self.broken
            .get(clause.id.as_str())
            .map_or(&[], Vec::as_slice)
    }

    /// The cases that come from a report, in the order of the matrix.
    #[must_use]
    pub fn coming_from(&self, origin: &Origin) -> Vec<&'a Case> {
        let mut cases: Vec<&Case> = Vec::new();
        for case in origin.ids().filter_map(|id| self.named.get(id)).flatten() {
            // A case can name several reports of one thing.
            if !cases.iter().any(|known| known.id == case.id) {
                cases.push(case);
            }
        }
        cases
    }

    /// The reports that cases name and `corpus/origins.toml` does not list, with their cases.
    fn unlisted(&self) -> impl Iterator<Item = (&'a str, &[&'a Case])> {
        self.named
            .iter()
            .filter(|(id, _)| !self.origins.iter().any(|origin| origin.has(id)))
            .map(|(id, cases)| (*id, cases.as_slice()))
    }
}
