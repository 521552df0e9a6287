//! Which findings there are, and which is more surprising.

use super::class::OutcomeShape;
use crate::analysis::{
    matrix::{Matrix, Row},
    split_views::{SplitView, SplitViews},
};
use ocipick_records::{Operation, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// The kinds of surprise, the most surprising first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A tool or its daemon died. First, because data that anyone can publish should end no
    /// process, and because a crash takes other work down with it.
    Crash,
    /// A tool reported success, but there is nothing usable, or the evidence contradicts itself,
    /// or it differs when repeated. Before a hang, because nobody notices.
    HollowSuccess,
    /// A tool did not end within its deadline. It is noticed, but by waiting.
    Hang,
    /// A daemon panicked over the request of a tool, recovered, and lives on. After a hang, because
    /// whoever asked sees an error, and nobody else is disturbed.
    SurvivedPanic,
    /// A scanner reads one child and a runtime takes another. Before other picks, because the scan is
    /// relied on where the other one runs.
    SplitView,
    /// Tools pick different children. Before refusals, because both sides succeed: what one
    /// tool scans is not what another runs.
    DifferentPicks,
    /// One tool does one thing and all others do another, and no two children are picked.
    Lone,
    /// Some tools pick a child that others refuse. Someone sees an error.
    PickOrRefuse,
    /// All refuse, for different reasons. Everyone sees an error.
    DifferentReasons,
}

/// The runtimes that did the same in one row.
#[derive(Clone, Debug)]
pub struct OutcomeGroup<'a> {
    /// What the first of them did; the others did the same.
    pub outcome: &'a Outcome,
    /// The same, leaving aside which child it was done to.
    pub shape: OutcomeShape,
    /// The runtimes, by their places in the matrix.
    pub runtimes: Vec<usize>,
}

/// One surprise in one row.
#[derive(Clone, Debug)]
pub struct FindingRow<'m, 'a> {
    /// The row.
    pub row: &'m Row<'a>,
    /// Every outcome group of the row; those that the surprise is about come first.
    pub sides: Vec<OutcomeGroup<'a>>,
    /// How many of the outcome groups the surprise is about.
    pub subjects: usize,
    /// Of a split view those of the groups that take the image by another operation.
    pub taken: Option<TakenSides<'m, 'a>>,
    /// How much it matters beside others of its kind; more is more.
    weight: usize,
}

/// The groups of a split view that are of another operation than the finding: runtimes that take
/// what scanners were held against.
#[derive(Clone, Copy, Debug)]
pub struct TakenSides<'m, 'a> {
    /// By which operation they took the image.
    pub operation: &'a str,
    /// Its row.
    pub row: &'m Row<'a>,
    /// The first of the groups that is theirs; all that follow are.
    pub from: usize,
}

/// One surprise, with every row in which it was observed.
#[derive(Clone, Debug)]
pub struct Finding<'m, 'a> {
    /// What kind of surprise it is.
    pub severity: Severity,
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// The rows. The example comes first, then those with its pattern, then the others.
    rows: Vec<FindingRow<'m, 'a>>,
    /// How many of the rows have the pattern of the example: all runtimes are on the same sides,
    /// and each side did the same. In the others only those that the surprise is about did.
    alike: usize,
    is_of_newest: bool,
    place: usize,
}

/// Who did what, without names of children.
type Pattern = BTreeSet<(OutcomeShape, Vec<usize>)>;

/// What rows of one group have in common, besides operation and kind of surprise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The same runtimes are on the same sides, and each side did the same.
    All(Pattern),
    /// What these runtimes did is the surprise, whatever others did. Of crashes it is one where
    /// the words are the same, leaving aside addresses and numbers.
    Subjects(Pattern, BTreeSet<String>),
}

impl OutcomeShape {
    /// The surprise that this is by itself, whatever others did.
    fn alone(self) -> Option<Severity> {
        match self {
            Self::Crashed => Some(Severity::Crash),
            Self::Survived => Some(Severity::SurvivedPanic),
            Self::Nothing | Self::WithoutFiles | Self::Mixed | Self::Unstable => {
                Some(Severity::HollowSuccess)
            }
            Self::TimedOut => Some(Severity::Hang),
            Self::Picked | Self::Refused(_) | Self::Unmeasured => None,
        }
    }
}

