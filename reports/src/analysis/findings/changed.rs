//! What changed from one version of a tool to the next, folded and put into words.
//!
//! The same change in many rows is one [`Changed`]. What an outcome is about (which child, which
//! reason) is kept as long as it is short.

use super::{Rows, Sentence, class::OutcomeShape, wording};
use crate::{
    analysis::{
        history::{ChangeKind, FlavourChange, History, VersionChange},
        matrix::{Matrix, Row},
    },
    text,
};
use ocipick_records::Outcome;
use std::collections::BTreeMap;

/// One change, with every row in which it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What the tools were asked to do.
    pub operation: String,
    /// The tool and its configuration.
    pub line: String,
    /// What kind of change it is.
    pub turn: ChangeKind,
    /// The version that it was first observed in, by the place of its runtime in the matrix.
    pub to: usize,
    /// `docker: refused nested-unsupported → picked inner between 20.10.24 (bookworm) and 26.1.5
    /// (trixie)`.
    pub what: Sentence,
    /// Where it was observed.
    pub rows: Rows,
}

/// A line along which nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchanged {
    /// What the tools were asked to do.
    pub operation: String,
    /// `skopeo from 1.9.3 (bookworm) to 1.22.0 (sid)`.
    pub what: Sentence,
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
    turn: ChangeKind,
    before: OutcomeShape,
    after: OutcomeShape,
    companion: Option<(Fate, usize)>,
    /// The children, where both sides are picks: there they are the change.
    children: Option<(&'a str, &'a str)>,
}

/// A companion without names of children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Stays,
    Follows,
    Differs(OutcomeShape),
}

/// Every change within a line, the same changes folded: by operation, tool and version, and then
/// those that matter most and are most frequent first.
///
/// Where the configuration that goes on with the old code changed in the same way as the plain
/// tool, the one sentence says both.
#[must_use]
pub fn changed(matrix: &Matrix<'_>, history: &History<'_, '_>) -> Vec<Changed> {
    let mut groups: BTreeMap<Key<'_>, Vec<&VersionChange<'_, '_>>> = BTreeMap::new();
    for change in history.changes.iter().filter(|it| !is_said(history, it)) {
        groups
            .entry(Key::of(matrix, change))
            .or_default()
            .push(change);
    }
    let mut groups: Vec<(Key<'_>, Vec<&VersionChange<'_, '_>>)> = groups.into_iter().collect();
    groups.sort_by(|(left, these), (right, those)| {
        let place = |key: &Key<'_>| (key.operation, key.line, key.to, key.from, key.turn);
        place(left)
            .cmp(&place(right))
            .then_with(|| those.len().cmp(&these.len()))
            .then_with(|| left.cmp(right))
    });
    groups
        .iter()
        .filter_map(|(key, changes)| say(matrix, history, key, changes))
        .collect()
}

/// The lines with at least two versions measured along which nothing changed.
#[must_use]
pub fn unchanged(matrix: &Matrix<'_>, history: &History<'_, '_>) -> Vec<Unchanged> {
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
                    operation: table.operation.to_owned(),
                    what: Sentence::of_name(&line.name())
                        .words(" from ")
                        .words(&wording::version(matrix, first))
                        .words(" to ")
                        .words(&wording::version(matrix, last)),
                    rows,
                });
            }
        }
    }
    unchanged
}

/// What is said above changes of the reason alone.
pub const REASONS: &str = "Both versions refuse. The reason is read from the tool's words, so that \
                           new words alone can look like this.";

/// The changes of what tools do, and those of nothing but the reason for refusing.
#[must_use]
pub fn by_weight(changed: Vec<Changed>) -> (Vec<Changed>, Vec<Changed>) {
    changed
        .into_iter()
        .partition(|it| it.turn != ChangeKind::Reason)
}

/// What to know before relying on the changes: how many of them rest on cells that were tried only
/// once. Nothing where all were tried more often. Changes of the reason alone are not counted.
#[must_use]
pub fn caution(history: &History<'_, '_>) -> Option<String> {
    let changes: Vec<&VersionChange<'_, '_>> = history.behaviour().collect();
    let once = changes.iter().filter(|it| it.rests_on_one_try()).count();
    let of_all = if once == changes.len() {
        "all of them rest".to_owned()
    } else if once == 1 {
        "1 of them rests".to_owned()
    } else {
        format!("{once} of them rest")
    };
    (once > 0).then(|| {
        format!(
            "{}; {of_all} on cells that were tried once, where a race looks like a change \
             (--repeat 3 tells them apart).",
            text::count(changes.len(), "change", "changes"),
        )
    })
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
    fn of(matrix: &Matrix<'_>, change: &VersionChange<'_, 'a>) -> Self {
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
            turn: change.turn,
            before: OutcomeShape::at(change.row, change.from.column),
            after: OutcomeShape::at(change.row, change.to.column),
            companion: change.companion.map(|companion| {
                let fate = match companion {
                    FlavourChange::Stays(_) => Fate::Stays,
                    FlavourChange::Follows(_) => Fate::Follows,
                    FlavourChange::Differs(side) => {
                        Fate::Differs(OutcomeShape::at(change.row, side.column))
                    }
                };
                (fate, companion.side().column)
            }),
            children: match (change.from.outcome, change.to.outcome) {
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

fn say(
    matrix: &Matrix<'_>,
    history: &History<'_, '_>,
    key: &Key<'_>,
    changes: &[&VersionChange<'_, '_>],
) -> Option<Changed> {
    let first = changes.first()?;
    let line = history.lines.get(key.line)?.name();
    let side = |side: fn(&VersionChange<'_, '_>) -> Outcome| -> Vec<Outcome> {
        changes.iter().map(|change| side(change)).collect()
    };
    let before = side(|change| change.from.outcome.clone());
    let after = side(|change| change.to.outcome.clone());
    let mut what = Sentence::of_name(&line)
        .words(": ")
        .then(wording::done(key.before, &before))
        .words(" → ")
        .then(wording::done(key.after, &after))
        .words(" between ")
        .words(&wording::version(matrix, key.from))
        .words(" and ")
        .words(&wording::version(matrix, key.to));
    for (measured, why) in [(false, "not measured"), (true, "different when repeated")] {
        let between: Vec<String> = key
            .between
            .iter()
            .filter(|(_, it)| *it == measured)
            .map(|(column, _)| wording::version(matrix, *column))
            .collect();
        if !between.is_empty() {
            what = what.words(&format!(", with {} {why}", text::list(&between)));
        }
    }
    if let Some((fate, column)) = key.companion {
        let flavour = matrix.runtimes.get(column).and_then(|it| it.flavour);
        let name = format!("+{}", flavour.unwrap_or_default());
        let name = Sentence::of_name(&text::line(&name));
        what = match fate {
            Fate::Stays => what.words(", but not with ").then(name),
            Fate::Follows => what.words(", with ").then(name).words(" too"),
            Fate::Differs(deed) => {
                let done = side(|it| it.companion.map_or(it.to, |it| it.side()).outcome.clone());
                what.words("; with ")
                    .then(name)
                    .words(" ")
                    .then(wording::done(deed, &done))
            }
        };
    }
    Some(Changed {
        operation: first.operation.to_owned(),
        line,
        turn: key.turn,
        to: key.to,
        what,
        rows: Rows::of(changes.iter().map(|change| (change.family, change.row))),
    })
}
