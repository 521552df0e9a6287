//! The matrix as one static page, which needs nothing but itself.

mod case;
mod changes;
mod table;
mod verdicts;

use super::{
    Summary,
    cell::{self, CellStyle, CellWording},
    findings::{FindingText, SentencePart},
};
use crate::{
    analysis::{
        changes::versions::History,
        conformance::Verdicts,
        findings,
        matrix::{Matrix, MatrixRuntime, Table},
    },
    text,
};
use changes::SectionView;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;
use table::TableView;
use verdicts::VerdictsView;

const TEMPLATE: &str = include_str!("../../../templates/report.html");
/// How many characters of a foreign line are shown.
const LINE: usize = 1000;

/// How to write the matrix down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HtmlOptions {
    /// Whether rows that are alike are shown one by one. The details have all of them anyway.
    pub all: bool,
    /// How many findings are shown at most.
    pub findings: usize,
}

impl Default for HtmlOptions {
    fn default() -> Self {
        Self {
            all: false,
            findings: 3,
        }
    }
}

/// Writes the page.
///
/// # Panics
/// Never: the template is part of this crate, and its tests render every kind of outcome.
#[must_use]
pub fn render(matrix: &Matrix<'_>, options: &HtmlOptions) -> String {
    render_judged(matrix, options, None)
}

/// Writes the page with verdicts.
///
/// # Panics
/// Never: the template is part of this crate, and its tests render every kind of outcome.
#[must_use]
pub fn render_judged(
    matrix: &Matrix<'_>,
    options: &HtmlOptions,
    verdicts: Option<&Verdicts<'_>>,
) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .expect("the delimiters are the usual ones"),
    );
    environment
        .render_str(TEMPLATE, Serde(Page::of(matrix, options, verdicts)))
        .expect("the template fits its context")
}

/// All that the template is given, as JSON: what a snapshot test compares, because markup changes
/// more often than what is said.
///
/// # Panics
/// Never: all keys are text, and all numbers are finite.
#[must_use]
pub fn context(
    matrix: &Matrix<'_>,
    options: &HtmlOptions,
    verdicts: Option<&Verdicts<'_>>,
) -> serde_json::Value {
    serde_json::to_value(Page::of(matrix, options, verdicts))
        .expect("keys are text and numbers are finite")
}

#[derive(Serialize)]
struct Page {
    headline: String,
    summary: Summary,
    counts: String,
    /// In how many rows runtimes disagree, and in which way.
    disagree: String,
    cost: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relations: Option<RelationsView>,
    findings: Vec<Vec<PieceView>>,
    changes: Vec<SectionView>,
    verdicts: Option<VerdictsView>,
    legend: Vec<LegendView>,
    runtimes: Vec<RuntimeView>,
    tables: Vec<TableView>,
}

/// What became of changes that must not matter.
#[derive(Serialize)]
struct RelationsView {
    counts: String,
    lines: Vec<String>,
}

#[derive(Serialize)]
struct PieceView {
    name: bool,
    text: String,
}

#[derive(Serialize)]
struct LegendView {
    tone: CellStyle,
    symbol: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct RuntimeView {
    name: String,
    unmeasured: Option<String>,
    /// What exactly was run, in lines.
    provenance: Vec<String>,
}

impl Page {
    fn of(matrix: &Matrix<'_>, options: &HtmlOptions, verdicts: Option<&Verdicts<'_>>) -> Self {
        let summary = Summary::of(matrix);
        let history = History::of(matrix);
        let anchors = table::anchors(matrix);
        let mut tones: Vec<CellStyle> = matrix
            .tables
            .iter()
            .flat_map(Table::rows)
            .flat_map(|row| {
                row.cells
                    .iter()
                    .map(|cell| cell::cell(*cell, CellWording::Full).tone)
            })
            .collect();
        tones.sort_unstable();
        tones.dedup();
        Self {
            headline: summary.headline(),
            counts: summary.counts(),
            disagree: summary.disagreements.words(summary.rows),
            cost: summary.cost(),
            relations: summary.relations.as_ref().map(|relations| RelationsView {
                counts: relations.counts(),
                lines: relations.lines(),
            }),
            summary,
            findings: findings::most_surprising(matrix, options.findings)
                .iter()
                .map(|finding| {
                    let sentence = FindingText::of(matrix, finding).sentence();
                    sentence.pieces().iter().map(PieceView::of).collect()
                })
                .collect(),
            changes: changes::sections(matrix, &history, &anchors),
            verdicts: verdicts.and_then(|it| VerdictsView::of(matrix, it, &anchors)),
            legend: tones
                .into_iter()
                .map(|tone| LegendView {
                    tone,
                    symbol: tone.symbol(),
                    meaning: tone.meaning(),
                })
                .collect(),
            runtimes: matrix.runtimes.iter().map(RuntimeView::of).collect(),
            tables: matrix
                .tables
                .iter()
                .map(|table| {
                    let lines = &history.lines;
                    TableView::of(matrix, table, lines, &anchors, options.all, verdicts)
                })
                .collect(),
        }
    }
}

impl PieceView {
    fn of(piece: &SentencePart) -> Self {
        match piece {
            SentencePart::Words(text) => Self {
                name: false,
                text: text.clone(),
            },
            SentencePart::Name(text) => Self {
                name: true,
                text: text.clone(),
            },
        }
    }
}

impl RuntimeView {
    fn of(runtime: &MatrixRuntime<'_>) -> Self {
        let mut provenance = Vec::new();
        if let Some(record) = runtime.record {
            let it = &record.provenance;
            for (role, path) in &it.binaries {
                provenance.push(line(&match it.versions.get(role) {
                    Some(version) => format!("{role}: {path}, which says {version}"),
                    None => format!("{role}: {path}"),
                }));
            }
            for (package, version) in &it.packages {
                provenance.push(line(&format!("package {package} {version}")));
            }
            provenance.extend(it.notes.iter().map(|note| line(note)));
        }
        Self {
            name: cell::full_name(runtime),
            unmeasured: runtime.unmeasured.as_deref().map(line),
            provenance,
        }
    }
}

/// Foreign text on one line, of a length that a page can bear.
fn line(text: &str) -> String {
    text::clip(&text::line(text), LINE)
}

#[cfg(test)]
mod tests {
    use super::{super::cell::SPLIT, *};

    #[test]
    fn the_mark_of_a_split_is_the_one_of_other_formats() {
        assert!(TEMPLATE.contains(SPLIT));
    }
}
