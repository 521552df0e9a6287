//! The matrix as Markdown, for GitHub.
//!
//! All foreign text stands in code spans: there it is neither markup nor a link, a mention or a
//! reference. Runtimes do as well, because `docker@28.5.2` is an e-mail address to GitHub.

mod changes;
pub(in crate::render) mod escape;

use super::{
    Summary,
    cell::{self, CellStyle, CellText, CellWording, SPLIT},
    findings::FindingText,
    verdicts,
};
use crate::{
    analysis::{
        builds::BuildPair,
        changes::versions::{
            AlikeVersions, ColumnFolding, Edge, FoldMode, History, ReleaseSeries, intervals,
        },
        conformance::Verdicts,
        findings,
        matrix::{CollapsedRow, FamilyRows, Matrix, MatrixRuntime, Row, Table},
        split_views::SplitViews,
    },
    text,
};
use changes::changes;
use escape::{code, code_in_table, phrase, prose};
use ocipick_records::Trial;
use std::collections::BTreeSet;

/// How many characters of an outcome in full are shown.
const WORDS: usize = 400;
/// Before an outcome that differs from that of the version before it.
const CHANGED: &str = "→";
/// The same where one of the two differs when repeated.
const UNSTEADY: &str = "⇢";

/// How to write the matrix down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkdownOptions {
    /// Whether rows that are alike are shown one by one, and details of every row are given.
    pub all: bool,
    /// How many findings are shown at most.
    pub findings: usize,
    /// Whether columns are folded as those of a wide table.
    pub fold: FoldMode,
}

impl Default for MarkdownOptions {
    fn default() -> Self {
        Self {
            all: false,
            findings: 3,
            fold: FoldMode::Auto,
        }
    }
}

/// Writes the matrix down: what was measured, the findings, the tables and the details.
#[must_use]
pub fn render(matrix: &Matrix<'_>, options: &MarkdownOptions) -> String {
    render_judged(matrix, options, None)
}

/// The same, with what became of each clause in the details.
#[must_use]
pub fn render_judged(
    matrix: &Matrix<'_>,
    options: &MarkdownOptions,
    verdicts: Option<&Verdicts<'_>>,
) -> String {
    let mut lines = Vec::new();
    let summary = Summary::of(matrix);
    let history = History::of(matrix);
    head(&mut lines, &summary);
    let findings = findings::most_surprising(matrix, options.findings);
    if !findings.is_empty() {
        lines.extend(["## Most surprising".to_owned(), String::new()]);
        for (number, finding) in (1..).zip(&findings) {
            let sentence = FindingText::of(matrix, finding).sentence();
            lines.push(format!("{number}. {}", phrase(&sentence)));
        }
        lines.push(String::new());
    }
    split_views(&mut lines, matrix);
    build_pairs(&mut lines, matrix);
    changes(&mut lines, matrix, &history);
    for table in &matrix.tables {
        operation(&mut lines, matrix, &history.lines, table, options, verdicts);
    }
    lines.join("\n")
}

/// Where what is scanned is not what is taken, with every row, where both were measured.
fn split_views(lines: &mut Vec<String>, matrix: &Matrix<'_>) {
    let all = SplitViews::of(matrix);
    if all.is_empty() {
        return;
    }
    lines.extend([
        "## Split views: what is scanned is not what runs".to_owned(),
        String::new(),
    ]);
    for views in &all {
        lines.extend([prose(&views.counts.words(views.operation)), String::new()]);
    }
    let findings = findings::split_views(matrix);
    for finding in &findings {
        let text = FindingText::of(matrix, finding);
        let mut rows = vec![code(&text.example)];
        rows.extend(text.likewise.iter().map(|label| code(label)));
        let what = phrase(&text.observed);
        let count = text::count(rows.len(), "row", "rows");
        lines.push(format!("- {what}, in {count}: {}.", text::list(&rows)));
    }
    if !findings.is_empty() {
        lines.push(String::new());
    }
}

