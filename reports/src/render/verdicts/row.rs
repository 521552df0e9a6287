//! What there is to say of one row: what the peers do, and what became of each clause.

use super::{keyword, runtimes};
use crate::{
    analysis::{
        conformance::{Verdict, Verdicts},
        consensus::Consensus,
        matrix::{Matrix, Row},
    },
    text,
};

/// What became of a clause in one row.
pub(crate) struct RowClause {
    pub(crate) id: String,
    /// The keyword of RFC 2119, and the id.
    pub(crate) name: String,
    pub(crate) says: String,
    pub(crate) link: String,
    /// Which runtimes got which verdict, the gravest first; without those of which the outcome shows
    /// nothing.
    pub(crate) verdicts: Vec<(Verdict, String)>,
}

/// Every clause that the outcomes of a row follow or break.
pub(crate) fn clauses(
    matrix: &Matrix<'_>,
    verdicts: &Verdicts<'_>,
    operation: &str,
    row: &Row<'_>,
) -> Vec<RowClause> {
    let entries = verdicts.of_row(operation, row.case, row.platform);
    let mut ids: Vec<&str> = Vec::new();
    for entry in entries {
        if !ids.contains(&entry.rule.clause.as_str()) {
            ids.push(&entry.rule.clause);
        }
    }
    let clause = |id: &str| {
        let wording = verdicts.wording(id)?;
        let shown = [
            Verdict::Violates,
            Verdict::Deviates,
            Verdict::Conforms,
            Verdict::Allowed,
        ];
        let shown: Vec<(Verdict, String)> = shown
            .into_iter()
            .filter_map(|verdict| {
                let of = |arguable| -> Vec<usize> {
                    entries
                        .iter()
                        .filter(|it| it.rule.clause == id && it.reasoned.verdict == verdict)
                        .filter(|it| it.reasoned.arguable == arguable)
                        .map(|it| it.column)
                        .collect()
                };
                let (plain, arguable) = (of(false), of(true));
                let mut all = Vec::new();
                if !plain.is_empty() {
                    all.push(names(matrix, &plain));
                }
                if !arguable.is_empty() {
                    all.push(format!("{} (arguable)", names(matrix, &arguable)));
                }
                (!all.is_empty()).then(|| (verdict, all.join("; ")))
            })
            .collect();
        (!shown.is_empty()).then(|| RowClause {
            id: id.to_owned(),
            name: format!("{} {id}", keyword(wording.level)),
            says: wording.says.clone(),
            link: wording.link.clone(),
            verdicts: shown,
        })
    };
    ids.into_iter().filter_map(clause).collect()
}

fn names(matrix: &Matrix<'_>, columns: &[usize]) -> String {
    let tools: Vec<String> = runtimes(matrix, columns)
        .into_iter()
        .map(|(tool, versions)| format!("{tool} {}", text::list(&versions)))
        .collect();
    tools.join("; ")
}

/// What most peers do, and how split they are; nothing where there are no two voices.
pub(crate) fn peers(matrix: &Matrix<'_>, row: &Row<'_>) -> Option<String> {
    let consensus = Consensus::of(matrix, row).filter(|it| it.voices > 1)?;
    let voices = consensus.voices;
    let split = consensus.split;
    Some(match consensus.majority() {
        Some(most) if consensus.clusters.len() == 1 => {
            format!("all {voices} voices: {}", text::line(&most.outcome.gist()))
        }
        Some(most) => format!(
            "most of {voices} voices: {} ({:.0} % of the weight; split {split:.2})",
            text::line(&most.outcome.gist()),
            most.share * 100.0,
        ),
        None => format!("no majority among {voices} voices (split {split:.2})"),
    })
}