impl<'m, 'a> Finding<'m, 'a> {
    /// A split view as a finding. The operation is that by which runtimes took the image.
    fn of_split_view(operation: &'a str, view: SplitView<'m, 'a>, place: usize) -> Self {
        let rows = view.rows.into_iter().map(|row| FindingRow {
            row: row.scanned,
            subjects: row.scanners.len() + row.runtimes.len(),
            taken: Some(TakenSides {
                operation,
                row: row.taken,
                from: row.scanners.len(),
            }),
            sides: row.scanners.into_iter().chain(row.runtimes).collect(),
            // What the newest versions do matters more than what was so once.
            weight: usize::from(view.is_of_newest),
        });
        let rows: Vec<FindingRow<'m, 'a>> = rows.collect();
        Self {
            severity: Severity::SplitView,
            operation: Operation::Scan.as_str(),
            alike: rows.len(),
            rows,
            is_of_newest: view.is_of_newest,
            place,
        }
    }

    /// Puts the example first: of the rows with the greatest weight one of the pattern that most
    /// have, and of those the first. What has the same pattern follows it.
    fn choose_example(&mut self) {
        let patterns: Vec<Pattern> = self.rows.iter().map(FindingRow::pattern).collect();
        let number = |pattern: &Pattern| patterns.iter().filter(|it| *it == pattern).count();
        let best = self
            .rows
            .iter()
            .zip(&patterns)
            .enumerate()
            .max_by_key(|(place, (it, pattern))| (it.weight, number(pattern), Reverse(*place)))
            .map(|(place, _)| place);
        let Some(pattern) = best.and_then(|best| patterns.get(best)) else {
            return;
        };
        let found = std::mem::take(&mut self.rows);
        let (mut alike, others): (Vec<_>, Vec<_>) = found
            .into_iter()
            .zip(&patterns)
            .enumerate()
            .partition(|(_, (_, it))| *it == pattern);
        alike.sort_by_key(|(place, _)| (Some(*place) != best, *place));
        self.alike = alike.len();
        self.rows = alike
            .into_iter()
            .chain(others)
            .map(|(_, (it, _))| it)
            .collect();
    }

    /// The row that serves as the example.
    #[must_use]
    pub fn example(&self) -> Option<&FindingRow<'m, 'a>> {
        self.rows.first()
    }

    /// The other rows in which the same runtimes are on the same sides and each side did the same.
    #[must_use]
    pub fn likewise(&self) -> &[FindingRow<'m, 'a>] {
        self.rows.get(1..self.alike).unwrap_or(&[])
    }

    /// Further rows in which those that the finding is about did the same, and others did not.
    #[must_use]
    pub fn also(&self) -> &[FindingRow<'m, 'a>] {
        self.rows.get(self.alike..).unwrap_or(&[])
    }

    /// Of a split view whether the newest version of a scanner and the newest one of a runtime are on
    /// different sides.
    #[must_use]
    pub fn is_of_newest(&self) -> bool {
        self.is_of_newest
    }

    /// The runtimes that the finding is about, by their places in the matrix.
    #[must_use]
    pub fn runtimes(&self) -> Vec<usize> {
        let subjects = self.example().map_or(&[][..], FindingRow::about);
        let mut runtimes: Vec<usize> = subjects
            .iter()
            .flat_map(|side| side.runtimes.iter().copied())
            .collect();
        runtimes.sort_unstable();
        runtimes
    }

    /// Id of the case that serves as the example.
    pub(super) fn case(&self) -> Option<&str> {
        self.example().map(|it| it.row.case)
    }

    /// Where it stands among all: by kind of surprise; then by weight; then by the number of
    /// rows, because what happens often is met more often; then by place.
    pub(super) fn rank(&self) -> (Severity, Reverse<usize>, Reverse<usize>, usize) {
        let weight = self.rows.iter().map(|it| it.weight).max().unwrap_or(0);
        (
            self.severity,
            Reverse(weight),
            Reverse(self.rows.len()),
            self.place,
        )
    }
}

