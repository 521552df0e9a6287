//! Changes that must not matter, and whether they did.
//!
//! A case and one that was derived from it are measured in the same run, by the same runtime. No
//! expectation is needed: whatever the right answer is, it is the same for both.

#[cfg(test)]
mod tests;

use crate::analysis::changes::{is_same_choice, is_steady};
use ocipick_records::{Outcome, Results, Trial};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How often both sides must have been tried before a difference is more than a race.
pub const TRIES: u32 = 3;

/// What became of a change that must not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RelationResult {
    /// The outcome is the same.
    Holds,
    /// The outcome is another, each time.
    Changed,
    /// The outcome is another, but was not seen often enough to say so.
    Unrepeated,
    /// One of the two was not measured, or differs when repeated.
    NotCompared,
}

/// A trial of a derived case, held against the one that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison<'a> {
    /// What was changed.
    pub relation: &'a str,
    /// Without the change; none where there is no such trial in the run.
    pub base: Option<&'a Trial>,
    /// With the change.
    pub derived: &'a Trial,
    /// What became of it.
    pub standing: RelationResult,
}

/// Holds every derived trial of a run against the one that it comes from.
#[must_use]
pub fn compare<'a>(trials: &'a [Trial], derived: &'a [Trial]) -> Vec<Comparison<'a>> {
    let key = |trial: &'a Trial, case: &'a str| {
        let runtime = (trial.runtime.as_str(), trial.channel.as_str());
        (
            runtime,
            trial.operation.as_str(),
            case,
            trial.platform.as_str(),
        )
    };
    let bases: BTreeMap<_, &Trial> = trials
        .iter()
        .map(|trial| (key(trial, &trial.case), trial))
        .collect();
    let of_trial = |trial: &'a Trial| {
        let from = trial.derived.as_ref()?;
        let base = bases.get(&key(trial, &from.base)).copied();
        Some(Comparison {
            relation: &from.relation,
            base,
            derived: trial,
            standing: base.map_or(RelationResult::NotCompared, |base| standing(base, trial)),
        })
    };
    derived.iter().filter_map(of_trial).collect()
}

fn standing(base: &Trial, derived: &Trial) -> RelationResult {
    if !(is_steady(&base.outcome) && is_steady(&derived.outcome)) {
        RelationResult::NotCompared
    } else if is_same_choice(&base.outcome, &derived.outcome) {
        RelationResult::Holds
    } else if base.tries.min(derived.tries) < TRIES {
        RelationResult::Unrepeated
    } else {
        RelationResult::Changed
    }
}

/// What became of all changes that must not matter, for reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Relations {
    /// How many did not matter.
    pub hold: usize,
    /// How many could not be compared.
    pub not_compared: usize,
    /// Those that changed the selection.
    pub changed: Vec<ChangedSelection>,
    /// Those that seem to have, and were tried too seldom.
    pub unrepeated: Vec<ChangedSelection>,
}

/// A selection that was changed by something that must not matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChangedSelection {
    /// The name of the change.
    pub relation: String,
    /// The runtime.
    pub runtime: String,
    /// Id of the case that was changed.
    pub case: String,
    /// What the tool was asked to do.
    pub operation: String,
    /// The platform asked for.
    pub platform: String,
    /// The outcome without the change.
    pub base: Outcome,
    /// The outcome with it.
    pub derived: Outcome,
    /// How often each was tried at least.
    pub tries: u32,
}

impl Relations {
    /// What became of the derived trials of these results; none where there are none.
    #[must_use]
    pub fn of(results: &[Results]) -> Option<Self> {
        let runs = results.iter();
        let all: Vec<Comparison<'_>> = runs
            .flat_map(|run| compare(&run.trials, &run.derived))
            .collect();
        (!all.is_empty()).then(|| Self::count(&all))
    }

    fn count(all: &[Comparison<'_>]) -> Self {
        let mut relations = Self::default();
        for comparison in all {
            let changed = || ChangedSelection::of(comparison);
            match comparison.standing {
                RelationResult::Holds => relations.hold += 1,
                RelationResult::NotCompared => relations.not_compared += 1,
                RelationResult::Changed => relations.changed.extend(changed()),
                RelationResult::Unrepeated => relations.unrepeated.extend(changed()),
            }
        }
        relations
    }
}

impl ChangedSelection {
    fn of(comparison: &Comparison<'_>) -> Option<Self> {
        let (base, derived) = (comparison.base?, comparison.derived);
        Some(Self {
            relation: comparison.relation.to_owned(),
            runtime: derived.runtime.clone(),
            case: base.case.clone(),
            operation: derived.operation.clone(),
            platform: derived.platform.clone(),
            base: base.outcome.clone(),
            derived: derived.outcome.clone(),
            tries: base.tries.min(derived.tries),
        })
    }
}
