//! A table of the page: cases by runtimes, with neighbouring versions that agree in one cell.

use super::{
    case::{CaseView, in_full},
    line,
};
use crate::{
    analysis::{
        changes::versions::{
            AlikeVersions, Edge, Interval, ReleaseSeries, Step, bands, intervals, steps,
        },
        conformance::Verdicts,
        matrix::{CollapsedRow, FamilyRows, Matrix, Row, Table},
    },
    render::{
        cell::{self, CellStyle, CellWording},
        family,
        head::Head,
    },
    text,
};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct TableView {
    operation: String,
    rows: usize,
    runtimes: usize,
    splits: usize,
    /// Whether an outcome changes within a line.
    changed: bool,
    /// Whether a version that differs when repeated has a steady neighbour.
    unsteady: bool,
    /// The heads of the columns, a tool in one configuration each.
    lines: Vec<LineView>,
    /// How many columns there are.
    columns: usize,
    /// The runtimes without a trial of this operation.
    left_out: Vec<String>,
    families: Vec<FamilyView>,
    cases: Vec<CaseView>,
}

#[derive(Serialize)]
struct LineView {
    tool: String,
    flavour: Option<String>,
    bands: Vec<Head>,
}

#[derive(Serialize)]
struct FamilyView {
    heading: String,
    note: Option<String>,
    about: String,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    anchor: String,
    name: String,
    title: String,
    platform: Option<String>,
    alike: Vec<String>,
    split: bool,
    cells: Vec<CellView>,
}

/// A cell, which may stand for neighbouring versions.
#[derive(Serialize)]
struct CellView {
    tone: CellStyle,
    text: String,
    /// Over how many columns it goes.
    span: usize,
    /// Whether it is the first of its line.
    begins: bool,
    /// What came before it, where that was something else: for those who do not see the edge.
    changed: Option<String>,
    unsteady: bool,
    /// Where its evidence is.
    anchor: String,
    /// The outcome in full.
    title: String,
}

/// Where the case of a row is described: by operation, case and platform.
pub(super) type Anchors<'a> = BTreeMap<(&'a str, &'a str, &'a str), String>;

/// The anchors of every row. By place, because ids of foreign cases may hold anything.
pub(super) fn anchors<'a>(matrix: &Matrix<'a>) -> Anchors<'a> {
    let mut anchors = Anchors::new();
    for (number, table) in matrix.tables.iter().enumerate() {
        for (place, row) in (1..).zip(table.rows()) {
            let anchor = format!("case-{number}-{place}");
            anchors.insert((table.operation, row.case, row.platform), anchor);
        }
    }
    anchors
}

