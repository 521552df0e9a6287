//! What a check says on a terminal: what fails in full, the rest in a line each, and what all of it
//! amounts to. `cargo test` says the same of what failed nothing.

use super::{CheckStatus, CheckedTrial, result::Explained};
use ocipick_records::{Trial, UnmeasuredWhy};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// How many lines are shown of what fails nothing.
const SHOWN: usize = 10;

/// What came of many trials.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    source: String,
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
    /// One of trials that were held against baselines from there.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            ..Self::default()
        }
    }

    /// Adds one trial.
    pub fn count(&mut self, trial: &Trial, checked: &CheckedTrial) {
        if trial.outcome.is_measured() {
            *self.measured.entry(trial.runtime.clone()).or_default() |= checked.has_baseline;
        }
        let Explained { line, report } = checked.explained.clone();
        match checked.status {
            CheckStatus::Passed => self.passed += 1,
            CheckStatus::New => self.new += 1,
            CheckStatus::ExpectedFailure => self.expected.push(line),
            CheckStatus::Reported => self.reported.push(line),
            CheckStatus::NotHeld => self.not_held.push(line),
            CheckStatus::UnexpectedPass | CheckStatus::Failed => self.failed.push(report),
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
        text.push_str(&self.notes());
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

    /// What there is to say of trials that fail nothing, and how many there were of each kind.
    #[must_use]
    pub fn notes(&self) -> String {
        let mut text = String::new();
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
            self.source,
            self.passed,
            self.expected.len(),
            self.reported.len(),
            self.new,
            self.not_held.len(),
            self.failed.len(),
            lost + self.not_measured,
        );
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
