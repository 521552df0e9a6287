//! Whether trials pass: one answer, and the words for it.
//!
//! [`Checker`] holds trials against baselines, expected failures and the specifications. What it says
//! is shown in three places, each of which matches [`CheckStatus`] and decides nothing:
//! `ocipick run --check` ([`Tally`]), JUnit ([`crate::render::junit`]) and `cargo test` ([`TestEnd`]).

pub mod expected;
pub mod result;
mod tally;
mod test_end;

pub use tally::{CheckConclusion, Tally};
pub use test_end::TestEnd;

use crate::{
    analysis::conformance::{Bytes, ConformanceRules},
    baseline::{BaselineSet, Check, check},
};
use expected::ExpectedFailures;
use ocipick_corpus::Corpus;
use ocipick_records::{Results, Trial, UnmeasuredWhy};
use result::{Changes, CheckInput, CheckReason, CheckResult, Explained, Hints};
use std::{collections::BTreeMap, ptr};

/// What trials are held against, besides the specifications. With nothing in it, those alone decide.
#[derive(Debug, Default)]
pub struct CheckPolicy {
    /// What was accepted.
    pub baselines: BaselineSet,
    /// Where that is from, in words.
    pub source: String,
    /// Misbehaviour that is expected.
    pub expected: ExpectedFailures,
    /// What to do about differences from older versions.
    pub changes: Changes,
}

/// Holds trials against a policy and the specifications.
#[derive(Debug)]
pub struct Checker<'c> {
    policy: CheckPolicy,
    corpus: &'c Corpus,
    rules: &'c ConformanceRules<'c>,
    hints: Hints,
}

/// Whether a trial passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// It passes.
    Passed,
    /// It fails as it is expected to, which passes (xfail).
    ExpectedFailure,
    /// Its baseline does not have the case, which passes.
    New,
    /// It passes, and there is something to say about it.
    Reported,
    /// It passes by the specifications, and is held against no baseline: the platform was left to
    /// the tool, and its baseline is of another CPU level.
    NotHeld,
    /// An expected failure no longer occurs, which fails (xpass).
    UnexpectedPass,
    /// It fails.
    Failed,
    /// It was not measured, although its baseline has an outcome.
    Lost(UnmeasuredWhy),
    /// It was not measured, and nothing was ever accepted.
    NotMeasured(UnmeasuredWhy),
}

/// What became of one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTrial {
    /// Whether it passes.
    pub status: CheckStatus,
    /// What kind of thing it rests on, in a word or two.
    pub kind: &'static str,
    /// Whether a baseline of the runtime, or of an older version of it, has the case.
    pub has_baseline: bool,
    /// In words: in a line, and all there is to know with what to type next. Nothing where it simply
    /// passes.
    pub explained: Explained,
}

impl<'c> Checker<'c> {
    /// Makes one; `hints` says where results are and how they were made.
    #[must_use]
    pub fn new(
        policy: CheckPolicy,
        corpus: &'c Corpus,
        rules: &'c ConformanceRules<'c>,
        hints: Hints,
    ) -> Self {
        Self {
            policy,
            corpus,
            rules,
            hints,
        }
    }

    /// What it holds trials against.
    #[must_use]
    pub fn policy(&self) -> &CheckPolicy {
        &self.policy
    }

    /// Holds one trial against all of it. `content` is the digest of what tools could see of the case
    /// when it was measured, `level` the CPU level of the machine, where it is known.
    #[must_use]
    pub fn check(
        &self,
        trial: &Trial,
        content: &str,
        level: Option<&str>,
        bytes: &Bytes<'_>,
    ) -> CheckedTrial {
        let check = check(trial, content, level, &self.policy.baselines);
        let verdicts = self.rules.evaluate(trial, bytes);
        let violates = result::violates(&verdicts);
        let standing = self.policy.expected.standing(trial, violates);
        let facts = CheckInput {
            trial,
            check: &check,
            verdicts: &verdicts,
            standing: &standing,
            changes: self.policy.changes,
        };
        let check_result = result::rule(&facts);
        let id = trial.case.parse().ok();
        let case = id.and_then(|id| self.corpus.get(&id));
        let explained = result::explain(&check_result, &facts, case, self.rules, &self.hints);
        let status = match &check_result {
            CheckResult::Passes => CheckStatus::Passed,
            CheckResult::Expected(_) => CheckStatus::ExpectedFailure,
            CheckResult::Reported(CheckReason::New { .. }) => CheckStatus::New,
            CheckResult::Reported(_) => CheckStatus::Reported,
            CheckResult::NotHeld { .. } => CheckStatus::NotHeld,
            CheckResult::Fails(CheckReason::Stale(_)) => CheckStatus::UnexpectedPass,
            CheckResult::Fails(_) => CheckStatus::Failed,
            CheckResult::Lost { why, .. } => CheckStatus::Lost(*why),
            CheckResult::Unmeasured(why) => CheckStatus::NotMeasured(*why),
        };
        CheckedTrial {
            status,
            kind: check_result.kind(),
            has_baseline: match &check {
                Check::Same { .. } | Check::Changed { .. } => true,
                Check::Unmeasured { accepted } => accepted.is_some(),
                Check::NoReference | Check::OtherLevel { .. } | Check::New { .. } => false,
            },
            explained: explained.unwrap_or_default(),
        }
    }

    /// Holds every trial of these results against all of it, in their order.
    #[must_use]
    pub fn check_all<'r>(&self, results: &'r [Results]) -> CheckedTrials<'r> {
        let mut all = CheckedTrials::default();
        for results in results {
            let bytes = self.rules.compare([&results.header]);
            let content = &results.header.corpus.content;
            let level = results.header.host.cpu_level.as_deref();
            for trial in &results.trials {
                let content = content.get(&trial.case).map_or("", String::as_str);
                let checked = self.check(trial, content, level, &bytes);
                all.places.insert(ptr::from_ref(trial), all.trials.len());
                all.trials.push((trial, checked));
            }
        }
        all
    }

    /// What all of it amounts to.
    #[must_use]
    pub fn tally(&self, results: &[Results]) -> Tally {
        let mut tally = Tally::new(&self.policy.source);
        for (trial, checked) in self.check_all(results).iter() {
            tally.count(trial, checked);
        }
        tally
    }
}

/// What became of the trials of results.
#[derive(Debug, Default)]
pub struct CheckedTrials<'r> {
    trials: Vec<(&'r Trial, CheckedTrial)>,
    /// Where each is found, by where the trial lies: a matrix has the trials themselves.
    places: BTreeMap<*const Trial, usize>,
}

impl<'r> CheckedTrials<'r> {
    /// All of them, in the order of the results.
    pub fn iter(&self) -> impl Iterator<Item = (&'r Trial, &CheckedTrial)> {
        self.trials.iter().map(|(trial, checked)| (*trial, checked))
    }

    /// What became of this one, where it is of these results.
    #[must_use]
    pub fn of(&self, trial: &Trial) -> Option<&CheckedTrial> {
        let place = self.places.get(&ptr::from_ref(trial))?;
        self.trials.get(*place).map(|(_, checked)| checked)
    }
}

#[cfg(test)]
mod tests;
