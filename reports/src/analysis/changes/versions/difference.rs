//! In what two configurations of one version differ.

use super::IntervalSide;
use crate::analysis::{
    changes::{CellComparison, ChangeKind},
    matrix::{Matrix, Row, Table},
};

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
    pub kind: ChangeKind,
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
                let sides = IntervalSide::of(row, left).zip(IntervalSide::of(row, right));
                let Some((left, right)) = sides else { continue };
                let compared = CellComparison::of(Some(left.trial), Some(right.trial));
                if let Some((_, kind)) = compared.steady_change() {
                    differences.push(VersionDifference {
                        operation: table.operation,
                        family: family.id,
                        row,
                        left,
                        right,
                        kind,
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
