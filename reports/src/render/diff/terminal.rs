//! What changed between two results, for a terminal.

use super::{NAMED, apart, caution, coverage_title, headline, is_plain, name, names, side};
use crate::{
    analysis::changes::{OutcomeChange, results::Diff},
    render::paint::{Style, mark, paint},
    text,
};
use std::fmt::Write as _;

/// How to write a comparison down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffTerminalOptions {
    /// Whether there is colour.
    pub color: bool,
    /// Whether every row is named.
    pub all: bool,
}

/// Writes a comparison down.
#[must_use]
pub fn render(diff: &Diff<'_>, options: DiffTerminalOptions) -> String {
    let most = if options.all { usize::MAX } else { NAMED };
    let mut text = String::new();
    let _ = writeln!(text, "{}  {}", mark(Style::Dim, "old"), side(diff.old));
    let _ = writeln!(text, "{}  {}", mark(Style::Dim, "new"), side(diff.new));
    for (which, matrix) in [("old", diff.old), ("new", diff.new)] {
        for warning in &matrix.warnings {
            let warning = format!("{which}: {}", text::line(&warning.to_string()));
            let _ = writeln!(text, "{}", mark(Style::Yellow, &warning));
        }
    }
    let _ = writeln!(text, "\n{}", mark(Style::Bold, &headline(diff)));
    if let Some(caution) = caution(diff) {
        let _ = writeln!(text, "{}", mark(Style::Dim, &caution));
    }
    for (number, pair) in diff.runtimes.pairs.iter().enumerate() {
        let groups = diff.groups(number);
        let coverage = diff.coverage_groups(number);
        if groups.is_empty() && coverage.is_empty() && is_plain(pair) {
            continue;
        }
        let Some((new, old)) = names(diff, pair) else {
            continue;
        };
        let mut head = mark(Style::Bold, &name(new));
        if !is_plain(pair) {
            let _ = write!(head, ", compared with {}", name(old));
        }
        if groups.is_empty() && coverage.is_empty() {
            head.push_str(": no change");
        }
        let _ = writeln!(text, "\n{head}");
        let mut change = None;
        for group in groups {
            if change != Some(group.change) {
                change = Some(group.change);
                let _ = writeln!(
                    text,
                    "  {}",
                    mark(style(group.change), group.change.title())
                );
            }
            let (was, is) = (text::line(&group.was), text::line(&group.is));
            let rows = rows(&group.rows, most);
            let _ = writeln!(text, "    {was} → {is}: {rows}");
        }
        for group in coverage {
            let title = coverage_title(group.kind);
            let instead = text::line(&group.instead);
            let rows = rows(&group.rows, most);
            let _ = writeln!(text, "  {title} ({instead} on the other side): {rows}");
        }
    }
    for (title, names) in apart(diff) {
        let title = format!("{title} ({})", names.len());
        let _ = writeln!(text, "\n{}", mark(Style::Bold, &title));
        let _ = writeln!(text, "  {}", rows(&names, most));
    }
    paint(&text, options.color)
}

fn style(change: OutcomeChange) -> Style {
    match change {
        OutcomeChange::NowCrashes | OutcomeChange::NowFails => Style::Red,
        OutcomeChange::OtherPick | OutcomeChange::NowRefused | OutcomeChange::OtherFailure => {
            Style::Yellow
        }
        OutcomeChange::NowPicked | OutcomeChange::Elsewhere | OutcomeChange::OtherReason => {
            Style::Cyan
        }
        OutcomeChange::NoLongerFails => Style::Green,
        OutcomeChange::Wavers => Style::Dim,
    }
}

fn rows(rows: &[String], most: usize) -> String {
    let mut named: Vec<String> = rows.iter().take(most).map(|row| text::line(row)).collect();
    if rows.len() > most {
        named.push(format!("{} more", rows.len() - most));
    }
    text::list(&named)
}
