//! In what the configurations of one version differ, and which versions differ when repeated:
//! folded and put into words.

use super::{Rows, Sentence, class::OutcomeShape, wording};
use crate::{
    analysis::{
        history::{ChangeKind, History, IntervalSide, ReleaseSeries, VersionDifference},
        matrix::Matrix,
    },
    text,
};
use ocipick_records::Outcome;
use std::collections::BTreeMap;

/// One difference between two configurations, with every row in which it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlavourDifference {
    /// What the tools were asked to do.
    pub operation: String,
    /// Name of the tool.
    pub tool: String,
    /// In which way they differ.
    pub turn: ChangeKind,
    /// `docker: picked inner, but with +containerd-store nothing, in 26.1.5 (trixie)`.
    pub what: Sentence,
    /// Where it was observed.
    pub rows: Rows,
}

/// A version that differs when repeated beside one that does not, with the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlakyVersion {
    /// What the tools were asked to do.
    pub operation: String,
    /// The tool and its configuration.
    pub line: String,
    /// `containerd 1.6.20 (bookworm): picked same ×2 and refused size-mismatch ×1; before it 1.4.13
    /// (bullseye) picked same`.
    pub what: Sentence,
    /// The row.
    pub rows: Rows,
}

/// What rows of one [`FlavourDifference`] have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    operation: usize,
    /// Both runtimes of every version in which it holds.
    versions: Vec<(usize, usize)>,
    turn: ChangeKind,
    left: OutcomeShape,
    right: OutcomeShape,
}

/// Every difference between configurations of one version, the same ones folded: by operation,
/// tool and configuration, and then those that matter most and are most frequent first.
#[must_use]
pub fn parted(matrix: &Matrix<'_>, history: &History<'_, '_>) -> Vec<FlavourDifference> {
    let flavours = |it: &VersionDifference<'_, '_>| {
        let of =
            |side: IntervalSide<'_>| matrix.runtimes.get(side.column).and_then(|it| it.flavour);
        let tool = matrix.runtimes.get(it.left.column).map(|it| it.tool);
        (tool, of(it.left), of(it.right))
    };
    // The versions in which one row differs in one way stand together.
    let mut rows: Vec<Vec<&VersionDifference<'_, '_>>> = Vec::new();
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    for it in &history.differences {
        let key = (
            (it.operation, it.row.case, it.row.platform),
            flavours(it),
            it.left.outcome.gist(),
            it.right.outcome.gist(),
            it.turn,
        );
        let place = *places.entry(key).or_insert_with(|| {
            rows.push(Vec::new());
            rows.len() - 1
        });
        if let Some(row) = rows.get_mut(place) {
            row.push(it);
        }
    }
    let mut groups: BTreeMap<Key, Vec<&VersionDifference<'_, '_>>> = BTreeMap::new();
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
            turn: first.turn,
            left: OutcomeShape::at(first.row, first.left.column),
            right: OutcomeShape::at(first.row, first.right.column),
        };
        groups.entry(key).or_default().push(first);
    }
    let mut groups: Vec<(Key, Vec<&VersionDifference<'_, '_>>)> = groups.into_iter().collect();
    groups.sort_by(|(left, these), (right, those)| {
        (left.operation, &left.versions, left.turn)
            .cmp(&(right.operation, &right.versions, right.turn))
            .then_with(|| those.len().cmp(&these.len()))
            .then_with(|| left.cmp(right))
    });
    groups
        .iter()
        .filter_map(|(key, differences)| say(matrix, key, differences))
        .collect()
}

fn say(
    matrix: &Matrix<'_>,
    key: &Key,
    differences: &[&VersionDifference<'_, '_>],
) -> Option<FlavourDifference> {
    let first = differences.first()?;
    let left = matrix.runtimes.get(first.left.column)?;
    let right = matrix.runtimes.get(first.right.column)?;
    let outcomes = |deed: OutcomeShape, side: fn(&VersionDifference<'_, '_>) -> Outcome| {
        let outcomes: Vec<_> = differences.iter().map(|it| side(it)).collect();
        wording::done(deed, &outcomes)
    };
    let versions: Vec<String> = key
        .versions
        .iter()
        .map(|(column, _)| wording::version(matrix, *column))
        .collect();
    let flavour = |flavour: Option<&str>| {
        Sentence::of_name(&text::line(&format!("+{}", flavour.unwrap_or_default())))
    };
    let mut what = Sentence::of_name(&text::line(left.tool)).words(": ");
    if left.flavour.is_some() {
        what = what.words("with ").then(flavour(left.flavour)).words(" ");
    }
    what = what
        .then(outcomes(key.left, |it| it.left.outcome.clone()))
        .words(", but with ")
        .then(flavour(right.flavour))
        .words(" ")
        .then(outcomes(key.right, |it| it.right.outcome.clone()))
        .words(", in ")
        .words(&text::list(&versions));
    Some(FlavourDifference {
        operation: first.operation.to_owned(),
        tool: text::line(left.tool),
        turn: key.turn,
        what,
        rows: Rows::of(differences.iter().map(|it| (it.family, it.row))),
    })
}

/// Every version that differs when repeated where a neighbour on its line does not.
#[must_use]
pub fn wavering(matrix: &Matrix<'_>, history: &History<'_, '_>) -> Vec<FlakyVersion> {
    let mut all = Vec::new();
    for it in &history.unsteady {
        let line = history
            .lines
            .get(it.line)
            .map_or_else(String::new, ReleaseSeries::name);
        let mut what = Sentence::of_name(&line)
            .words(" ")
            .words(&wording::version(matrix, it.at.column))
            .words(": ")
            .then(wording::observed(it.at.outcome));
        for (side, word) in [(it.before, "before"), (it.after, "after")] {
            if let Some(side) = side {
                what = what
                    .words(&format!("; {word} it "))
                    .words(&wording::version(matrix, side.column))
                    .words(" ")
                    .then(wording::alone(side.outcome));
            }
        }
        all.push(FlakyVersion {
            operation: it.operation.to_owned(),
            line,
            what,
            rows: Rows::of(std::iter::once((it.family, it.row))),
        });
    }
    all
}
