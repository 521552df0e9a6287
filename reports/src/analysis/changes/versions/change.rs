//! What changed along the lines of a matrix.

use super::{
    IntervalSide, ReleaseSeries, Step, VersionDifference, difference, interval::is_unknown, lines,
    steps,
};
use crate::analysis::matrix::{Matrix, Row};
use ocipick_records::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All that changed within the lines of a matrix, and all in which the configurations of one
/// version differ.
#[derive(Clone, Debug)]
pub struct History<'m, 'a> {
    /// The lines, in the order of the columns.
    pub lines: Vec<ReleaseSeries<'a>>,
    /// Every change: by operation, then by line, then by row, then by version.
    pub changes: Vec<VersionChange<'m, 'a>>,
    /// Every cell that differs when repeated and has a steady neighbour, in the same order.
    pub unsteady: Vec<FlakyCell<'m, 'a>>,
    /// Every difference between two configurations of one version: by operation, then by
    /// version, then by row.
    pub differences: Vec<VersionDifference<'m, 'a>>,
}

/// One row in which two versions of a line do different things.
#[derive(Clone, Debug)]
pub struct VersionChange<'m, 'a> {
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// Id of the family of the case.
    pub family: &'a str,
    /// The case and the platform.
    pub row: &'m Row<'a>,
    /// The line, by its place among [`History::lines`].
    pub line: usize,
    /// The last version before the change that was measured.
    pub from: IntervalSide<'a>,
    /// The first version after it that was measured.
    pub to: IntervalSide<'a>,
    /// The versions between them of which no steady outcome is known: the change may have come
    /// with any of them.
    pub between: Vec<usize>,
    /// What became of which.
    pub turn: ChangeKind,
    /// What the configuration that goes on with the old code does in the newer version, where
    /// there is one.
    pub companion: Option<FlavourChange<'a>>,
}

/// What a configuration that goes on with the old code does where the plain tool changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlavourChange<'a> {
    /// As the plain tool did before: the change came with the new way of doing it.
    Stays(IntervalSide<'a>),
    /// As the plain tool does now.
    Follows(IntervalSide<'a>),
    /// Something else.
    Differs(IntervalSide<'a>),
}

impl<'a> FlavourChange<'a> {
    /// The configuration, and what it did.
    #[must_use]
    pub fn side(&self) -> IntervalSide<'a> {
        match self {
            Self::Stays(side) | Self::Follows(side) | Self::Differs(side) => *side,
        }
    }
}

/// The kinds of change, those that matter most first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// To or from what no tool should do: a crash, a hang, a success that leaves nothing, evidence
    /// that contradicts itself.
    Failure,
    /// From one child to another. Nobody sees an error.
    Pick,
    /// From a refusal to a pick, or the other way.
    Acceptance,
    /// From one reason for refusing to another. The reason is read from the tool's words, so that
    /// new words alone can look like this.
    Reason,
}

/// A version that differs when repeated, where a neighbour on its line does not.
#[derive(Clone, Debug)]
pub struct FlakyCell<'m, 'a> {
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// Id of the family of the case.
    pub family: &'a str,
    /// The case and the platform.
    pub row: &'m Row<'a>,
    /// The line, by its place among [`History::lines`].
    pub line: usize,
    /// The version that differs when repeated.
    pub at: IntervalSide<'a>,
    /// The nearest measured version before it, where that is steady.
    pub before: Option<IntervalSide<'a>>,
    /// The nearest measured version after it, where that is steady.
    pub after: Option<IntervalSide<'a>>,
}

impl<'m, 'a> History<'m, 'a> {
    /// Goes along every line of every row.
    #[must_use]
    pub fn of(matrix: &'m Matrix<'a>) -> Self {
        let lines = lines(matrix);
        let mut changes = Vec::new();
        let mut unsteady: Vec<FlakyCell<'m, 'a>> = Vec::new();
        let mut differences = Vec::new();
        for table in &matrix.tables {
            for (number, line) in lines.iter().enumerate() {
                for family in &table.families {
                    for row in &family.rows {
                        for step in steps(line, row) {
                            match step {
                                Step::Changed { from, to, between } => {
                                    changes.push(VersionChange {
                                        operation: table.operation,
                                        family: family.id,
                                        row,
                                        line: number,
                                        from,
                                        to,
                                        between,
                                        turn: ChangeKind::of(from.outcome, to.outcome),
                                        companion: companion(matrix, &lines, line, row, from, to),
                                    });
                                }
                                Step::Flaky { from, to } => {
                                    let (at, before, after) = match from.outcome {
                                        Outcome::Unstable { .. } => (from, None, Some(to)),
                                        _ => (to, Some(from), None),
                                    };
                                    note(
                                        &mut unsteady,
                                        FlakyCell {
                                            operation: table.operation,
                                            family: family.id,
                                            row,
                                            line: number,
                                            at,
                                            before,
                                            after,
                                        },
                                    );
                                }
                            }
                        }
                    }
                }
            }
            differences.extend(difference::of_table(matrix, table));
        }
        Self {
            lines,
            changes,
            unsteady,
            differences,
        }
    }
}

