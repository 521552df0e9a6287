//! What every runtime did in one row, and the evidence for it: those that agree stand together.

use super::tree::Mark;
use crate::{
    analysis::{
        conformance::Verdict,
        consensus::Consensus,
        matrix::{Row, Table},
    },
    render::{
        cell::{self, CellStyle},
        evidence::EvidenceView,
        verdicts,
    },
    site::{
        group::{self, VersionGroup},
        index::{self, SiteIndex},
        wording::{self, OutcomeView},
    },
};
use ocipick_records::Outcome;
use serde::Serialize;

/// One row: a platform and an operation.
#[derive(Serialize)]
pub(super) struct RowView {
    anchor: String,
    operation: String,
    /// What was asked for.
    asked: String,
    split: bool,
    /// What the peers do.
    peers: Option<String>,
    clusters: Vec<AgreementGroupView>,
    /// The runtimes that were not measured, with the reason.
    unmeasured: Vec<TrialView>,
    /// The runtimes of which nothing is told yet.
    withheld: Vec<TrialView>,
    /// What became of each clause.
    pub(super) clauses: Vec<RowClauseView>,
}

/// Runtimes that did the same.
#[derive(Serialize)]
struct AgreementGroupView {
    outcome: OutcomeView,
    crowds: Vec<VersionGroup>,
    /// Their weight, in percent.
    share: u32,
    majority: bool,
    trials: Vec<TrialView>,
}

/// One runtime.
#[derive(Serialize)]
struct TrialView {
    anchor: String,
    runtime: String,
    href: String,
    tone: CellStyle,
    outcome: String,
    tries: u32,
    /// Absent where there was no trial.
    evidence: Option<EvidenceView>,
}

/// What became of a clause in a row.
#[derive(Serialize)]
pub(super) struct RowClauseView {
    pub(super) name: String,
    id: String,
    href: String,
    link: String,
    says: String,
    verdicts: Vec<(Verdict, String)>,
}

impl RowView {
    pub(super) fn of(site_index: &SiteIndex<'_>, table: &Table<'_>, row: &Row<'_>) -> Self {
        let consensus = Consensus::of(site_index.matrix, row);
        let clusters = consensus.map_or_else(Vec::new, |consensus| consensus.clusters);
        let trial = |column: usize| TrialView::of(site_index, table.operation, row, column);
        let measured: Vec<usize> = row.measured().map(|(column, _)| column).collect();
        let others = table.columns().into_iter();
        let others = others.filter(|column| !measured.contains(column));
        let (withheld, unmeasured): (Vec<TrialView>, Vec<TrialView>) = others
            .map(trial)
            .partition(|trial| trial.tone == CellStyle::Withheld);
        let clauses =
            verdicts::clauses(site_index.matrix, site_index.verdicts, table.operation, row);
        Self {
            anchor: index::row_anchor(table.operation, row.platform),
            operation: wording::title(table.operation),
            asked: asked(row),
            split: row.is_split(),
            peers: verdicts::peers(site_index.matrix, row),
            clusters: clusters
                .into_iter()
                .map(|cluster| AgreementGroupView {
                    outcome: wording::outcome(cluster.outcome),
                    crowds: group::of(site_index, row, &cluster.columns),
                    share: (cluster.share * 100.0).round() as u32,
                    majority: cluster.majority,
                    trials: cluster.columns.iter().map(|it| trial(*it)).collect(),
                })
                .collect(),
            unmeasured,
            withheld,
            clauses: clauses
                .into_iter()
                .map(|clause| RowClauseView {
                    href: index::clause(&clause.id),
                    name: clause.name,
                    id: clause.id,
                    link: clause.link,
                    says: clause.says,
                    verdicts: clause.verdicts,
                })
                .collect(),
        }
    }
}

impl TrialView {
    fn of(site_index: &SiteIndex<'_>, operation: &str, row: &Row<'_>, column: usize) -> Self {
        let runtime = site_index.runtime_of(column);
        let trial = row.cells.get(column).copied().flatten();
        Self {
            anchor: site_index.cell_anchor(row, operation, column),
            runtime: runtime.map_or_else(String::new, cell::full_name),
            href: site_index.runtime(column),
            tone: cell::cell(trial, cell::CellWording::Full).tone,
            outcome: match trial.map(|trial| &trial.outcome) {
                // Its digest stands among the children.
                Some(Outcome::Picked { child, .. }) => wording::line(&format!("picked {child}")),
                Some(_) | None => runtime.map_or_else(String::new, |runtime| {
                    wording::line(&cell::cell_in_full(runtime, trial))
                }),
            },
            tries: trial.map_or(0, |trial| trial.tries),
            evidence: trial.map(EvidenceView::of),
        }
    }
}

/// What was asked for, as the end of a sentence.
pub(super) fn asked(row: &Row<'_>) -> String {
    cell::asked_for(row).unwrap_or_else(|| wording::title(row.platform))
}

/// Who takes which child, over all rows of a case; who does the same in several rows is said once.
pub(super) fn marks(site_index: &SiteIndex<'_>, rows: &[(&Table<'_>, &Row<'_>)]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (table, row) in rows {
        let Some(consensus) = Consensus::of(site_index.matrix, row) else {
            continue;
        };
        let asked = if rows
            .iter()
            .any(|(other, _)| other.operation != table.operation)
        {
            format!("{} {}", table.operation, asked(row))
        } else {
            asked(row)
        };
        for cluster in &consensus.clusters {
            for (child, words) in takes(cluster.outcome) {
                let mark = Mark {
                    tone: CellStyle::of(cluster.outcome),
                    words,
                    crowds: group::of(site_index, row, &cluster.columns),
                    asked: Vec::new(),
                    child: child.to_owned(),
                };
                let known = marks.iter_mut().find(|known| {
                    (&known.child, known.words, &known.crowds)
                        == (&mark.child, mark.words, &mark.crowds)
                });
                match known {
                    Some(known) => known.asked.push(wording::title(&asked)),
                    None => marks.push(Mark {
                        asked: vec![wording::title(&asked)],
                        ..mark
                    }),
                }
            }
        }
    }
    if rows.len() == 1 {
        for mark in &mut marks {
            mark.asked.clear();
        }
    }
    marks
}

/// The children that an outcome is about, and in which way.
fn takes(outcome: &Outcome) -> Vec<(&str, &'static str)> {
    match outcome {
        Outcome::Picked { child, .. } => vec![(child, "picked by")],
        Outcome::Mixed { children, .. } => children
            .iter()
            .map(|child| (child.as_str(), "named in contradictory evidence of"))
            .collect(),
        Outcome::Unstable { observed } => observed
            .iter()
            .filter_map(|seen| match &*seen.outcome {
                Outcome::Picked { child, .. } => Some((child.as_str(), "sometimes picked by")),
                Outcome::Refused { .. }
                | Outcome::Nothing
                | Outcome::Mixed { .. }
                | Outcome::Crashed { .. }
                | Outcome::TimedOut { .. }
                | Outcome::Unstable { .. }
                | Outcome::Unmeasured { .. } => None,
            })
            .collect(),
        Outcome::Refused { .. }
        | Outcome::Nothing
        | Outcome::Crashed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unmeasured { .. } => Vec::new(),
    }
}
