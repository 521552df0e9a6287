//! The matrix as one JSON document, for other programs.
//!
//! Stable: `schema` changes when something is taken away or changes its meaning. The evidence is
//! not repeated here; it is in the results.

use super::{
    Summary,
    findings::FindingText,
    summary::BuildJson,
    verdicts::{ConsensusJson, VerdictsJson, consensus},
};
use crate::{
    analysis::{
        changes::{
            ChangeKind,
            versions::{FlakyCell, History, IntervalSide, VersionChange, VersionDifference},
        },
        conformance::Verdicts,
        findings::{self, Severity},
        matrix::{Matrix, MatrixRuntime, Table},
        split::Split,
    },
    text,
};
use ocipick_records::{Outcome, document_schema};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format.
pub const SCHEMA: &str = "ocipick.matrix/1";

/// Operation, case, platform, runtime.
type Outcomes<'m> = BTreeMap<&'m str, BTreeMap<&'m str, BTreeMap<&'m str, ByRuntime<'m>>>>;
type ByRuntime<'m> = BTreeMap<&'m str, CellJson<'m>>;

/// Every runtime in every case, what is surprising about it, and what changed between versions.
#[derive(Serialize, JsonSchema)]
struct Document<'m> {
    /// Always `ocipick.matrix/1`.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// First among all that has contents.
    warnings: Vec<String>,
    summary: &'m Summary,
    runtimes: Vec<RuntimeJson<'m>>,
    findings: Vec<FindingJson>,
    splits: Vec<SplitJson<'m>>,
    changes: Vec<ChangeJson<'m>>,
    unsteady: Vec<FlakyCellJson<'m>>,
    differences: Vec<DifferenceJson<'m>>,
    outcomes: Outcomes<'m>,
    consensus: ConsensusJson<'m>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdicts: Option<VerdictsJson<'m>>,
}

#[derive(Serialize, JsonSchema)]
struct RuntimeJson<'m> {
    id: &'m str,
    tool: &'m str,
    version: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    flavour: Option<&'m str>,
    channel: &'m str,
    /// Who built it and how that compares with the release, where a distribution did, or where it
    /// differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<BuildJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmeasured: Option<&'m str>,
}

#[derive(Serialize, JsonSchema)]
struct FindingJson {
    surprise: Severity,
    operation: String,
    case: String,
    platform: String,
    runtimes: Vec<String>,
    /// The same runtimes are on the same sides, and each side did the same.
    likewise: Vec<String>,
    /// Those that the finding is about did the same, and others did not.
    also: Vec<String>,
    sentence: String,
}

#[derive(Serialize, JsonSchema)]
struct SplitJson<'m> {
    operation: &'m str,
    case: &'m str,
    platform: &'m str,
    /// In which way runtimes disagree.
    split: Split,
}

/// A runtime and what it did.
#[derive(Serialize, JsonSchema)]
struct SideJson<'m> {
    runtime: &'m str,
    outcome: &'m Outcome,
    /// How often the cell was tried.
    tries: u32,
}

/// A row in which two versions of one tool, in one configuration, do different things.
#[derive(Serialize, JsonSchema)]
struct ChangeJson<'m> {
    operation: &'m str,
    case: &'m str,
    platform: &'m str,
    tool: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    flavour: Option<&'m str>,
    turn: ChangeKind,
    from: SideJson<'m>,
    to: SideJson<'m>,
    /// The versions between them of which no steady outcome is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    between: Vec<&'m str>,
    /// What the configuration that goes on with the old code does in the newer version.
    #[serde(skip_serializing_if = "Option::is_none")]
    companion: Option<SideJson<'m>>,
}

/// A version that differs when repeated, where a neighbour does not.
#[derive(Serialize, JsonSchema)]
struct FlakyCellJson<'m> {
    operation: &'m str,
    case: &'m str,
    platform: &'m str,
    tool: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    flavour: Option<&'m str>,
    at: SideJson<'m>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<SideJson<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<SideJson<'m>>,
}

/// A row in which two configurations of one version do different things.
#[derive(Serialize, JsonSchema)]
struct DifferenceJson<'m> {
    operation: &'m str,
    case: &'m str,
    platform: &'m str,
    tool: &'m str,
    version: &'m str,
    turn: ChangeKind,
    left: SideJson<'m>,
    right: SideJson<'m>,
}

/// A cell. One without a trial looks like every other that was not measured, so that nobody has
/// to think of it.
#[derive(Serialize, JsonSchema)]
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
    render_judged(matrix, None)
}