/// In which rows a distribution's build and upstream's own one of the same release differ.
fn build_pairs(lines: &mut Vec<String>, matrix: &Matrix<'_>) {
    let pairs = BuildPair::all(matrix);
    if pairs.is_empty() {
        return;
    }
    lines.extend([
        "## A distribution's build against the release".to_owned(),
        String::new(),
    ]);
    for pair in &pairs {
        let words = format!("{} {}", pair.counts(), pair.cause(matrix));
        lines.extend([
            format!("### {}", prose(&pair.title(matrix))),
            String::new(),
            prose(&words),
            String::new(),
        ]);
        if !pair.differing.is_empty() {
            let channel = |column: usize| {
                let runtime = matrix.runtimes.get(column);
                runtime.map_or_else(String::new, |it| prose(it.channel))
            };
            let head = [
                "operation".to_owned(),
                "row".to_owned(),
                channel(pair.distribution),
                channel(pair.upstream),
            ];
            lines.push(table_line(&head));
            lines.push(table_line(&head.map(|_| "---".to_owned())));
            for it in &pair.differing {
                let what = |trial: &Trial| {
                    let shown = cell::outcome(&trial.outcome, CellWording::Full);
                    shown_text(&shown)
                };
                lines.push(table_line(&[
                    prose(it.operation),
                    code_in_table(&it.row.label()),
                    what(it.change.after),
                    what(it.change.before),
                ]));
            }
            lines.push(String::new());
        }
        if !pair.flaky.is_empty() {
            let rows: Vec<String> = pair
                .flaky
                .iter()
                .map(|it| format!("{} {}", prose(it.operation), code(&it.row.label())))
                .collect();
            lines.extend([
                format!("One of the builds wavers in: {}.", text::list(&rows)),
                String::new(),
            ]);
        }
    }
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
    lines.push(format!("- {}", summary.counts()));
    if summary.rows > 0 {
        lines.push(format!("- {}", summary.disagreements.words(summary.rows)));
    }
    if let Some(cost) = summary.cost() {
        lines.push(format!("- {}", prose(&cost)));
    }
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
    if let Some(relations) = &summary.relations {
        lines.extend([
            "## Changes that must not matter".to_owned(),
            String::new(),
            format!("{}.", relations.counts()),
            String::new(),
        ]);
        let all = relations.lines();
        lines.extend(all.iter().map(|line| format!("- {}", code(line))));
        lines.push(String::new());
    }
}

fn operation(
    lines: &mut Vec<String>,
    matrix: &Matrix<'_>,
    all: &[ReleaseSeries<'_>],
    table: &Table<'_>,
    options: &MarkdownOptions,
    verdicts: Option<&Verdicts<'_>>,
) {
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
    let left_out = cell::left_out(matrix, all, &columns);
    let folding = options.fold.of(columns.len());
    let all = folding.lines(matrix, all, table);
    let mut tones = BTreeSet::new();
    let mut edges = BTreeSet::new();
    for family in &table.families {
        let folds = family.lines(options.all);
        family_table(lines, matrix, family, &folds, (&all, folding));
        for fold in &folds {
            tones.extend(columns.iter().map(|column| {
                let shown = cell::of_row(matrix, fold.row, *column, CellWording::Full);
                shown.tone
            }));
            let intervals = all.iter().flat_map(|line| intervals(line, fold.row));
            edges.extend(intervals.map(|interval| interval.edge));
        }
    }
    let mut legend: Vec<String> = Vec::new();
    if table.splits() > 0 {
        legend.push(format!("{SPLIT} runtimes disagree"));
    }
    if edges.contains(&Edge::Changed) {
        legend.push(format!("{CHANGED} changed since the version before"));
    }
    if edges.contains(&Edge::Flaky) {
        legend.push(format!("{UNSTEADY} unstable on one side"));
    }
    legend.extend(
        CellStyle::ALL
            .iter()
            .filter(|tone| tones.contains(tone))
            .map(|tone| {
                format!("{} {}", prose(tone.symbol()), tone.meaning())
                    .trim_start()
                    .to_owned()
            }),
    );
    lines.extend([format!("{}.", legend.join("; ")), String::new()]);
    if !left_out.is_empty() {
        let left_out: Vec<String> = left_out.iter().map(|it| code(it)).collect();
        lines.push(format!(
            "No trial of this operation: {}.",
            text::list(&left_out)
        ));
        lines.push(String::new());
    }

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
            detail(lines, matrix, table.operation, row, &columns, verdicts);
        }
    }
}

