//! The matrix as one JSON document, for other programs.
//!
//! Stable: `schema` changes when something is taken away or changes its meaning. The evidence is
//! not repeated here; it is in the results.

use crate::{
    findings::{self, Finding, Surprise},
    matrix::{Matrix, Runtime, Summary, Table},
    results::Outcome,
    text,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format.
pub const SCHEMA: &str = "ocipick.matrix/1";

/// Operation, case, platform, runtime.
type Outcomes<'m> = BTreeMap<&'m str, BTreeMap<&'m str, BTreeMap<&'m str, ByRuntime<'m>>>>;
type ByRuntime<'m> = BTreeMap<&'m str, CellJson<'m>>;

#[derive(Serialize)]
struct Document<'m> {
    schema: &'static str,
    /// First among all that has contents.
    warnings: &'m [String],
    summary: &'m Summary,
    runtimes: Vec<RuntimeJson<'m>>,
    findings: Vec<FindingJson>,
    splits: Vec<SplitJson<'m>>,
    outcomes: Outcomes<'m>,
}

#[derive(Serialize)]
struct RuntimeJson<'m> {
    id: &'m str,
    tool: &'m str,
    version: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    flavour: Option<&'m str>,
    channel: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmeasured: Option<&'m str>,
}

#[derive(Serialize)]
struct FindingJson {
    surprise: Surprise,
    operation: String,
    case: String,
    platform: String,
    runtimes: Vec<String>,
    likewise: Vec<String>,
    sentence: String,
}

#[derive(Serialize)]
struct SplitJson<'m> {
    operation: &'m str,
    case: &'m str,
    platform: &'m str,
}

/// A cell. One without a trial looks like every other that was not measured, so that nobody has
/// to think of it.
#[derive(Serialize)]
#[serde(untagged)]
enum CellJson<'m> {
    Trial(&'m Outcome),
    NoTrial {
        kind: &'static str,
        why: &'static str,
        detail: &'static str,
    },
}

/// Writes the matrix down, with every runtime in every case.
///
/// # Panics
/// Never: all keys are text, and all numbers are finite.
#[must_use]
pub fn render(matrix: &Matrix<'_>) -> String {
    let summary = Summary::of(matrix);
    let document = Document {
        schema: SCHEMA,
        warnings: &matrix.warnings,
        summary: &summary,
        runtimes: matrix.runtimes.iter().map(RuntimeJson::of).collect(),
        findings: findings::all(matrix)
            .into_iter()
            .map(FindingJson::of)
            .collect(),
        splits: matrix.tables.iter().flat_map(splits).collect(),
        outcomes: outcomes(matrix),
    };
    let mut json =
        serde_json::to_string_pretty(&document).expect("keys are text and numbers are finite");
    json.push('\n');
    json
}

impl<'m> RuntimeJson<'m> {
    fn of(runtime: &'m Runtime<'_>) -> Self {
        Self {
            id: &runtime.id,
            tool: runtime.tool,
            version: runtime.version,
            flavour: runtime.flavour,
            channel: runtime.channel,
            unmeasured: runtime.unmeasured.as_deref(),
        }
    }
}

impl FindingJson {
    fn of(finding: Finding) -> Self {
        Self {
            sentence: text::line(&finding.sentence().to_string()),
            surprise: finding.surprise,
            operation: finding.operation,
            case: finding.case,
            platform: finding.platform,
            runtimes: finding.runtimes,
            likewise: finding.likewise,
        }
    }
}

fn splits<'m>(table: &'m Table<'_>) -> impl Iterator<Item = SplitJson<'m>> {
    table
        .rows()
        .filter(|row| row.is_split())
        .map(|row| SplitJson {
            operation: table.operation,
            case: row.case,
            platform: row.platform,
        })
}

fn outcomes<'m>(matrix: &'m Matrix<'_>) -> Outcomes<'m> {
    let mut outcomes = Outcomes::new();
    for table in &matrix.tables {
        for row in table.rows() {
            let cells = matrix.runtimes.iter().zip(&row.cells);
            let cells = cells.map(|(runtime, cell)| {
                let cell = cell.map_or(
                    CellJson::NoTrial {
                        kind: "unmeasured",
                        why: "no-trial",
                        detail: "no trial was recorded",
                    },
                    |trial| CellJson::Trial(&trial.outcome),
                );
                (runtime.id.as_str(), cell)
            });
            outcomes
                .entry(table.operation)
                .or_default()
                .entry(row.case)
                .or_default()
                .insert(row.platform, cells.collect());
        }
    }
    outcomes
}
