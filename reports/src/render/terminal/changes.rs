//! What changed within each tool, below the tables.

use super::{TerminalOptions, page::Page, phrase};
use crate::{
    analysis::{
        changes::versions::History,
        findings::{changed, differences, unchanged},
        matrix::Matrix,
    },
    render::{
        findings::{self, Statement},
        paint::{Style, mark},
    },
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
    let of = |operation: &str| {
        if matrix.tables.len() > 1 {
            format!("{}, ", text::line(operation))
        } else {
            String::new()
        }
    };
    let entry = |page: &mut Page, it: &Statement| {
        let what = format!("{}{}", of(&it.operation), phrase(&it.what));
        page.prose("  ", 4, &what);
        page.prose("     ", 5, &phrase(&it.rows.named(most)));
    };
    let (changes, reasons) = findings::by_weight(changed(matrix, history));
    if !changes.is_empty() {
        page.gap();
        page.line(mark(Style::Bold, "Changed from one version to the next"));
        if let Some(caution) = findings::caution(history) {
            page.prose("  ", 4, &mark(Style::Dim, &caution));
        }
        for change in &changes {
            entry(page, &findings::changed(matrix, history, change));
        }
    }
    for it in unchanged(matrix, history) {
        let it = findings::unchanged(matrix, history, &it);
        let rows = text::count(it.unnamed, "row", "rows");
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
                entry(page, &findings::changed(matrix, history, it));
            }
        } else {
            let rows: usize = reasons.iter().map(|it| it.rows.len()).sum();
            let rows = text::count(rows, "row", "rows");
            let what = text::count(reasons.len(), "change", "changes");
            page.prose("  ", 4, &format!("{what} in {rows}; --all says which."));
        }
    }
    if !history.unsteady.is_empty() {
        page.gap();
        page.line(mark(
            Style::Bold,
            "Different when repeated, so neither changed nor the same",
        ));
        for it in &history.unsteady {
            entry(page, &findings::flaky(matrix, history, it));
        }
    }
    let differences = differences(matrix, history);
    if differences.is_empty() {
        return;
    }
    page.gap();
    page.line(mark(
        Style::Bold,
        "Different by configuration, in one version",
    ));
    if options.all {
        for it in &differences {
            entry(page, &findings::flavours(matrix, it));
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