fn family_table(
    lines: &mut Vec<String>,
    matrix: &Matrix<'_>,
    family: &FamilyRows<'_>,
    folds: &[CollapsedRow<'_, '_>],
    (all, folding): (&[ReleaseSeries<'_>], ColumnFolding),
) {
    let id = if family.id.is_empty() {
        "Layouts".to_owned()
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
    let all: Vec<(&ReleaseSeries<'_>, Vec<AlikeVersions>)> = all
        .iter()
        .map(|line| {
            let rows = folds.iter().map(|fold| fold.row);
            (line, folding.bands(line, rows))
        })
        .collect();
    for (line, bands) in &all {
        header.extend(
            bands
                .iter()
                .map(|band| heading(matrix, line, band, folding)),
        );
    }
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
        for (line, bands) in &all {
            let intervals = intervals(line, fold.row);
            cells.extend(bands.iter().map(|band| {
                let begins = intervals
                    .iter()
                    .find(|interval| interval.columns.first() == Some(&band.first()));
                let cell = cell_text(matrix, fold.row, band.first());
                match begins.map_or(Edge::Plain, |interval| interval.edge) {
                    Edge::Plain => cell,
                    Edge::Flaky => format!("{UNSTEADY} {cell}"),
                    Edge::Changed => format!("**{CHANGED}** {cell}"),
                }
            }));
        }
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

/// The head of a column: the tool, its configuration, its version or versions, and what a build among
/// them is called that does not stand for the release.
fn heading(
    matrix: &Matrix<'_>,
    line: &ReleaseSeries<'_>,
    band: &AlikeVersions,
    folding: ColumnFolding,
) -> String {
    let mut heading = vec![prose(line.tool)];
    heading.extend(line.flavour.map(|flavour| prose(&format!("+{flavour}"))));
    heading.extend(line.source().map(|source| prose(&source)));
    let first = cell::version(matrix, band.first());
    heading.push(prose(&first));
    if band.columns.len() > 1 {
        let count = folding.count(band).map(|count| format!(" ({count})"));
        let last = cell::version(matrix, band.last());
        heading.push(prose(&format!("–{last}{}", count.unwrap_or_default())));
    }
    // Of versions that share a column one may not stand for its release.
    let runtimes = band.columns.iter();
    let runtimes = runtimes.filter_map(|column| matrix.runtimes.get(*column));
    let mark = runtimes.filter_map(|runtime| runtime.build().mark()).next();
    heading.extend(mark.map(|mark| format!("*{}*", prose(&mark))));
    heading.join("<br>")
}

fn cell_text(matrix: &Matrix<'_>, row: &Row<'_>, column: usize) -> String {
    shown_text(&cell::of_row(matrix, row, column, CellWording::Full))
}

/// What stands in a cell of a table.
fn shown_text(shown: &CellText) -> String {
    match shown.tone {
        CellStyle::Picked => code_in_table(&shown.text),
        CellStyle::Refused
        | CellStyle::Nothing
        | CellStyle::Mixed
        | CellStyle::Crashed
        | CellStyle::Survived
        | CellStyle::TimedOut
        | CellStyle::Unstable
        | CellStyle::Unmeasured
        | CellStyle::Withheld => prose(&shown.text),
    }
}

/// Whether a row needs more words than its cells have.
fn is_notable(row: &Row<'_>) -> bool {
    row.is_split()
        || row.differs_in_reasons_only()
        || row
            .cells
            .iter()
            .any(|cell| match cell::cell(*cell, CellWording::Full).tone {
                CellStyle::Picked | CellStyle::Refused => false,
                CellStyle::Nothing
                | CellStyle::Mixed
                | CellStyle::Crashed
                | CellStyle::Survived
                | CellStyle::TimedOut
                | CellStyle::Unstable
                | CellStyle::Unmeasured
                | CellStyle::Withheld => cell.is_some(),
            })
}

fn detail(
    lines: &mut Vec<String>,
    matrix: &Matrix<'_>,
    operation: &str,
    row: &Row<'_>,
    columns: &[usize],
    verdicts: Option<&Verdicts<'_>>,
) {
    let title = text::line(row.title);
    let title = if title.is_empty() {
        String::new()
    } else {
        format!(": {}", text::markup(&title))
    };
    lines.extend([
        format!(
            "<details><summary><code>{}</code>{title}</summary>",
            text::markup(&text::line(row.case))
        ),
        String::new(),
    ]);
    if !row.why.is_empty() {
        lines.extend([prose(row.why), String::new()]);
    }
    let asked_for = cell::asked_for(row).unwrap_or_else(|| code(row.platform));
    lines.extend([format!("Asked for {asked_for}."), String::new()]);
    // Neighbouring versions that say the same word for word share a line.
    let mut said: Vec<(Vec<&MatrixRuntime<'_>>, String)> = Vec::new();
    for column in columns {
        let Some(runtime) = matrix.runtimes.get(*column) else {
            continue;
        };
        let trial = row.cells.get(*column).copied().flatten();
        let outcome = code(&text::clip(&cell::cell_in_full(runtime, trial), WORDS));
        match said.last_mut() {
            Some((them, words))
                if *words == outcome
                    && them
                        .iter()
                        .all(|it| it.tool == runtime.tool && it.flavour == runtime.flavour) =>
            {
                them.push(runtime);
            }
            Some(_) | None => said.push((vec![runtime], outcome)),
        }
    }
    for (runtimes, outcome) in said {
        let names: Vec<String> = match runtimes.as_slice() {
            [first, _, .., last] => vec![format!(
                "{} to {}",
                code(&cell::full_name(first)),
                code(&cell::full_name(last))
            )],
            few => few.iter().map(|it| code(&cell::full_name(it))).collect(),
        };
        lines.push(format!("- {}: {outcome}", text::list(&names)));
    }
    if let Some(verdicts) = verdicts {
        judged(lines, matrix, operation, row, verdicts);
    }
    lines.extend([String::new(), "</details>".to_owned(), String::new()]);
}

/// What the peers do in a row, and what became of each clause.
fn judged(
    lines: &mut Vec<String>,
    matrix: &Matrix<'_>,
    operation: &str,
    row: &Row<'_>,
    verdicts: &Verdicts<'_>,
) {
    if let Some(peers) = verdicts::peers(matrix, row) {
        lines.extend([String::new(), format!("Peers: {}.", prose(&peers))]);
    }
    for clause in verdicts::clauses(matrix, verdicts, operation, row) {
        let groups: Vec<String> = clause
            .verdicts
            .iter()
            .map(|(verdict, runtimes)| format!("{verdict}: {}", code(runtimes)))
            .collect();
        lines.extend([
            String::new(),
            format!(
                "[{}]({}): {} {}.",
                prose(&clause.name),
                clause.link,
                prose(&clause.says),
                groups.join("; ")
            ),
        ]);
    }
}

fn table_line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}
