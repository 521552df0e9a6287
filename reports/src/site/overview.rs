//! The first page: what was measured, what differs most, and who agrees with whom.

use super::{
    Sink,
    findings::{self as page_of_findings, FindingView},
    graph::{bars::BarsView, heat::HeatView},
    group::{self, Crowd},
    index::{self, Atlas},
    page_layout::{self, Part},
    wording::{self, OutcomeView},
};
use crate::analysis::{
    consensus::Consensus,
    findings::{self, Finding, Surprise},
    matrix::Summary,
    split::Disagreements,
};
use ocipick_records::OutcomeKind;
use serde::Serialize;

/// How many findings are told.
const FINDINGS: usize = 6;

#[derive(Serialize)]
struct Overview {
    rows: usize,
    disagreements: Disagreements,
    /// What the numbers say, in a sentence.
    disagree: String,
    /// Faults that ended or disturbed a process: one of several versions in several cases is one.
    crashes: usize,
    /// In how many cells they were seen.
    crashed_cells: usize,
    /// Panics that a daemon survived.
    survived: usize,
    changes: usize,
    summary: Summary,
    counts: String,
    cost: Option<String>,
    findings: Vec<CardView>,
    tools: Vec<ToolView>,
    heat: Option<HeatView>,
    bars: BarsView,
}

/// A finding, with who did what.
#[derive(Serialize)]
struct CardView {
    kind: &'static str,
    kind_anchor: &'static str,
    finding: FindingView,
    clusters: Vec<ClusterView>,
}

#[derive(Serialize)]
struct ClusterView {
    outcome: OutcomeView,
    crowds: Vec<Crowd>,
}

#[derive(Serialize)]
struct ToolView {
    name: String,
    href: String,
    /// `20.10.5, 26.1.5 and 28.5.2`.
    versions: String,
    changes: usize,
}

/// The page.
pub(super) fn page(atlas: &Atlas<'_>, sink: &mut impl Sink) {
    let matrix = atlas.matrix;
    let summary = &atlas.summary;
    let all = findings::all(matrix);
    let page = Overview {
        rows: summary.rows,
        disagreements: summary.disagreements,
        disagree: summary.disagreements.words(summary.rows),
        crashes: all
            .iter()
            .filter(|it| it.surprise == Surprise::Crash)
            .count(),
        crashed_cells: summary
            .outcomes
            .get(&OutcomeKind::Crashed)
            .copied()
            .unwrap_or(0)
            .saturating_sub(summary.survived),
        survived: summary.survived,
        changes: atlas.history.behaviour().count(),
        summary: summary.clone(),
        counts: summary.counts(),
        cost: summary.cost(),
        findings: findings::most_surprising(matrix, FINDINGS)
            .iter()
            .map(|finding| CardView::of(atlas, finding))
            .collect(),
        tools: tools(atlas),
        heat: HeatView::of(atlas, &newest(atlas)),
        bars: BarsView::of(matrix),
    };
    let sheet = (
        "index.html",
        "Which image does each tool take?",
        "overview.html",
    );
    page_layout::page(atlas, sink, Part::Overview, sheet, &page);
}

impl CardView {
    fn of(atlas: &Atlas<'_>, finding: &Finding) -> Self {
        let (kind_anchor, kind, _) = page_of_findings::kind(finding.surprise);
        let tables = atlas.matrix.tables.iter();
        let row = tables
            .filter(|table| table.operation == finding.operation)
            .flat_map(|table| table.rows())
            .find(|row| row.case == finding.case && row.platform == finding.platform);
        let clusters = row.and_then(|row| {
            let consensus = Consensus::of(atlas.matrix, row)?;
            let clusters = consensus.clusters.into_iter();
            let clusters: Vec<ClusterView> = clusters
                .map(|cluster| ClusterView {
                    outcome: wording::outcome(cluster.outcome),
                    crowds: group::of(atlas, row, &cluster.columns),
                })
                .collect();
            Some(clusters)
        });
        Self {
            kind,
            kind_anchor,
            finding: FindingView::of(atlas, finding),
            clusters: clusters.unwrap_or_default(),
        }
    }
}

/// The newest version of each line that was measured.
fn newest(atlas: &Atlas<'_>) -> Vec<usize> {
    let measured = |column: &usize| {
        let runtime = atlas.runtime_of(*column);
        runtime.is_some_and(|it| it.unmeasured.is_none())
    };
    let lines = atlas.history.lines.iter();
    lines
        .filter_map(|line| line.columns.iter().rev().copied().find(measured))
        .collect()
}

fn tools(atlas: &Atlas<'_>) -> Vec<ToolView> {
    let lines = atlas.history.lines.iter().enumerate();
    lines
        .map(|(number, line)| {
            let all: Vec<Crowd> = group::of_those(atlas, &line.columns, &line.columns);
            let changes = atlas.history.behaviour();
            ToolView {
                name: line.name(),
                href: index::tool(line.tool),
                versions: all
                    .first()
                    .map_or_else(String::new, |it| it.versions.clone()),
                changes: changes.filter(|change| change.line == number).count(),
            }
        })
        .collect()
}
