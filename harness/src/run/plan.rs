//! What is to be run.

use super::Controls;
use crate::operations::OperationSpec;
use ocipick_adapters::Runtime;
use ocipick_corpus::{Case, Inapplicable, PlatformRequest, Relation};
use ocipick_records::{Operation, Outcome, RepeatedCells, Repeats, Trial};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// One cell of the matrix: a trial that is to be there at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Id of the runtime, with its channel.
    pub runtime: (String, String),
    /// What the tool is asked to do.
    pub operation: String,
    /// Id of the case.
    pub case: String,
    /// The platform asked for, or `default`.
    pub platform: String,
}

/// A case, and one of the things that tools are asked for with it.
#[derive(Clone, Debug)]
pub struct TestPoint {
    /// The case.
    pub case: Arc<Case>,
    /// What tools are asked for.
    pub ask: PlatformRequest,
}

impl TestPoint {
    /// Everything that is asked with a case, in the order of the recipe.
    pub fn all_of(case: &Arc<Case>) -> impl Iterator<Item = Self> + use<'_> {
        case.asks.iter().map(|ask| Self {
            case: Arc::clone(case),
            ask: ask.clone(),
        })
    }
}

impl Cell {
    /// The cell of a runtime and a case.
    #[must_use]
    pub fn of(runtime: &Runtime, operation: Operation, case: &Case, ask: &PlatformRequest) -> Self {
        Self {
            runtime: (runtime.alias(), runtime.installation.channel.clone()),
            operation: operation.as_str().to_owned(),
            case: case.id.to_string(),
            platform: ask.to_string(),
        }
    }

    /// The cell that a recorded trial fills.
    #[must_use]
    pub fn of_trial(trial: &Trial) -> Self {
        Self {
            runtime: (trial.alias().to_owned(), trial.channel.clone()),
            operation: trial.operation.clone(),
            case: trial.case.clone(),
            platform: trial.platform.clone(),
        }
    }
}

/// One try of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// In which round, from 1.
    pub round: u32,
    /// What came of it.
    pub trial: Trial,
}

/// What a run that did not finish has left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Earlier {
    /// The cells that it recorded.
    pub recorded: BTreeMap<Cell, Outcome>,
    /// The tries of those that it did not.
    pub tries: BTreeMap<Cell, Vec<Attempt>>,
    /// How many cells it recorded that trouble kept from being measured; they are not among those
    /// above.
    pub troubled: usize,
}

/// What changes that must not matter make of cases.
#[derive(Clone, Debug, Default)]
pub struct DerivedCases {
    /// The derived cases, in the order of those that they come from.
    pub cases: Vec<Arc<Case>>,
    /// Which change says nothing about which case, and why.
    pub inapplicable: Vec<Inapplicable>,
}

impl DerivedCases {
    /// Changes every case in each of these ways.
    #[must_use]
    pub fn of(cases: &[Arc<Case>], relations: &[Relation]) -> Self {
        let mut made = Self::default();
        for case in cases {
            for relation in relations {
                match relation.derive(case) {
                    Ok(derived) => made.cases.push(Arc::new(derived)),
                    Err(inapplicable) => made.inapplicable.push(inapplicable),
                }
            }
        }
        made
    }
}

/// How often a cell is tried at least where it is held against another: what was seen once could be a race.
const LEAST_TRIES: u16 = 3;

/// How often cells are to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatRequest {
    /// Every cell so many times.
    pub every: Option<u16>,
    /// In place of that, so many times what one look should not decide, and all else once.
    pub splits: Option<u16>,
    /// Whether changes that must not matter are tried.
    pub has_derived: bool,
    /// Whether runtimes are held against others, so that what differs is worth more than a look.
    pub has_rivals: bool,
}

