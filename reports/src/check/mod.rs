//! Whether trials pass, decided in one place for `ocipick run --check`, JUnit and the conformance
//! trials of `cargo test`: baselines, expected failures and specifications, and the words for it.

pub mod expected;
pub mod result;

use crate::{
    baselines::{Baselines, BaselinesError},
    check::{
        expected::{ExpectedFailures, ExpectedFailuresError},
        result::{
            CHANGES, Changes, ChangesError, CheckInput, CheckReason, CheckResult, Explained, Hints,
        },
    },
};
use ocipick_corpus::Corpus;
use ocipick_records::{Results, Trial, UnmeasuredWhy};
use ocipick_reports::{
    analysis::conformance::{Bytes, ConformanceRules},
    baseline::{Check, check},
    render::junit,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

/// How many lines are shown of what is reported and fails nothing.
const SHOWN: usize = 10;

/// Why there is nothing to hold trials against.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Baselines that are not there, or cannot be read.
    #[error(transparent)]
    Baselines(#[from] BaselinesError),
    /// The list of expected failures has a mistake.
    #[error(transparent)]
    Known(#[from] ExpectedFailuresError),
    /// The variable about changes means nothing.
    #[error(transparent)]
    Changes(#[from] ChangesError),
}

/// What trials are held against, besides the specifications.
#[derive(Debug)]
pub struct CheckPolicy {
    /// What was accepted.
    pub baselines: Baselines,
    known: ExpectedFailures,
    changes: Changes,
}

impl CheckPolicy {
    /// Reads the baselines below a directory or, where none is given, those of the working directory
    /// or else those that are compiled in; the expected failures; and the variable about changes.
    ///
    /// # Errors
    ///
    /// When there are no baselines where they were said to be, or something has a mistake.
    pub fn read(baselines: Option<&Path>) -> Result<Self, CheckError> {
        let changes = std::env::var(CHANGES).ok();
        Ok(Self {
            baselines: Baselines::find(baselines)?,
            known: ExpectedFailures::built_in()?,
            changes: Changes::parse(changes.as_deref())?,
        })
    }
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
    /// It fails; among others where an expected failure no longer occurs (xpass).
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
    /// In words, unless it simply passes.
    pub explained: Option<Explained>,
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

    /// The baselines that it uses.
    #[must_use]
    pub fn baselines(&self) -> &Baselines {
        &self.policy.baselines
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
        let check = check(trial, content, level, &self.policy.baselines.shelf);
        let verdicts = self.rules.evaluate(trial, bytes);
        let violates = result::violates(&verdicts);
        let standing = self.policy.known.standing(trial, violates);
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
            explained,
        }
    }

    /// Holds every trial of these results against all of it, in their order.
    fn each<'r>(&self, results: &'r Results) -> Vec<(&'r Trial, CheckedTrial)> {
        let bytes = self.rules.compare([&results.header]);
        let content = &results.header.corpus.content;
        let level = results.header.host.cpu_level.as_deref();
        let of = |trial: &'r Trial| {
            let content = content.get(&trial.case).map_or("", String::as_str);
            (trial, self.check(trial, content, level, &bytes))
        };
        results.trials.iter().map(of).collect()
    }

    /// Holds results against all of it.
    #[must_use]
    pub fn tally(&self, results: &Results) -> Tally {
        let mut tally = Tally::new(self.policy.baselines.to_string());
        for (trial, checked) in self.each(results) {
            tally.count(trial, checked);
        }
        tally
    }

    /// What JUnit is to say of every trial of these results, found by where the trial lies.
    #[must_use]
    pub fn for_junit(&self, results: &[Results]) -> BTreeMap<*const Trial, junit::JunitCheck> {
        let all = results.iter().flat_map(|results| self.each(results));
        all.map(|(trial, checked)| (std::ptr::from_ref(trial), checked.into_junit()))
            .collect()
    }
}

impl CheckedTrial {
    fn into_junit(self) -> junit::JunitCheck {
        let explained = self.explained.unwrap_or_default();
        junit::JunitCheck {
            status: match self.status {
                CheckStatus::Passed | CheckStatus::New | CheckStatus::Reported => {
                    junit::JunitStatus::Passed
                }
                CheckStatus::ExpectedFailure
                | CheckStatus::NotHeld
                | CheckStatus::NotMeasured(_) => junit::JunitStatus::Skipped,
                CheckStatus::Failed => junit::JunitStatus::Failed,
                CheckStatus::Lost(_) => junit::JunitStatus::Error,
            },
            kind: self.kind,
            message: explained.line,
            report: explained.report,
        }
    }
}

/// What came of many trials.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    baselines: String,
    passed: usize,
    new: usize,
    /// In full.
    failed: Vec<String>,
    /// In a line each.
    expected: Vec<String>,
    reported: Vec<String>,
    not_held: Vec<String>,
    /// How many cells of a runtime were not measured any more, by why.
    lost: BTreeMap<String, BTreeMap<UnmeasuredWhy, usize>>,
    not_measured: usize,
    /// Runtimes of which something was measured, and whether a baseline has any of it.
    measured: BTreeMap<String, bool>,
}

