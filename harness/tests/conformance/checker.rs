//! What trials are held against, and how the tests end that they are. Whether they pass, and the words for
//! it, are of `ocipick_reports::check`.

use anyhow::Context as _;
use libtest_mimic::Failed;
use ocipick::{baselines, check, host};
use ocipick_corpus::{Case, Corpus, built_in_specifications, digest_of_content};
use ocipick_records::Trial;
use ocipick_reports::{
    analysis::conformance::{Bytes, ConformanceRules, Revisions},
    baseline::BaselineKey,
    check::{CheckedTrial, Checker, Tally, TestEnd, result::Hints},
};
use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// What all trials are held against.
pub(crate) struct TrialChecker {
    checker: Checker<'static>,
    corpus: &'static Corpus,
    /// The CPU level of this machine.
    level: Option<String>,
    /// What became of each, by runtime and what it was asked, since they come in any order.
    checked: Mutex<BTreeMap<[String; 4], (Trial, CheckedTrial)>>,
}

impl TrialChecker {
    /// Reads all that trials are held against.
    pub(crate) fn open() -> anyhow::Result<Self> {
        // For as long as the process lives, which is as long as there are trials.
        let corpus: &'static Corpus = Box::leak(Box::new(Corpus::built_in()?));
        let revisions = Revisions::choose(&built_in_specifications()?, &[])?;
        let rules: &'static ConformanceRules<'_> =
            Box::leak(Box::new(ConformanceRules::new(corpus, revisions)));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = root.parent().context("the harness lies in a repository")?;
        // The trials leave no results: what repeats one makes some.
        let hints = Hints {
            results: None,
            again: PathBuf::from("target/ocipick/again"),
            channels: Vec::new(),
            corpus: None,
            baselines: None,
        };
        let policy = check::policy(Some(&root.join(baselines::DIR)))?;
        Ok(Self {
            checker: Checker::new(policy, corpus, rules, hints),
            corpus,
            level: host::cpu_level(),
            checked: Mutex::default(),
        })
    }

    /// How the test ends that this trial is.
    pub(crate) fn hears(&self, trial: &Trial, case: &Case) -> TestEnd {
        let content = digest_of_content(case);
        let checked = self
            .checker
            .check(trial, &content, self.level.as_deref(), &Bytes::default());
        let end = TestEnd::of(&checked);
        let key = [
            &trial.runtime,
            &trial.operation,
            &trial.case,
            &trial.platform,
        ]
        .map(Clone::clone);
        let mut all = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key, (trial.clone(), checked));
        end
    }

    /// Where every baseline lies.
    pub(crate) fn baselines(&self) -> Vec<String> {
        let all = self.checker.policy().baselines.baselines();
        all.map(|(place, _)| place.to_owned()).collect()
    }

    /// Passes a baseline of which every line is still about something.
    pub(crate) fn looks_through(&self, place: &str) -> Result<(), Failed> {
        let mut all = self.checker.policy().baselines.baselines();
        let found = all.find(|(it, _)| *it == place);
        let lines = found
            .into_iter()
            .flat_map(|(_, baseline)| baseline.lines.keys());
        let stale: Vec<String> = lines
            .filter(|key| !self.asks(key))
            .map(|key| format!("  {key}"))
            .collect();
        if stale.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{}/{place} has {} about what is not asked any more:\n{}\n  \
             again: measure that runtime anew, then ocipick bless RESULTS --prune",
            baselines::DIR,
            if stale.len() == 1 { "a line" } else { "lines" },
            stale.join("\n"),
        )
        .into())
    }

    fn asks(&self, key: &BaselineKey) -> bool {
        let id = key.case.parse().ok();
        let case = id.and_then(|id| self.corpus.get(&id));
        case.is_some_and(|case| {
            let operation = key.operation.parse();
            case.asks.iter().any(|ask| ask.to_string() == key.platform)
                && operation.is_ok_and(|operation| case.is_for(operation))
        })
    }

    /// Says on standard error what there is to say of trials that failed nothing, as `--check` does.
    pub(crate) fn say_notes(&self) {
        let all = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return;
        }
        let mut tally = Tally::new(&self.checker.policy().source);
        for (trial, checked) in all.values() {
            tally.count(trial, checked);
        }
        let _ = write!(io::stderr().lock(), "{}", tally.notes());
    }
}
