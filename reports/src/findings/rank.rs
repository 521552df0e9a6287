//! Which findings there are, and which is more surprising.

use super::deed::Deed;
use crate::{
    matrix::{Matrix, Row},
    results::Outcome,
};
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
pub enum Surprise {
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
pub(super) struct Camp<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) runtimes: Vec<usize>,
}

/// One surprise in one row.
#[derive(Clone, Debug)]
pub(super) struct Fact<'m, 'a> {
    pub(super) row: &'m Row<'a>,
    /// Every camp of the row; those that the surprise is about come first.
    pub(super) camps: Vec<Camp<'a>>,
    /// How many of the camps the surprise is about.
    pub(super) subjects: usize,
    /// How much it matters beside others of its kind; more is more.
    weight: usize,
}

/// One surprise with all rows in which it was observed: the same runtimes did the same.
#[derive(Clone, Debug)]
pub(super) struct Group<'m, 'a> {
    pub(super) surprise: Surprise,
    pub(super) operation: &'a str,
    /// The example is the first of those with the greatest weight.
    pub(super) facts: Vec<Fact<'m, 'a>>,
    pub(super) example: usize,
    place: usize,
}

/// What rows of one group have in common, besides operation and kind of surprise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    /// For each subject: what it did, without names of children, and who did it.
    subjects: BTreeSet<(Deed, Vec<usize>)>,
    /// What all others did, where the surprise is that they agree.
    others: Option<Deed>,
}

impl Deed {
    /// The surprise that this is by itself, whatever others did.
    fn alone(self) -> Option<Surprise> {
        match self {
            Self::Crashed => Some(Surprise::Crash),
            Self::Survived => Some(Surprise::SurvivedPanic),
            Self::Nothing | Self::Mixed | Self::Unstable => Some(Surprise::HollowSuccess),
            Self::TimedOut => Some(Surprise::Hang),
            Self::Picked | Self::Refused(_) | Self::Unmeasured => None,
        }
    }
}

impl Group<'_, '_> {
    /// Id of the case that serves as the example.
    pub(super) fn case(&self) -> Option<&str> {
        self.facts.get(self.example).map(|fact| fact.row.case)
    }

    /// Where it stands among all: by kind of surprise; then by weight; then by the number of
    /// rows, because what happens often is met more often; then by place.
    pub(super) fn rank(&self) -> (Surprise, Reverse<usize>, Reverse<usize>, usize) {
        let weight = self.facts.iter().map(|fact| fact.weight).max().unwrap_or(0);
        (
            self.surprise,
            Reverse(weight),
            Reverse(self.facts.len()),
            self.place,
        )
    }
}

/// Every surprise of a matrix, grouped by pattern, the most surprising first.
pub(super) fn groups<'m, 'a>(matrix: &'m Matrix<'a>) -> Vec<Group<'m, 'a>> {
    let mut groups: BTreeMap<(Surprise, usize, Pattern), Group<'m, 'a>> = BTreeMap::new();
    let mut place = 0;
    for (number, table) in matrix.tables.iter().enumerate() {
        for row in table.rows() {
            for (surprise, pattern, fact) in facts(matrix, row) {
                place += 1;
                let group = groups
                    .entry((surprise, number, pattern))
                    .or_insert_with(|| Group {
                        surprise,
                        operation: table.operation,
                        facts: Vec::new(),
                        example: 0,
                        place,
                    });
                let best = group.facts.get(group.example).map(|fact| fact.weight);
                if best.is_some_and(|best| fact.weight > best) {
                    group.example = group.facts.len();
                }
                group.facts.push(fact);
            }
        }
    }
    let mut groups: Vec<Group<'m, 'a>> = groups.into_values().collect();
    groups.sort_by_key(Group::rank);
    groups
}

fn facts<'m, 'a>(matrix: &Matrix<'_>, row: &'m Row<'a>) -> Vec<(Surprise, Pattern, Fact<'m, 'a>)> {
    let camps = camps(row);
    let mut facts = Vec::new();
    for surprise in [
        Surprise::Crash,
        Surprise::HollowSuccess,
        Surprise::Hang,
        Surprise::SurvivedPanic,
    ] {
        let (subjects, others): (Vec<Camp<'a>>, Vec<Camp<'a>>) = camps
            .iter()
            .cloned()
            .partition(|camp| Deed::of(camp.outcome).alone() == Some(surprise));
        if !subjects.is_empty() {
            let fact = Fact {
                row,
                subjects: subjects.len(),
                camps: subjects.into_iter().chain(others).collect(),
                weight: 0,
            };
            facts.push((surprise, Pattern::of(&fact, false), fact));
        }
    }
    facts.extend(split(matrix, row, camps));
    facts
}

