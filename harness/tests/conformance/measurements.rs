//! Measures what the trials ask about: once, with the runner of the matrix.

use crate::{
    asked::{is_selected, sources},
    cache::{RecordCache, under_nextest},
    measure::{DEADLINE, measure},
    name::Name,
};
use anyhow::Context as _;
use libtest_mimic::Arguments;
use ocipick::{
    inventory::{Discovery, Inventory},
    operations::{self, OperationSpec},
    run::{Cell, Controls, Earlier, Plan, TestPoint},
};
use ocipick_adapters::{RunDir, Runtime, Support, adapter, names, process::Cancel};
use ocipick_corpus::{Case, Corpus};
use ocipick_records::{Operation, Repeats, Trial};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

type Measured = BTreeMap<Cell, Trial>;

/// What one trial is about.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The place of the runtime in the inventory.
    runtime: usize,
    operation: Operation,
    question: TestPoint,
}

impl Asked {
    pub(crate) fn case(&self) -> &Case {
        &self.question.case
    }
}

/// What the trials share.
pub(crate) struct Measurements {
    run_dir: RunDir,
    inventory: Inventory,
    /// What its runtimes are called, one by one.
    names: Vec<String>,
    cases: Vec<Arc<Case>>,
    controls: Controls,
    selected: BTreeSet<String>,
    cancel: Cancel,
    measured: OnceLock<Result<Measured, String>>,
}

impl Measurements {
    /// Finds the tools. Nothing is measured until a trial asks.
    pub(crate) fn open(args: &Arguments) -> anyhow::Result<Self> {
        let cancel = Cancel::default();
        let raise = cancel.clone();
        ctrlc::set_handler(move || raise.raise()).context("cannot listen to Ctrl-C")?;
        let (run_dir, _cleared) = RunDir::claim(&std::env::temp_dir(), false)?;
        let discovery = Discovery::of_user(&run_dir, &cancel);
        let inventory = discovery.inventory(&sources()?)?;
        let corpus = Corpus::built_in()?;
        let controls = Controls::of(&corpus)?;
        let cases = corpus
            .cases()
            .iter()
            .map(|case| Arc::new(case.clone()))
            .collect();
        let mut measurements = Self {
            run_dir,
            names: names(&inventory.runtimes),
            inventory,
            cases,
            controls,
            selected: BTreeSet::new(),
            cancel,
            measured: OnceLock::new(),
        };
        measurements.selected = measurements
            .asked()
            .iter()
            .map(|asked| measurements.name(asked))
            .filter(|name| is_selected(args, name))
            .collect();
        Ok(measurements)
    }