impl<'m, 'a> History<'m, 'a> {
    /// The changes of what tools do: without those of nothing but the reason for refusing, which is
    /// read from their words.
    pub fn behaviour(&self) -> impl Iterator<Item = &VersionChange<'m, 'a>> {
        self.changes
            .iter()
            .filter(|it| it.turn != ChangeKind::Reason)
    }

    /// How many of those rest on a cell that was tried only once.
    #[must_use]
    pub fn resting_on_one_try(&self) -> usize {
        self.behaviour().filter(|it| it.rests_on_one_try()).count()
    }
}

impl VersionChange<'_, '_> {
    /// Whether one of its two cells was tried only once, so that it may as well be a race.
    #[must_use]
    pub fn rests_on_one_try(&self) -> bool {
        [self.from, self.to].iter().any(|side| {
            let trial = self.row.cells.get(side.column).copied().flatten();
            trial.is_some_and(|trial| trial.tries < 2)
        })
    }
}

/// Adds what one neighbour of an unsteady cell tells to what is known of it.
fn note<'m, 'a>(unsteady: &mut Vec<FlakyCell<'m, 'a>>, it: FlakyCell<'m, 'a>) {
    match unsteady.last_mut() {
        Some(known)
            if known.line == it.line
                && std::ptr::eq(known.row, it.row)
                && known.at.column == it.at.column =>
        {
            known.after = known.after.or(it.after);
        }
        Some(_) | None => unsteady.push(it),
    }
}

/// What the configuration that goes on with the old code does in the version of `to`.
fn companion<'a>(
    matrix: &Matrix<'_>,
    lines: &[ReleaseSeries<'_>],
    line: &ReleaseSeries<'_>,
    row: &Row<'a>,
    from: IntervalSide<'a>,
    to: IntervalSide<'a>,
) -> Option<FlavourChange<'a>> {
    if line.flavour.is_some() {
        return None;
    }
    let runtime = matrix.runtimes.get(to.column)?;
    let column = lines
        .iter()
        .filter(|other| other.tool == line.tool && other.before.contains(&from.column))
        .flat_map(|other| &other.columns)
        .copied()
        .find(|column| {
            matrix.runtimes.get(*column).is_some_and(|other| {
                other.version == runtime.version && other.channel == runtime.channel
            })
        })?;
    let outcome = &row.cells.get(column).copied().flatten()?.outcome;
    let side = IntervalSide { column, outcome };
    if is_unknown(outcome) {
        None
    } else if outcome.agrees_with(to.outcome) {
        Some(FlavourChange::Follows(side))
    } else if outcome.agrees_with(from.outcome) {
        Some(FlavourChange::Stays(side))
    } else {
        Some(FlavourChange::Differs(side))
    }
}

impl ChangeKind {
    /// What kind of change it is from one outcome to another; both were measured and are steady.
    #[must_use]
    pub fn of(from: &Outcome, to: &Outcome) -> Self {
        match (from, to) {
            (Outcome::Picked { .. }, Outcome::Picked { .. }) => Self::Pick,
            (Outcome::Picked { .. }, Outcome::Refused { .. })
            | (Outcome::Refused { .. }, Outcome::Picked { .. }) => Self::Acceptance,
            (Outcome::Refused { .. }, Outcome::Refused { .. }) => Self::Reason,
            (
                Outcome::Picked { .. }
                | Outcome::Refused { .. }
                | Outcome::Nothing
                | Outcome::Mixed { .. }
                | Outcome::Crashed { .. }
                | Outcome::TimedOut { .. }
                | Outcome::Unstable { .. }
                | Outcome::Unmeasured { .. },
                _,
            ) => Self::Failure,
        }
    }
}
