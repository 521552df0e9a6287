//! Verdicts and consensus in the JSON document of a matrix.

use crate::analysis::{
    conformance::{Because, Verdict, Verdicts},
    consensus::Consensus,
    matrix::Matrix,
};
use ocipick_records::Outcome;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// By operation, case and platform.
type Cells<'m, T> = BTreeMap<&'m str, BTreeMap<&'m str, BTreeMap<&'m str, T>>>;

/// Every trial held against every clause that its case exercises.
#[derive(Serialize, JsonSchema)]
pub(in crate::render) struct VerdictsJson<'m> {
    /// The revisions, by specification.
    revisions: BTreeMap<&'m str, &'m str>,
    /// By operation, case, platform and runtime.
    trials: Cells<'m, BTreeMap<&'m str, Vec<VerdictJson<'m>>>>,
}

#[derive(Serialize, JsonSchema)]
struct VerdictJson<'m> {
    clause: &'m str,
    /// Absent where the revision does not have the clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    verdict: Verdict,
    because: &'static str,
    /// Whether the violation can be disputed; absent where it cannot.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    arguable: bool,
    /// What the evidence shows, where that alone breaks the clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign: Option<String>,
    /// The clause that asks for something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<&'m str>,
}

/// What the peers do, by operation, case and platform. Rows without anything measured are left out.
pub(in crate::render) type ConsensusJson<'m> = Cells<'m, RowJson<'m>>;

#[derive(Serialize, JsonSchema)]
pub(in crate::render) struct RowJson<'m> {
    voices: usize,
    split: f64,
    clusters: Vec<AgreementGroupJson<'m>>,
}

#[derive(Serialize, JsonSchema)]
struct AgreementGroupJson<'m> {
    outcome: &'m Outcome,
    share: f64,
    majority: bool,
    runtimes: Vec<&'m str>,
}

impl<'m> VerdictsJson<'m> {
    pub(in crate::render) fn of(matrix: &'m Matrix<'_>, verdicts: &'m Verdicts<'m>) -> Self {
        let mut trials: Cells<'m, BTreeMap<&str, Vec<VerdictJson<'_>>>> = BTreeMap::new();
        for entry in &verdicts.entries {
            let Some(runtime) = matrix.runtimes.get(entry.column) else {
                continue;
            };
            let reasoned = &entry.reasoned;
            trials
                .entry(&entry.trial.operation)
                .or_default()
                .entry(&entry.trial.case)
                .or_default()
                .entry(&entry.trial.platform)
                .or_default()
                .entry(&runtime.id)
                .or_default()
                .push(VerdictJson {
                    clause: &entry.rule.clause,
                    level: entry.rule.level.map(ocipick_corpus::Level::as_str),
                    verdict: reasoned.verdict,
                    because: reasoned.because.as_str(),
                    arguable: reasoned.arguable,
                    sign: match &reasoned.because {
                        Because::EvidenceBreaks { sign } => Some(sign.to_string()),
                        _ => None,
                    },
                    instead: match &reasoned.because {
                        Because::AsksOtherwise { clause } => Some(clause),
                        _ => None,
                    },
                });
        }
        Self {
            revisions: verdicts.revisions().collect(),
            trials,
        }
    }
}

/// What the peers do in every row.
pub(in crate::render) fn consensus<'m>(matrix: &'m Matrix<'_>) -> ConsensusJson<'m> {
    let mut rows: ConsensusJson<'m> = BTreeMap::new();
    for table in &matrix.tables {
        for row in table.rows() {
            let Some(consensus) = Consensus::of(matrix, row) else {
                continue;
            };
            let clusters = consensus
                .clusters
                .into_iter()
                .map(|cluster| AgreementGroupJson {
                    outcome: cluster.outcome,
                    share: cluster.share,
                    majority: cluster.majority,
                    runtimes: cluster
                        .columns
                        .iter()
                        .filter_map(|column| Some(matrix.runtimes.get(*column)?.id.as_str()))
                        .collect(),
                });
            let row_json = RowJson {
                voices: consensus.voices,
                split: consensus.split,
                clusters: clusters.collect(),
            };
            rows.entry(table.operation)
                .or_default()
                .entry(row.case)
                .or_default()
                .insert(row.platform, row_json);
        }
    }
    rows
}