    /// What every trial is about, in the order of the inventory.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let runtimes = 0..self.inventory.runtimes.len();
        runtimes
            .flat_map(|runtime| {
                operations::ALL
                    .into_iter()
                    .map(|it| it.operation)
                    .filter(move |operation| self.cannot(runtime, *operation).is_none())
                    .flat_map(move |operation| self.asked_of(runtime, operation))
            })
            .collect()
    }

    /// What is asked of a runtime by one operation.
    fn asked_of(&self, runtime: usize, operation: Operation) -> impl Iterator<Item = Asked> + '_ {
        let meant = move |case: &&Arc<Case>| case.is_for(operation);
        let questions = self.cases.iter().filter(meant).flat_map(TestPoint::all_of);
        questions.map(move |question| Asked {
            runtime,
            operation,
            question,
        })
    }

    /// Why a runtime cannot do this at all, where it cannot.
    fn cannot(&self, runtime: usize, operation: Operation) -> Option<String> {
        let runtime = &self.inventory.runtimes[runtime];
        match adapter(runtime.tool).supports(runtime, operation) {
            Support::Yes => None,
            Support::No(why) => Some(why),
        }
    }

    /// The name of a trial.
    pub(crate) fn name(&self, asked: &Asked) -> String {
        let Asked {
            runtime,
            operation,
            question: TestPoint { case, ask },
        } = asked;
        let platform = ask.to_string();
        let name = Name {
            runtime: &self.names[*runtime],
            operation: *operation,
            case: case.id.as_str(),
            platform: (case.asks.len() > 1).then_some(platform.as_str()),
        };
        name.to_string()
    }

    fn cell(&self, asked: &Asked) -> Cell {
        let runtime = &self.inventory.runtimes[asked.runtime];
        let TestPoint { case, ask } = &asked.question;
        Cell::of(runtime, asked.operation, case, ask)
    }

    /// What runtimes cannot be asked: a name for it, and why.
    pub(crate) fn impossible(&self) -> Vec<(String, String)> {
        let mut impossible = Vec::new();
        for index in 0..self.inventory.runtimes.len() {
            for OperationSpec { operation, .. } in operations::ALL {
                if let Some(why) = self.cannot(index, *operation) {
                    impossible.push((format!("{}::{operation}", self.names[index]), why));
                }
            }
        }
        impossible
    }

    /// What is missing: a name for it, and why with how to get it.
    pub(crate) fn missing(&self) -> Vec<(String, String)> {
        self.inventory
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

    /// The recorded trial of a cell, measured when the first one asks.
    pub(crate) fn trial(&self, asked: &Asked) -> Result<Trial, String> {
        let measured = self.measured.get_or_init(|| {
            if under_nextest() {
                self.measure_once_for_all(asked)
            } else {
                self.measure_selected()
            }
        });
        let measured = measured.as_ref().map_err(Clone::clone)?;
        measured.get(&self.cell(asked)).cloned().ok_or_else(|| {
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
        let (wanted, unwanted): (Vec<_>, Vec<_>) = self
            .asked()
            .into_iter()
            .partition(|asked| self.selected.contains(&self.name(asked)));
        let done = unwanted.iter().map(|asked| self.cell(asked)).collect();
        let places: BTreeSet<usize> = wanted.iter().map(|asked| asked.runtime).collect();
        let runtimes = places.into_iter();
        let runtimes = runtimes.map(|place| self.inventory.runtimes[place].clone());
        self.measure(runtimes.collect(), operations::ALL.to_vec(), done)
    }

    /// Under cargo-nextest every trial is a process. The first one that asks about an operation of a
    /// runtime measures it whole, and leaves the records for the others of the same run.
    fn measure_once_for_all(&self, asked: &Asked) -> Result<Measured, String> {
        let runtime = &self.inventory.runtimes[asked.runtime];
        let shelf = RecordCache::of_run(&self.names[asked.runtime], asked.operation);
        let of_shelf = || -> anyhow::Result<Measured> {
            let _lock = shelf.lock()?;
            if let Some(records) = shelf.read()? {
                return Ok(records
                    .into_iter()
                    .map(|t| (Cell::of_trial(&t), t))
                    .collect());
            }
            let measured = self
                .measure(
                    vec![runtime.clone()],
                    operations::named(asked.operation.as_str())
                        .into_iter()
                        .collect(),
                    BTreeSet::new(),
                )
                .map_err(anyhow::Error::msg)?;
            shelf.write(measured.values())?;
            Ok(measured)
        };
        of_shelf().map_err(|error| format!("{error:#}"))
    }

    fn measure(
        &self,
        runtimes: Vec<Runtime>,
        operations: Vec<&'static OperationSpec>,
        done: BTreeSet<Cell>,
    ) -> Result<Measured, String> {
        let plan = Plan {
            runtimes,
            operations,
            cases: self.cases.clone(),
            controls: self.controls.clone(),
            done,
            earlier: Earlier::default(),
            deadline: DEADLINE,
            repeats: Repeats::NONE,
            jobs: Plan::default_jobs(),
            rivals: Vec::new(),
        };
        let records = measure(&plan, &self.run_dir, &self.cancel)?;
        let of_cell = |trial| (Cell::of_trial(&trial), trial);
        Ok(records.into_iter().map(of_cell).collect())
    }
}