impl RepeatRequest {
    /// Which cells are tried how often; `seed` is asked for where any is tried more than once.
    ///
    /// # Errors
    /// Those of `seed`.
    pub fn with_seed<E>(self, seed: impl FnOnce() -> Result<u32, E>) -> Result<Repeats, E> {
        let (tries, of) = match (self.splits, self.every) {
            (Some(tries), _) => (tries, RepeatedCells::Splits),
            (None, every) if self.has_derived => {
                (every.unwrap_or(1).max(LEAST_TRIES), RepeatedCells::Every)
            }
            (None, Some(every)) => (every, RepeatedCells::Every),
            (None, None) if self.has_rivals => (LEAST_TRIES, RepeatedCells::Differences),
            (None, None) => (1, RepeatedCells::Every),
        };
        if tries <= 1 {
            return Ok(Repeats::NONE);
        }
        Ok(Repeats {
            tries: u32::from(tries),
            of,
            seed: seed()?,
        })
    }
}

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The runtimes, in the order of the matrix.
    pub runtimes: Vec<Runtime>,
    /// The operations.
    pub operations: Vec<&'static OperationSpec>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<Arc<Case>>,
    /// The two controls.
    pub controls: Controls,
    /// Cells that are not to be tried any more, such as those that an earlier part of the run has
    /// recorded.
    pub done: BTreeSet<Cell>,
    /// What an earlier part of the run has seen.
    pub earlier: Earlier,
    /// Deadline of each invocation of a tool.
    pub deadline: Duration,
    /// Which cells are tried how often.
    pub repeats: Repeats,
    /// How many trials may be under way at once.
    pub jobs: usize,
    /// Which runtimes are held against which, where [`RepeatedCells::Differences`] asks for it.
    pub rivals: Vec<Rival>,
}

/// A runtime that is held against another.
#[derive(Clone, Debug)]
pub struct Rival {
    /// The runtime, as [`Cell::runtime`] names it.
    pub runtime: (String, String),
    /// What it is held against.
    pub against: RivalOutcomes,
}

/// What a runtime is held against.
#[derive(Clone, Debug)]
pub enum RivalOutcomes {
    /// Another runtime of the plan.
    Measured((String, String)),
    /// What is known of one, by operation, case, and platform.
    Known(BTreeMap<(String, String, String), Outcome>),
}

impl Plan {
    /// Tries one cell again, so many times.
    #[must_use]
    pub fn of_cell(
        runtime: &Runtime,
        operation: &'static OperationSpec,
        case: &Case,
        asked: &PlatformRequest,
        controls: Controls,
        tries: u32,
    ) -> Self {
        let others = case.asks.iter().filter(|ask| *ask != asked);
        Self {
            runtimes: vec![runtime.clone()],
            operations: vec![operation],
            cases: vec![Arc::new(case.clone())],
            controls,
            done: others
                .map(|ask| Cell::of(runtime, operation.operation, case, ask))
                .collect(),
            earlier: Earlier::default(),
            deadline: Duration::from_secs(60),
            repeats: Repeats {
                tries,
                of: RepeatedCells::Every,
                seed: 0,
            },
            jobs: 1,
            rivals: Vec::new(),
        }
    }

    /// A seed that nobody can foresee, and nobody needs to.
    #[must_use]
    pub fn seed_by_chance() -> u32 {
        use std::hash::{BuildHasher as _, RandomState};
        let number = RandomState::new().hash_one(std::process::id());
        u32::try_from(number >> 32).unwrap_or_default()
    }

    /// How many trials are under way at once unless somebody says otherwise: most of their time
    /// is spent waiting.
    #[must_use]
    pub fn default_jobs() -> usize {
        std::thread::available_parallelism().map_or(4, |cpus| (usize::from(cpus) * 2).max(4))
    }

    /// How many trials a finished run has.
    #[must_use]
    pub fn trials(&self) -> usize {
        let operations = self.operations.iter();
        let each = operations.map(|operation| self.questions(operation.operation).count());
        self.runtimes.len() * each.sum::<usize>()
    }

    /// Everything that is asked of a runtime, in the order of the corpus.
    pub(super) fn questions(
        &self,
        operation: Operation,
    ) -> impl Iterator<Item = TestPoint> + use<'_> {
        let meant = move |case: &&Arc<Case>| case.is_for(operation);
        self.cases.iter().filter(meant).flat_map(TestPoint::all_of)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ocipick_adapters::{BinaryOrigin, Installation, Privileges, Service};
    use ocipick_corpus::Corpus;
    use std::{collections::BTreeMap, ffi::OsStr};

