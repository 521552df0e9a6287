//! What changed between two results, as Markdown for a comment on a pull request.

use super::{apart, caution, coverage_title, headline, is_plain, name, names, side};
use crate::{
    analysis::changes::results::Diff,
    render::markdown::escape::{code, code_in_table, prose},
    text,
};

/// How many rows of one change are named before the rest is folded away.
const NAMED: usize = 3;
/// How many characters GitHub takes in a comment, with some room for what is said around this.
const MOST: usize = 60_000;

/// Writes a comparison down. Where it is too long for a comment its end is left out, and that is
/// said.
#[must_use]
pub fn render(diff: &Diff<'_>) -> String {
    let mut lines = vec![
        "### What the tools do differently".to_owned(),
        String::new(),
        format!("**{}.**", prose(&headline(diff))),
        String::new(),
        format!("- old: {}", prose(&side(diff.old))),
        format!("- new: {}", prose(&side(diff.new))),
    ];
    for (which, matrix) in [("old", diff.old), ("new", diff.new)] {
        let warnings = matrix.warnings.iter();
        lines.extend(
            warnings.map(|it| format!("- **Warning ({which}):** {}", prose(&it.to_string()))),
        );
    }
    if let Some(caution) = caution(diff) {
        lines.push(format!("- {}", prose(&caution)));
    }
    lines.push(String::new());
    changes(&mut lines, diff);
    coverage(&mut lines, diff);
    let apart = apart(diff);
    for (title, names) in &apart {
        lines.extend([
            format!(
                "<details><summary>{title} ({})</summary>\n",
                text::count(names.len(), "name", "names")
            ),
            text::list(&names.iter().map(|it| code(it)).collect::<Vec<_>>()),
            "\n</details>\n".to_owned(),
        ]);
    }
    clip(&lines.join("\n"))
}

fn changes(lines: &mut Vec<String>, diff: &Diff<'_>) {
    let mut rows = Vec::new();
    for (number, pair) in diff.runtimes.pairs.iter().enumerate() {
        let Some((new, old)) = names(diff, pair) else {
            continue;
        };
        let mut who = code_in_table(&name(new));
        if !is_plain(pair) {
            who = format!("{who}, before {}", code_in_table(&name(old)));
        }
        for group in diff.groups(number) {
            let entry = (
                group.change,
                format!(
                    "| {who} | {} | {} | {} |",
                    code_in_table(&group.was),
                    code_in_table(&group.is),
                    cases(&group.rows)
                ),
            );
            rows.push(entry);
        }
    }
    rows.sort_by_key(|(change, _)| *change);
    let mut before = None;
    for (change, row) in rows {
        if before != Some(change) {
            if before.is_some() {
                lines.push(String::new());
            }
            before = Some(change);
            lines.extend([
                format!("#### {}", change.title()),
                String::new(),
                "| runtime | was | is | cases |".to_owned(),
                "| --- | --- | --- | --- |".to_owned(),
            ]);
        }
        lines.push(row);
    }
    if before.is_some() {
        lines.push(String::new());
    }
}

fn coverage(lines: &mut Vec<String>, diff: &Diff<'_>) {
    let before = lines.len();
    for (number, pair) in diff.runtimes.pairs.iter().enumerate() {
        let Some((new, _)) = names(diff, pair) else {
            continue;
        };
        for group in diff.coverage_groups(number) {
            lines.push(format!(
                "- {}: {} ({} on the other side): {}",
                code(&name(new)),
                coverage_title(group.kind).to_lowercase(),
                code(&group.instead),
                cases(&group.rows)
            ));
        }
    }
    if lines.len() > before {
        lines.insert(before, "#### Measured on one side only\n".to_owned());
        lines.push(String::new());
    }
}

/// The rows of a change: some of them, and the others folded away.
fn cases(rows: &[String]) -> String {
    let named: Vec<String> = rows.iter().map(|row| code_in_table(row)).collect();
    match named.split_at_checked(NAMED) {
        Some((first, rest)) if rest.len() > 1 => format!(
            "{} <details><summary>and {} more</summary>{}</details>",
            first.join(", "),
            rest.len(),
            rest.join(", ")
        ),
        Some(_) | None => named.join(", "),
    }
}

fn clip(text: &str) -> String {
    if text.len() <= MOST {
        return text.to_owned();
    }
    let mut kept = String::new();
    for line in text.lines() {
        if kept.len() + line.len() > MOST {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept.push_str("\n**This is not all**: the rest has no room in a comment.\n");
    kept
}
