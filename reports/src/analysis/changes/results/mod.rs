//! What changed between two results.
//!
//! Two results are two points in time: before and after an upgrade of a tool, a change of a tool's
//! code, or a change of the corpus. Cells are compared one by one, and everything that keeps two
//! cells from being comparable is told apart from a change:
//!
//! - A case that only one side knows is [new or gone](SelectedCells), and so is a [runtime](PairedRuntimes).
//! - A case whose bytes differ is [another question](SelectedCells::other_bytes): none of its cells is
//!   compared.
//! - A cell that only one side measured [became measured or is no longer](DiffCoverage).
//! - A cell that differs when repeated, and could have been what the other side saw, [wavers](super::OutcomeChange::Wavers).
//!
//! What is left, and differs, is a [change](CellChange).

mod cases;
mod pair;

pub use cases::SelectedCells;
pub use pair::{PairedRuntimes, Pairing, RuntimePair};

use crate::analysis::{
    changes::{CellChange, CellComparison},
    matrix::{Matrix, Row, Table},
};
use ocipick_records::Trial;
use std::collections::{BTreeMap, BTreeSet};

/// What changed between two results.
#[derive(Clone, Debug)]
pub struct Diff<'a> {
    /// The older results, as a matrix.
    pub old: &'a Matrix<'a>,
    /// The newer results, as a matrix.
    pub new: &'a Matrix<'a>,
    /// Which runtimes are compared, which are new, and which are gone.
    pub runtimes: PairedRuntimes,
    /// Which cases are new, gone, or other bytes now.
    pub cases: SelectedCells<'a>,
    /// Every cell that differs, in the order of the pairs of runtimes and then of the newer matrix.
    pub cells: Vec<CellDiff<'a>>,
    /// Cells that only one side measured, in the same order.
    pub coverage: Vec<DiffCoverage<'a>>,
    /// How many cells were compared: both sides measured them, on the same bytes as far as is
    /// known.
    pub compared: usize,
}

/// How runtimes and cases of two results are brought together.
#[derive(Clone, Debug, Default)]
pub struct DiffOptions {
    /// Whether a runtime is compared with itself only, and never with another version that took
    /// its place.
    pub exact: bool,
    /// Ids that cases had before, with those that they have now.
    pub renamed: BTreeMap<String, String>,
}

/// A cell by its place: operation, case, and the platform asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey<'a> {
    /// What the tool is asked to do.
    pub operation: &'a str,
    /// Id of the case, as the newer results have it.
    pub case: &'a str,
    /// The platform asked for, or `default`.
    pub platform: &'a str,
}

/// A cell in which two results differ.
#[derive(Clone, Debug)]
pub struct CellDiff<'a> {
    /// Which runtimes, by their place among [`PairedRuntimes::pairs`].
    pub pair: usize,
    /// Which cell.
    pub place: CellKey<'a>,
    /// What people call the row.
    pub label: String,
    /// The two trials, and in which way they differ.
    pub change: CellChange<'a>,
}

/// A cell that one side measured and the other did not.
#[derive(Clone, Debug)]
pub struct DiffCoverage<'a> {
    /// Which runtimes, by their place among [`PairedRuntimes::pairs`].
    pub pair: usize,
    /// Which cell.
    pub place: CellKey<'a>,
    /// What people call the row.
    pub label: String,
    /// The trial that was measured.
    pub measured: &'a Trial,
    /// What the other side has; none where it has no trial at all.
    pub other: Option<&'a Trial>,
    /// Which side measured it.
    pub kind: CoverageChange,
}

/// Which side measured a cell.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageChange {
    /// The newer one only.
    BecameMeasured,
    /// The older one only.
    NoLongerMeasured,
    /// The newer one, and the older one has no such cell although it has the case: another
    /// platform or operation is asked for.
    NewCell,
    /// The older one, and the newer one has no such cell although it has the case.
    GoneCell,
}

impl CoverageChange {
    /// The same, seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::BecameMeasured => Self::NoLongerMeasured,
            Self::NoLongerMeasured => Self::BecameMeasured,
            Self::NewCell => Self::GoneCell,
            Self::GoneCell => Self::NewCell,
        }
    }
}

/// The cells of a matrix by their places; cases by the ids that they have now.
type Rows<'a> = BTreeMap<CellKey<'a>, &'a Row<'a>>;

impl<'a> Diff<'a> {
    /// Compares two results.
    #[must_use]
    pub fn of(old: &'a Matrix<'a>, new: &'a Matrix<'a>, options: &'a DiffOptions) -> Self {
        let runtimes = PairedRuntimes::of(old, new, options.exact);
        let cases = SelectedCells::of(old, new, &runtimes, &options.renamed);
        let mut diff = Self {
            old,
            new,
            runtimes,
            cases,
            cells: Vec::new(),
            coverage: Vec::new(),
            compared: 0,
        };
        diff.compare(options);
        diff
    }

    fn compare(&mut self, options: &'a DiffOptions) {
        let (old_rows, new_rows) = (rows(self.old, Some(&options.renamed)), rows(self.new, None));
        let places = self.places(&options.renamed);
        for (pair, RuntimePair { old, new, .. }) in
            self.runtimes.pairs.clone().into_iter().enumerate()
        {
            for (place, label) in &places {
                if !self.cases.is_compared(place.case) {
                    continue;
                }
                let (before, after) = (old_rows.get(place), new_rows.get(place));
                let cell = |row: Option<&&'a Row<'a>>, column: usize| {
                    row.and_then(|row| row.cells.get(column).copied().flatten())
                };
                let it = Cell {
                    pair,
                    place,
                    label,
                    rows: (before.is_some(), after.is_some()),
                    trials: (cell(before, old), cell(after, new)),
                };
                self.look(&it);
            }
        }
    }

