//! A stable summary for other programs: case, tool, interval of versions, outcome.
//!
//! The way browser-compat-data tells which browser supports what since when. What is not known is
//! `null`, and never looks like an answer. Stable: `schema` changes when something is taken away or
//! changes its meaning. It has no times and no words of tools, so that it changes only when what
//! tools do changes.

use crate::{
    analysis::{
        builds::BinaryBuild,
        changes::versions::{Interval, ReleaseSeries, intervals, lines},
        embargo,
        matrix::{Matrix, Row},
    },
    text,
};
use ocipick_records::{Outcome, OutcomeKind, RefusalReason};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format.
pub const SCHEMA: &str = "ocipick.summary/1";

/// Which tool does what with which case, and in which versions.
#[derive(Serialize, JsonSchema)]
struct Document<'m> {
    /// Always `ocipick.summary/1`.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// What a reader must know before anything else: a run did not finish.
    warnings: Vec<String>,
    /// Digests of the corpora that were measured.
    corpora: Vec<&'m str>,
    /// The tools with their versions, by name; a configuration that is not the plain one follows
    /// its tool behind a `+`.
    tools: BTreeMap<String, ToolJson<'m>>,
    /// By id of the case.
    cases: BTreeMap<&'m str, CaseJson<'m>>,
}

#[derive(Serialize, JsonSchema)]
struct ToolJson<'m> {
    /// Name of the tool.
    tool: &'m str,
    /// Its configuration, where it is not the plain one.
    #[serde(skip_serializing_if = "Option::is_none")]
    flavour: Option<&'m str>,
    /// The versions that were looked at, oldest first.
    versions: Vec<VersionJson<'m>>,
}

#[derive(Serialize, JsonSchema)]
struct VersionJson<'m> {
    /// The version.
    version: &'m str,
    /// Where the build comes from.
    channel: &'m str,
    /// Id of the runtime in results.
    runtime: &'m str,
    /// Who built it and how that compares with the release, where a distribution did, or where it
    /// differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<BuildJson>,
    /// Why nothing of it was measured, where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    unmeasured: Option<&'m str>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct BuildJson {
    /// The distribution that built it.
    distribution: Option<String>,
    /// Whether it was linked with a library that selects otherwise than the one that the release
    /// pins; then nothing of it may be said of the release.
    differs: bool,
    /// Which library that is, or what else there is to say.
    note: Option<String>,
}

impl BuildJson {
    pub(super) fn of(build: &BinaryBuild) -> Option<Self> {
        let wanted = build.is_distribution() || build.differs();
        wanted.then(|| Self {
            distribution: build.distribution().map(str::to_owned),
            differs: build.differs(),
            note: build.note(),
        })
    }
}

#[derive(Serialize, JsonSchema)]
struct CaseJson<'m> {
    /// What the index is, in a line; empty where nobody said.
    title: &'m str,
    /// By operation, then by the platform asked for, then by tool: what it does, in intervals of
    /// versions, oldest first. Every version of the tool is in exactly one.
    outcomes: BTreeMap<&'m str, BTreeMap<&'m str, BTreeMap<String, Vec<IntervalJson<'m>>>>>,
}

#[derive(Serialize, JsonSchema)]
struct IntervalJson<'m> {
    /// The first version of the interval that was looked at.
    version_from: &'m str,
    /// The last one. Versions before, between and after may do anything.
    version_to: &'m str,
    /// What was observed; `null` where that is not known.
    outcome: Option<OutcomeJson>,
    /// Why it is not known: a reason of an unmeasured cell, `withheld` or `no-trial`.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct OutcomeJson {
    /// The kind of outcome, never `unmeasured`.
    kind: OutcomeKind,
    /// The child that was picked.
    #[serde(skip_serializing_if = "Option::is_none")]
    child: Option<String>,
    /// The reason for refusing.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<RefusalReason>,
    /// The children that evidence names which contradicts itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Vec<String>>,
    /// Every outcome of a cell that differs when repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<Vec<OutcomeJson>>,
    /// Of `crashed`, where what panicked recovered and lives on.
    #[serde(skip_serializing_if = "Option::is_none")]
    survived: Option<bool>,
}

