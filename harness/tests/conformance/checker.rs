//! Whether a trial passes: held against baselines, expected failures and the specifications.

use anyhow::Context as _;
use libtest_mimic::Failed;
use ocipick::{
    baselines,
    check::{
        CheckPolicy, CheckStatus, Checker,
        result::{Explained, Hints},
    },
    host,
};
use ocipick_corpus::{Case, Corpus, built_in_specifications, digest_of_content};
use ocipick_records::{Trial, UnmeasuredWhy};
use ocipick_reports::{
    analysis::conformance::{Bytes, ConformanceRules, Revisions},
    baseline::BaselineKey,
};
use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How many lines are shown of what is reported and fails nothing.
const SHOWN: usize = 20;

/// What all trials are held against.
pub(crate) struct TrialChecker {
    checker: Checker<'static>,
    corpus: &'static Corpus,
    /// The CPU level of this machine.
    level: Option<String>,
    /// Lines about trials that pass, and there is something to say about them.
    reported: Mutex<Vec<String>>,
    /// Lines about expected failures.
    expected: Mutex<Vec<String>>,
    /// How many trials are of cases that their baselines do not have.
    new: AtomicUsize,
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
        let policy = CheckPolicy::read(Some(&root.join(baselines::DIR)))?;
        Ok(Self {
            checker: Checker::new(policy, corpus, rules, hints),
            corpus,
            level: host::cpu_level(),
            reported: Mutex::default(),
            expected: Mutex::default(),
            new: AtomicUsize::new(0),
        })
    }

    /// Passes a trial, or says why not; tells why it is to be ignored where it cannot be asked, or
    /// is held against nothing.
    pub(crate) fn hears(&self, trial: &Trial, case: &Case) -> Result<Option<String>, Failed> {
        let content = digest_of_content(case);
        let checked = self
            .checker
            .check(trial, &content, self.level.as_deref(), &Bytes::default());
        let Explained { line, report } = checked.explained.unwrap_or_default();
        let note = |lines: &Mutex<Vec<String>>, line| {
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        };
        match checked.status {
            CheckStatus::Failed | CheckStatus::Lost(_) => return Err(report.into()),
            CheckStatus::NotHeld
            | CheckStatus::NotMeasured(UnmeasuredWhy::Unsupported | UnmeasuredWhy::NotInstalled) => {
                return Ok(Some(line));
            }
            CheckStatus::NotMeasured(_) => return Err(report.into()),
            CheckStatus::New => {
                self.new.fetch_add(1, Ordering::Relaxed);
            }
            CheckStatus::Reported => note(&self.reported, line),
            CheckStatus::ExpectedFailure => note(&self.expected, line),
            CheckStatus::Passed => {}
        }
        Ok(None)
    }

    /// Where every baseline lies.
    pub(crate) fn baselines(&self) -> Vec<String> {
        let all = self.checker.baselines().shelf.baselines();
        all.map(|(place, _)| place.to_owned()).collect()
    }

    /// Passes a baseline of which every line is still about something.
    pub(crate) fn looks_through(&self, place: &str) -> Result<(), Failed> {
        let mut all = self.checker.baselines().shelf.baselines();
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

    /// Says on standard error what was expected to fail, or reported, and failed nothing.
    pub(crate) fn say_reported(&self) {
        let mut out = io::stderr().lock();
        let new = self.new.load(Ordering::Relaxed);
        if new > 0 {
            let _ = writeln!(out, "\nnew to their baselines: {new} trials");
        }
        for (title, lines) in [
            ("expected failures (xfail)", &self.expected),
            ("reported, and no failure", &self.reported),
        ] {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.sort();
            if lines.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n{title} ({}):", lines.len());
            for line in lines.iter().take(SHOWN) {
                let _ = writeln!(out, "  {line}");
            }
            if let Some(more) = lines.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                let _ = writeln!(out, "  and {more} more");
            }
        }
    }
}
