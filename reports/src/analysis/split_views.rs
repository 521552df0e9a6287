//! Split views: a scanner reads one child, and a runtime takes another one of the same index for the
//! same platform.
//!
//! What two outcomes of one row are to each other decides [`Split`]. Here the outcomes are of two
//! operations: a cell of the scan is held against the cells of an operation that takes the image.
//! Only two steady picks of different children are a split view. Where one side refuses, somebody
//! sees an error; such rows are counted and are no split view. A cell that differs when repeated is
//! on no side.

use super::{
    changes::versions::{ReleaseSeries, lines},
    findings::{OutcomeGroup, OutcomeShape},
    matrix::{Matrix, Row, Table},
    split::{Split, SplitSide},
};
use ocipick_records::{Operation, Outcome};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// The operations by which a runtime takes an image, so that it could be run.
const TAKING: [Operation; 2] = [Operation::Pull, Operation::Run];

/// What scanners read held against what runtimes take by one operation.
#[derive(Clone, Debug)]
pub struct SplitViews<'m, 'a> {
    /// By which operation the runtimes took an image.
    pub operation: &'a str,
    /// The split views, those of the newest versions first, and then what is in most rows.
    pub views: Vec<SplitView<'m, 'a>>,
    /// In how many rows there is what.
    pub counts: ViewCounts,
}

/// Rows in which the same scanners and the same runtimes are on the same sides.
#[derive(Clone, Debug)]
pub struct SplitView<'m, 'a> {
    /// The rows, in the order of the matrix; never empty.
    pub rows: Vec<SplitViewRow<'m, 'a>>,
    /// Whether the newest version of a scanner and the newest one of a runtime are on different sides.
    pub is_of_newest: bool,
}

/// One row, with the children that were read and taken.
#[derive(Clone, Debug)]
pub struct SplitViewRow<'m, 'a> {
    /// The row of the scan.
    pub scanned: &'m Row<'a>,
    /// The row of the operation that takes the image.
    pub taken: &'m Row<'a>,
    /// The scanners by the child that they read, in the order of the matrix.
    pub scanners: Vec<OutcomeGroup<'a>>,
    /// The runtimes by the child that they take, likewise.
    pub runtimes: Vec<OutcomeGroup<'a>>,
}

/// In how many rows scanners and runtimes are held against each other, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewCounts {
    /// Rows in which a scanner and a runtime gave a steady answer.
    pub compared: usize,
    /// Rows in which a scanner reads another child than a runtime takes.
    pub split: usize,
    /// Of the others, rows in which a scanner reads what a runtime refuses.
    pub only_read: usize,
    /// Of the others, rows in which a runtime takes what a scanner refuses.
    pub only_taken: usize,
    /// Of the others, rows in which different children may be read and taken, since a cell differs
    /// when repeated.
    pub flaky: usize,
}

/// What tells one group of rows from another: which columns agree, leaving aside which child it is.
type ViewKey = (Vec<(usize, Vec<usize>)>, Vec<(usize, Vec<usize>)>);

impl<'m, 'a> SplitViews<'m, 'a> {
    /// For every operation that takes an image what scanners read held against it; nothing where no
    /// row has both.
    #[must_use]
    pub fn of(matrix: &'m Matrix<'a>) -> Vec<Self> {
        let table = |operation: Operation| {
            let mut tables = matrix.tables.iter();
            tables.find(|table| table.operation == operation.as_str())
        };
        let Some(scan) = table(Operation::Scan) else {
            return Vec::new();
        };
        let newest = newest(matrix);
        let taking = TAKING.into_iter().filter_map(table);
        taking
            .map(|taking| Self::held(scan, taking, &newest))
            .filter(|it| it.counts.compared > 0)
            .collect()
    }

    fn held(scan: &'m Table<'a>, taking: &'m Table<'a>, newest: &BTreeSet<usize>) -> Self {
        let taken: BTreeMap<(&str, &str), &'m Row<'a>> = taking
            .rows()
            .map(|row| ((row.case, row.platform), row))
            .collect();
        let mut counts = ViewCounts::default();
        let mut places: BTreeMap<ViewKey, usize> = BTreeMap::new();
        let mut views: Vec<SplitView<'m, 'a>> = Vec::new();
        for scanned in scan.rows() {
            let Some(taken) = taken.get(&(scanned.case, scanned.platform)) else {
                continue;
            };
            if !counts.add(scanned, taken) {
                continue;
            }
            let row = SplitViewRow {
                scanned,
                taken,
                scanners: picks(scanned),
                runtimes: picks(taken),
            };
            let place = *places.entry(row.key()).or_insert_with(|| {
                views.push(SplitView {
                    is_of_newest: row.is_of(newest),
                    rows: Vec::new(),
                });
                views.len() - 1
            });
            if let Some(view) = views.get_mut(place) {
                view.rows.push(row);
            }
        }
        views.sort_by_key(|view| (!view.is_of_newest, Reverse(view.rows.len())));
        Self {
            operation: taking.operation,
            views,
            counts,
        }
    }
}

