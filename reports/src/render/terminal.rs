//! The matrix in a terminal.

use super::{
    cell::{self, SPLIT, Tone},
    paint::{self, Style, mark, paint},
};
use crate::{
    findings::{self, Phrase, Piece},
    matrix::{Fold, Matrix, Summary, Table},
    text,
};
use comfy_table::{Cell, CellAlignment, ContentArrangement, presets};
use std::collections::BTreeSet;

/// Prose is not wider than this, however wide the terminal is.
const PROSE: usize = 100;
/// After so many lines the head of the table is repeated above the next family.
const HEAD_AGAIN: usize = 25;
/// The name of a case may always take this many columns.
const LABEL: usize = 24;

/// How to show the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether to use colour. The layout is the same without.
    pub color: bool,
    /// How many columns there are; as many as needed where there is no limit.
    pub width: Option<usize>,
    /// Whether rows that are alike are shown one by one.
    pub all: bool,
    /// How many findings are shown at most.
    pub findings: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: false,
            width: None,
            all: false,
            findings: 3,
        }
    }
}

/// Shows the matrix: what was measured, the tables, the counts and the findings.
#[must_use]
pub fn render(matrix: &Matrix<'_>, options: &Options) -> String {
    let mut page = Page {
        lines: Vec::new(),
        prose: options.width.map(|width| width.clamp(20, PROSE)),
    };
    let summary = Summary::of(matrix);
    head(&mut page, &summary);
    let mut tones = BTreeSet::new();
    for table in &matrix.tables {
        tones.extend(operation(&mut page, matrix, table, options));
    }
    foot(&mut page, matrix, &summary, &tones, options);
    let mut shown = page.lines.join("\n");
    shown.push('\n');
    paint(&shown, options.color)
}

/// The lines so far.
struct Page {
    lines: Vec<String>,
    prose: Option<usize>,
}

