//! In what two configurations of one version differ.

use super::{ChangeKind, IntervalSide, interval::is_unknown};
use crate::analysis::matrix::{Matrix, Row, Table};

/// One row in which two configurations of one version do different things.
#[derive(Clone, Debug)]
pub struct VersionDifference<'m, 'a> {
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// Id of the family of the case.
    pub family: &'a str,
    /// The case and the platform.
    pub row: &'m Row<'a>,
    /// The plain configuration, or else the one that is listed first.
    pub left: IntervalSide<'a>,
    /// The other one.
    pub right: IntervalSide<'a>,
    /// In which way they differ.
    pub turn: ChangeKind,
}

/// Every difference in a table. Both sides were measured and are steady.
pub(super) fn of_table<'m, 'a>(
    matrix: &Matrix<'a>,
    table: &'m Table<'a>,
) -> Vec<VersionDifference<'m, 'a>> {
    let mut differences = Vec::new();
    for (left, right) in pairs(matrix) {
        for family in &table.families {
            for row in &family.rows {
                let (Some(left), Some(right)) = (side(row, left), side(row, right)) else {
                    continue;
                };
                if !left.outcome.agrees_with(right.outcome) {
                    differences.push(VersionDifference {
                        operation: table.operation,
                        family: family.id,
                        row,
                        left,
                        right,
                        turn: ChangeKind::of(left.outcome, right.outcome),
                    });
                }
            }
        }
    }
    differences
}

/// The pairs of runtimes that are one version of one tool from one channel.
fn pairs(matrix: &Matrix<'_>) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (right, it) in matrix.runtimes.iter().enumerate() {
        let left = matrix.runtimes.iter().take(right).position(|other| {
            other.tool == it.tool
                && other.version == it.version
                && other.channel == it.channel
                && other.flavour != it.flavour
        });
        pairs.extend(left.map(|left| (left, right)));
    }
    pairs
}

fn side<'a>(row: &Row<'a>, column: usize) -> Option<IntervalSide<'a>> {
    let outcome = &row.cells.get(column).copied().flatten()?.outcome;
    (!is_unknown(outcome)).then_some(IntervalSide { column, outcome })
}