/// The same, with the verdicts on every trial.
///
/// # Panics
/// Never: all keys are text, and all numbers are finite.
#[must_use]
pub fn render_judged<'m>(matrix: &'m Matrix<'_>, verdicts: Option<&'m Verdicts<'m>>) -> String {
    let summary = Summary::of(matrix);
    let history = History::of(matrix);
    let document = Document {
        schema: SCHEMA,
        warnings: summary.warnings.clone(),
        summary: &summary,
        runtimes: matrix.runtimes.iter().map(RuntimeJson::of).collect(),
        findings: findings::all(matrix)
            .iter()
            .map(|finding| FindingJson::of(FindingText::of(matrix, finding)))
            .collect(),
        splits: matrix.tables.iter().flat_map(splits).collect(),
        changes: history
            .changes
            .iter()
            .map(|change| ChangeJson::of(matrix, &history, change))
            .collect(),
        unsteady: history
            .unsteady
            .iter()
            .map(|it| FlakyCellJson::of(matrix, &history, it))
            .collect(),
        differences: history
            .differences
            .iter()
            .map(|it| DifferenceJson::of(matrix, it))
            .collect(),
        outcomes: outcomes(matrix),
        consensus: consensus(matrix),
        verdicts: verdicts.map(|verdicts| VerdictsJson::of(matrix, verdicts)),
    };
    let mut json =
        serde_json::to_string_pretty(&document).expect("keys are text and numbers are finite");
    json.push('\n');
    json
}

/// The JSON Schema of the document, as text with a line end. It is published as
/// `reports/schema/matrix.schema.json`.
#[must_use]
pub fn json_schema() -> String {
    document_schema::<Document<'_>>()
}

impl<'m> RuntimeJson<'m> {
    fn of(runtime: &'m MatrixRuntime<'_>) -> Self {
        Self {
            id: &runtime.id,
            tool: runtime.tool,
            version: runtime.version,
            flavour: runtime.flavour,
            channel: runtime.channel,
            build: BuildJson::of(&runtime.build()),
            unmeasured: runtime.unmeasured.as_deref(),
        }
    }
}

impl FindingJson {
    fn of(finding: FindingText) -> Self {
        Self {
            sentence: text::line(&finding.sentence().to_string()),
            surprise: finding.severity,
            operation: finding.operation,
            case: finding.case,
            platform: finding.platform,
            runtimes: finding.runtimes,
            likewise: finding.likewise,
            also: finding.also,
        }
    }
}

impl<'m> SideJson<'m> {
    fn of(matrix: &'m Matrix<'_>, side: IntervalSide<'m>) -> Self {
        Self {
            runtime: id(matrix, side.column),
            outcome: side.outcome(),
            tries: side.trial.tries,
        }
    }
}

impl<'m> ChangeJson<'m> {
    fn of(
        matrix: &'m Matrix<'_>,
        history: &History<'_, 'm>,
        change: &VersionChange<'_, 'm>,
    ) -> Self {
        let (tool, flavour) = line(history, change.line);
        Self {
            operation: change.operation,
            case: change.row.case,
            platform: change.row.platform,
            tool,
            flavour,
            turn: change.kind,
            from: SideJson::of(matrix, change.from),
            to: SideJson::of(matrix, change.to),
            between: change.between.iter().map(|it| id(matrix, *it)).collect(),
            companion: change.companion.map(|it| SideJson::of(matrix, it.side())),
        }
    }
}

impl<'m> FlakyCellJson<'m> {
    fn of(matrix: &'m Matrix<'_>, history: &History<'_, 'm>, it: &FlakyCell<'_, 'm>) -> Self {
        let (tool, flavour) = line(history, it.line);
        Self {
            operation: it.operation,
            case: it.row.case,
            platform: it.row.platform,
            tool,
            flavour,
            at: SideJson::of(matrix, it.at),
            before: it.before.map(|side| SideJson::of(matrix, side)),
            after: it.after.map(|side| SideJson::of(matrix, side)),
        }
    }
}

impl<'m> DifferenceJson<'m> {
    fn of(matrix: &'m Matrix<'_>, it: &VersionDifference<'_, 'm>) -> Self {
        let runtime = matrix.runtimes.get(it.left.column);
        Self {
            operation: it.operation,
            case: it.row.case,
            platform: it.row.platform,
            tool: runtime.map_or("", |runtime| runtime.tool),
            version: runtime.map_or("", |runtime| runtime.version),
            turn: it.kind,
            left: SideJson::of(matrix, it.left),
            right: SideJson::of(matrix, it.right),
        }
    }
}

fn id<'m>(matrix: &'m Matrix<'_>, column: usize) -> &'m str {
    let runtime = matrix.runtimes.get(column);
    runtime.map_or("", |runtime| &runtime.id)
}

/// The tool and the configuration of a line.
fn line<'m>(history: &History<'_, 'm>, line: usize) -> (&'m str, Option<&'m str>) {
    let line = history.lines.get(line);
    line.map_or(("", None), |line| (line.tool, line.flavour))
}

fn splits<'m>(table: &'m Table<'_>) -> impl Iterator<Item = SplitJson<'m>> {
    table
        .rows()
        .filter_map(|row| Some((row, row.split()?)))
        .map(|(row, split)| SplitJson {
            operation: table.operation,
            case: row.case,
            platform: row.platform,
            split,
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
