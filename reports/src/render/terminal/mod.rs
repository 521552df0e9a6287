//! The matrix in a terminal.

mod changes;
mod columns;
mod grid;
mod legend;
mod page;

use super::{
    Summary,
    cell::{self, CellStyle, CellText, CellWording},
    family,
    findings::{FindingText, Sentence, SentencePart},
    paint::{self, Style, mark, paint},
};
use crate::{
    analysis::{
        builds::BuildPair,
        changes::versions::{FoldMode, History, ReleaseSeries},
        findings,
        matrix::{CollapsedRow, Matrix, Row, Table},
        split_views::SplitViews,
    },
    text,
};
use grid::Grid;
use legend::Legend;
use ocipick_records::Trial;
use page::Page;

/// Prose is not wider than this, however wide the terminal is.
const PROSE: usize = 100;
/// After so many lines the head of the table is repeated above the next family.
const HEAD_AGAIN: usize = 25;
/// How many split views are shown, unless all are asked for.
const VIEWS: usize = 5;
/// How many rows in which two builds of one release differ are named, likewise.
const NAMED: usize = 6;

/// How to show the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Whether to use colour. The layout is the same without.
    pub color: bool,
    /// How many columns there are; as many as needed where there is no limit.
    pub width: Option<usize>,
    /// Whether rows that are alike are shown one by one.
    pub all: bool,
    /// How many findings are shown at most.
    pub findings: usize,
    /// Whether columns are folded as those of a wide table.
    pub fold: FoldMode,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        Self {
            color: false,
            width: None,
            all: false,
            findings: 3,
            fold: FoldMode::Auto,
        }
    }
}

