//! What is to be run.

use super::Controls;
use ocipick_adapters::{Operation, Runtime};
use ocipick_corpus::Case;
use ocipick_reports::results::Trial;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// One cell of the matrix: a trial that is to be there at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Id of the runtime, with its channel.
    pub runtime: (String, String),
    /// What the tool is asked to do.
    pub operation: String,
    /// Id of the case.
    pub case: String,
    /// The platform asked for.
    pub platform: String,
}

impl Cell {
    /// The cell of a runtime and a case.
    #[must_use]
    pub fn of(runtime: &Runtime, operation: Operation, case: &Case) -> Self {
        Self {
            runtime: (runtime.id(), runtime.place.channel.clone()),
            operation: operation.as_str().to_owned(),
            case: case.id.to_string(),
            platform: case.platform.to_string(),
        }
    }

    /// The cell that a recorded trial fills.
    #[must_use]
    pub fn of_trial(trial: &Trial) -> Self {
        Self {
            runtime: (trial.runtime.clone(), trial.channel.clone()),
            operation: trial.operation.clone(),
            case: trial.case.clone(),
            platform: trial.platform.clone(),
        }
    }
}

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The runtimes, in the order of the matrix.
    pub runtimes: Vec<Runtime>,
    /// The operations.
    pub operations: Vec<Operation>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<Arc<Case>>,
    /// The two controls.
    pub controls: Controls,
    /// Cells that an earlier part of the run has filled.
    pub done: BTreeSet<Cell>,
    /// Deadline of each invocation of a tool.
    pub deadline: Duration,
    /// How often each cell is tried, at least once.
    pub repeat: usize,
    /// How many trials may be under way at once.
    pub jobs: usize,
}

impl Plan {
    /// How many trials are under way at once unless somebody says otherwise: most of their time
    /// is spent waiting.
    #[must_use]
    pub fn default_jobs() -> usize {
        std::thread::available_parallelism().map_or(4, |cpus| (usize::from(cpus) * 2).max(4))
    }

    /// How many trials a finished run has.
    #[must_use]
    pub fn trials(&self) -> usize {
        self.runtimes.len() * self.operations.len() * self.cases.len()
    }

    /// The cases of a runtime that are still to be measured.
    #[must_use]
    pub fn open_cases(&self, runtime: &Runtime, operation: Operation) -> Vec<Arc<Case>> {
        self.cases
            .iter()
            .filter(|case| !self.done.contains(&Cell::of(runtime, operation, case)))
            .cloned()
            .collect()
    }
}
