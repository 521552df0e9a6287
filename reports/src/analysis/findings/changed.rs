//! What changed from one version of a tool to the next, the same changes folded.
//!
//! The same change in many rows is one [`Changed`]. What an outcome is about (which child, which
//! reason) is part of it.

use super::class::OutcomeShape;
use crate::analysis::{
    changes::{
        ChangeKind,
        versions::{FlavourChange, History, VersionChange},
    },
    matrix::{Matrix, Row},
};
use ocipick_records::Outcome;
use std::collections::BTreeMap;

/// One change, with every row in which it was observed.
#[derive(Clone, Debug)]
pub struct Changed<'h> {
    /// What the tools were asked to do.
    pub operation: &'h str,
    /// The tool and its configuration, by the place among [`History::lines`].
    pub line: usize,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// The last version before it that was measured, by the place of its runtime in the matrix.
    pub from: usize,
    /// The version that it was first observed in.
    pub to: usize,
    /// The versions between them of which no steady outcome is known, and whether they were
    /// measured at all.
    pub between: Vec<(usize, bool)>,
    /// What the older version did.
    pub before: OutcomeShape,
    /// What the newer one does.
    pub after: OutcomeShape,
    /// What the configuration that goes on with the old code does in the newer version, and its
    /// place in the matrix.
    pub by_old_code: Option<(ByOldCode, usize)>,
    /// The rows; never empty.
    pub rows: Vec<&'h VersionChange<'h, 'h>>,
}

/// What a configuration that goes on with the old code does, without names of children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ByOldCode {
    /// What the plain tool did before.
    Stays,
    /// What the plain tool does now.
    Follows,
    /// Something else.
    Differs(OutcomeShape),
}

/// A line along which nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchanged<'h> {
    /// What the tools were asked to do.
    pub operation: &'h str,
    /// The tool and its configuration, by the place among [`History::lines`].
    pub line: usize,
    /// The oldest version that was measured, by the place of its runtime in the matrix.
    pub first: usize,
    /// The newest one.
    pub last: usize,
    /// In how many rows at least two of its versions were measured.
    pub rows: usize,
}

/// What two rows of one [`Changed`] have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    operation: usize,
    line: usize,
    /// The newer version before the older one, so that what came last comes last.
    to: usize,
    from: usize,
    between: Vec<(usize, bool)>,
    kind: ChangeKind,
    before: OutcomeShape,
    after: OutcomeShape,
    by_old_code: Option<(ByOldCode, usize)>,
    /// The children, where both sides are picks: there they are the change.
    children: Option<(&'a str, &'a str)>,
}

/// Every change within a line, the same changes folded: by operation, tool and version, and then
/// those that matter most and are most frequent first.
///
/// Where the configuration that goes on with the old code changed in the same way as the plain
/// tool, they are one.
#[must_use]
pub fn changed<'h>(matrix: &Matrix<'_>, history: &'h History<'_, '_>) -> Vec<Changed<'h>> {
    let mut groups: BTreeMap<Key<'h>, Vec<&'h VersionChange<'h, 'h>>> = BTreeMap::new();
    for change in history.changes.iter().filter(|it| !is_said(history, it)) {
        groups
            .entry(Key::of(matrix, change))
            .or_default()
            .push(change);
    }
    let mut groups: Vec<(Key<'h>, Vec<&'h VersionChange<'h, 'h>>)> = groups.into_iter().collect();
    groups.sort_by(|(left, these), (right, those)| {
        let place = |key: &Key<'_>| (key.operation, key.line, key.to, key.from, key.kind);
        place(left)
            .cmp(&place(right))
            .then_with(|| those.len().cmp(&these.len()))
            .then_with(|| left.cmp(right))
    });
    groups
        .into_iter()
        .filter_map(|(key, rows)| {
            Some(Changed {
                operation: rows.first()?.operation,
                line: key.line,
                kind: key.kind,
                from: key.from,
                to: key.to,
                between: key.between,
                before: key.before,
                after: key.after,
                by_old_code: key.by_old_code,
                rows,
            })
        })
        .collect()
}

/// The lines with at least two versions measured along which nothing changed.
#[must_use]
pub fn unchanged<'h>(matrix: &'h Matrix<'_>, history: &History<'_, '_>) -> Vec<Unchanged<'h>> {
    let mut unchanged = Vec::new();
    for table in &matrix.tables {
        for (number, line) in history.lines.iter().enumerate() {
            let moved = history
                .changes
                .iter()
                .map(|change| (change.operation, change.line))
                .chain(history.unsteady.iter().map(|it| (it.operation, it.line)))
                .any(|known| known == (table.operation, number));
            if moved {
                continue;
            }
            let all: Vec<usize> = line.before.iter().chain(&line.columns).copied().collect();
            let measured = |row: &Row<'_>| -> Vec<usize> {
                let measured = row.measured().map(|(column, _)| column);
                measured.filter(|column| all.contains(column)).collect()
            };
            let mut ends: Option<(usize, usize)> = None;
            let mut rows = 0;
            for row in table.rows() {
                if let [first, .., last] = measured(row).as_slice() {
                    rows += 1;
                    ends = Some(ends.map_or((*first, *last), |(low, high)| {
                        (low.min(*first), high.max(*last))
                    }));
                }
            }
            if let Some((first, last)) = ends {
                unchanged.push(Unchanged {
                    operation: table.operation,
                    line: number,
                    first,
                    last,
                    rows,
                });
            }
        }
    }
    unchanged
}

/// Whether the same change of the plain tool says this one as well.
fn is_said(history: &History<'_, '_>, change: &VersionChange<'_, '_>) -> bool {
    let continues = history
        .lines
        .get(change.line)
        .is_some_and(|line| line.continues_plain);
    continues
        && history.changes.iter().any(|plain| {
            std::ptr::eq(plain.row, change.row)
                && plain.from.column == change.from.column
                && plain.companion == Some(FlavourChange::Follows(change.to))
        })
}

impl<'a> Key<'a> {
    fn of(matrix: &Matrix<'_>, change: &'a VersionChange<'a, 'a>) -> Self {
        let operation = matrix
            .tables
            .iter()
            .position(|table| table.operation == change.operation);
        Self {
            operation: operation.unwrap_or(usize::MAX),
            line: change.line,
            to: change.to.column,
            from: change.from.column,
            between: change
                .between
                .iter()
                .map(|column| (*column, is_measured(change.row, *column)))
                .collect(),
            kind: change.kind,
            before: OutcomeShape::at(change.row, change.from.column),
            after: OutcomeShape::at(change.row, change.to.column),
            by_old_code: change.companion.map(|companion| {
                let by_old_code = match companion {
                    FlavourChange::Stays(_) => ByOldCode::Stays,
                    FlavourChange::Follows(_) => ByOldCode::Follows,
                    FlavourChange::Differs(side) => {
                        ByOldCode::Differs(OutcomeShape::at(change.row, side.column))
                    }
                };
                (by_old_code, companion.side().column)
            }),
            children: match (change.from.outcome(), change.to.outcome()) {
                (Outcome::Picked { child, .. }, Outcome::Picked { child: other, .. }) => {
                    Some((child, other))
                }
                (_, _) => None,
            },
        }
    }
}

fn is_measured(row: &Row<'_>, column: usize) -> bool {
    row.measured().any(|(measured, _)| measured == column)
}
