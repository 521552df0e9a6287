//! The matrix as Markdown, for GitHub.
//!
//! All foreign text stands in code spans: there it is neither markup nor a link, a mention or a
//! reference. Runtimes do as well, because `docker@28.5.2` is an e-mail address to GitHub.

use super::cell::{self, SPLIT, Tone};
use crate::{
    findings::{self, Phrase, Piece},
    matrix::{Family, Fold, Matrix, Row, Summary, Table},
    text,
};
use std::collections::BTreeSet;

/// How many characters of an outcome in full are shown.
const WORDS: usize = 400;

/// How to write the matrix down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether rows that are alike are shown one by one, and details of every row are given.
    pub all: bool,
    /// How many findings are shown at most.
    pub findings: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            all: false,
            findings: 3,
        }
    }
}

/// Writes the matrix down: what was measured, the findings, the tables and the details.
#[must_use]
pub fn render(matrix: &Matrix<'_>, options: &Options) -> String {
    let mut lines = Vec::new();
    let summary = Summary::of(matrix);
    head(&mut lines, &summary);
    let findings = findings::most_surprising(matrix, options.findings);
    if !findings.is_empty() {
        lines.extend(["## Most surprising".to_owned(), String::new()]);
        for (number, finding) in (1..).zip(&findings) {
            lines.push(format!("{number}. {}", phrase(&finding.sentence())));
        }
        lines.push(String::new());
    }
    for table in &matrix.tables {
        operation(&mut lines, matrix, table, options);
    }
    lines.join("\n")
}

fn head(lines: &mut Vec<String>, summary: &Summary) {
    for warning in &summary.warnings {
        lines.extend([format!("> **Warning:** {}", prose(warning)), String::new()]);
    }
    lines.extend([
        "# Which manifest does each tool pick?".to_owned(),
        String::new(),
        format!("{}.", prose(&summary.headline())),
        String::new(),
    ]);
    for run in &summary.runs {
        lines.push(format!(
            "- {}: ocipick {}, on {}; corpus {}",
            prose(&run.started),
            prose(&run.ocipick),
            prose(&run.host),
            prose(&run.corpus),
        ));
    }
    lines.push(format!(
        "- {}; {} of {} rows split",
        summary.counts(),
        summary.splits,
        summary.rows
    ));
    for note in &summary.notes {
        lines.push(format!("- Note: {}", prose(note)));
    }
    lines.push(String::new());
    if !summary.unmeasured.is_empty() {
        lines.extend(["Not measured:".to_owned(), String::new()]);
        for runtime in &summary.unmeasured {
            lines.push(format!(
                "- {}: {}",
                code(&runtime.runtime),
                code(&runtime.why)
            ));
        }
        lines.push(String::new());
    }
}

fn operation(lines: &mut Vec<String>, matrix: &Matrix<'_>, table: &Table<'_>, options: &Options) {
    let columns = table.columns();
    let splits = text::count(table.splits(), "split", "splits");
    lines.extend([
        format!("## {}", prose(table.operation)),
        String::new(),
        format!(
            "{}, {}, {splits}.",
            text::count(table.rows().count(), "row", "rows"),
            text::count(columns.len(), "runtime", "runtimes"),
        ),
        String::new(),
    ]);
    let mut tones = BTreeSet::new();
    for family in &table.families {
        let folds = family.lines(options.all);
        family_table(lines, matrix, family, &folds, &columns);
        for fold in &folds {
            tones.extend(columns.iter().map(|column| cell_of(fold.row, *column).tone));
        }
    }
    let mut legend: Vec<String> = Vec::new();
    if table.splits() > 0 {
        legend.push(format!("{SPLIT} runtimes disagree"));
    }
    legend.extend(
        Tone::ALL
            .into_iter()
            .filter(|tone| tones.contains(tone))
            .map(|tone| {
                format!("{} {}", prose(tone.symbol()), tone.meaning())
                    .trim_start()
                    .to_owned()
            }),
    );
    lines.extend([format!("{}.", legend.join("; ")), String::new()]);

    let details: Vec<&Row<'_>> = table
        .rows()
        .filter(|row| options.all || is_notable(row))
        .collect();
    if !details.is_empty() {
        lines.extend([
            format!("### {} in detail", prose(table.operation)),
            String::new(),
        ]);
        for row in details {
            detail(lines, matrix, row, &columns);
        }
    }
}

