//! The verdicts on everything that a matrix shows.

use super::{Because, ConformanceRule, ConformanceRules, ReasonedVerdict, Verdict, age};
use crate::analysis::matrix::{Matrix, Row};
use ocipick_corpus::{Level, Release, Wording};
use ocipick_records::Trial;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// The verdicts on everything that a matrix shows, with the numbers that they come to.
#[derive(Clone, Debug)]
pub struct Verdicts<'m> {
    rules: &'m ConformanceRules<'m>,
    /// Every trial held against every clause that its case exercises, in the order of tables, rows
    /// and runtimes, and of the clauses in the case.
    pub entries: Vec<Entry<'m>>,
    /// Where the entries of a row stand, by operation, case and platform.
    rows: BTreeMap<(&'m str, &'m str, &'m str), Range<usize>>,
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
    pub rule: &'m ConformanceRule,
    /// The verdict, and what it rests on.
    pub reasoned: ReasonedVerdict,
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
    /// The specification.
    pub specification: &'m str,
    /// Since which release it says so.
    pub release: &'m Release,
    /// How many trials show that it was followed or broken.
    pub judged: usize,
    /// How many show that it was broken.
    pub broken: usize,
    /// Who broke it where. Cases that the same runtimes broke it in stand together, those that most
    /// broke it in first.
    pub breaches: Vec<ClauseViolations>,
}

/// The cases in which the same runtimes broke a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseViolations {
    /// The operation.
    pub operation: String,
    /// The rows.
    pub rows: Vec<BrokenRow>,
    /// The runtimes, by their places in the matrix.
    pub columns: Vec<usize>,
    /// Whether the violation can be disputed, because the clause can be read in two ways.
    pub arguable: bool,
    /// Those of the runtimes whose release is known to be older than the sentence.
    pub older: Vec<usize>,
}

/// A row in which a clause was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// The name that people are shown.
    pub label: String,
    /// Id of the case.
    pub case: String,
    /// The platform asked for.
    pub platform: String,
}

/// The cases in which requirements bear on a runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements<'m> {
    /// One was broken.
    pub broken: BTreeSet<&'m str>,
    /// One was broken, by one of two readings.
    pub arguable: BTreeSet<&'m str>,
    /// The outcome is a crash, a hang, an empty success, a contradiction, or wavers, so that nobody
    /// can say whether one was broken.
    pub not_judged: BTreeSet<&'m str>,
}

/// An operation, a row in which a clause was broken, and whether that is arguable.
type BrokenKey<'a> = (&'a str, BrokenRow, bool);

/// How often a runtime got each verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeTally {
    /// The runtime, by its place in the matrix.
    pub column: usize,
    /// How often it got each verdict; every verdict is there.
    pub counts: BTreeMap<Verdict, usize>,
}

impl<'m> Verdicts<'m> {
    /// Holds everything that a matrix shows against the conformance rules.
    #[must_use]
    pub fn of(matrix: &'m Matrix<'_>, rules: &'m ConformanceRules<'_>) -> Self {
        let bytes = rules.compare(matrix.runs.iter().map(|run| run.header));
        let mut entries = Vec::new();
        let mut rows = BTreeMap::new();
        for (operation, row) in rows_of(matrix) {
            let begin = entries.len();
            for (column, trial) in trials(row) {
                for (rule, reasoned) in rules.evaluate(trial, &bytes) {
                    entries.push(Entry {
                        trial,
                        label: row.label(),
                        column,
                        rule,
                        reasoned,
                    });
                }
            }
            rows.insert((operation, row.case, row.platform), begin..entries.len());
        }
        Self {
            rules,
            entries,
            rows,
        }
    }

    /// The revisions that outcomes were held against: specification and release.
    pub fn revisions(&self) -> impl Iterator<Item = (&'m str, &'m str)> {
        let revisions = self.rules.revisions().iter();
        revisions.map(|(specification, release)| (specification, release.name()))
    }

