//! The first page: what was measured, what differs most, and who agrees with whom.

use super::{
    Sink,
    atlas::{self, Atlas},
    crowd::{self, Crowd},
    findings::{self as page_of_findings, FindingView},
    frame::{self, Part},
    graph::{bars::BarsView, heat::HeatView},
    words::{self, OutcomeView},
};
use crate::{
    consensus::Consensus,
    findings::{self, Finding},
    history::Turn,
    matrix::Summary,
    results::OutcomeKind,
};
use serde::Serialize;

/// How many findings are told.
const FINDINGS: usize = 6;

#[derive(Serialize)]
struct Overview {
    rows: usize,
    splits: usize,
    percent: usize,
    /// Rows in which tools that succeed have different images.
    different_picks: usize,
    crashes: usize,
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
    let rows = || matrix.tables.iter().flat_map(|table| table.rows());
    let page = Overview {
        rows: summary.rows,
        splits: summary.splits,
        percent: (summary.splits * 100)
            .checked_div(summary.rows)
            .unwrap_or(0),
        different_picks: rows()
            .filter(|row| {
                let mut children: Vec<&str> = row
                    .measured()
                    .filter_map(|(_, outcome)| match outcome {
                        crate::results::Outcome::Picked { child, .. } => Some(child.as_str()),
                        _ => None,
                    })
                    .collect();
                children.sort_unstable();
                children.dedup();
                children.len() > 1
            })
            .count(),
        crashes: summary
            .outcomes
            .get(&OutcomeKind::Crashed)
            .copied()
            .unwrap_or(0)
            .saturating_sub(summary.survived),
        survived: summary.survived,
        changes: atlas
            .history
            .changes
            .iter()
            .filter(|change| change.turn != Turn::Reason)
            .count(),
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
    frame::page(atlas, sink, Part::Overview, sheet, &page);
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
                    outcome: words::outcome(cluster.outcome),
                    crowds: crowd::of(atlas, row, &cluster.columns),
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
            let all: Vec<Crowd> = crowd::of_those(atlas, &line.columns, &line.columns);
            let changes = atlas.history.changes.iter();
            ToolView {
                name: line.name(),
                href: atlas::tool(line.tool),
                versions: all
                    .first()
                    .map_or_else(String::new, |it| it.versions.clone()),
                changes: changes.filter(|change| change.line == number).count(),
            }
        })
        .collect()
}
