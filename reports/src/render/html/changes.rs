//! What changed from one version to the next, and what differs between configurations.

use super::{PieceView, table::Anchors};
use crate::{
    analysis::{changes::versions::History, matrix::Matrix},
    render::findings::{self, RowName, Statement},
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
    findings::sections(matrix, history)
        .into_iter()
        .map(|section| SectionView {
            title: section.title,
            note: section.note,
            entries: section
                .statements
                .iter()
                .map(|it| EntryView::of(matrix, anchors, it))
                .collect(),
        })
        .collect()
}

impl EntryView {
    fn of(matrix: &Matrix<'_>, anchors: &Anchors<'_>, it: &Statement) -> Self {
        let link = |row: &RowName| RowLink {
            name: row.name.clone(),
            anchor: anchors
                .get(&(&*it.operation, row.case.as_str(), row.platform.as_str()))
                .cloned()
                .unwrap_or_default(),
        };
        Self {
            operation: (matrix.tables.len() > 1).then(|| text::line(&it.operation)),
            what: it.what.pieces().iter().map(PieceView::of).collect(),
            long: it.rows.count() > INLINE,
            count: if it.unnamed > 0 {
                format!("no change in {}", text::count(it.unnamed, "row", "rows"))
            } else {
                text::count(it.rows.count(), "row", "rows")
            },
            families: it
                .rows
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