/// What results amount to as a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckConclusion {
    /// Everything that was accepted is as it was.
    Pass,
    /// Something fails, or a runtime with a baseline did not pass its controls.
    Fail,
    /// Nothing fails, and some of what was accepted was not measured any more.
    InPart,
    /// There was nothing to hold any outcome against, or no outcome.
    Nothing,
}

impl Tally {
    fn new(baselines: String) -> Self {
        Self {
            baselines,
            ..Self::default()
        }
    }

    fn count(&mut self, trial: &Trial, checked: CheckedTrial) {
        let CheckedTrial {
            status,
            has_baseline,
            explained,
            ..
        } = checked;
        if trial.outcome.is_measured() {
            *self.measured.entry(trial.runtime.clone()).or_default() |= has_baseline;
        }
        let Explained { line, report } = explained.unwrap_or_default();
        match status {
            CheckStatus::Passed => self.passed += 1,
            CheckStatus::New => self.new += 1,
            CheckStatus::ExpectedFailure => self.expected.push(line),
            CheckStatus::Reported => self.reported.push(line),
            CheckStatus::NotHeld => self.not_held.push(line),
            CheckStatus::Failed => self.failed.push(report),
            CheckStatus::Lost(why) => {
                let of_runtime = self.lost.entry(trial.runtime.clone()).or_default();
                *of_runtime.entry(why).or_default() += 1;
            }
            CheckStatus::NotMeasured(_) => self.not_measured += 1,
        }
    }

    /// How many trials fail.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failed.len()
    }

    /// What all of it amounts to.
    #[must_use]
    pub fn conclusion(&self) -> CheckConclusion {
        // The tool itself could not do what every tool can.
        let gave_up = self.lost.iter().any(|(runtime, whys)| {
            !self.measured.contains_key(runtime)
                && whys.contains_key(&UnmeasuredWhy::ControlsFailed)
        });
        if !self.failed.is_empty() || gave_up {
            CheckConclusion::Fail
        } else if !self.lost.is_empty() {
            CheckConclusion::InPart
        } else if !self.measured.values().any(|has_baseline| *has_baseline) {
            CheckConclusion::Nothing
        } else {
            CheckConclusion::Pass
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for report in &self.failed {
            let _ = writeln!(text, "\nFAILED {report}");
        }
        list(&mut text, "expected failures (xfail)", &self.expected);
        list(&mut text, "reported, and no failure", &self.reported);
        list(
            &mut text,
            "held against no baseline, because of the CPU level",
            &self.not_held,
        );
        let lost: usize = self.lost.values().flat_map(BTreeMap::values).sum();
        if lost > 0 {
            let _ = writeln!(
                text,
                "\nnot measured, although their baselines have them ({lost}):"
            );
            for (runtime, whys) in &self.lost {
                let whys: Vec<String> = whys
                    .iter()
                    .map(|(why, count)| format!("{count} {why}"))
                    .collect();
                let _ = writeln!(text, "  {runtime}: {}", whys.join(", "));
            }
        }
        let bare: BTreeSet<&str> = self
            .measured
            .iter()
            .filter(|(_, has_baseline)| !**has_baseline)
            .map(|(runtime, _)| runtime.as_str())
            .collect();
        if !bare.is_empty() {
            let bare: Vec<&str> = bare.into_iter().collect();
            let _ = writeln!(
                text,
                "\nwithout a baseline that has any of these cases: {} (hint: ocipick bless records what you \
                 accept)",
                bare.join(", ")
            );
        }
        let _ = writeln!(
            text,
            "\nchecked against {}: {} passed, {} expected failures, {} reported, {} new to their \
             baselines, {} not held, {} failed, {} not measured",
            self.baselines,
            self.passed,
            self.expected.len(),
            self.reported.len(),
            self.new,
            self.not_held.len(),
            self.failed.len(),
            lost + self.not_measured,
        );
        let verdict = match self.conclusion() {
            CheckConclusion::Pass => return text,
            CheckConclusion::Fail if self.failed.is_empty() => {
                "the check failed: a runtime that has a baseline did not pass its controls"
            }
            CheckConclusion::Fail => return text,
            CheckConclusion::InPart => {
                "no pass: what was accepted before was not measured in full (code 5)"
            }
            CheckConclusion::Nothing if self.measured.is_empty() => "no pass: nothing was measured",
            CheckConclusion::Nothing => {
                "no pass: no baseline of a runtime that was measured, nor of an older version of it, has \
                 any of these cases (code 4)"
            }
        };
        let _ = writeln!(text, "{verdict}");
        text
    }
}

/// A heading and the first of these lines.
fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title} ({}):", lines.len());
    for line in lines.iter().take(SHOWN) {
        let _ = writeln!(text, "  {line}");
    }
    if lines.len() > SHOWN {
        let _ = writeln!(text, "  and {} more", lines.len() - SHOWN);
    }
}

#[cfg(test)]
mod tests;
