//! What is told to a project in private before it is told to everybody.
//!
//! Deaths, and split views that somebody could abuse, are kept out of what is written for others to
//! read. [`EmbargoPolicy`] says which cells those are: the rule for crashes is here, and everything else is
//! the data file `embargo.toml`, so that people can review it. [`redact`] leaves out the whole case of
//! such a cell before anything else is made of the results, so that no report has to think of it: a
//! cell that says "withheld" beside the exact index would tell everything. What is left is as if the
//! case had never been in the corpus, and no count says that there was one.

mod policy;

pub use policy::{EmbargoPolicy, EmbargoRule, PolicyError, Withheld};

use crate::analysis::split::{Split, SplitSide};
use ocipick_corpus::{Corpus, Digest, digest_of, digest_of_content};
use ocipick_records::{CorpusStamp, Footer, Operation, Outcome, Results, Trial, UnmeasuredWhy};
use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

/// A cell for which its case is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithheldCell {
    /// Id of the runtime.
    pub runtime: String,
    /// What it was asked to do.
    pub operation: String,
    /// Id of the case; of a derived one that of the case that it comes from.
    pub case: String,
    /// The platform asked for.
    pub platform: String,
    /// Why it is withheld.
    pub withheld: Withheld,
}

impl WithheldCell {
    /// Whether it is the cell of this trial.
    #[must_use]
    pub fn is_of(&self, trial: &Trial) -> bool {
        self.runtime == trial.runtime
            && self.operation == trial.operation
            && self.case == trial.case
            && self.platform == trial.platform
    }
}

/// The rows in which two runtimes take, or may take, different children: what a split is says
/// [`Split`], and here every side counts that a runtime may be on. What is scanned, pulled and run is
/// one row here, because a scanner that reads another child than a runtime takes can be abused
/// although each of the operations is no split by itself.
#[derive(Clone, Debug, Default)]
pub struct Splits<'a> {
    sides: BTreeMap<(&'a str, &'a str, &'a str), BTreeSet<SplitSide<'a>>>,
}

impl<'a> Splits<'a> {
    /// Looks for them in all results together.
    #[must_use]
    pub fn of(results: &'a [Results]) -> Self {
        let mut splits = Self::default();
        for trial in results.iter().flat_map(|results| &results.trials) {
            let sides = splits.sides.entry(row(trial)).or_default();
            sides.extend(SplitSide::possible(&trial.outcome));
        }
        splits
    }

    /// Whether runtimes pick different children in the row of a trial.
    #[must_use]
    pub fn has(&self, trial: &Trial) -> bool {
        let sides = self.sides.get(&row(trial));
        sides.and_then(Split::of_sides) == Some(Split::Children)
    }
}

fn row(trial: &Trial) -> (&str, &str, &str) {
    let together = [Operation::Scan, Operation::Pull, Operation::Run].map(Operation::as_str);
    let operation = if together.contains(&trial.operation.as_str()) {
        Operation::Pull.as_str()
    } else {
        &trial.operation
    };
    (operation, &trial.case, &trial.platform)
}

/// The cells that are for private disclosure first, those of derived cases under the case that they
/// come from.
#[must_use]
pub fn withheld(results: &[Results], policy: &EmbargoPolicy) -> Vec<WithheldCell> {
    let splits = Splits::of(results);
    let trials = results
        .iter()
        .flat_map(|results| results.trials.iter().chain(&results.derived));
    trials
        .filter_map(|trial| {
            let mut as_base = trial.clone();
            if let Some(from) = &trial.derived {
                as_base.case.clone_from(&from.base);
            }
            Some(WithheldCell {
                withheld: policy.withholds(&as_base, splits.has(&as_base))?,
                runtime: as_base.runtime,
                operation: as_base.operation,
                case: as_base.case,
                platform: as_base.platform,
            })
        })
        .collect()
}

