//! What changed within each tool, below the tables.

use super::{TerminalOptions, page::Page, phrase};
use crate::{
    analysis::{
        findings::{self, Rows},
        history::History,
        matrix::Matrix,
    },
    render::paint::{Style, mark},
    text,
};
use std::collections::BTreeMap;

/// How many rows of a change are named, unless all are asked for.
const NAMED: usize = 6;

/// Shows changes, what stayed, and what differs between configurations.
pub(super) fn show(
    page: &mut Page,
    matrix: &Matrix<'_>,
    history: &History<'_, '_>,
    options: &TerminalOptions,
) {
    let most = if options.all { usize::MAX } else { NAMED };
    let entry = |page: &mut Page, what: &str, rows: &Rows| {
        page.prose("  ", 4, what);
        page.prose("     ", 5, &phrase(&rows.named(most)));
    };
    let of = |operation: &str| {
        if matrix.tables.len() > 1 {
            format!("{}, ", text::line(operation))
        } else {
            String::new()
        }
    };
    let (changes, reasons) = findings::by_weight(findings::changed(matrix, history));
    if !changes.is_empty() {
        page.gap();
        page.line(mark(Style::Bold, "Changed from one version to the next"));
        if let Some(caution) = findings::caution(history) {
            page.prose("  ", 4, &mark(Style::Dim, &caution));
        }
        for change in &changes {
            let what = format!("{}{}", of(&change.operation), phrase(&change.what));
            entry(page, &what, &change.rows);
        }
    }
    let unchanged = findings::unchanged(matrix, history);
    for it in &unchanged {
        let rows = text::count(it.rows, "row", "rows");
        let what = format!(
            "{}{}: no change in {rows}",
            of(&it.operation),
            phrase(&it.what)
        );
        page.prose("  ", 4, &what);
    }
    if !reasons.is_empty() {
        page.gap();
        page.line(mark(Style::Bold, "Refused for another reason than before"));
        page.prose("  ", 4, &mark(Style::Dim, findings::REASONS));
        if options.all {
            for it in &reasons {
                let what = format!("{}{}", of(&it.operation), phrase(&it.what));
                entry(page, &what, &it.rows);
            }
        } else {
            let rows: usize = reasons.iter().map(|it| it.rows.count()).sum();
            let rows = text::count(rows, "row", "rows");
            let what = text::count(reasons.len(), "change", "changes");
            page.prose("  ", 4, &format!("{what} in {rows}; --all says which."));
        }
    }
    let wavering = findings::wavering(matrix, history);
    if !wavering.is_empty() {
        page.gap();
        page.line(mark(
            Style::Bold,
            "Different when repeated, so neither changed nor the same",
        ));
        for it in &wavering {
            let what = format!("{}{}", of(&it.operation), phrase(&it.what));
            entry(page, &what, &it.rows);
        }
    }
    let parted = findings::parted(matrix, history);
    if parted.is_empty() {
        return;
    }
    page.gap();
    page.line(mark(
        Style::Bold,
        "Different by configuration, in one version",
    ));
    if options.all {
        for it in &parted {
            let what = format!("{}{}", of(&it.operation), phrase(&it.what));
            entry(page, &what, &it.rows);
        }
    } else {
        let mut pairs: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for it in &history.differences {
            *pairs.entry((it.left.column, it.right.column)).or_default() += 1;
        }
        let name = |column: usize| {
            let runtime = matrix.runtimes.get(column);
            runtime.map_or_else(String::new, |runtime| text::line(&runtime.id))
        };
        for ((left, right), rows) in pairs {
            let rows = text::count(rows, "row", "rows");
            let what = format!(
                "{} and {}: {rows}",
                mark(Style::Bold, &name(left)),
                mark(Style::Bold, &name(right))
            );
            page.prose("  ", 4, &what);
        }
        page.prose("  ", 4, &mark(Style::Dim, "--all says which."));
    }
}
