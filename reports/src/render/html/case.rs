//! One case in full: what every runtime did, and the evidence for it.

use super::LINE;
use crate::{
    analysis::{
        conformance::{Verdict, Verdicts},
        matrix::{Matrix, MatrixRuntime, Row},
    },
    render::{
        cell::{self, CellStyle, CellWording},
        evidence::EvidenceView,
        verdicts,
    },
    text,
};
use ocipick_records::Trial;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct CaseView {
    anchor: String,
    label: String,
    title: String,
    why: String,
    platform: String,
    split: bool,
    /// What occurs in it, for the line that is seen while it is closed.
    tones: Vec<CellSummary>,
    /// What the peers do.
    peers: Option<String>,
    /// What became of each clause.
    clauses: Vec<ClauseView>,
    trials: Vec<TrialView>,
}

#[derive(Serialize)]
struct ClauseView {
    name: String,
    says: String,
    link: String,
    /// Verdict and runtimes.
    verdicts: Vec<(Verdict, String)>,
}

#[derive(Serialize, PartialEq)]
struct CellSummary {
    tone: CellStyle,
    text: String,
}

#[derive(Serialize)]
struct TrialView {
    anchor: String,
    runtime: String,
    tone: CellStyle,
    outcome: String,
    /// Absent where there was no trial.
    evidence: Option<EvidenceView>,
}

impl CaseView {
    pub(super) fn of(
        matrix: &Matrix<'_>,
        operation: &str,
        row: &Row<'_>,
        anchor: String,
        verdicts: Option<&Verdicts<'_>>,
    ) -> Self {
        let clauses = verdicts.map_or_else(Vec::new, |verdicts| {
            let clauses = verdicts::clauses(matrix, verdicts, operation, row).into_iter();
            clauses
                .map(|clause| ClauseView {
                    name: clause.name,
                    says: clause.says,
                    link: clause.link,
                    verdicts: clause.verdicts,
                })
                .collect()
        });
        let mut tones: Vec<CellSummary> = Vec::new();
        for trial in row.cells.iter().flatten() {
            let shown = cell::cell(Some(trial), CellWording::Full);
            let gist = CellSummary {
                tone: shown.tone,
                text: shown.text,
            };
            if !tones.contains(&gist) {
                tones.push(gist);
            }
        }
        let trials = matrix.runtimes.iter().enumerate().map(|(column, runtime)| {
            let trial = row.cells.get(column).copied().flatten();
            TrialView {
                anchor: format!("{anchor}-{column}"),
                runtime: cell::full_name(runtime),
                tone: cell::cell(trial, CellWording::Full).tone,
                outcome: in_full(runtime, trial),
                evidence: trial.map(EvidenceView::of),
            }
        });
        Self {
            label: text::line(&row.label()),
            title: text::line(row.title),
            why: text::line(row.why),
            platform: cell::asked_for(row).unwrap_or_else(|| text::line(row.platform)),
            split: row.is_split(),
            tones,
            peers: verdicts.and_then(|_| verdicts::peers(matrix, row)),
            clauses,
            trials: trials.collect(),
            anchor,
        }
    }
}

/// An outcome in full, or why there is none.
pub(super) fn in_full(runtime: &MatrixRuntime<'_>, trial: Option<&Trial>) -> String {
    text::clip(&cell::cell_in_full(runtime, trial), LINE)
}