/// Every surprise of a matrix, grouped by what the rows have in common, the most surprising first.
pub(super) fn findings<'m, 'a>(matrix: &'m Matrix<'a>) -> Vec<Finding<'m, 'a>> {
    let mut groups: BTreeMap<(Severity, usize, Key), Finding<'m, 'a>> = BTreeMap::new();
    let mut place = 0;
    for (number, table) in matrix.tables.iter().enumerate() {
        for row in table.rows() {
            for (surprise, it) in found(matrix, row) {
                place += 1;
                let group = groups
                    .entry((surprise, number, Key::of(surprise, &it)))
                    .or_insert_with(|| Finding {
                        severity: surprise,
                        operation: table.operation,
                        rows: Vec::new(),
                        alike: 0,
                        is_of_newest: false,
                        place,
                    });
                group.rows.push(it);
            }
        }
    }
    let mut groups: Vec<Finding<'m, 'a>> = groups.into_values().collect();
    for group in &mut groups {
        group.choose_example();
    }
    groups.extend(split_views(matrix));
    groups.sort_by_key(Finding::rank);
    groups
}

/// The split views as findings, each group of rows as one, in their order.
pub(super) fn split_views<'m, 'a>(matrix: &'m Matrix<'a>) -> Vec<Finding<'m, 'a>> {
    let mut findings = Vec::new();
    for views in SplitViews::of(matrix) {
        for view in views.views {
            let place = findings.len();
            findings.push(Finding::of_split_view(views.operation, view, place));
        }
    }
    findings
}

fn found<'m, 'a>(matrix: &Matrix<'_>, row: &'m Row<'a>) -> Vec<(Severity, FindingRow<'m, 'a>)> {
    let sides = sides(row);
    let mut found = Vec::new();
    for surprise in [
        Severity::Crash,
        Severity::HollowSuccess,
        Severity::Hang,
        Severity::SurvivedPanic,
    ] {
        let (subjects, others): (Vec<OutcomeGroup<'a>>, Vec<OutcomeGroup<'a>>) = sides
            .iter()
            .cloned()
            .partition(|side| side.shape.alone() == Some(surprise));
        if !subjects.is_empty() {
            let it = FindingRow {
                row,
                subjects: subjects.len(),
                taken: None,
                sides: subjects.into_iter().chain(others).collect(),
                weight: 0,
            };
            found.push((surprise, it));
        }
    }
    found.extend(split(matrix, row, sides));
    found
}

/// The disagreement among those that picked or refused, if there is one.
fn split<'m, 'a>(
    matrix: &Matrix<'_>,
    row: &'m Row<'a>,
    sides: Vec<OutcomeGroup<'a>>,
) -> Option<(Severity, FindingRow<'m, 'a>)> {
    let sides: Vec<OutcomeGroup<'a>> = sides
        .into_iter()
        .filter(|side| side.shape.alone().is_none())
        .collect();
    if sides.len() < 2 {
        return None;
    }
    let (mut picks, mut refusals): (Vec<OutcomeGroup<'a>>, Vec<OutcomeGroup<'a>>) = sides
        .into_iter()
        .partition(|side| side.shape == OutcomeShape::Picked);
    // The smaller outcome group is the more surprising one, so it is named first.
    let size = |side: &OutcomeGroup<'_>| {
        (
            tools(matrix, &side.runtimes).len(),
            side.runtimes.len(),
            Reverse(side.runtimes.first().copied()),
        )
    };
    picks.sort_by_key(size);
    refusals.sort_by_key(size);
    if picks.len() > 1 {
        // Of how many tools the second greatest outcome group is: a field that is divided in the middle
        // matters more than one that stands aside.
        let weight = picks.iter().rev().nth(1).map_or(0, |side| size(side).0);
        let it = FindingRow {
            row,
            subjects: picks.len(),
            taken: None,
            sides: picks.into_iter().chain(refusals).collect(),
            weight,
        };
        return Some((Severity::DifferentPicks, it));
    }
    if picks.len() + refusals.len() == 2 {
        let mut both: Vec<OutcomeGroup<'a>> = picks.iter().chain(&refusals).cloned().collect();
        both.sort_by_key(size);
        if let [few, many] = both.as_slice() {
            let lone = tools(matrix, &few.runtimes).len() == 1
                && few.runtimes.len() < many.runtimes.len()
                && tools(matrix, &many.runtimes).len() > 1;
            if lone && !picks.is_empty() {
                let weight = tools(matrix, &many.runtimes).len();
                let it = FindingRow {
                    row,
                    sides: both,
                    subjects: 1,
                    taken: None,
                    weight,
                };
                return Some((Severity::Lone, it));
            }
        }
    }
    let surprise = if picks.is_empty() {
        Severity::DifferentReasons
    } else {
        Severity::PickOrRefuse
    };
    let weight = match surprise {
        Severity::PickOrRefuse => {
            let refusing: BTreeSet<&str> = refusals
                .iter()
                .flat_map(|side| tools(matrix, &side.runtimes))
                .collect();
            let picking: usize = picks.iter().map(|side| size(side).0).sum();
            refusing.len().min(picking)
        }
        Severity::Crash
        | Severity::HollowSuccess
        | Severity::Hang
        | Severity::SurvivedPanic
        | Severity::SplitView
        | Severity::DifferentPicks
        | Severity::Lone
        | Severity::DifferentReasons => 0,
    };
    let it = FindingRow {
        row,
        subjects: refusals.len(),
        taken: None,
        sides: refusals.into_iter().chain(picks).collect(),
        weight,
    };
    Some((surprise, it))
}