    /// One case, changed, for one runtime.
    pub(crate) fn plan(change: impl FnOnce(&mut Case)) -> Plan {
        let privileges = Privileges {
            root: false,
            namespaces: false,
        };
        let runtime = Runtime {
            tool: "crane".parse().unwrap(),
            version: "1".to_owned(),
            flavour: None,
            installation: Installation::this_machine(OsStr::new(""), privileges),
            binaries: BTreeMap::new(),
            versions: BTreeMap::new(),
            service: Service::None,
            notes: Vec::new(),
            origin: BinaryOrigin::default(),
        };
        let controls = Controls::of(&Corpus::built_in().unwrap()).unwrap();
        let mut case = (*controls.match_.case).clone();
        change(&mut case);
        Plan {
            runtimes: vec![runtime],
            operations: vec![crate::operations::ALL[0]],
            cases: vec![Arc::new(case)],
            controls,
            done: BTreeSet::new(),
            deadline: Duration::ZERO,
            earlier: Earlier::default(),
            repeats: Repeats::NONE,
            jobs: 1,
            rivals: Vec::new(),
        }
    }

    #[test]
    fn every_ask_of_a_case_is_a_cell() {
        let plan = plan(|case| case.asks = vec!["a/b".parse().unwrap(), PlatformRequest::Default]);
        assert_eq!(plan.trials(), 2);
        let asks: Vec<String> = plan
            .questions(Operation::Pull)
            .map(|asked| asked.ask.to_string())
            .collect();
        assert_eq!(asks, ["a/b", "default"]);
    }

    #[test]
    fn a_case_is_tried_with_its_own_operations_only() {
        for (operation, trials) in [(Operation::Import, 0), (Operation::Pull, 1)] {
            let plan = plan(|case| {
                case.operations.insert(operation);
            });
            assert_eq!(plan.trials(), trials, "{operation}");
        }
    }

    #[test]
    fn changes_that_say_nothing_about_a_case_are_told_apart() {
        let mut cases = plan(|_| {}).cases;
        let of = format!("{}~", cases[0].id);
        cases.extend(
            plan(|case| {
                case.operations.insert(Operation::Import);
            })
            .cases,
        );
        let made = DerivedCases::of(&cases, Relation::ALL);
        assert_eq!(made.cases.len(), Relation::ALL.len());
        assert_eq!(
            made.inapplicable.len(),
            Relation::ALL.len(),
            "not for pulls"
        );
        assert!(made.cases.iter().all(|it| it.id.as_str().starts_with(&of)));
        assert!(DerivedCases::of(&cases, &[]).cases.is_empty());
    }

    #[test]
    fn one_cell_is_tried_again_and_no_other() {
        let asks = ["a/b", "c/d"].map(|ask| ask.parse::<PlatformRequest>().unwrap());
        let all = plan(|case| case.asks = asks.to_vec());
        let (runtime, case) = (&all.runtimes[0], &all.cases[0]);
        let again = Plan::of_cell(
            runtime,
            all.operations[0],
            case,
            &asks[1],
            all.controls.clone(),
            3,
        );
        assert_eq!(again.trials(), 2);
        let other = Cell::of(runtime, Operation::Pull, case, &asks[0]);
        assert_eq!(again.done, BTreeSet::from([other]));
        assert_eq!(again.repeats.tries, 3);
    }

    #[test]
    fn cells_are_repeated_as_asked_and_changes_are_never_tried_once() {
        let asked = |every, splits, has_derived| {
            let request = RepeatRequest {
                every,
                splits,
                has_derived,
                has_rivals: false,
            };
            let repeats = request.with_seed(|| Ok::<_, ()>(7)).unwrap();
            (repeats.tries, repeats.of, repeats.seed)
        };
        let against = RepeatRequest {
            every: None,
            splits: None,
            has_derived: false,
            has_rivals: true,
        };
        let repeats = against.with_seed(|| Ok::<_, ()>(7)).unwrap();
        assert_eq!((repeats.tries, repeats.of), (3, RepeatedCells::Differences));
        let none = Repeats::NONE;
        assert_eq!(
            asked(Some(1), None, false),
            (none.tries, none.of, none.seed)
        );
        assert_eq!(asked(Some(2), None, false), (2, RepeatedCells::Every, 7));
        assert_eq!(asked(Some(1), None, true), (3, RepeatedCells::Every, 7));
        assert_eq!(asked(Some(5), None, true), (5, RepeatedCells::Every, 7));
        assert_eq!(
            asked(Some(1), Some(3), false),
            (3, RepeatedCells::Splits, 7)
        );
        let once = RepeatRequest {
            every: Some(1),
            splits: Some(1),
            has_derived: false,
            has_rivals: true,
        };
        assert_eq!(once.with_seed(|| Err("no need to ask")), Ok(Repeats::NONE));
    }
}