impl Page {
    fn line(&mut self, text: impl Into<String>) {
        self.lines.push(text.into());
    }

    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// Prose, broken between words; later lines are indented.
    fn prose(&mut self, first: &str, indent: usize, text: &str) {
        let most = self.prose.unwrap_or(usize::MAX);
        let mut line = first.to_owned();
        let mut empty = true;
        for word in text.split(' ') {
            if !empty && paint::width(&line) + 1 + paint::width(word) > most {
                let full = std::mem::replace(&mut line, " ".repeat(indent));
                self.lines.push(full.trim_end().to_owned());
                empty = true;
            }
            // Several spaces in a row stay, but not at the beginning of a line.
            if empty && word.is_empty() {
                continue;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.lines.push(line);
    }
}

fn head(page: &mut Page, summary: &Summary) {
    for warning in &summary.warnings {
        page.prose("", 2, &mark(Style::Red, &format!("Warning: {warning}")));
    }
    page.gap();
    page.line(mark(Style::Bold, &summary.headline()));
    for run in &summary.runs {
        let about = format!("{}, on {}; corpus {}", run.started, run.host, run.corpus);
        page.prose("", 2, &mark(Style::Dim, &about));
    }
    for note in &summary.notes {
        page.prose("", 2, &format!("Note: {note}"));
    }
    if !summary.unmeasured.is_empty() {
        page.gap();
        page.line("Not measured:");
        for runtime in &summary.unmeasured {
            let head = format!(
                "  {} {}  ",
                cell::NO_TRIAL,
                mark(Style::Bold, &runtime.runtime)
            );
            page.prose(&head, 6, &mark(Style::Dim, &runtime.why));
        }
    }
}

/// Shows one operation, and says which tones occur in it.
fn operation(
    page: &mut Page,
    matrix: &Matrix<'_>,
    table: &Table<'_>,
    options: &Options,
) -> BTreeSet<Tone> {
    let columns = table.columns();
    page.gap();
    page.line(format!(
        "{}  {}",
        mark(Style::Bold, &text::line(table.operation)),
        mark(
            Style::Dim,
            &format!(
                "{}, {}, {}",
                text::count(table.rows().count(), "row", "rows"),
                text::count(columns.len(), "runtime", "runtimes"),
                text::count(table.splits(), "split", "splits"),
            )
        ),
    ));

    let families: Vec<_> = table
        .families
        .iter()
        .map(|family| (family, family.lines(options.all)))
        .collect();
    let folds: Vec<&Fold<'_, '_>> = families.iter().flat_map(|(_, lines)| lines).collect();
    let whole = Part::all(matrix, &folds, &columns, options.width);
    if let [whole] = whole.as_slice() {
        // All runtimes fit: one layout for all families, so that columns stand below columns.
        let mut body = whole.body.iter();
        let mut since_head = HEAD_AGAIN;
        for (family, lines) in &families {
            page.gap();
            page.line(family_title(family.id, family.title, page.prose));
            if since_head >= HEAD_AGAIN {
                page.lines.extend(whole.head.iter().cloned());
                since_head = 0;
            }
            page.lines.extend(body.by_ref().take(lines.len()).cloned());
            since_head += lines.len() + 2;
        }
    } else {
        // Each family for itself, because one with short names may need fewer tables.
        for (family, lines) in &families {
            page.gap();
            page.line(family_title(family.id, family.title, page.prose));
            let lines: Vec<&Fold<'_, '_>> = lines.iter().collect();
            for (number, part) in Part::all(matrix, &lines, &columns, options.width)
                .into_iter()
                .enumerate()
            {
                if number > 0 {
                    page.gap();
                }
                page.lines.extend(part.head);
                page.lines.extend(part.body);
            }
        }
    }

    let left_out: Vec<String> = (0..matrix.runtimes.len())
        .filter(|column| !columns.contains(column))
        .filter_map(|column| matrix.runtimes.get(column))
        .filter(|runtime| runtime.unmeasured.is_none())
        .map(|runtime| text::line(&runtime.id))
        .collect();
    if !left_out.is_empty() {
        page.gap();
        let left_out = format!("No trial of this operation: {}", text::list(&left_out));
        page.prose("  ", 4, &mark(Style::Dim, &left_out));
    }
    let folded: usize = folds.iter().map(|fold| fold.alike.len()).sum();
    if folded > 0 {
        page.gap();
        let folded = format!(
            "{} folded into another that is alike in every cell; --all shows each.",
            text::count(folded, "row is", "rows are")
        );
        page.prose("  ", 4, &mark(Style::Dim, &folded));
    }
    folds
        .iter()
        .flat_map(|fold| columns.iter().map(|column| cell_of(fold, *column).tone))
        .collect()
}

fn foot(
    page: &mut Page,
    matrix: &Matrix<'_>,
    summary: &Summary,
    tones: &BTreeSet<Tone>,
    options: &Options,
) {
    let mut legend: Vec<String> = Vec::new();
    if summary.splits > 0 {
        legend.push(format!(
            "{} runtimes disagree",
            styled(SPLIT, Style::Magenta)
        ));
    }
    legend.extend(
        Tone::ALL
            .into_iter()
            .filter(|tone| tones.contains(tone))
            .map(|tone| {
                if tone.symbol().is_empty() {
                    styled(tone.meaning(), style(tone))
                } else {
                    format!("{} {}", styled(tone.symbol(), style(tone)), tone.meaning())
                }
            }),
    );
    page.gap();
    if !legend.is_empty() {
        // Within an entry the spaces do not break, so that a symbol stays with its meaning.
        let legend: Vec<String> = legend
            .iter()
            .map(|entry| entry.replace(' ', "\u{a0}"))
            .collect();
        let before = page.lines.len();
        page.prose("  ", 2, &legend.join("   "));
        for line in page.lines.iter_mut().skip(before) {
            *line = line.replace('\u{a0}', " ").trim_end().to_owned();
        }
    }
    page.gap();
    let splits = format!("{} of {} rows split", summary.splits, summary.rows);
    page.prose("", 2, &format!("{}; {splits}", summary.counts()));

    let findings = findings::most_surprising(matrix, options.findings);
    if !findings.is_empty() {
        page.gap();
        page.line(mark(Style::Bold, "Most surprising"));
        for (number, finding) in (1..).zip(&findings) {
            page.prose(&format!("  {number}. "), 5, &phrase(&finding.sentence()));
        }
    }
}

/// A table over some of the runtimes, as lines of equal layout.
struct Part {
    head: Vec<String>,
    body: Vec<String>,
}

impl Part {
    /// Lays out all columns, in as many tables as needed.
    fn all(
        matrix: &Matrix<'_>,
        folds: &[&Fold<'_, '_>],
        columns: &[usize],
        width: Option<usize>,
    ) -> Vec<Self> {
        let label_width = label_width(folds, width);
        chunks(matrix, folds, columns, label_width, width)
            .iter()
            .map(|chunk| Self::lay_out(matrix, folds, chunk, label_width))
            .collect()
    }

    fn lay_out(
        matrix: &Matrix<'_>,
        folds: &[&Fold<'_, '_>],
        columns: &[usize],
        label_width: usize,
    ) -> Self {
        let headings: Vec<Vec<String>> = columns
            .iter()
            .map(|column| heading_of(matrix, *column))
            .collect();
        let height = headings.iter().map(Vec::len).max().unwrap_or(0);

        let mut table = comfy_table::Table::new();
        table
            .force_no_tty()
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        for line in 0..height {
            let label = if line == 0 {
                " ".repeat(label_width)
            } else {
                String::new()
            };
            let mut cells = vec![Cell::new(label), Cell::new("")];
            cells.extend(headings.iter().map(|heading| {
                let words = heading.get(line).map_or("", String::as_str);
                let style = if line == 0 { Style::Bold } else { Style::Dim };
                Cell::new(styled(words, style))
            }));
            table.add_row(cells);
        }
        for fold in folds {
            let split = if fold.row.is_split() {
                styled(SPLIT, Style::Magenta)
            } else {
                String::new()
            };
            let mut cells = vec![
                Cell::new(label(fold, label_width)),
                Cell::new(split).set_alignment(CellAlignment::Center),
            ];
            cells.extend(columns.iter().map(|column| {
                let shown = cell_of(fold, *column);
                Cell::new(styled(&shown.text, style(shown.tone)))
            }));
            table.add_row(cells);
        }
        for (number, column) in table.column_iter_mut().enumerate() {
            column.set_padding((if number == 0 { 2 } else { 0 }, 2));
        }
        let mut lines: Vec<String> = table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        let body = lines.split_off(height.min(lines.len()));
        Self { head: lines, body }
    }
}

/// Divides the runtimes into tables that fit, as few as possible and of about equal width.
fn chunks(
    matrix: &Matrix<'_>,
    folds: &[&Fold<'_, '_>],
    columns: &[usize],
    label_width: usize,
    width: Option<usize>,
) -> Vec<Vec<usize>> {
    let Some(width) = width else {
        return vec![columns.to_vec()];
    };
    let needed: Vec<(usize, usize)> = columns
        .iter()
        .map(|column| {
            let heading = heading_of(matrix, *column);
            let heading = heading.iter().map(|line| line.chars().count());
            let cells = folds
                .iter()
                .map(|fold| cell_of(fold, *column).text.chars().count());
            (*column, heading.chain(cells).max().unwrap_or(0))
        })
        .collect();
    // The indent, the label and its gap, the mark of a split and its gap.
    let room = width.saturating_sub(2 + label_width + 2 + 1 + 2);
    let fewest = fill(&needed, room);
    (1..room)
        .map(|room| fill(&needed, room))
        .find(|chunks| chunks.len() == fewest.len())
        .unwrap_or(fewest)
}

/// Puts column after column into a table until there is no room, then begins another. A column
/// that is too wide for any gets one of its own.
fn fill(needed: &[(usize, usize)], room: usize) -> Vec<Vec<usize>> {
    let mut chunks: Vec<Vec<usize>> = Vec::new();
    let mut used = 0;
    for (column, needed) in needed {
        match chunks.last_mut() {
            Some(chunk) if used + needed <= room => chunk.push(*column),
            Some(_) | None => {
                chunks.push(vec![*column]);
                used = 0;
            }
        }
        used += needed + 2;
    }
    chunks
}

fn label_width(folds: &[&Fold<'_, '_>], width: Option<usize>) -> usize {
    let longest = folds
        .iter()
        .map(|fold| paint::width(&label(fold, usize::MAX)))
        .max()
        .unwrap_or(0);
    width.map_or(longest, |width| longest.min(LABEL.max(width * 2 / 5)))
}

/// The name of the case, with what else is needed to tell the row from others.
fn label(fold: &Fold<'_, '_>, most: usize) -> String {
    let mut suffix = String::new();
    if fold.row.among_platforms {
        suffix = format!(" {}", text::line(fold.row.platform));
    }
    if !fold.alike.is_empty() {
        suffix = format!("{suffix} + {} alike", fold.alike.len());
    }
    let room = most.saturating_sub(suffix.chars().count()).max(4);
    let name = text::clip(&text::line(fold.row.name()), room);
    let name = if name.is_empty() { "(no name)" } else { &name };
    format!("{name}{}", styled(&suffix, Style::Dim))
}

fn family_title(id: &str, title: &str, prose: Option<usize>) -> String {
    let id = text::line(id);
    let id = if id.is_empty() { "(no family)" } else { &id };
    let room = prose.map_or(usize::MAX, |most| {
        most.saturating_sub(id.chars().count() + 2).max(8)
    });
    let title = text::clip(&text::line(title), room);
    if title.is_empty() {
        mark(Style::Bold, id)
    } else {
        format!("{}  {title}", mark(Style::Bold, id))
    }
}

fn heading_of(matrix: &Matrix<'_>, column: usize) -> Vec<String> {
    matrix
        .runtimes
        .get(column)
        .map(|runtime| cell::heading(runtime, matrix.has_channels()))
        .unwrap_or_default()
}

fn cell_of(fold: &Fold<'_, '_>, column: usize) -> cell::CellText {
    cell::cell(fold.row.cells.get(column).copied().flatten())
}

fn phrase(phrase: &Phrase) -> String {
    phrase
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Name(name) => styled(name, Style::Bold),
        })
        .collect()
}

/// Like [`mark`], but nothing stays nothing.
fn styled(text: &str, style: Style) -> String {
    if text.is_empty() {
        String::new()
    } else {
        mark(style, text)
    }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Picked => Style::Green,
        Tone::Refused => Style::Yellow,
        Tone::Nothing | Tone::Mixed | Tone::Crashed | Tone::TimedOut => Style::Red,
        Tone::Unstable => Style::Magenta,
        Tone::Unmeasured => Style::Dim,
    }
}