impl<'a> FindingRow<'_, 'a> {
    /// The groups of the operation of the finding, and those that take the image by another one.
    #[must_use]
    pub fn scanned_and_taken(&self) -> (&[OutcomeGroup<'a>], &[OutcomeGroup<'a>]) {
        let from = self.taken.map_or(self.sides.len(), |taken| taken.from);
        self.sides.split_at(from.min(self.sides.len()))
    }

    /// Who did what, of all runtimes that were measured.
    fn pattern(&self) -> Pattern {
        pattern(&self.sides)
    }

    /// Those that the surprise is about.
    #[must_use]
    pub fn about(&self) -> &[OutcomeGroup<'a>] {
        self.sides.get(..self.subjects).unwrap_or(&[])
    }
}

fn pattern(sides: &[OutcomeGroup<'_>]) -> Pattern {
    let sides = sides.iter();
    sides
        .map(|side| (side.shape, side.runtimes.clone()))
        .collect()
}

impl Key {
    fn of(surprise: Severity, it: &FindingRow<'_, '_>) -> Self {
        match surprise {
            Severity::Crash
            | Severity::HollowSuccess
            | Severity::Hang
            | Severity::SurvivedPanic => {
                let faults = it.about().iter().flat_map(|side| {
                    side.runtimes.iter().filter_map(|column| {
                        let trial = it.row.cells.get(*column).copied().flatten()?;
                        fault(&trial.outcome)
                    })
                });
                Self::Subjects(pattern(it.about()), faults.collect())
            }
            Severity::SplitView
            | Severity::DifferentPicks
            | Severity::Lone
            | Severity::PickOrRefuse
            | Severity::DifferentReasons => Self::All(it.pattern()),
        }
    }
}

/// What went wrong in a crash: its first line that says so, without what differs from one process
/// to the next. One fault that is met in several cases and versions is one fault.
fn fault(outcome: &Outcome) -> Option<String> {
    let Outcome::Crashed { what, .. } = outcome else {
        return None;
    };
    let lines = || what.lines().map(str::trim).filter(|line| !line.is_empty());
    let panic = |line: &&str| line.starts_with("panic:") || line.starts_with("fatal error:");
    let line = lines().find(panic).or_else(|| lines().next());
    let words = line.unwrap_or_default().split_whitespace().map(|word| {
        let is_number = word.chars().any(|c| c.is_ascii_digit());
        if is_number { "#" } else { word }
    });
    Some(words.collect::<Vec<_>>().join(" "))
}

/// Who did the same in a row, in the order of the runtimes. Unmeasured cells are in no outcome group.
fn sides<'a>(row: &Row<'a>) -> Vec<OutcomeGroup<'a>> {
    let mut sides: Vec<OutcomeGroup<'a>> = Vec::new();
    for (column, outcome) in row.measured() {
        let shape = OutcomeShape::at(row, column);
        match sides
            .iter_mut()
            .find(|side| side.shape == shape && side.outcome.agrees_with(outcome))
        {
            Some(side) => side.runtimes.push(column),
            None => sides.push(OutcomeGroup {
                outcome,
                shape,
                runtimes: vec![column],
            }),
        }
    }
    sides
}

/// The tools that these runtimes are of.
fn tools<'a>(matrix: &Matrix<'a>, runtimes: &[usize]) -> BTreeSet<&'a str> {
    runtimes
        .iter()
        .filter_map(|column| matrix.runtimes.get(*column))
        .map(|runtime| runtime.tool)
        .collect()
}