impl<'a> SplitViewRow<'_, 'a> {
    /// The columns of each side by the number of their child, in the order in which children are met.
    fn key(&self) -> ViewKey {
        let mut children: Vec<&'a Outcome> = Vec::new();
        let mut side = |groups: &[OutcomeGroup<'a>]| -> Vec<(usize, Vec<usize>)> {
            groups
                .iter()
                .map(|group| {
                    let mut known = children.iter();
                    let place = known.position(|it| it.agrees_with(group.outcome));
                    let place = place.unwrap_or_else(|| {
                        children.push(group.outcome);
                        children.len() - 1
                    });
                    (place, group.runtimes.clone())
                })
                .collect()
        };
        (side(&self.scanners), side(&self.runtimes))
    }

    /// Whether some of these scanners and some of these runtimes are on different sides.
    fn is_of(&self, columns: &BTreeSet<usize>) -> bool {
        let among = |group: &OutcomeGroup<'_>| group.runtimes.iter().any(|it| columns.contains(it));
        let scanners = self.scanners.iter().filter(|group| among(group));
        let mut pairs = scanners.flat_map(|scanner| {
            let runtimes = self.runtimes.iter().filter(|group| among(group));
            runtimes.map(move |runtime| [scanner.outcome, runtime.outcome])
        });
        pairs.any(|pair| Split::of(pair) == Some(Split::Children))
    }
}

impl ViewCounts {
    /// Counts a row, and says whether it is a split view.
    fn add(&mut self, scanned: &Row<'_>, taken: &Row<'_>) -> bool {
        let steady = |row: &Row<'_>| row.measured().any(|(_, it)| SplitSide::of(it).is_some());
        if !steady(scanned) || !steady(taken) {
            return false;
        }
        self.compared += 1;
        let pairs = || {
            let scanned = scanned.measured();
            scanned.flat_map(|(_, read)| taken.measured().map(move |(_, took)| (read, took)))
        };
        let is_children =
            |sides: BTreeSet<SplitSide<'_>>| Split::of_sides(&sides) == Some(Split::Children);
        if pairs().any(|(read, took)| Split::of([read, took]) == Some(Split::Children)) {
            self.split += 1;
            return true;
        }
        let sides = |(read, took)| (SplitSide::of(read), SplitSide::of(took));
        let only_read = |pair| {
            matches!(
                sides(pair),
                (Some(SplitSide::Took(_)), Some(SplitSide::Refused))
            )
        };
        let only_taken = |pair| {
            matches!(
                sides(pair),
                (Some(SplitSide::Refused), Some(SplitSide::Took(_)))
            )
        };
        let flaky = |(read, took): (&Outcome, &Outcome)| {
            let either = matches!(read, Outcome::Unstable { .. })
                || matches!(took, Outcome::Unstable { .. });
            let possible = [SplitSide::possible(read), SplitSide::possible(took)];
            let [read, took] = possible;
            let mut pairs = read
                .iter()
                .flat_map(|read| took.iter().map(move |took| BTreeSet::from([*read, *took])));
            either && pairs.any(is_children)
        };
        self.only_read += usize::from(pairs().any(only_read));
        self.only_taken += usize::from(pairs().any(only_taken));
        self.flaky += usize::from(pairs().any(flaky));
        false
    }
}

/// Who steadily picked which child in a row, in the order of the runtimes.
fn picks<'a>(row: &Row<'a>) -> Vec<OutcomeGroup<'a>> {
    let mut groups: Vec<OutcomeGroup<'a>> = Vec::new();
    for (column, outcome) in row.measured() {
        if !matches!(SplitSide::of(outcome), Some(SplitSide::Took(_))) {
            continue;
        }
        match groups.iter_mut().find(|it| it.outcome.agrees_with(outcome)) {
            Some(group) => group.runtimes.push(column),
            None => groups.push(OutcomeGroup {
                outcome,
                shape: OutcomeShape::at(row, column),
                runtimes: vec![column],
            }),
        }
    }
    groups
}

/// The newest version of every release series that was measured.
fn newest(matrix: &Matrix<'_>) -> BTreeSet<usize> {
    let measured = |column: &usize| {
        let runtime = matrix.runtimes.get(*column);
        runtime.is_some_and(|it| it.unmeasured.is_none())
    };
    let newest = |line: &ReleaseSeries<'_>| line.columns.iter().rev().copied().find(measured);
    lines(matrix).iter().filter_map(newest).collect()
}

#[cfg(test)]
mod tests;
