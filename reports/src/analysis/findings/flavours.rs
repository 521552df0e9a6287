//! In what the configurations of one version differ, the same differences folded.

use super::class::OutcomeShape;
use crate::analysis::{
    changes::{
        ChangeKind,
        versions::{History, IntervalSide, VersionDifference},
    },
    matrix::Matrix,
};
use std::collections::BTreeMap;

/// One difference between two configurations, with every row in which it was observed.
#[derive(Clone, Debug)]
pub struct FlavourDifference<'h> {
    /// What the tools were asked to do.
    pub operation: &'h str,
    /// In which way they differ.
    pub kind: ChangeKind,
    /// Both runtimes of every version in which it holds, by their places in the matrix.
    pub versions: Vec<(usize, usize)>,
    /// What the one configuration did.
    pub left: OutcomeShape,
    /// What the other one did.
    pub right: OutcomeShape,
    /// The rows, each in the first of the versions; never empty.
    pub rows: Vec<&'h VersionDifference<'h, 'h>>,
}

/// What rows of one [`FlavourDifference`] have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    operation: usize,
    /// Both runtimes of every version in which it holds.
    versions: Vec<(usize, usize)>,
    kind: ChangeKind,
    left: OutcomeShape,
    right: OutcomeShape,
}

/// Every difference between configurations of one version, the same ones folded: by operation,
/// tool and configuration, and then those that matter most and are most frequent first.
#[must_use]
pub fn differences<'h>(
    matrix: &Matrix<'_>,
    history: &'h History<'_, '_>,
) -> Vec<FlavourDifference<'h>> {
    let flavours = |it: &VersionDifference<'_, '_>| {
        let of =
            |side: IntervalSide<'_>| matrix.runtimes.get(side.column).and_then(|it| it.flavour);
        let tool = matrix.runtimes.get(it.left.column).map(|it| it.tool);
        (tool, of(it.left), of(it.right))
    };
    // The versions in which one row differs in one way stand together.
    let mut rows: Vec<Vec<&'h VersionDifference<'h, 'h>>> = Vec::new();
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    for it in &history.differences {
        let key = (
            (it.operation, it.row.case, it.row.platform),
            flavours(it),
            it.left.outcome().gist(),
            it.right.outcome().gist(),
            it.kind,
        );
        let place = *places.entry(key).or_insert_with(|| {
            rows.push(Vec::new());
            rows.len() - 1
        });
        if let Some(row) = rows.get_mut(place) {
            row.push(it);
        }
    }
    let mut groups: BTreeMap<Key, Vec<&'h VersionDifference<'h, 'h>>> = BTreeMap::new();
    for row in &rows {
        let Some(first) = row.first() else { continue };
        let operation = matrix
            .tables
            .iter()
            .position(|table| table.operation == first.operation);
        let key = Key {
            operation: operation.unwrap_or(usize::MAX),
            versions: row
                .iter()
                .map(|it| (it.left.column, it.right.column))
                .collect(),
            kind: first.kind,
            left: OutcomeShape::at(first.row, first.left.column),
            right: OutcomeShape::at(first.row, first.right.column),
        };
        groups.entry(key).or_default().push(first);
    }
    let mut groups: Vec<(Key, Vec<&'h VersionDifference<'h, 'h>>)> = groups.into_iter().collect();
    groups.sort_by(|(left, these), (right, those)| {
        (left.operation, &left.versions, left.kind)
            .cmp(&(right.operation, &right.versions, right.kind))
            .then_with(|| those.len().cmp(&these.len()))
            .then_with(|| left.cmp(right))
    });
    groups
        .into_iter()
        .filter_map(|(key, rows)| {
            Some(FlavourDifference {
                operation: rows.first()?.operation,
                kind: key.kind,
                versions: key.versions,
                left: key.left,
                right: key.right,
                rows,
            })
        })
        .collect()
}
