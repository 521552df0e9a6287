//! What changed along the lines of a matrix.

use super::{IntervalSide, ReleaseSeries, Step, VersionDifference, difference, lines, steps};
use crate::analysis::{
    changes::{CellChange, CellComparison, ChangeKind, is_steady},
    matrix::{Matrix, Row},
};

/// All that changed within the lines of a matrix, and all in which the configurations of one
/// version differ.
#[derive(Clone, Debug)]
pub struct History<'m, 'a> {
    /// The lines, in the order of the columns.
    pub lines: Vec<ReleaseSeries<'a>>,
    /// Every change: by operation, then by line, then by row, then by version.
    pub changes: Vec<VersionChange<'m, 'a>>,
    /// Every cell that differs when repeated and has a steady neighbour, in the same order.
    pub unsteady: Vec<FlakyCell<'m, 'a>>,
    /// Every difference between two configurations of one version: by operation, then by
    /// version, then by row.
    pub differences: Vec<VersionDifference<'m, 'a>>,
}

/// One row in which two versions of a line do different things.
#[derive(Clone, Debug)]
pub struct VersionChange<'m, 'a> {
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// Id of the family of the case.
    pub family: &'a str,
    /// The case and the platform.
    pub row: &'m Row<'a>,
    /// The line, by its place among [`History::lines`].
    pub line: usize,
    /// The last version before the change that was measured.
    pub from: IntervalSide<'a>,
    /// The first version after it that was measured.
    pub to: IntervalSide<'a>,
    /// The versions between them of which no steady outcome is known: the change may have come
    /// with any of them.
    pub between: Vec<usize>,
    /// What changed.
    pub change: CellChange<'a>,
    /// What became of which.
    pub kind: ChangeKind,
    /// What the configuration that goes on with the old code does in the newer version, where
    /// there is one.
    pub companion: Option<FlavourChange<'a>>,
}

/// What a configuration that goes on with the old code does where the plain tool changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FlavourChange<'a> {
    /// As the plain tool did before: the change came with the new way of doing it.
    Stays(IntervalSide<'a>),
    /// As the plain tool does now.
    Follows(IntervalSide<'a>),
    /// Something else.
    Differs(IntervalSide<'a>),
}

impl<'a> FlavourChange<'a> {
    /// The configuration, and what it did.
    #[must_use]
    pub fn side(&self) -> IntervalSide<'a> {
        match self {
            Self::Stays(side) | Self::Follows(side) | Self::Differs(side) => *side,
        }
    }
}

/// A version that differs when repeated, where a neighbour on its line does not.
#[derive(Clone, Debug)]
pub struct FlakyCell<'m, 'a> {
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// Id of the family of the case.
    pub family: &'a str,
    /// The case and the platform.
    pub row: &'m Row<'a>,
    /// The line, by its place among [`History::lines`].
    pub line: usize,
    /// The version that differs when repeated.
    pub at: IntervalSide<'a>,
    /// The nearest measured version before it, where that is steady.
    pub before: Option<IntervalSide<'a>>,
    /// The nearest measured version after it, where that is steady.
    pub after: Option<IntervalSide<'a>>,
}

impl<'m, 'a> History<'m, 'a> {
    /// Goes along every line of every row.
    #[must_use]
    pub fn of(matrix: &'m Matrix<'a>) -> Self {
        let lines = lines(matrix);
        let mut changes = Vec::new();
        let mut unsteady: Vec<FlakyCell<'m, 'a>> = Vec::new();
        let mut differences = Vec::new();
        for table in &matrix.tables {
            for (number, line) in lines.iter().enumerate() {
                for family in &table.families {
                    for row in &family.rows {
                        for step in steps(line, row) {
                            match step {
                                Step::Changed {
                                    from,
                                    to,
                                    between,
                                    change,
                                } => {
                                    let Some(kind) = change.what.kind() else {
                                        continue;
                                    };
                                    changes.push(VersionChange {
                                        operation: table.operation,
                                        family: family.id,
                                        row,
                                        line: number,
                                        from,
                                        to,
                                        between,
                                        change,
                                        kind,
                                        companion: companion(matrix, &lines, line, row, from, to),
                                    });
                                }
                                Step::Flaky { from, to } => {
                                    let (at, before, after) = if is_steady(from.outcome()) {
                                        (to, Some(from), None)
                                    } else {
                                        (from, None, Some(to))
                                    };
                                    note(
                                        &mut unsteady,
                                        FlakyCell {
                                            operation: table.operation,
                                            family: family.id,
                                            row,
                                            line: number,
                                            at,
                                            before,
                                            after,
                                        },
                                    );
                                }
                            }
                        }
                    }
                }
            }
            differences.extend(difference::of_table(matrix, table));
        }
        Self {
            lines,
            changes,
            unsteady,
            differences,
        }
    }
}

impl<'m, 'a> History<'m, 'a> {
    /// The changes of what tools do: without those of nothing but the reason for refusing, which is
    /// read from their words.
    pub fn behaviour(&self) -> impl Iterator<Item = &VersionChange<'m, 'a>> {
        self.changes
            .iter()
            .filter(|it| it.kind != ChangeKind::Reason)
    }

    /// How many of those rest on a cell that was tried only once.
    #[must_use]
    pub fn resting_on_one_try(&self) -> usize {
        self.behaviour()
            .filter(|it| it.change.rests_on_one_try())
            .count()
    }
}

/// Adds what one neighbour of an unsteady cell tells to what is known of it.
fn note<'m, 'a>(unsteady: &mut Vec<FlakyCell<'m, 'a>>, it: FlakyCell<'m, 'a>) {
    match unsteady.last_mut() {
        Some(known)
            if known.line == it.line
                && std::ptr::eq(known.row, it.row)
                && known.at.column == it.at.column =>
        {
            known.after = known.after.or(it.after);
        }
        Some(_) | None => unsteady.push(it),
    }
}

/// What the configuration that goes on with the old code does in the version of `to`.
fn companion<'a>(
    matrix: &Matrix<'_>,
    lines: &[ReleaseSeries<'_>],
    line: &ReleaseSeries<'_>,
    row: &Row<'a>,
    from: IntervalSide<'a>,
    to: IntervalSide<'a>,
) -> Option<FlavourChange<'a>> {
    if line.flavour.is_some() {
        return None;
    }
    let runtime = matrix.runtimes.get(to.column)?;
    let column = lines
        .iter()
        .filter(|other| other.tool == line.tool && other.before.contains(&from.column))
        .flat_map(|other| &other.columns)
        .copied()
        .find(|column| {
            matrix.runtimes.get(*column).is_some_and(|other| {
                other.version == runtime.version && other.channel == runtime.channel
            })
        })?;
    let side = IntervalSide::of(row, column)?;
    if !is_steady(side.outcome()) {
        return None;
    }
    let is_as =
        |other: IntervalSide<'a>| CellComparison::of(Some(other.trial), Some(side.trial)).is_same();
    Some(if is_as(to) {
        FlavourChange::Follows(side)
    } else if is_as(from) {
        FlavourChange::Stays(side)
    } else {
        FlavourChange::Differs(side)
    })
}
