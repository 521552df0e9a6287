//! The rows of a matrix.

use crate::analysis::split::{Disagreements, Split};
use ocipick_records::{Outcome, OutcomeKind, Trial};

/// All that was measured in one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<'a> {
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// Its rows, by family.
    pub families: Vec<FamilyRows<'a>>,
}

/// The rows of one family.
#[derive(Clone, Debug, PartialEq)]
pub struct FamilyRows<'a> {
    /// Its id; empty for foreign layouts at the top of their directory.
    pub id: &'a str,
    /// What its cases have in common, in a line; empty where nobody said.
    pub title: &'a str,
    /// The same in a few sentences; empty where nobody said.
    pub about: &'a str,
    /// Its rows, in the order of the corpus.
    pub rows: Vec<Row<'a>>,
}

/// One case and one platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// Id of the case.
    pub case: &'a str,
    /// The platform asked for.
    pub platform: &'a str,
    /// Whether this table has the case with other platforms too, so that its id alone does not
    /// name the row.
    pub among_platforms: bool,
    /// What the index is, in a line; empty where nobody said.
    pub title: &'a str,
    /// Why someone should care; empty where nobody said.
    pub why: &'a str,
    /// One cell per runtime of the matrix. A cell without a trial was not measured.
    pub cells: Vec<Option<&'a Trial>>,
}

/// A row that stands for others that are alike in every cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CollapsedRow<'m, 'a> {
    /// The first of them.
    pub row: &'m Row<'a>,
    /// The others.
    pub alike: Vec<&'m Row<'a>>,
}

impl<'a> Table<'a> {
    /// Every row, in order.
    pub fn rows(&self) -> impl Iterator<Item = &Row<'a>> + Clone {
        self.families.iter().flat_map(|family| &family.rows)
    }

    /// The runtimes, by their place in the matrix, that have a trial in this operation.
    #[must_use]
    pub fn columns(&self) -> Vec<usize> {
        let width = self.rows().map(|row| row.cells.len()).max().unwrap_or(0);
        (0..width)
            .filter(|column| {
                self.rows()
                    .any(|row| row.cells.get(*column).is_some_and(Option::is_some))
            })
            .collect()
    }

    /// How many rows are splits.
    #[must_use]
    pub fn splits(&self) -> usize {
        self.disagreements().splits()
    }

    /// How many rows disagree, and in which way.
    #[must_use]
    pub fn disagreements(&self) -> Disagreements {
        let mut counts = Disagreements::default();
        for row in self.rows() {
            counts.add(row.split(), row.differs_in_reasons_only());
        }
        counts
    }
}

impl<'a> FamilyRows<'a> {
    /// The rows, with those that are alike in every cell folded into the first of them.
    #[must_use]
    pub fn folded(&self) -> Vec<CollapsedRow<'_, 'a>> {
        let mut folds: Vec<(Vec<_>, CollapsedRow<'_, 'a>)> = Vec::new();
        for row in &self.rows {
            let gists = row.gists();
            match folds.iter_mut().find(|(known, _)| *known == gists) {
                Some((_, fold)) => fold.alike.push(row),
                None => folds.push((gists, row.alone())),
            }
        }
        folds.into_iter().map(|(_, fold)| fold).collect()
    }

    /// The rows, each for itself where `all` is asked for, and folded otherwise.
    #[must_use]
    pub fn lines(&self, all: bool) -> Vec<CollapsedRow<'_, 'a>> {
        if all {
            self.rows.iter().map(Row::alone).collect()
        } else {
            self.folded()
        }
    }
}

impl<'a> Row<'a> {
    /// The part of the case's id after its family.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.case
            .rsplit_once('/')
            .map_or(self.case, |(_, name)| name)
    }

    /// The id of the case, with the platform where the id alone does not name the row.
    #[must_use]
    pub fn label(&self) -> String {
        if self.among_platforms {
            format!("{} ({})", self.case, self.platform)
        } else {
            self.case.to_owned()
        }
    }

    /// The part of the case's id after its family, with the platform where the id alone does not
    /// name the row.
    #[must_use]
    pub fn short_label(&self) -> String {
        if self.among_platforms {
            format!("{} ({})", self.name(), self.platform)
        } else {
            self.name().to_owned()
        }
    }

    /// The outcomes that were measured, each with the place of its runtime.
    pub fn measured(&self) -> impl Iterator<Item = (usize, &'a Outcome)> {
        self.cells
            .iter()
            .enumerate()
            .filter_map(|(column, cell)| cell.map(|trial| (column, &trial.outcome)))
            .filter(|(_, outcome)| outcome.is_measured())
    }

    /// Whether, and in which way, the runtimes that were measured disagree: see
    /// [`split`](crate::analysis::split).
    #[must_use]
    pub fn split(&self) -> Option<Split> {
        Split::of(self.measured().map(|(_, outcome)| outcome))
    }

    /// Whether the row is a split.
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.split().is_some()
    }

    /// Whether all refuse, and only the reasons differ. Such a row is no split.
    #[must_use]
    pub fn differs_in_reasons_only(&self) -> bool {
        Split::is_of_reasons_only(self.measured().map(|(_, outcome)| outcome))
    }

    fn gists(&self) -> Vec<Option<(OutcomeKind, String)>> {
        self.cells
            .iter()
            .map(|cell| cell.map(|trial| (trial.outcome.kind(), trial.outcome.gist())))
            .collect()
    }

    fn alone(&self) -> CollapsedRow<'_, 'a> {
        CollapsedRow {
            row: self,
            alike: Vec::new(),
        }
    }
}

impl CollapsedRow<'_, '_> {
    /// The label of every row that is folded into the first.
    #[must_use]
    pub fn alike_labels(&self) -> Vec<String> {
        self.alike.iter().map(|row| row.label()).collect()
    }
}