impl TableView {
    pub(super) fn of(
        matrix: &Matrix<'_>,
        table: &Table<'_>,
        all_lines: &[ReleaseSeries<'_>],
        anchors: &Anchors<'_>,
        all: bool,
        verdicts: Option<&Verdicts<'_>>,
    ) -> Self {
        let columns = table.columns();
        let lines: Vec<(ReleaseSeries<'_>, Vec<AlikeVersions>)> = all_lines
            .iter()
            .map(|line| line.only(&columns))
            .filter(|line| !line.columns.is_empty())
            .map(|line| {
                let bands = bands(&line, table.rows());
                (line, bands)
            })
            .collect();
        let anchor = |row: &Row<'_>| {
            let anchor = anchors.get(&(table.operation, row.case, row.platform));
            anchor.cloned().unwrap_or_default()
        };
        let families: Vec<FamilyView> = table
            .families
            .iter()
            .map(|family| {
                let (heading, note) = family::heading(family.id, family.title);
                FamilyView {
                    heading,
                    note,
                    about: text::line(family.about),
                    rows: rows(matrix, family, &lines, &anchor, all),
                }
            })
            .collect();
        let cells = || {
            let rows = families.iter().flat_map(|family| &family.rows);
            rows.flat_map(|row| &row.cells)
        };
        Self {
            operation: text::line(table.operation),
            rows: table.rows().count(),
            runtimes: columns.len(),
            splits: table.splits(),
            changed: cells().any(|cell| cell.changed.is_some()),
            unsteady: cells().any(|cell| cell.unsteady),
            columns: lines.iter().map(|(_, bands)| bands.len()).sum(),
            lines: lines
                .iter()
                .map(|(line, bands)| LineView::of(matrix, line, bands))
                .collect(),
            left_out: cell::left_out(matrix, all_lines, &columns),
            families,
            cases: table
                .rows()
                .map(|row| CaseView::of(matrix, table.operation, row, anchor(row), verdicts))
                .collect(),
        }
    }
}

impl LineView {
    fn of(matrix: &Matrix<'_>, line: &ReleaseSeries<'_>, bands: &[AlikeVersions]) -> Self {
        Self {
            tool: text::line(line.tool),
            flavour: line
                .flavour
                .map(|flavour| text::line(&format!("+{flavour}"))),
            bands: bands.iter().map(|band| Head::of(matrix, band)).collect(),
        }
    }
}

fn rows(
    matrix: &Matrix<'_>,
    family: &FamilyRows<'_>,
    lines: &[(ReleaseSeries<'_>, Vec<AlikeVersions>)],
    anchor: &dyn Fn(&Row<'_>) -> String,
    all: bool,
) -> Vec<RowView> {
    let folds = family.lines(all);
    let row = |fold: &CollapsedRow<'_, '_>| {
        let row = fold.row;
        let anchor = anchor(row);
        let cells = lines
            .iter()
            .flat_map(|(line, bands)| cells(matrix, row, line, bands, &anchor));
        RowView {
            name: text::line(row.name()),
            title: text::line(row.title),
            platform: row.among_platforms.then(|| text::line(row.platform)),
            alike: fold
                .alike_labels()
                .iter()
                .map(|it| text::line(it))
                .collect(),
            split: row.is_split(),
            cells: cells.collect(),
            anchor,
        }
    };
    folds.iter().map(row).collect()
}

fn cells(
    matrix: &Matrix<'_>,
    row: &Row<'_>,
    line: &ReleaseSeries<'_>,
    bands: &[AlikeVersions],
    anchor: &str,
) -> Vec<CellView> {
    let steps = steps(line, row);
    let intervals = intervals(line, row).into_iter().enumerate();
    let cell = |(number, interval): (usize, Interval<'_>)| {
        let first = interval.columns.first().copied().unwrap_or_default();
        let shown = cell::of_row(matrix, row, first, CellWording::Full);
        let inside = |band: &&AlikeVersions| interval.columns.contains(&band.first());
        CellView {
            tone: shown.tone,
            text: shown.text,
            span: bands.iter().filter(inside).count(),
            begins: number == 0,
            changed: steps.iter().find_map(|step| match step {
                Step::Changed { from, to, .. } if to.column == first => {
                    let name = matrix.runtimes.get(from.column).map(cell::full_name);
                    let outcome = cell::outcome(from.outcome(), CellWording::Full).text;
                    Some(format!("{outcome} in {}", name.unwrap_or_default()))
                }
                Step::Changed { .. } | Step::Flaky { .. } => None,
            }),
            unsteady: interval.edge == Edge::Flaky,
            anchor: format!("{anchor}-{first}"),
            title: title(matrix, row, &interval),
        }
    };
    intervals.map(cell).collect()
}

/// What every version in a cell did, in full; once where they say the same word for word.
fn title(matrix: &Matrix<'_>, row: &Row<'_>, interval: &Interval<'_>) -> String {
    let mut said: Vec<(Vec<String>, String)> = Vec::new();
    for column in &interval.columns {
        let Some(runtime) = matrix.runtimes.get(*column) else {
            continue;
        };
        let words = in_full(runtime, row.cells.get(*column).copied().flatten());
        let version = text::line(runtime.version);
        match said.last_mut() {
            Some((versions, known)) if *known == words => versions.push(version),
            Some(_) | None => said.push((vec![version], words)),
        }
    }
    if let [(_, words)] = said.as_slice() {
        return words.clone();
    }
    let said: Vec<String> = said
        .iter()
        .map(|(versions, words)| format!("{}: {words}", text::list(versions)))
        .collect();
    line(&said.join("; "))
}