    fn look(&mut self, cell: &Cell<'_, 'a>) {
        let (old, new) = cell.trials;
        let (kind, trial, other) = match CellComparison::of(old, new) {
            CellComparison::NotMeasured => return,
            CellComparison::Same => {
                self.compared += 1;
                return;
            }
            CellComparison::Changed(change) => {
                self.compared += 1;
                self.cells.push(CellDiff {
                    pair: cell.pair,
                    place: cell.place.clone(),
                    label: cell.label.clone(),
                    change,
                });
                return;
            }
            CellComparison::OnlyAfter(new) if cell.rows.0 => {
                (CoverageChange::BecameMeasured, new, old)
            }
            CellComparison::OnlyAfter(new) => (CoverageChange::NewCell, new, old),
            CellComparison::OnlyBefore(old) if cell.rows.1 => {
                (CoverageChange::NoLongerMeasured, old, new)
            }
            // A run that was cut short would have had it.
            CellComparison::OnlyBefore(old)
                if self.new.runs.iter().any(|run| run.footer.is_none()) =>
            {
                (CoverageChange::NoLongerMeasured, old, new)
            }
            CellComparison::OnlyBefore(old) => (CoverageChange::GoneCell, old, new),
        };
        self.coverage.push(DiffCoverage {
            pair: cell.pair,
            place: cell.place.clone(),
            label: cell.label.clone(),
            measured: trial,
            other,
            kind,
        });
    }

    /// Every place that either side has, in the order of the newer matrix, and then those that only
    /// the older one has; each with what people call it.
    fn places(&self, renamed: &'a BTreeMap<String, String>) -> Vec<(CellKey<'a>, String)> {
        let mut seen = BTreeSet::new();
        let mut places = Vec::new();
        for (matrix, renamed) in [(self.new, None), (self.old, Some(renamed))] {
            for (place, row) in all_rows(matrix, renamed) {
                if seen.insert(place.clone()) {
                    let label = if row.among_platforms {
                        format!("{} ({})", place.case, place.platform)
                    } else {
                        place.case.to_owned()
                    };
                    places.push((place, label));
                }
            }
        }
        places
    }

    /// The cells that changed, without those that waver.
    pub fn changes(&self) -> impl Iterator<Item = &CellDiff<'a>> {
        self.cells
            .iter()
            .filter(|cell| cell.change.what.is_change())
    }

    /// The cells that differ when repeated, and may be what they were.
    pub fn wavering(&self) -> impl Iterator<Item = &CellDiff<'a>> {
        self.cells
            .iter()
            .filter(|cell| !cell.change.what.is_change())
    }

    /// The cells that only one side measured, of one kind.
    pub fn covered(&self, kind: CoverageChange) -> impl Iterator<Item = &DiffCoverage<'a>> {
        self.coverage.iter().filter(move |it| it.kind == kind)
    }

    /// How many changed cells were tried only once on either side, so that the change may as well
    /// be a race.
    #[must_use]
    pub fn resting_on_one_try(&self) -> usize {
        let once = |cell: &&CellDiff<'_>| cell.change.rests_on_one_try();
        self.changes().filter(once).count()
    }

    /// What came of the comparison as a whole.
    #[must_use]
    pub fn conclusion(&self) -> DiffConclusion {
        let unfinished = self.new.runs.iter().any(|run| run.footer.is_none());
        let lost = self
            .covered(CoverageChange::NoLongerMeasured)
            .next()
            .is_some();
        if self.changes().next().is_some() {
            DiffConclusion::Changed
        } else if self.compared == 0 {
            DiffConclusion::NothingCompared
        } else if lost || unfinished {
            DiffConclusion::ComparedInPart
        } else {
            DiffConclusion::Same
        }
    }
}

/// What came of a comparison, for continuous integration.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DiffConclusion {
    /// No cell that was compared changed.
    Same,
    /// Some cell changed.
    Changed,
    /// No cell changed, but some that the older results measured were not measured any more, or the
    /// newer run did not finish.
    ComparedInPart,
    /// There was not a single cell to compare.
    NothingCompared,
}

/// One cell on both sides.
struct Cell<'d, 'a> {
    pair: usize,
    place: &'d CellKey<'a>,
    label: &'d String,
    /// Whether each side has the row.
    rows: (bool, bool),
    trials: (Option<&'a Trial>, Option<&'a Trial>),
}

fn rows<'a>(matrix: &'a Matrix<'a>, renamed: Option<&'a BTreeMap<String, String>>) -> Rows<'a> {
    all_rows(matrix, renamed).collect()
}

fn all_rows<'a>(
    matrix: &'a Matrix<'a>,
    renamed: Option<&'a BTreeMap<String, String>>,
) -> impl Iterator<Item = (CellKey<'a>, &'a Row<'a>)> {
    let of_table = move |table: &'a Table<'a>| {
        table.rows().map(move |row| {
            let place = CellKey {
                operation: table.operation,
                case: now(row.case, renamed),
                platform: row.platform,
            };
            (place, row)
        })
    };
    matrix.tables.iter().flat_map(of_table)
}

/// The id that a case has now.
fn now<'a>(case: &'a str, renamed: Option<&'a BTreeMap<String, String>>) -> &'a str {
    renamed
        .and_then(|renamed| renamed.get(case))
        .map_or(case, String::as_str)
}

#[cfg(test)]
mod tests;
