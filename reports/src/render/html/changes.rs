//! What changed from one version to the next, and what differs between configurations.

use super::{PieceView, table::Anchors};
use crate::{
    analysis::{
        findings::{self, RowName, Rows, Sentence},
        history::History,
        matrix::Matrix,
    },
    text,
};
use serde::Serialize;

/// Up to so many rows stand in the sentence itself.
const INLINE: usize = 3;

#[derive(Serialize)]
pub(super) struct SectionView {
    title: &'static str,
    /// What to know before relying on the entries.
    note: Option<String>,
    entries: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    /// What the tools were asked to do, where that is not the same everywhere.
    operation: Option<String>,
    what: Vec<PieceView>,
    /// Whether its rows are many, so that they are shown only on demand.
    long: bool,
    /// `3 rows`.
    count: String,
    families: Vec<RowsView>,
}

#[derive(Serialize)]
struct RowsView {
    family: String,
    rows: Vec<RowLink>,
}

#[derive(Serialize)]
struct RowLink {
    name: String,
    anchor: String,
}

/// All sections that have something to say.
pub(super) fn sections(
    matrix: &Matrix<'_>,
    history: &History<'_, '_>,
    anchors: &Anchors<'_>,
) -> Vec<SectionView> {
    let entry = |operation: &str, what: &Sentence, rows: &Rows| {
        EntryView::of(matrix, anchors, operation, what, rows)
    };
    let (changed, reasons) = findings::by_weight(findings::changed(matrix, history));
    let reasons = reasons
        .iter()
        .map(|it| entry(&it.operation, &it.what, &it.rows));
    let changed = changed
        .iter()
        .map(|it| entry(&it.operation, &it.what, &it.rows));
    let unchanged = findings::unchanged(matrix, history);
    let unchanged = unchanged.iter().map(|it| EntryView {
        count: format!("no change in {}", text::count(it.rows, "row", "rows")),
        ..entry(&it.operation, &it.what, &Rows::default())
    });
    let wavering = findings::wavering(matrix, history);
    let wavering = wavering
        .iter()
        .map(|it| entry(&it.operation, &it.what, &it.rows));
    let parted = findings::parted(matrix, history);
    let parted = parted
        .iter()
        .map(|it| entry(&it.operation, &it.what, &it.rows));
    [
        (
            "Changed from one version to the next",
            findings::caution(history),
            changed.chain(unchanged).collect::<Vec<_>>(),
        ),
        (
            "Refused for another reason than before",
            Some(findings::REASONS.to_owned()),
            reasons.collect(),
        ),
        (
            "Different when repeated, so neither changed nor the same",
            None,
            wavering.collect(),
        ),
        (
            "Different by configuration, in one version",
            None,
            parted.collect(),
        ),
    ]
    .into_iter()
    .filter(|(_, _, entries)| !entries.is_empty())
    .map(|(title, note, entries)| SectionView {
        title,
        note,
        entries,
    })
    .collect()
}

impl EntryView {
    fn of(
        matrix: &Matrix<'_>,
        anchors: &Anchors<'_>,
        operation: &str,
        what: &Sentence,
        rows: &Rows,
    ) -> Self {
        let link = |row: &RowName| RowLink {
            name: row.name.clone(),
            anchor: anchors
                .get(&(operation, row.case.as_str(), row.platform.as_str()))
                .cloned()
                .unwrap_or_default(),
        };
        Self {
            operation: (matrix.tables.len() > 1).then(|| text::line(operation)),
            what: what.pieces().iter().map(PieceView::of).collect(),
            long: rows.count() > INLINE,
            count: text::count(rows.count(), "row", "rows"),
            families: rows
                .families
                .iter()
                .map(|(family, rows)| RowsView {
                    family: family.clone(),
                    rows: rows.iter().map(link).collect(),
                })
                .collect(),
        }
    }
}
