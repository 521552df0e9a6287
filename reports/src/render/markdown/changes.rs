//! What changed from one version to the next, with every row.

use super::escape::{phrase, prose};
use crate::{
    analysis::{changes::versions::History, matrix::Matrix},
    render::findings::{Statement, sections},
    text,
};

/// Every change, what stayed, and every difference between configurations, with every row.
pub(super) fn changes(lines: &mut Vec<String>, matrix: &Matrix<'_>, history: &History<'_, '_>) {
    let entry = |it: &Statement| {
        let of = if matrix.tables.len() > 1 {
            format!("{}, ", prose(&it.operation))
        } else {
            String::new()
        };
        let what = phrase(&it.what);
        if it.unnamed > 0 {
            let rows = text::count(it.unnamed, "row", "rows");
            format!("- {of}{what}: no change in {rows}.")
        } else {
            let rows = phrase(&it.rows.named(usize::MAX));
            format!("- {of}{what}. {rows}.")
        }
    };
    for section in sections(matrix, history) {
        lines.extend([format!("## {}", section.title), String::new()]);
        if let Some(note) = section.note {
            lines.extend([prose(&note), String::new()]);
        }
        lines.extend(section.statements.iter().map(entry));
        lines.push(String::new());
    }
}