/// Leaves out of results every case that has a cell which is for private disclosure first, whatever
/// was asked of it and of whom: all trials, the entry in the header, and what the counts say. Returns
/// the cells for which that was done.
pub fn redact(results: &mut [Results], policy: &EmbargoPolicy) -> Vec<WithheldCell> {
    let cells = withheld(results, policy);
    let mut cases: BTreeSet<&str> = cells.iter().map(|cell| cell.case.as_str()).collect();
    // A case may stand in the header although it was not measured.
    let headers: Vec<String> = results
        .iter()
        .flat_map(|results| results.header.corpus.content.keys().cloned())
        .collect();
    cases.extend(
        headers
            .iter()
            .map(String::as_str)
            .filter(|case| policy.is_reserved(case)),
    );
    if !cases.is_empty() {
        for results in results {
            leave_out(results, &cases);
        }
    }
    cells
}

fn leave_out(results: &mut Results, cases: &BTreeSet<&str>) {
    let header = &mut results.header;
    let is_left_out = |trial: &Trial| {
        let base = trial.derived.as_ref().map(|from| from.base.as_str());
        cases.contains(base.unwrap_or(&trial.case))
    };
    let took = |trials: &[Trial]| -> u64 { trials.iter().map(|trial| trial.duration_ms).sum() };
    let (trials, time) = (
        results.trials.len() + results.derived.len(),
        took(&results.trials) + took(&results.derived),
    );
    let known: BTreeSet<&str> = header
        .corpus
        .content
        .keys()
        .map(String::as_str)
        .chain(results.trials.iter().map(|trial| trial.case.as_str()))
        .collect();
    let gone = known.intersection(cases).count();
    if gone == 0 {
        return;
    }
    results.trials.retain(|trial| !is_left_out(trial));
    results.derived.retain(|trial| !is_left_out(trial));
    let left = results.trials.len() + results.derived.len();
    header.planned = header.planned.saturating_sub(trials - left);
    header.corpus.cases = header.corpus.cases.saturating_sub(gone);
    header
        .corpus
        .content
        .retain(|case, _| !cases.contains(case.as_str()));
    header.corpus.digest = digest(&header.corpus, &results.trials);
    if let Some(footer) = &mut results.footer {
        let all = results.trials.iter().chain(&results.derived);
        footer.outcomes = Footer::count(all.map(|trial| &trial.outcome));
        footer.trials = footer.trials.saturating_sub(trials - left);
        // The time that is in no trial would say that there was one more.
        let kept = took(&results.trials) + took(&results.derived);
        let share = |ms: u64| match time {
            0 => ms,
            time => {
                u64::try_from(u128::from(ms) * u128::from(kept) / u128::from(time)).unwrap_or(ms)
            }
        };
        for ms in iter::once(&mut footer.tools_ms).chain(&mut footer.own_ms) {
            *ms = share(*ms);
        }
    }
}

/// The digest that the corpus of these results has without what was left out: of the built-in one
/// that which a run of the remaining cases would have written.
fn digest(stamp: &CorpusStamp, trials: &[Trial]) -> String {
    let built_in = || {
        let corpus = stamp.is_built_in().then(Corpus::built_in)?.ok()?;
        let cases: Vec<_> = corpus
            .cases()
            .iter()
            .filter(|case| stamp.content.contains_key(case.id.as_str()))
            .collect();
        let is_same = cases.len() == stamp.content.len()
            && cases
                .iter()
                .all(|case| stamp.content.get(case.id.as_str()) == Some(&digest_of_content(case)));
        is_same.then(|| digest_of(cases).to_string())
    };
    built_in().unwrap_or_else(|| {
        let lines: String = if stamp.content.is_empty() {
            let cases: BTreeSet<&str> = trials.iter().map(|trial| trial.case.as_str()).collect();
            cases.iter().map(|case| format!("{case}\n")).collect()
        } else {
            let content = stamp.content.iter();
            content
                .map(|(case, digest)| format!("{case} {digest}\n"))
                .collect()
        };
        Digest::sha256(lines.as_bytes()).to_string()
    })
}

/// Whether a cell was withheld from these results by an earlier version, which left a mark in place
/// of what it withheld.
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

#[cfg(test)]
mod tests;