/// Writes the summary down.
///
/// # Panics
/// Never: all keys are text.
#[must_use]
pub fn render(matrix: &Matrix<'_>) -> String {
    let lines = lines(matrix);
    let mut cases: BTreeMap<&str, CaseJson<'_>> = BTreeMap::new();
    for table in &matrix.tables {
        let columns = table.columns();
        for row in table.rows() {
            let case = cases.entry(row.case).or_insert_with(|| CaseJson {
                title: row.title,
                outcomes: BTreeMap::new(),
            });
            let tools = case
                .outcomes
                .entry(table.operation)
                .or_default()
                .entry(row.platform)
                .or_default();
            for line in &lines {
                let asked = line.columns.iter().any(|column| columns.contains(column));
                if asked {
                    tools.insert(line.name(), of_line(matrix, line, row));
                }
            }
        }
    }
    let mut corpora: Vec<&str> = matrix
        .runs
        .iter()
        .map(|run| run.header.corpus.digest.as_str())
        .collect();
    corpora.dedup();
    let document = Document {
        schema: SCHEMA,
        warnings: matrix.warnings.iter().map(ToString::to_string).collect(),
        corpora,
        tools: lines
            .iter()
            .map(|line| (line.name(), ToolJson::of(matrix, line)))
            .collect(),
        cases,
    };
    let mut json = serde_json::to_string_pretty(&document).expect("keys are text");
    json.push('\n');
    json
}

/// The JSON Schema of the document, as text with a line end. It is published as
/// `reports/schema/summary.schema.json`.
#[must_use]
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(Document<'_>);
    format!("{:#}\n", schema.as_value())
}

impl<'m> ToolJson<'m> {
    fn of(matrix: &'m Matrix<'_>, line: &ReleaseSeries<'m>) -> Self {
        let runtimes = line.columns.iter();
        let runtimes = runtimes.filter_map(|column| matrix.runtimes.get(*column));
        Self {
            tool: line.tool,
            flavour: line.flavour,
            versions: runtimes
                .map(|runtime| VersionJson {
                    version: runtime.version,
                    channel: runtime.channel,
                    runtime: &runtime.id,
                    build: BuildJson::of(&runtime.build()),
                    unmeasured: runtime.unmeasured.as_deref(),
                })
                .collect(),
        }
    }
}

fn of_line<'m>(
    matrix: &'m Matrix<'_>,
    line: &ReleaseSeries<'_>,
    row: &Row<'_>,
) -> Vec<IntervalJson<'m>> {
    let intervals = intervals(line, row);
    intervals.iter().map(|it| interval(matrix, it)).collect()
}

fn interval<'m>(matrix: &'m Matrix<'_>, it: &Interval<'_>) -> IntervalJson<'m> {
    let version = |column: Option<&usize>| {
        let runtime = column.and_then(|column| matrix.runtimes.get(*column));
        runtime.map_or("", |runtime| runtime.version)
    };
    let (outcome, unknown) = match it.trial.map(|trial| &trial.outcome) {
        None => (None, Some("no-trial".to_owned())),
        Some(outcome) if embargo::is_withheld(outcome) => (None, Some("withheld".to_owned())),
        Some(Outcome::Unmeasured { why, .. }) => (None, Some(why.to_string())),
        Some(outcome) => (Some(OutcomeJson::of(outcome)), None),
    };
    IntervalJson {
        version_from: version(it.columns.first()),
        version_to: version(it.columns.last()),
        outcome,
        unknown,
    }
}

impl OutcomeJson {
    fn of(outcome: &Outcome) -> Self {
        let mut json = Self {
            kind: outcome.kind(),
            child: None,
            reason: None,
            children: None,
            observed: None,
            survived: outcome.is_survived_panic().then_some(true),
        };
        match outcome {
            Outcome::Picked { child, .. } => json.child = Some(text::line(child)),
            Outcome::Refused { reason, .. } => json.reason = Some(*reason),
            Outcome::Mixed { children, .. } => {
                json.children = Some(children.iter().map(|it| text::line(it)).collect());
            }
            Outcome::Unstable { observed } => {
                let mut seen: Vec<(String, Self)> = observed
                    .iter()
                    .map(|it| (it.outcome.gist(), Self::of(&it.outcome)))
                    .collect();
                // Which of them came first is chance.
                seen.sort_by(|one, other| one.0.cmp(&other.0));
                json.observed = Some(seen.into_iter().map(|(_, it)| it).collect());
            }
            Outcome::Nothing
            | Outcome::Crashed { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Unmeasured { .. } => {}
        }
        json
    }
}
