//! What changed between two results, as one JSON document.
//!
//! Stable: `schema` changes when something is taken away or changes its meaning.

use crate::analysis::{
    changes::{
        OutcomeChange,
        results::{CellDiff, CoverageChange, Diff, DiffConclusion, DiffCoverage, Pairing},
    },
    matrix::{Matrix, MatrixRuntime},
};
use ocipick_records::Outcome;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The version of the format.
pub const SCHEMA: &str = "ocipick.diff/1";

/// What changed between two results.
#[derive(Serialize, JsonSchema)]
struct Document<'d> {
    /// Always `ocipick.diff/1`.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// What came of it as a whole.
    conclusion: DiffConclusion,
    /// How many cells were compared.
    compared: usize,
    /// The older results.
    old: SideJson<'d>,
    /// The newer results.
    new: SideJson<'d>,
    /// The runtimes that were compared.
    pairs: Vec<PairJson<'d>>,
    /// The runtimes that only the newer results have.
    new_runtimes: Vec<&'d str>,
    /// The runtimes that only the older results have.
    gone_runtimes: Vec<&'d str>,
    /// The cases that only the newer results have.
    new_cases: &'d BTreeSet<&'d str>,
    /// The cases that only the older results have.
    gone_cases: &'d BTreeSet<&'d str>,
    /// The cases that are other bytes now, and are not compared.
    other_bytes: &'d BTreeSet<&'d str>,
    /// The cases that are compared although it is not recorded whether they are the same bytes.
    unknown_bytes: &'d BTreeSet<&'d str>,
    /// Ids that cases had, with those that they have now.
    renamed: &'d BTreeMap<&'d str, &'d str>,
    /// How many cells differ in each way; every way is there.
    counts: BTreeMap<&'static str, usize>,
    /// Every cell that differs.
    cells: Vec<CellJson<'d>>,
    /// Every cell that one side only measured.
    coverage: Vec<CoverageJson<'d>>,
}

#[derive(Serialize, JsonSchema)]
struct SideJson<'d> {
    /// When its runs began.
    started: Vec<&'d str>,
    /// What a reader must know before anything else: a run did not finish.
    warnings: Vec<String>,
    /// The ids of its runtimes.
    runtimes: Vec<&'d str>,
}

#[derive(Serialize, JsonSchema)]
struct PairJson<'d> {
    /// Id in the older results.
    old: &'d str,
    /// Id in the newer results.
    new: &'d str,
    /// What they have in common besides the tool and its flavour.
    pairing: Pairing,
}

#[derive(Serialize, JsonSchema)]
struct CellJson<'d> {
    /// Id of the runtime in the older results.
    old_runtime: &'d str,
    /// Id of the runtime in the newer results.
    new_runtime: &'d str,
    /// What the tool was asked to do.
    operation: &'d str,
    /// Id of the case, as the newer results have it.
    case: &'d str,
    /// The platform asked for.
    platform: &'d str,
    /// In which way they differ.
    sort: OutcomeChange,
    /// Whether that is a change.
    change: bool,
    /// What was observed then.
    old: &'d Outcome,
    /// What is observed now.
    new: &'d Outcome,
    /// How often each was tried, the older one first.
    tries: [u32; 2],
}

#[derive(Serialize, JsonSchema)]
struct CoverageJson<'d> {
    /// Id of the runtime in the older results.
    old_runtime: &'d str,
    /// Id of the runtime in the newer results.
    new_runtime: &'d str,
    /// What the tool was asked to do.
    operation: &'d str,
    /// Id of the case, as the newer results have it.
    case: &'d str,
    /// The platform asked for.
    platform: &'d str,
    /// Which side measured it.
    turn: CoverageChange,
    /// What was measured.
    measured: &'d Outcome,
    /// What the other side has instead; none where it has no trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<&'d Outcome>,
}

