//! What is told to a project in private before it is told to everybody.
//!
//! Crashes, and split views that somebody could abuse, are withheld from what is written for others
//! to read. [`Policy`] says which cells those are: the rule for crashes is here, and everything else
//! is the data file `embargo.toml`, so that people can review it. [`redact`] takes them out of
//! results before anything else is made of them, so that no report has to think of it: in place of
//! what was observed stands that it is [withheld](UnmeasuredWhy::Withheld).

mod policy;

pub use policy::{Policy, PolicyError, Rule, Withheld};

use crate::results::{Evidence, Footer, Outcome, Results, Trial, UnmeasuredWhy};
use std::collections::{BTreeMap, BTreeSet};

/// What stands in place of everything that is known of a withheld cell.
pub const WORDS: &str = "it is for private disclosure first";

/// A cell that was withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithheldCell {
    /// Id of the runtime.
    pub runtime: String,
    /// What it was asked to do.
    pub operation: String,
    /// Id of the case.
    pub case: String,
    /// The platform asked for.
    pub platform: String,
    /// Why it is withheld.
    pub withheld: Withheld,
}

/// The rows in which two runtimes pick different children.
#[derive(Clone, Debug, Default)]
pub struct Splits<'a> {
    picks: BTreeMap<(&'a str, &'a str, &'a str), BTreeSet<&'a str>>,
}

impl<'a> Splits<'a> {
    /// Looks for them in all results together.
    #[must_use]
    pub fn of(results: &'a [Results]) -> Self {
        let mut splits = Self::default();
        for trial in results.iter().flat_map(|results| &results.trials) {
            let row = splits.picks.entry(row(trial)).or_default();
            add_picks(&trial.outcome, row);
        }
        splits
    }

    /// Whether runtimes pick different children in the row of a trial.
    #[must_use]
    pub fn has(&self, trial: &Trial) -> bool {
        let picks = self.picks.get(&row(trial));
        picks.is_some_and(|picks| picks.len() > 1)
    }
}

fn row(trial: &Trial) -> (&str, &str, &str) {
    (&trial.operation, &trial.case, &trial.platform)
}

fn add_picks<'a>(outcome: &'a Outcome, picks: &mut BTreeSet<&'a str>) {
    match outcome {
        Outcome::Picked { child, .. } => {
            picks.insert(child);
        }
        Outcome::Mixed { children, .. } => picks.extend(children.iter().map(String::as_str)),
        Outcome::Unstable { observed } => {
            for seen in observed {
                add_picks(&seen.outcome, picks);
            }
        }
        Outcome::Refused { .. }
        | Outcome::Nothing
        | Outcome::Crashed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unmeasured { .. } => {}
    }
}

/// Takes everything that is to be withheld out of results: outcome, evidence, and how long it took.
/// Returns what was taken out.
pub fn redact(results: &mut [Results], policy: &Policy) -> Vec<WithheldCell> {
    let splits = Splits::of(results);
    let withheld: Vec<Vec<Option<Withheld>>> = results
        .iter()
        .map(|results| {
            let trials = results.trials.iter();
            trials
                .map(|trial| policy.withholds(trial, splits.has(trial)))
                .collect()
        })
        .collect();
    let derived: Vec<Vec<Option<Withheld>>> = results
        .iter()
        .map(|results| {
            let trials = results.derived.iter();
            trials
                .map(|trial| withholds_derived(trial, results, policy, &splits))
                .collect()
        })
        .collect();
    let mut cells = Vec::new();
    for (results, derived) in results.iter_mut().zip(derived) {
        let trials = results.derived.iter_mut().zip(derived);
        for (trial, _) in trials.filter(|(_, withheld)| withheld.is_some()) {
            hide(trial);
        }
    }
    for (results, withheld) in results.iter_mut().zip(withheld) {
        for (trial, withheld) in results.trials.iter_mut().zip(withheld) {
            let Some(withheld) = withheld else { continue };
            cells.push(WithheldCell {
                runtime: trial.runtime.clone(),
                operation: trial.operation.clone(),
                case: trial.case.clone(),
                platform: trial.platform.clone(),
                withheld,
            });
            hide(trial);
        }
        if let Some(footer) = &mut results.footer {
            let trials = results.trials.iter().chain(&results.derived);
            footer.outcomes = Footer::count(trials.map(|trial| &trial.outcome));
        }
    }
    cells
}

/// Why the trial of a derived case is withheld: for what it shows by itself, or because the cell of the
/// case that it comes from is, which it would give away.
fn withholds_derived(
    trial: &Trial,
    results: &Results,
    policy: &Policy,
    splits: &Splits<'_>,
) -> Option<Withheld> {
    let from = trial.derived.as_ref()?;
    let as_base = Trial {
        case: from.base.clone(),
        ..trial.clone()
    };
    let base = results.trials.iter().find(|base| {
        row(base) == row(&as_base) && base.runtime == trial.runtime && base.channel == trial.channel
    });
    let splits = splits.has(base.unwrap_or(&as_base));
    policy
        .withholds(&as_base, splits)
        .or_else(|| policy.withholds(base?, splits))
}

/// Whether a cell was withheld from these results.
#[must_use]
pub fn is_withheld(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Unmeasured {
            why: UnmeasuredWhy::Withheld,
            ..
        }
    )
}

fn hide(trial: &mut Trial) {
    trial.outcome = Outcome::Unmeasured {
        why: UnmeasuredWhy::Withheld,
        detail: WORDS.to_owned(),
    };
    trial.evidence = Evidence::default();
    trial.duration_ms = 0;
    trial.tries = 1;
}

#[cfg(test)]
mod tests;
