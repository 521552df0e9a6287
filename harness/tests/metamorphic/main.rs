//! Changes that must not matter, on the real tools of this machine and on those that were
//! provisioned: one trial per runtime, case and change. No expectation is needed: the pick must be
//! that of the case without the change.
//!
//! All of it is measured three times, in sessions of their own, when the first trial asks.
//! `OCIPICK_TEST_CHANNELS` says where tools come from, as `--channel` does; by default `auto`.

#[path = "../support/asked.rs"]
mod asked;
#[path = "../support/measure.rs"]
mod measure;

use anyhow::Context as _;
use asked::{is_selected, sources};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use measure::DEADLINE;
use ocipick::{
    check,
    inventory::{Discovery, Inventory},
    operations,
    run::{Cell, Controls, Earlier, Plan, TestPoint},
};
use ocipick_adapters::{RunDir, Runtime, process::Cancel};
use ocipick_corpus::{Case, Corpus, Relation};
use ocipick_records::{Operation, RepeatedCells, Repeats, Trial as Record};
use ocipick_reports::{
    analysis::metamorphic::{RelationResult, TRIES, compare},
    check::expected::{ExpectationStatus as Known, ExpectedFailures},
};
use std::{
    collections::BTreeSet,
    io,
    process::ExitCode,
    sync::{Arc, OnceLock},
};

/// The cases that are changed: an ordinary index, a pick between equals, and one between variants.
const CASES: [&str; 3] = [
    "controls/multi-platform",
    "duplicates/two-entries",
    "variants/amd64-v3-plain-asked-plain",
];