/// The disagreement among those that picked or refused, if there is one.
fn split<'m, 'a>(
    matrix: &Matrix<'_>,
    row: &'m Row<'a>,
    camps: Vec<Camp<'a>>,
) -> Option<(Surprise, Pattern, Fact<'m, 'a>)> {
    let camps: Vec<Camp<'a>> = camps
        .into_iter()
        .filter(|camp| Deed::of(camp.outcome).alone().is_none())
        .collect();
    if camps.len() < 2 {
        return None;
    }
    let (mut picks, mut refusals): (Vec<Camp<'a>>, Vec<Camp<'a>>) = camps
        .into_iter()
        .partition(|camp| Deed::of(camp.outcome) == Deed::Picked);
    // The smaller camp is the more surprising one, so it is named first.
    let size = |camp: &Camp<'_>| {
        (
            tools(matrix, &camp.runtimes).len(),
            camp.runtimes.len(),
            Reverse(camp.runtimes.first().copied()),
        )
    };
    picks.sort_by_key(size);
    refusals.sort_by_key(size);
    if picks.len() > 1 {
        // Of how many tools the second greatest camp is: a field that is divided in the middle
        // matters more than one that stands aside.
        let weight = picks.iter().rev().nth(1).map_or(0, |camp| size(camp).0);
        let fact = Fact {
            row,
            subjects: picks.len(),
            camps: picks.into_iter().chain(refusals).collect(),
            weight,
        };
        let mut pattern = Pattern::of(&fact, false);
        pattern.subjects = fact.camps.iter().map(Camp::deed).collect();
        return Some((Surprise::DifferentPicks, pattern, fact));
    }
    if picks.len() + refusals.len() == 2 {
        let mut both: Vec<Camp<'a>> = picks.iter().chain(&refusals).cloned().collect();
        both.sort_by_key(size);
        if let [few, many] = both.as_slice() {
            let lone = tools(matrix, &few.runtimes).len() == 1
                && few.runtimes.len() < many.runtimes.len()
                && tools(matrix, &many.runtimes).len() > 1;
            if lone && !picks.is_empty() {
                let weight = tools(matrix, &many.runtimes).len();
                let fact = Fact {
                    row,
                    camps: both,
                    subjects: 1,
                    weight,
                };
                return Some((Surprise::Lone, Pattern::of(&fact, true), fact));
            }
        }
    }
    let surprise = if picks.is_empty() {
        Surprise::DifferentReasons
    } else {
        Surprise::PickOrRefuse
    };
    let weight = match surprise {
        Surprise::PickOrRefuse => {
            let refusing: BTreeSet<&str> = refusals
                .iter()
                .flat_map(|camp| tools(matrix, &camp.runtimes))
                .collect();
            let picking: usize = picks.iter().map(|camp| size(camp).0).sum();
            refusing.len().min(picking)
        }
        Surprise::Crash
        | Surprise::HollowSuccess
        | Surprise::Hang
        | Surprise::SurvivedPanic
        | Surprise::DifferentPicks
        | Surprise::Lone
        | Surprise::DifferentReasons => 0,
    };
    let fact = Fact {
        row,
        subjects: refusals.len(),
        camps: refusals.into_iter().chain(picks).collect(),
        weight,
    };
    Some((surprise, Pattern::of(&fact, false), fact))
}

impl Camp<'_> {
    fn deed(&self) -> (Deed, Vec<usize>) {
        (Deed::of(self.outcome), self.runtimes.clone())
    }
}

impl Pattern {
    fn of(fact: &Fact<'_, '_>, with_others: bool) -> Self {
        let others = fact.camps.get(fact.subjects).filter(|_| with_others);
        Self {
            subjects: fact
                .camps
                .iter()
                .take(fact.subjects)
                .map(Camp::deed)
                .collect(),
            others: others.map(|camp| Deed::of(camp.outcome)),
        }
    }
}

/// Who did the same in a row, in the order of the runtimes. Unmeasured cells are in no camp.
fn camps<'a>(row: &Row<'a>) -> Vec<Camp<'a>> {
    let mut camps: Vec<Camp<'a>> = Vec::new();
    for (column, outcome) in row.measured() {
        match camps
            .iter_mut()
            .find(|camp| camp.outcome.agrees_with(outcome))
        {
            Some(camp) => camp.runtimes.push(column),
            None => camps.push(Camp {
                outcome,
                runtimes: vec![column],
            }),
        }
    }
    camps
}

/// The tools that these runtimes are of.
pub(super) fn tools<'a>(matrix: &Matrix<'a>, runtimes: &[usize]) -> BTreeSet<&'a str> {
    runtimes
        .iter()
        .filter_map(|column| matrix.runtimes.get(*column))
        .map(|runtime| runtime.tool)
        .collect()
}