fn family_table(
    lines: &mut Vec<String>,
    matrix: &Matrix<'_>,
    family: &Family<'_>,
    folds: &[Fold<'_, '_>],
    columns: &[usize],
) {
    let id = if family.id.is_empty() {
        "No family".to_owned()
    } else {
        code(family.id)
    };
    let title = prose(family.title);
    let title = if title.is_empty() {
        id
    } else {
        format!("{title} ({id})")
    };
    lines.extend([format!("### {title}"), String::new()]);
    if !family.about.is_empty() {
        lines.extend([prose(family.about), String::new()]);
    }
    let mut header = vec!["case".to_owned(), SPLIT.to_owned()];
    header.extend(columns.iter().filter_map(|column| {
        let runtime = matrix.runtimes.get(*column)?;
        let heading = cell::heading(runtime, matrix.has_channels());
        let heading: Vec<String> = heading.iter().map(|line| prose(line)).collect();
        Some(heading.join("<br>"))
    }));
    lines.push(table_line(&header));
    let rule = header.iter().enumerate().map(|(number, _)| match number {
        1 => ":-:".to_owned(),
        _ => "---".to_owned(),
    });
    lines.push(table_line(&rule.collect::<Vec<_>>()));
    for fold in folds {
        let mut name = code_in_table(fold.row.name());
        if fold.row.among_platforms {
            name = format!("{name} {}", code_in_table(fold.row.platform));
        }
        if !fold.alike.is_empty() {
            name = format!("{name} + {} alike", fold.alike.len());
        }
        let split = if fold.row.is_split() { SPLIT } else { "" };
        let mut cells = vec![name, split.to_owned()];
        cells.extend(columns.iter().map(|column| {
            let shown = cell_of(fold.row, *column);
            match shown.tone {
                Tone::Picked => code_in_table(&shown.text),
                Tone::Refused
                | Tone::Nothing
                | Tone::Mixed
                | Tone::Crashed
                | Tone::TimedOut
                | Tone::Unstable
                | Tone::Unmeasured => prose(&shown.text),
            }
        }));
        lines.push(table_line(&cells));
    }
    lines.push(String::new());
    for fold in folds.iter().filter(|fold| !fold.alike.is_empty()) {
        let alike: Vec<String> = fold.alike_labels().iter().map(|it| code(it)).collect();
        lines.push(format!(
            "Alike in every cell: {} and {}.",
            code(&fold.row.label()),
            text::list(&alike)
        ));
        lines.push(String::new());
    }
}

/// Whether a row needs more words than its cells have.
fn is_notable(row: &Row<'_>) -> bool {
    row.is_split()
        || row.cells.iter().any(|cell| match cell::cell(*cell).tone {
            Tone::Picked | Tone::Refused => false,
            Tone::Nothing
            | Tone::Mixed
            | Tone::Crashed
            | Tone::TimedOut
            | Tone::Unstable
            | Tone::Unmeasured => cell.is_some(),
        })
}

fn detail(lines: &mut Vec<String>, matrix: &Matrix<'_>, row: &Row<'_>, columns: &[usize]) {
    let title = text::line(row.title);
    let title = if title.is_empty() {
        String::new()
    } else {
        format!(": {}", html(&title))
    };
    lines.extend([
        format!(
            "<details><summary><code>{}</code>{title}</summary>",
            html(&text::line(row.case))
        ),
        String::new(),
    ]);
    if !row.why.is_empty() {
        lines.extend([prose(row.why), String::new()]);
    }
    lines.extend([format!("Asked for {}.", code(row.platform)), String::new()]);
    for column in columns {
        let Some(runtime) = matrix.runtimes.get(*column) else {
            continue;
        };
        let trial = row.cells.get(*column).copied().flatten();
        let outcome = code(&text::clip(&cell::cell_in_full(runtime, trial), WORDS));
        lines.push(format!("- {}: {outcome}", code(&cell::full_name(runtime))));
    }
    lines.extend([String::new(), "</details>".to_owned(), String::new()]);
}

fn cell_of(row: &Row<'_>, column: usize) -> cell::CellText {
    cell::cell(row.cells.get(column).copied().flatten())
}

fn table_line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn phrase(phrase: &Phrase) -> String {
    phrase
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Words(words) => prose_kept(words),
            Piece::Name(name) => code(name),
        })
        .collect()
}

/// Text outside code: everything with a meaning in Markdown or HTML is escaped.
fn prose(text: &str) -> String {
    prose_kept(&text::line(text))
}

/// The same for text that is clean already, with its spaces at both ends.
fn prose_kept(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '#' | '$' | '@'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A code span, with a fence longer than any in the text.
fn code(text: &str) -> String {
    let text = text::line(text);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    if longest == 0 {
        format!("{fence}{text}{fence}")
    } else {
        format!("{fence} {text} {fence}")
    }
}

/// In a table a pipe ends the cell even within a code span.
fn code_in_table(text: &str) -> String {
    code(text).replace('|', "\\|")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_hold_any_text() {
        assert_eq!(code("a|b"), "`a|b`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(code_in_table("a|b"), "`a\\|b`");
        assert_eq!(code("\n"), "(empty)");
    }

    #[test]
    fn prose_is_no_markup() {
        assert_eq!(prose("<b>*a*</b> @me"), r"\<b\>\*a\*\</b\> \@me");
    }
}