/// Writes a comparison down.
///
/// # Panics
/// Never: all keys are text, and there are no numbers that JSON lacks.
#[must_use]
pub fn render(diff: &Diff<'_>) -> String {
    let pair = |number: usize| {
        let pair = diff.runtimes.pairs.get(number);
        let old = pair.and_then(|pair| diff.old.runtimes.get(pair.old));
        let new = pair.and_then(|pair| diff.new.runtimes.get(pair.new));
        (old.map_or("", id), new.map_or("", id))
    };
    let numbers = diff.runtimes.pairs.iter().enumerate();
    let pairs = numbers.map(|(number, it)| {
        let (old, new) = pair(number);
        PairJson {
            old,
            new,
            pairing: it.pairing,
        }
    });
    let counts = OutcomeChange::ALL.iter().map(|sort| {
        let cells = diff.cells.iter().filter(|cell| cell.change.what == *sort);
        (sort.as_str(), cells.count())
    });
    let document = Document {
        schema: SCHEMA,
        conclusion: diff.conclusion(),
        compared: diff.compared,
        old: SideJson::of(diff.old),
        new: SideJson::of(diff.new),
        pairs: pairs.collect(),
        new_runtimes: ids(diff.new, &diff.runtimes.new),
        gone_runtimes: ids(diff.old, &diff.runtimes.gone),
        new_cases: &diff.cases.new,
        gone_cases: &diff.cases.gone,
        other_bytes: &diff.cases.other_bytes,
        unknown_bytes: &diff.cases.unknown_bytes,
        renamed: &diff.cases.renamed,
        counts: counts.collect(),
        cells: diff.cells.iter().map(|it| CellJson::of(it, pair)).collect(),
        coverage: diff
            .coverage
            .iter()
            .map(|it| CoverageJson::of(it, pair))
            .collect(),
    };
    let mut json = serde_json::to_string_pretty(&document).expect("keys are text");
    json.push('\n');
    json
}

/// The JSON Schema of the document, as text with a line end. It is published as
/// `reports/schema/diff.schema.json`.
#[must_use]
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(Document<'_>);
    format!("{:#}\n", schema.as_value())
}

impl<'d> SideJson<'d> {
    fn of(matrix: &'d Matrix<'_>) -> Self {
        let runs = matrix.runs.iter();
        Self {
            started: runs.map(|run| run.header.started.as_str()).collect(),
            warnings: matrix.warnings.iter().map(ToString::to_string).collect(),
            runtimes: matrix.runtimes.iter().map(id).collect(),
        }
    }
}

impl<'d> CellJson<'d> {
    fn of(cell: &'d CellDiff<'_>, pair: impl Fn(usize) -> (&'d str, &'d str)) -> Self {
        let (old_runtime, new_runtime) = pair(cell.pair);
        Self {
            old_runtime,
            new_runtime,
            operation: cell.place.operation,
            case: cell.place.case,
            platform: cell.place.platform,
            sort: cell.change.what,
            change: cell.change.what.is_change(),
            old: &cell.change.before.outcome,
            new: &cell.change.after.outcome,
            tries: [cell.change.before.tries, cell.change.after.tries],
        }
    }
}

impl<'d> CoverageJson<'d> {
    fn of(it: &'d DiffCoverage<'_>, pair: impl Fn(usize) -> (&'d str, &'d str)) -> Self {
        let (old_runtime, new_runtime) = pair(it.pair);
        Self {
            old_runtime,
            new_runtime,
            operation: it.place.operation,
            case: it.place.case,
            platform: it.place.platform,
            turn: it.kind,
            measured: &it.measured.outcome,
            other: it.other.map(|trial| &trial.outcome),
        }
    }
}

fn id<'d>(runtime: &'d MatrixRuntime<'_>) -> &'d str {
    &runtime.id
}

fn ids<'d>(matrix: &'d Matrix<'_>, columns: &[usize]) -> Vec<&'d str> {
    let runtimes = columns.iter().filter_map(|it| matrix.runtimes.get(*it));
    runtimes.map(id).collect()
}
