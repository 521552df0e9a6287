//! The verdicts on everything that a matrix shows.

use super::{Judgement, Rule, Rulebook, Verdict};
use crate::{
    matrix::{Matrix, Row},
    results::Trial,
};
use ocipick_corpus::Level;
use std::collections::{BTreeMap, BTreeSet};

/// The verdicts on everything that a matrix shows, with the numbers that they come to.
#[derive(Clone, Debug)]
pub struct Verdicts<'m> {
    /// The revisions that outcomes were held against: specification and release.
    pub revisions: Vec<(&'m str, &'m str)>,
    /// Every trial held against every clause that its case exercises, in the order of tables, rows
    /// and runtimes, and of the clauses in the case.
    pub entries: Vec<Entry<'m>>,
}

/// One trial held against one clause.
#[derive(Clone, Debug)]
pub struct Entry<'m> {
    /// The trial.
    pub trial: &'m Trial,
    /// Its row, by the name that people are shown.
    pub label: String,
    /// Its runtime, by the place in the matrix.
    pub column: usize,
    /// The clause, as the case exercises it.
    pub rule: &'m Rule,
    /// The verdict, and what it rests on.
    pub judgement: Judgement,
}

/// What became of one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseTally<'m> {
    /// Its id.
    pub clause: &'m str,
    /// How strongly it says what it says.
    pub level: Level,
    /// What it says.
    pub says: &'m str,
    /// Where it stands.
    pub link: &'m str,
    /// How many trials show that it was followed or broken.
    pub judged: usize,
    /// How many show that it was broken.
    pub broken: usize,
    /// Who broke it where. Cases that the same runtimes broke it in stand together, those that most
    /// broke it in first.
    pub breaches: Vec<Breaches>,
}

/// The cases in which the same runtimes broke a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaches {
    /// The operation.
    pub operation: String,
    /// The rows, by the names that people are shown.
    pub labels: Vec<String>,
    /// The runtimes, by their places in the matrix.
    pub columns: Vec<usize>,
}

/// How often a runtime got each verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeTally {
    /// The runtime, by its place in the matrix.
    pub column: usize,
    /// How often it got each verdict; every verdict is there.
    pub counts: BTreeMap<Verdict, usize>,
}

impl<'m> Verdicts<'m> {
    /// Holds everything that a matrix shows against a rulebook.
    #[must_use]
    pub fn of(matrix: &'m Matrix<'_>, rulebook: &'m Rulebook<'_>) -> Self {
        let bytes = rulebook.compare(matrix.runs.iter().map(|run| run.header));
        let mut entries = Vec::new();
        for row in matrix.tables.iter().flat_map(|table| table.rows()) {
            for (column, trial) in trials(row) {
                for (rule, judgement) in rulebook.judge(trial, &bytes) {
                    entries.push(Entry {
                        trial,
                        label: row.label(),
                        column,
                        rule,
                        judgement,
                    });
                }
            }
        }
        let revisions = rulebook.revisions().iter();
        Self {
            revisions: revisions
                .map(|(specification, release)| (specification, release.name()))
                .collect(),
            entries,
        }
    }

    /// Whether no case of the matrix exercises a clause that anybody knows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every clause that somebody broke: requirements before recommendations, those that were
    /// broken most often first.
    #[must_use]
    pub fn broken(&self, rulebook: &Rulebook<'m>) -> Vec<ClauseTally<'m>> {
        let mut clauses: BTreeMap<&str, Vec<&Entry<'m>>> = BTreeMap::new();
        for entry in &self.entries {
            clauses.entry(&entry.rule.clause).or_default().push(entry);
        }
        let mut tallies: Vec<ClauseTally<'m>> = clauses
            .into_values()
            .filter_map(|entries| tally(&entries, rulebook))
            .collect();
        tallies.sort_by(|one, other| {
            let rank = |it: &ClauseTally<'_>| (it.level, usize::MAX - it.broken);
            rank(one)
                .cmp(&rank(other))
                .then_with(|| one.clause.cmp(other.clause))
        });
        tallies
    }

    /// How often each runtime got each verdict, in the order of the matrix. Runtimes of which
    /// nothing was measured are left out.
    #[must_use]
    pub fn runtimes(&self) -> Vec<RuntimeTally> {
        let mut tallies: BTreeMap<usize, BTreeMap<Verdict, usize>> = BTreeMap::new();
        for entry in self
            .entries
            .iter()
            .filter(|it| it.trial.outcome.is_measured())
        {
            let counts = tallies.entry(entry.column).or_insert_with(|| {
                let none = Verdict::ALL.into_iter().map(|verdict| (verdict, 0));
                none.collect()
            });
            *counts.entry(entry.judgement.verdict).or_default() += 1;
        }
        tallies
            .into_iter()
            .map(|(column, counts)| RuntimeTally { column, counts })
            .collect()
    }
}

/// The trials of a row, each with the place of its runtime.
fn trials<'m>(row: &'m Row<'_>) -> impl Iterator<Item = (usize, &'m Trial)> {
    let cells = row.cells.iter().enumerate();
    cells.filter_map(|(column, cell)| Some((column, (*cell)?)))
}

/// What became of a clause; nothing where nobody broke it.
fn tally<'m>(entries: &[&Entry<'m>], rulebook: &Rulebook<'m>) -> Option<ClauseTally<'m>> {
    let rule = entries.first()?.rule;
    let clause = rulebook.clause(&rule.clause)?;
    let wording = rulebook.revisions().wording(clause)?;
    let judged = |entry: &&&Entry<'_>| {
        entry.judgement.verdict == Verdict::Conforms || entry.judgement.verdict.is_breach()
    };
    let broken = entries.iter().filter(|it| it.judgement.verdict.is_breach());
    let mut rows: Vec<((&str, &str), BTreeSet<usize>)> = Vec::new();
    for entry in broken.clone() {
        let row = (entry.trial.operation.as_str(), entry.label.as_str());
        match rows.iter_mut().find(|(known, _)| *known == row) {
            Some((_, columns)) => {
                columns.insert(entry.column);
            }
            None => rows.push((row, BTreeSet::from([entry.column]))),
        }
    }
    let mut breaches: Vec<Breaches> = Vec::new();
    for ((operation, label), columns) in rows {
        let columns: Vec<usize> = columns.into_iter().collect();
        let known = breaches
            .iter_mut()
            .find(|it| it.operation == operation && it.columns == columns);
        match known {
            Some(known) => known.labels.push(label.to_owned()),
            None => breaches.push(Breaches {
                operation: operation.to_owned(),
                labels: vec![label.to_owned()],
                columns,
            }),
        }
    }
    breaches.sort_by_key(|it| usize::MAX - it.columns.len());
    let broken = broken.count();
    (broken > 0).then(|| ClauseTally {
        clause: &clause.id,
        level: wording.level,
        says: &wording.says,
        link: &wording.link,
        judged: entries.iter().filter(judged).count(),
        broken,
        breaches,
    })
}