/// Shows the matrix: what was measured, the tables, the counts and the findings.
#[must_use]
pub fn render(matrix: &Matrix<'_>, options: &TerminalOptions) -> String {
    let mut page = Page {
        lines: Vec::new(),
        prose: options.width.map(|width| width.clamp(20, PROSE)),
    };
    let summary = Summary::of(matrix);
    head(&mut page, &summary);
    let history = History::of(matrix);
    versions(&mut page, matrix, &history);
    let mut legend = Legend::default();
    for table in &matrix.tables {
        legend.add(operation(&mut page, matrix, &history.lines, table, options));
    }
    foot(&mut page, matrix, &history, &summary, &legend, options);
    let mut shown = page.lines.join("\n");
    shown.push('\n');
    paint(&shown, options.color)
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
    if let Some(cost) = summary.cost() {
        page.prose("", 2, &mark(Style::Dim, &cost));
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
    if let Some(relations) = &summary.relations {
        page.gap();
        page.prose("", 2, &format!("{}.", relations.counts()));
        for line in relations.lines() {
            page.prose("  ", 4, &mark(Style::Red, &line));
        }
    }
}

/// Says where each version comes from, because the heads of the tables do not.
fn versions(page: &mut Page, matrix: &Matrix<'_>, history: &History<'_, '_>) {
    if !matrix.has_channels() {
        return;
    }
    let names: Vec<String> = history.lines.iter().map(ReleaseSeries::name).collect();
    let longest = names.iter().map(|name| name.chars().count()).max();
    page.gap();
    for (line, name) in history.lines.iter().zip(&names) {
        let runtimes = line
            .columns
            .iter()
            .filter_map(|it| matrix.runtimes.get(*it));
        let versions: Vec<String> = runtimes
            .map(|it| {
                let measured = match it.unmeasured {
                    None => "",
                    Some(_) => " (not measured)",
                };
                let channel = text::line(it.channel);
                let build = it.build().mark().map(|mark| format!(" ({mark})"));
                let build = build.unwrap_or_default();
                format!("{} {channel}{build}{measured}", text::line(it.version))
            })
            .collect();
        let longest = longest.unwrap_or(0);
        let head = format!("  {}  ", mark(Style::Bold, &format!("{name:longest$}")));
        page.prose(&head, longest + 4, &versions.join(", "));
    }
}

/// Shows one operation, and says what its legend needs.
fn operation(
    page: &mut Page,
    matrix: &Matrix<'_>,
    all: &[ReleaseSeries<'_>],
    table: &Table<'_>,
    options: &TerminalOptions,
) -> Legend {
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
    let folds: Vec<&CollapsedRow<'_, '_>> = families.iter().flat_map(|(_, lines)| lines).collect();
    let folding = options.fold.of(columns.len());
    let lines = folding.lines(matrix, all, table);
    let grid = |wording| Grid {
        folding,
        matrix,
        lines: &lines,
        width: options.width,
        wording,
    };
    // One layout for all families where that fits, so that columns stand below columns.
    let whole = [CellWording::Full, CellWording::Brief]
        .into_iter()
        .map(|wording| (wording, grid(wording).pieces(&folds)))
        .find(|(_, pieces)| pieces.len() == 1);
    let wording = if let Some((wording, pieces)) = &whole {
        let mut body = pieces.iter().flat_map(|piece| &piece.body);
        let mut since_head = HEAD_AGAIN;
        for (family, lines) in &families {
            page.gap();
            page.line(family_title(family.id, family.title, page.prose));
            if since_head >= HEAD_AGAIN {
                page.lines
                    .extend(pieces.iter().flat_map(|piece| piece.head.iter().cloned()));
                since_head = 0;
            }
            page.lines.extend(body.by_ref().take(lines.len()).cloned());
            since_head += lines.len() + 2;
        }
        *wording
    } else {
        // Each family for itself, because in one of them more versions are alike.
        for (family, lines) in &families {
            page.gap();
            page.line(family_title(family.id, family.title, page.prose));
            let lines: Vec<&CollapsedRow<'_, '_>> = lines.iter().collect();
            for (number, piece) in grid(CellWording::Brief)
                .pieces(&lines)
                .into_iter()
                .enumerate()
            {
                if number > 0 {
                    page.gap();
                }
                page.lines.extend(piece.head);
                page.lines.extend(piece.body);
            }
        }
        CellWording::Brief
    };

    let left_out = cell::left_out(matrix, all, &columns);
    if !left_out.is_empty() {
        page.gap();
        let left_out = format!("No trial of this operation: {}", text::list(&left_out));
        page.prose("  ", 4, &mark(Style::Dim, &left_out));
    }
    let folded: usize = folds.iter().map(|fold| fold.alike.len()).sum();
    if folded > 0 {
        page.gap();
        let folded = format!(
            "{} folded (+1) into another that is alike in every cell; --all shows each.",
            text::count(folded, "row is", "rows are")
        );
        page.prose("  ", 4, &mark(Style::Dim, &folded));
    }
    Legend::of(&folds, &lines, wording)
}

fn foot(
    page: &mut Page,
    matrix: &Matrix<'_>,
    history: &History<'_, '_>,
    summary: &Summary,
    legend: &Legend,
    options: &TerminalOptions,
) {
    page.gap();
    legend.show(page);
    page.gap();
    page.prose("", 2, &format!("{}.", summary.counts()));
    if summary.rows > 0 {
        let words = summary.disagreements.words(summary.rows);
        page.prose("", 2, &format!("{words}."));
    }

    split_views(page, matrix, options);
    build_pairs(page, matrix, options);
    changes::show(page, matrix, history, options);
    let findings = findings::most_surprising(matrix, options.findings);
    if !findings.is_empty() {
        page.gap();
        page.line(mark(Style::Bold, "Most surprising"));
        for (number, finding) in (1..).zip(&findings) {
            page.prose(
                &format!("  {number}. "),
                5,
                &phrase(&FindingText::of(matrix, finding).sentence()),
            );
        }
    }
}

/// Shows where what is scanned is not what is taken, where both were measured.
fn split_views(page: &mut Page, matrix: &Matrix<'_>, options: &TerminalOptions) {
    let all = SplitViews::of(matrix);
    if all.is_empty() {
        return;
    }
    page.gap();
    page.line(mark(
        Style::Bold,
        "Split views: what is scanned is not what runs",
    ));
    for views in &all {
        page.prose("  ", 4, &views.counts.words(views.operation));
    }
    let findings = findings::split_views(matrix);
    let most = if options.all { usize::MAX } else { VIEWS };
    for finding in findings.iter().take(most) {
        let sentence = phrase(&FindingText::of(matrix, finding).sentence());
        page.prose("  - ", 4, &sentence);
    }
    let more = findings.len().saturating_sub(most);
    if more > 0 {
        let more = text::count(more, "more group of rows", "more groups of rows");
        page.prose(
            "  ",
            4,
            &mark(Style::Dim, &format!("{more}; --all shows each.")),
        );
    }
}

/// Shows in which rows a distribution's build and upstream's own one of the same release differ.
fn build_pairs(page: &mut Page, matrix: &Matrix<'_>, options: &TerminalOptions) {
    let pairs = BuildPair::all(matrix);
    if pairs.is_empty() {
        return;
    }
    page.gap();
    page.line(mark(
        Style::Bold,
        "A distribution's build against the release",
    ));
    let most = if options.all { usize::MAX } else { NAMED };
    for pair in &pairs {
        let title = mark(Style::Bold, &pair.title(matrix));
        let words = format!("{title}: {} {}", pair.counts(), pair.cause(matrix));
        page.prose("  ", 4, &words);
        for it in pair.differing.iter().take(most) {
            let what = |trial: &Trial| {
                let CellText { tone, text } = cell::outcome(&trial.outcome, CellWording::Full);
                styled(&text, style(tone))
            };
            let row = format!(
                "{}, {}: {}, the release {}",
                text::line(it.operation),
                mark(Style::Bold, &text::line(&it.row.label())),
                what(it.change.after),
                what(it.change.before),
            );
            page.prose("    - ", 6, &row);
        }
        let more = pair.differing.len().saturating_sub(most);
        if more > 0 {
            page.prose(
                "    ",
                6,
                &mark(Style::Dim, &format!("{more} more; --all shows each.")),
            );
        }
    }
}

/// The name of the case, with what else is needed to tell the row from others, and how many rows
/// it stands for.
fn label(fold: &CollapsedRow<'_, '_>, most: usize) -> String {
    let (platforms, alike): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
        fold.alike.iter().partition(|row| row.case == fold.row.case);
    let mut suffix = match platforms.as_slice() {
        [] if !fold.row.among_platforms => String::new(),
        [] => format!(" {}", text::line(fold.row.platform)),
        [other] => {
            let platforms = format!(" {}, {}", fold.row.platform, other.platform);
            format!(" {}", text::line(&platforms))
        }
        several => format!(" {} platforms", several.len() + 1),
    };
    if !alike.is_empty() {
        suffix = format!("{suffix} +{}", alike.len());
    }
    let room = most.saturating_sub(paint::width(&suffix)).max(4);
    let name = text::clip(&text::line(fold.row.name()), room);
    let name = if name.is_empty() { "(no name)" } else { &name };
    format!("{name}{}", styled(&suffix, Style::Dim))
}

fn family_title(id: &str, title: &str, prose: Option<usize>) -> String {
    let (heading, note) = family::heading(id, title);
    let room = prose.map_or(usize::MAX, |most| {
        most.saturating_sub(heading.chars().count() + 2).max(8)
    });
    match note {
        None => mark(Style::Bold, &heading),
        Some(note) => format!(
            "{}  {}",
            mark(Style::Bold, &heading),
            text::clip(&note, room)
        ),
    }
}

fn phrase(phrase: &Sentence) -> String {
    phrase
        .pieces()
        .iter()
        .map(|piece| match piece {
            SentencePart::Words(words) => words.clone(),
            SentencePart::Name(name) => styled(name, Style::Bold),
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

fn style(tone: CellStyle) -> Style {
    match tone {
        CellStyle::Picked => Style::Green,
        CellStyle::Refused => Style::Yellow,
        CellStyle::Nothing
        | CellStyle::Mixed
        | CellStyle::Crashed
        | CellStyle::Survived
        | CellStyle::TimedOut => Style::Red,
        CellStyle::Unstable => Style::Magenta,
        CellStyle::Unmeasured | CellStyle::Withheld => Style::Dim,
    }
}
