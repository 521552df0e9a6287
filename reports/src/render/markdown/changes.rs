//! What changed from one version to the next, with every row.

use super::escape::{phrase, prose};
use crate::{
    analysis::{
        findings::{self, Rows, Sentence},
        history::History,
        matrix::Matrix,
    },
    text,
};

/// Every change, what stayed, and every difference between configurations, with every row.
pub(super) fn changes(lines: &mut Vec<String>, matrix: &Matrix<'_>, history: &History<'_, '_>) {
    let of = |operation: &str| {
        if matrix.tables.len() > 1 {
            format!("{}, ", prose(operation))
        } else {
            String::new()
        }
    };
    let entry = |operation: &str, what: &Sentence, rows: &Rows| {
        let rows = phrase(&rows.named(usize::MAX));
        format!("- {}{}. {rows}.", of(operation), phrase(what))
    };
    let (changed, reasons) = findings::by_weight(findings::changed(matrix, history));
    let reasons = reasons
        .iter()
        .map(|it| entry(&it.operation, &it.what, &it.rows));
    let changed: Vec<String> = changed
        .iter()
        .map(|it| entry(&it.operation, &it.what, &it.rows))
        .chain(findings::unchanged(matrix, history).iter().map(|it| {
            let rows = text::count(it.rows, "row", "rows");
            let what = phrase(&it.what);
            format!("- {}{what}: no change in {rows}.", of(&it.operation))
        }))
        .collect();
    let wavering = findings::wavering(matrix, history);
    let wavering = wavering
        .iter()
        .map(|it| entry(&it.operation, &it.what, &it.rows));
    let parted = findings::parted(matrix, history);
    let parted = parted
        .iter()
        .map(|it| entry(&it.operation, &it.what, &it.rows));
    for (title, note, entries) in [
        (
            "Changed from one version to the next",
            findings::caution(history),
            changed,
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
    ] {
        if !entries.is_empty() {
            lines.extend([format!("## {title}"), String::new()]);
            if let Some(note) = note {
                lines.extend([prose(&note), String::new()]);
            }
            lines.extend(entries);
            lines.push(String::new());
        }
    }
}