    /// What a clause says in the revision that outcomes were held against.
    #[must_use]
    pub fn wording(&self, clause: &str) -> Option<&'m Wording> {
        let clause = self.rules.clause(clause)?;
        self.rules.revisions().wording(clause)
    }

    /// The trials of one row, held against every clause that its case exercises.
    #[must_use]
    pub fn of_row(&self, operation: &str, case: &str, platform: &str) -> &[Entry<'m>] {
        let range = self.rows.get(&(operation, case, platform)).cloned();
        range
            .and_then(|range| self.entries.get(range))
            .unwrap_or_default()
    }

    /// How many requirements (MUST) a pull of some case can show to be followed or broken.
    #[must_use]
    pub fn requirements(&self) -> usize {
        self.rules.requirements()
    }

    /// The cases in which a runtime broke a requirement (MUST), and those in which its outcome shows
    /// nothing of one that others are held against there.
    #[must_use]
    pub fn requirements_of(&self, column: usize) -> Requirements<'m> {
        let mut of = Requirements::default();
        let entries = self.entries.iter().filter(|it| it.column == column);
        for Entry {
            trial,
            rule,
            reasoned,
            ..
        } in entries
        {
            if rule.level != Some(Level::Must) || !rule.can_show() {
                continue;
            }
            let case = trial.case.as_str();
            match (reasoned.verdict, &reasoned.because) {
                (Verdict::Violates, _) if reasoned.arguable => {
                    of.arguable.insert(case);
                }
                (Verdict::Violates, _) => {
                    of.broken.insert(case);
                }
                (Verdict::NotJudged, Because::ShowsNothing { .. } | Because::Wavers) => {
                    of.not_judged.insert(case);
                }
                _ => {}
            }
        }
        let settled: BTreeSet<&str> = of.broken.union(&of.arguable).copied().collect();
        of.arguable.retain(|case| !of.broken.contains(case));
        of.not_judged.retain(|case| !settled.contains(case));
        of
    }

    /// Whether no case of the matrix exercises a clause that anybody knows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every clause that somebody broke: requirements before recommendations, those that were
    /// broken most often first.
    #[must_use]
    pub fn broken(&self) -> Vec<ClauseTally<'m>> {
        let mut clauses: BTreeMap<&str, Vec<&Entry<'m>>> = BTreeMap::new();
        for entry in &self.entries {
            clauses.entry(&entry.rule.clause).or_default().push(entry);
        }
        let mut tallies: Vec<ClauseTally<'m>> = clauses
            .into_values()
            .filter_map(|entries| self.tally(&entries))
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
                let none = Verdict::ALL.iter().map(|verdict| (*verdict, 0));
                none.collect()
            });
            *counts.entry(entry.reasoned.verdict).or_default() += 1;
        }
        tallies
            .into_iter()
            .map(|(column, counts)| RuntimeTally { column, counts })
            .collect()
    }

    /// What became of a clause; nothing where nobody broke it.
    fn tally(&self, entries: &[&Entry<'m>]) -> Option<ClauseTally<'m>> {
        let clause = self.rules.clause(&entries.first()?.rule.clause)?;
        let wording = self.rules.revisions().wording(clause)?;
        let judged = |entry: &&&Entry<'_>| {
            entry.reasoned.verdict == Verdict::Conforms || entry.reasoned.verdict.is_violation()
        };
        let broken = entries
            .iter()
            .filter(|it| it.reasoned.verdict.is_violation());
        let mut rows: Vec<(BrokenKey<'_>, BTreeSet<usize>)> = Vec::new();
        let mut older: BTreeSet<usize> = BTreeSet::new();
        for entry in broken.clone() {
            let trial = entry.trial;
            let row = (
                trial.operation.as_str(),
                BrokenRow {
                    label: entry.label.clone(),
                    case: trial.case.clone(),
                    platform: trial.platform.clone(),
                },
                entry.reasoned.arguable,
            );
            let released = age::released(&trial.tool, &trial.version);
            if released
                .zip(wording.since.date())
                .is_some_and(|(tool, sentence)| tool < sentence)
            {
                older.insert(entry.column);
            }
            match rows.iter_mut().find(|(known, _)| *known == row) {
                Some((_, columns)) => {
                    columns.insert(entry.column);
                }
                None => rows.push((row, BTreeSet::from([entry.column]))),
            }
        }
        let mut breaches: Vec<ClauseViolations> = Vec::new();
        for ((operation, row, arguable), columns) in rows {
            let columns: Vec<usize> = columns.into_iter().collect();
            let known = breaches.iter_mut().find(|it| {
                it.operation == operation && it.columns == columns && it.arguable == arguable
            });
            match known {
                Some(known) => known.rows.push(row),
                None => breaches.push(ClauseViolations {
                    operation: operation.to_owned(),
                    rows: vec![row],
                    older: columns
                        .iter()
                        .copied()
                        .filter(|column| older.contains(column))
                        .collect(),
                    columns,
                    arguable,
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
            specification: clause.specification(),
            release: &wording.since,
            judged: entries.iter().filter(judged).count(),
            broken,
            breaches,
        })
    }
}

/// Every row of a matrix, with its operation.
fn rows_of<'m>(matrix: &'m Matrix<'_>) -> impl Iterator<Item = (&'m str, &'m Row<'m>)> {
    let tables = matrix.tables.iter();
    tables.flat_map(|table| table.rows().map(|row| (table.operation, row)))
}

/// The trials of a row, each with the place of its runtime.
fn trials<'m>(row: &'m Row<'_>) -> impl Iterator<Item = (usize, &'m Trial)> {
    let cells = row.cells.iter().enumerate();
    cells.filter_map(|(column, cell)| Some((column, (*cell)?)))
}

#[cfg(test)]
mod tests;
