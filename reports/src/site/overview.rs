//! The first page: what was measured, what differs most, and who agrees with whom.

use super::{
    Sink,
    findings::{self as page_of_findings, FindingView},
    graph::{bars::BarsView, heat::HeatView},
    group::{self, VersionGroup},
    index::{self, SiteIndex},
    page_layout::{self, SiteSection},
    wording::{self, OutcomeView},
};
use crate::{
    analysis::{
        consensus::Consensus,
        findings::{self, Finding, Severity},
        split::Disagreements,
        split_views::SplitViews,
    },
    render::{Summary, findings::FindingText},
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
    /// In how many rows a scanner reads another image than a runtime takes, where both were measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    split_views: Option<usize>,
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
    clusters: Vec<AgreementGroupView>,
}

#[derive(Serialize)]
struct AgreementGroupView {
    outcome: OutcomeView,
    crowds: Vec<VersionGroup>,
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
pub(super) fn page(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let matrix = site_index.matrix;
    let summary = &site_index.summary;
    let all = findings::all(matrix);
    let views = SplitViews::of(matrix);
    let page = Overview {
        rows: summary.rows,
        disagreements: summary.disagreements,
        disagree: summary.disagreements.words(summary.rows),
        split_views: (!views.is_empty()).then(|| views.iter().map(|it| it.counts.split).sum()),
        crashes: all
            .iter()
            .filter(|it| it.severity == Severity::Crash)
            .count(),
        crashed_cells: summary
            .outcomes
            .get(&OutcomeKind::Crashed)
            .copied()
            .unwrap_or(0)
            .saturating_sub(summary.survived),
        survived: summary.survived,
        changes: site_index.history.behaviour().count(),
        summary: summary.clone(),
        counts: summary.counts(),
        cost: summary.cost(),
        findings: findings::most_surprising(matrix, FINDINGS)
            .iter()
            .map(|finding| CardView::of(site_index, finding))
            .collect(),
        tools: tools(site_index),
        heat: HeatView::of(site_index, &newest(site_index)),
        bars: BarsView::of(matrix),
    };
    let sheet = (
        "index.html",
        "Which image does each tool take?",
        "overview.html",
    );
    page_layout::page(site_index, sink, SiteSection::Overview, sheet, &page);
}

impl CardView {
    fn of(site_index: &SiteIndex<'_>, finding: &Finding<'_, '_>) -> Self {
        let (kind_anchor, kind, _) = page_of_findings::kind(finding.severity);
        let clusters = finding.example().and_then(|example| {
            let row = example.row;
            if let Some(taken) = example.taken {
                let (scanned, by_other) = example.scanned_and_taken();
                let sides = scanned.iter().map(|group| (row, group));
                let sides = sides.chain(by_other.iter().map(|group| (taken.row, group)));
                let groups = sides.map(|(row, group)| AgreementGroupView {
                    outcome: wording::outcome(group.outcome),
                    crowds: group::of(site_index, row, &group.runtimes),
                });
                return Some(groups.collect());
            }
            let consensus = Consensus::of(site_index.matrix, row)?;
            let clusters = consensus.clusters.into_iter();
            let clusters: Vec<AgreementGroupView> = clusters
                .map(|cluster| AgreementGroupView {
                    outcome: wording::outcome(cluster.outcome),
                    crowds: group::of(site_index, row, &cluster.columns),
                })
                .collect();
            Some(clusters)
        });
        Self {
            kind,
            kind_anchor,
            finding: FindingView::of(site_index, &FindingText::of(site_index.matrix, finding)),
            clusters: clusters.unwrap_or_default(),
        }
    }
}

/// The newest version of each line that was measured.
fn newest(site_index: &SiteIndex<'_>) -> Vec<usize> {
    let measured = |column: &usize| {
        let runtime = site_index.runtime_of(*column);
        runtime.is_some_and(|it| it.unmeasured.is_none())
    };
    let lines = site_index.history.lines.iter();
    lines
        .filter_map(|line| line.columns.iter().rev().copied().find(measured))
        .collect()
}

fn tools(site_index: &SiteIndex<'_>) -> Vec<ToolView> {
    let lines = site_index.history.lines.iter().enumerate();
    lines
        .map(|(number, line)| {
            let all: Vec<VersionGroup> = group::of_those(site_index, &line.columns, &line.columns);
            let changes = site_index.history.behaviour();
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