fn main() -> ExitCode {
    let args = Arguments::from_args();
    match conclude(&args) {
        Ok(code) => code,
        Err(error) => {
            use io::Write as _;
            let _ = writeln!(io::stderr(), "error: the metamorphic trials: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn conclude(args: &Arguments) -> anyhow::Result<ExitCode> {
    let measurements = Arc::new(Measurements::open()?);
    let names: Vec<(String, usize, usize)> = measurements.names();
    let selected: BTreeSet<(usize, usize)> = names
        .iter()
        .filter(|(name, _, _)| is_selected(args, name))
        .map(|(_, runtime, pair)| (*runtime, *pair))
        .collect();
    let selected = Arc::new(selected);
    let trials = names
        .into_iter()
        .map(|(name, runtime, pair)| {
            let (measurements, selected) = (Arc::clone(&measurements), Arc::clone(&selected));
            Trial::ignorable_test(name, move || measurements.hears(runtime, pair, &selected))
        })
        .collect();
    let conclusion = libtest_mimic::run(args, trials);
    drop(measurements);
    Ok(conclusion.exit_code())
}

/// A case, and what a change makes of it.
struct Pair {
    base: Arc<Case>,
    derived: Arc<Case>,
}

/// What the trials share.
struct Measurements {
    run_dir: RunDir,
    inventory: Inventory,
    pairs: Vec<Pair>,
    controls: Controls,
    known: ExpectedFailures,
    cancel: Cancel,
    measured: OnceLock<Result<Vec<Record>, String>>,
}

impl Measurements {
    fn open() -> anyhow::Result<Self> {
        let cancel = Cancel::default();
        let raise = cancel.clone();
        ctrlc::set_handler(move || raise.raise()).context("cannot listen to Ctrl-C")?;
        let (run_dir, _cleared) = RunDir::claim(&std::env::temp_dir(), false)?;
        let inventory = Discovery::of_user(&run_dir, &cancel).inventory(&sources()?)?;
        let corpus = Corpus::built_in()?;
        let mut pairs = Vec::new();
        for id in CASES {
            let base = corpus.get(&id.parse()?).with_context(|| id.to_owned())?;
            for &relation in Relation::ALL {
                pairs.push(Pair {
                    base: Arc::new(base.clone()),
                    derived: Arc::new(relation.derive(base)?),
                });
            }
        }
        Ok(Self {
            controls: Controls::of(&corpus)?,
            known: check::expected_failures()?,
            run_dir,
            inventory,
            pairs,
            cancel,
            measured: OnceLock::new(),
        })
    }

    /// Every trial: its name, and the places of its runtime and of its pair.
    fn names(&self) -> Vec<(String, usize, usize)> {
        let runtimes = self.inventory.runtimes.iter().enumerate();
        runtimes
            .flat_map(|(index, runtime)| {
                let pairs = self.pairs.iter().enumerate();
                pairs.map(move |(place, pair)| {
                    let name = format!("{}::{}", runtime.id(), pair.derived.id);
                    (name, index, place)
                })
            })
            .collect()
    }

    /// Passes where the change did not matter, or is known to.
    fn hears(
        &self,
        runtime: usize,
        pair: usize,
        selected: &BTreeSet<(usize, usize)>,
    ) -> Result<Completion, Failed> {
        let measured = self.measured.get_or_init(|| self.measure(selected));
        let records = measured.as_ref().map_err(Clone::clone)?;
        let (runtime, pair) = (&self.inventory.runtimes[runtime], &self.pairs[pair]);
        let is_of = |record: &&Record, case: &Case| {
            record.runtime == runtime.id()
                && record.channel == runtime.installation.channel
                && record.case == case.id.as_str()
        };
        let of = |case: &Case| -> Vec<Record> {
            let records = records.iter().filter(|record| is_of(record, case));
            records.cloned().collect()
        };
        let (bases, derived) = (of(&pair.base), of(&pair.derived));
        let mut ignored = None;
        for compared in compare(&bases, &derived) {
            let (gist, was) = (
                compared.derived.outcome.gist(),
                compared.base.map(|base| base.outcome.gist()),
            );
            let was = was.unwrap_or_default();
            match compared.standing {
                RelationResult::NotCompared => {
                    ignored = Some(format!("not compared: {was}; with the change: {gist}"));
                    continue;
                }
                // Three tries were asked for, so this is an error of the harness.
                RelationResult::Unrepeated => return Err("it was tried too seldom".into()),
                RelationResult::Holds | RelationResult::Changed => {}
            }
            let changed = compared.standing == RelationResult::Changed;
            match (self.known.selection(compared.derived, changed), changed) {
                (Known::Known(_), _) | (Known::Unlisted, false) => {}
                (Known::Stale(finding), _) => {
                    return Err(format!(
                        "stale in known-findings.toml, since the change did not matter: {finding}"
                    )
                    .into());
                }
                (Known::Unlisted, true) => {
                    return Err(format!(
                        "changed by something that must not matter: {was}; with the change: {gist}\n  \
                         again: ocipick run --runtime '{}' --case '{}' --relation {}",
                        runtime.id(),
                        pair.base.id,
                        compared.relation,
                    )
                    .into());
                }
            }
        }
        if derived.is_empty() {
            return Err("no trial was recorded".into());
        }
        Ok(ignored.map_or_else(|| Completion::Completed, Completion::ignored_with))
    }

    /// Measures what the filters of the command line leave, all runtimes side by side.
    fn measure(&self, selected: &BTreeSet<(usize, usize)>) -> Result<Vec<Record>, String> {
        let mut cases: Vec<Arc<Case>> = Vec::new();
        for pair in &self.pairs {
            if !cases.iter().any(|case| case.id == pair.base.id) {
                cases.push(Arc::clone(&pair.base));
            }
        }
        cases.extend(self.pairs.iter().map(|pair| Arc::clone(&pair.derived)));
        let mut runtimes: Vec<Runtime> = Vec::new();
        let mut done = BTreeSet::new();
        for (index, runtime) in self.inventory.runtimes.iter().enumerate() {
            let wanted: BTreeSet<&str> = selected
                .iter()
                .filter(|(of, _)| *of == index)
                .flat_map(|(_, place)| {
                    let pair = &self.pairs[*place];
                    [pair.base.id.as_str(), pair.derived.id.as_str()]
                })
                .collect();
            if wanted.is_empty() {
                continue;
            }
            runtimes.push(runtime.clone());
            let unwanted = cases
                .iter()
                .filter(|case| !wanted.contains(case.id.as_str()));
            done.extend(
                unwanted
                    .flat_map(TestPoint::all_of)
                    .map(|asked| Cell::of(runtime, Operation::Pull, &asked.case, &asked.ask)),
            );
        }
        let plan = Plan {
            runtimes,
            operations: vec![operations::ALL[0]],
            cases,
            controls: self.controls.clone(),
            done,
            earlier: Earlier::default(),
            deadline: DEADLINE,
            repeats: Repeats {
                tries: TRIES,
                of: RepeatedCells::Every,
                seed: 1,
            },
            jobs: Plan::default_jobs(),
            rivals: Vec::new(),
        };
        measure::measure(&plan, &self.run_dir, &self.cancel)
    }
}
