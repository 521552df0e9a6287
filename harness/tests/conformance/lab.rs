//! Measures what the trials ask about: once, with the runner of the matrix.

use crate::{
    asked::{is_selected, sources},
    measure::{DEADLINE, measure},
    shelf::{Shelf, under_nextest},
};
use anyhow::Context as _;
use libtest_mimic::Arguments;
use ocipick::{
    fleet::{Fleet, Scout},
    run::{Cell, Controls, Earlier, Plan, Question},
};
use ocipick_adapters::{Ground, Operation, Runtime, process::Cancel};
use ocipick_corpus::{Case, Corpus};
use ocipick_reports::results::{Repeats, Trial};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

type Measured = BTreeMap<Cell, Trial>;

/// What the trials share.
pub(crate) struct Lab {
    ground: Ground,
    fleet: Fleet,
    cases: Vec<Arc<Case>>,
    controls: Controls,
    selected: BTreeSet<String>,
    cancel: Cancel,
    measured: OnceLock<Result<Measured, String>>,
}

impl Lab {
    /// Finds the tools. Nothing is measured until a trial asks.
    pub(crate) fn open(args: &Arguments) -> anyhow::Result<Self> {
        let cancel = Cancel::default();
        let raise = cancel.clone();
        ctrlc::set_handler(move || raise.raise()).context("cannot listen to Ctrl-C")?;
        let (ground, _cleared) = Ground::claim(&std::env::temp_dir(), false)?;
        let scout = Scout::of_user(&ground, &cancel);
        let fleet = scout.fleet(&sources()?)?;
        let corpus = Corpus::built_in()?;
        let controls = Controls::of(&corpus)?;
        let cases = corpus
            .cases()
            .iter()
            .map(|case| Arc::new(case.clone()))
            .collect();
        let mut lab = Self {
            ground,
            fleet,
            cases,
            controls,
            selected: BTreeSet::new(),
            cancel,
            measured: OnceLock::new(),
        };
        lab.selected = lab
            .cells()
            .into_iter()
            .map(|(name, _, _)| name)
            .filter(|name| is_selected(args, name))
            .collect();
        Ok(lab)
    }

    /// Every cell: its name, the place of its runtime in the fleet, and what is asked.
    pub(crate) fn cells(&self) -> Vec<(String, usize, Question)> {
        let mut cells = Vec::new();
        for (index, runtime) in self.fleet.runtimes.iter().enumerate() {
            for asked in self.questions() {
                cells.push((name(runtime, &asked), index, asked));
            }
        }
        cells
    }

    /// Everything that is asked of a runtime.
    fn questions(&self) -> impl Iterator<Item = Question> + use<'_> {
        let pulled = |case: &&Arc<Case>| case.is_for(Operation::Pull.in_recipes());
        self.cases.iter().filter(pulled).flat_map(Question::all_of)
    }

    /// What is missing: a name for it, and why with how to get it.
    pub(crate) fn missing(&self) -> Vec<(String, String)> {
        self.fleet
            .missing
            .iter()
            .map(|missing| {
                let flavour = missing
                    .flavour
                    .map(|flavour| format!("+{}", flavour.as_str()));
                let name = format!(
                    "{}{}::missing-from-{}",
                    missing.tool,
                    flavour.unwrap_or_default(),
                    missing.channel
                );
                (name, format!("{}; {}", missing.why, missing.remedy))
            })
            .collect()
    }

    /// A runtime of the fleet.
    pub(crate) fn runtime(&self, index: usize) -> &Runtime {
        &self.fleet.runtimes[index]
    }

    /// The recorded trial of a cell, measured when the first one asks.
    pub(crate) fn trial(&self, index: usize, asked: &Question) -> Result<Trial, String> {
        let runtime = self.runtime(index);
        let cell = cell(runtime, asked);
        let measured = self.measured.get_or_init(|| {
            if under_nextest() {
                self.measure_once_for_all(runtime)
            } else {
                self.measure_selected()
            }
        });
        let measured = measured.as_ref().map_err(Clone::clone)?;
        measured.get(&cell).cloned().ok_or_else(|| {
            if self.cancel.is_raised() {
                "interrupted"
            } else {
                "no trial was recorded"
            }
            .to_owned()
        })
    }

    /// Measures what the filters of the command line leave, all runtimes side by side.
    fn measure_selected(&self) -> Result<Measured, String> {
        let mut done = BTreeSet::new();
        let mut runtimes = Vec::new();
        for runtime in &self.fleet.runtimes {
            let (wanted, unwanted): (Vec<_>, Vec<_>) = self
                .questions()
                .partition(|asked| self.selected.contains(&name(runtime, asked)));
            done.extend(unwanted.iter().map(|asked| cell(runtime, asked)));
            if !wanted.is_empty() {
                runtimes.push(runtime.clone());
            }
        }
        self.measure(runtimes, done)
    }

    /// Under cargo-nextest every trial is a process. The first one that asks about a runtime
    /// measures it whole, and leaves the records for the others of the same run.
    fn measure_once_for_all(&self, runtime: &Runtime) -> Result<Measured, String> {
        let shelf = Shelf::of_run();
        let of_runtime = || -> anyhow::Result<Measured> {
            let _lock = shelf.lock(&runtime.id())?;
            if let Some(records) = shelf.read(&runtime.id())? {
                return Ok(records
                    .into_iter()
                    .map(|t| (Cell::of_trial(&t), t))
                    .collect());
            }
            let measured = self
                .measure(vec![runtime.clone()], BTreeSet::new())
                .map_err(anyhow::Error::msg)?;
            shelf.write(&runtime.id(), measured.values())?;
            Ok(measured)
        };
        of_runtime().map_err(|error| format!("{error:#}"))
    }

    fn measure(&self, runtimes: Vec<Runtime>, done: BTreeSet<Cell>) -> Result<Measured, String> {
        let plan = Plan {
            runtimes,
            operations: vec![Operation::Pull],
            cases: self.cases.clone(),
            controls: self.controls.clone(),
            done,
            earlier: Earlier::default(),
            deadline: DEADLINE,
            repeats: Repeats::NONE,
            jobs: Plan::default_jobs(),
        };
        let records = measure(&plan, &self.ground, &self.cancel)?;
        let of_cell = |trial| (Cell::of_trial(&trial), trial);
        Ok(records.into_iter().map(of_cell).collect())
    }
}

/// `docker@20.10.24::duplicates/two-entries`, and `…::linux/arm64` behind it where the case asks
/// for more than one platform.
fn name(runtime: &Runtime, asked: &Question) -> String {
    let name = format!("{}::{}", runtime.id(), asked.case.id);
    match asked.case.asks.len() {
        0 | 1 => name,
        _ => format!("{name}::{}", asked.ask),
    }
}

fn cell(runtime: &Runtime, asked: &Question) -> Cell {
    Cell::of(runtime, Operation::Pull, &asked.case, &asked.ask)
}
