//! Whether a trial passes: held against baselines, known findings and the specifications.

use anyhow::Context as _;
use libtest_mimic::Failed;
use ocipick::{
    baselines,
    known::KnownFindings,
    ruling::{self, CHANGES, Changes, Explained, Facts, Ground, Ruling},
};
use ocipick_corpus::{Case, Corpus, built_in_specifications, digest_of_content};
use ocipick_reports::{
    baseline::{Key, Shelf, check},
    results::{Trial, UnmeasuredWhy},
    verdict::{Bytes, Revisions, Rulebook},
};
use std::{
    io::{self, Write as _},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How many lines are shown of what is reported and fails nothing.
const SHOWN: usize = 20;

/// What all trials are held against.
pub(crate) struct Court {
    rulebook: Rulebook<'static>,
    corpus: &'static Corpus,
    shelf: Shelf,
    known: KnownFindings,
    changes: Changes,
    reported: Mutex<Vec<String>>,
    /// How many trials are of cases that their baselines do not have.
    new: AtomicUsize,
}

impl Court {
    /// Reads all that trials are held against.
    pub(crate) fn open() -> anyhow::Result<Self> {
        // For as long as the process lives, which is as long as there are trials.
        let corpus: &'static Corpus = Box::leak(Box::new(Corpus::built_in()?));
        let revisions = Revisions::choose(&built_in_specifications()?, &[])?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = root.parent().context("the harness lies in a repository")?;
        let changes = std::env::var(CHANGES).ok();
        Ok(Self {
            rulebook: Rulebook::new(corpus, revisions),
            corpus,
            shelf: baselines::read(&root.join(baselines::DIR))?,
            known: KnownFindings::built_in()?,
            changes: Changes::parse(changes.as_deref())?,
            reported: Mutex::default(),
            new: AtomicUsize::new(0),
        })
    }

    /// Passes a trial, or says why not; tells why it is to be ignored where it cannot be asked.
    pub(crate) fn hears(&self, trial: &Trial, case: &Case) -> Result<Option<String>, Failed> {
        let check = check(trial, &digest_of_content(case), &self.shelf);
        let verdicts = self.rulebook.judge(trial, &Bytes::default());
        let standing = self.known.standing(trial, ruling::violates(&verdicts));
        let facts = Facts {
            trial,
            check: &check,
            verdicts: &verdicts,
            standing: &standing,
            changes: self.changes,
        };
        let ruling = ruling::rule(&facts);
        let Some(Explained { line, report }) =
            ruling::explain(&ruling, &facts, case, &self.rulebook)
        else {
            return Ok(None);
        };
        match ruling {
            Ruling::Unmeasured(UnmeasuredWhy::Unsupported | UnmeasuredWhy::NotInstalled) => {
                Ok(Some(line))
            }
            Ruling::Fails(_) | Ruling::Unmeasured(_) => Err(report.into()),
            Ruling::Reported(Ground::New { .. }) => {
                self.new.fetch_add(1, Ordering::Relaxed);
                Ok(None)
            }
            Ruling::Reported(_) | Ruling::Passes => {
                let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
                reported.push(line);
                Ok(None)
            }
        }
    }

    /// Where every baseline lies.
    pub(crate) fn baselines(&self) -> Vec<String> {
        let all = self.shelf.baselines();
        all.map(|(place, _)| place.to_owned()).collect()
    }

    /// Passes a baseline of which every line is still about something.
    pub(crate) fn looks_through(&self, place: &str) -> Result<(), Failed> {
        let mut all = self.shelf.baselines();
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

    fn asks(&self, key: &Key) -> bool {
        let id = key.case.parse().ok();
        let case = id.and_then(|id| self.corpus.get(&id));
        case.is_some_and(|case| {
            let operation = key.operation.parse();
            case.asks.iter().any(|ask| ask.to_string() == key.platform)
                && operation.is_ok_and(|operation| case.is_for(operation))
        })
    }

    /// Says on standard error what was reported and failed nothing.
    pub(crate) fn say_reported(&self) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        reported.sort();
        let mut out = io::stderr().lock();
        let new = self.new.load(Ordering::Relaxed);
        if new > 0 {
            let _ = writeln!(out, "\nnew to their baselines: {new} trials");
        }
        if reported.is_empty() {
            return;
        }
        let _ = writeln!(out, "\nreported, and no failure ({}):", reported.len());
        for line in reported.iter().take(SHOWN) {
            let _ = writeln!(out, "  {line}");
        }
        if let Some(more) = reported.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(out, "  and {more} more");
        }
    }
}
