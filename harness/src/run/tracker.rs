//! Which cells have been tried how often, and which are to be tried again.
//!
//! A run with repeats goes in rounds: in each of them a cell is tried at most once, so that the
//! tries of one cell are far apart, in sessions of their own, and among other cases. What a cell
//! comes to is recorded when its last try is done.

use super::{
    Attempt, Cell, Plan, RivalOutcomes, TestPoint,
    repeat::{in_turn, is_doubtful, together},
};
use ocipick_adapters::Runtime;
use ocipick_records::{Operation, Outcome, RepeatedCells, Repeats, Trial};
use ocipick_reports::analysis::split::Split;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What a cell is compared in: an operation, a case, and a platform.
type Row = (String, String, String);

fn row(cell: &Cell) -> Row {
    (
        cell.operation.clone(),
        cell.case.clone(),
        cell.platform.clone(),
    )
}

/// The cells that are not yet recorded, with their tries.
pub(super) struct RepetitionTracker<'a> {
    plan: &'a Plan,
    state: Mutex<State>,
}

struct State {
    tries: BTreeMap<Cell, Vec<Attempt>>,
    recorded: BTreeSet<Cell>,
    /// Where that depends on the first round, the cells that are tried again; known after it.
    again: Option<BTreeSet<Cell>>,
}

impl<'a> RepetitionTracker<'a> {
    /// The tracker of a plan, with what an earlier part of the run has left.
    pub(super) fn of(plan: &'a Plan) -> Self {
        let state = State {
            tries: plan.earlier.tries.clone(),
            recorded: plan.done.clone(),
            again: None,
        };
        Self {
            plan,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many rounds there are at most.
    pub(super) fn rounds(&self) -> u32 {
        self.plan.repeats.tries.max(1)
    }

    /// What a runtime is still to be asked in a round, in the order of the corpus.
    pub(super) fn open(
        &self,
        round: u32,
        runtime: &Runtime,
        operation: Operation,
    ) -> Vec<TestPoint> {
        let state = self.state();
        self.plan
            .questions(operation)
            .filter(|asked| {
                let cell = Cell::of(runtime, operation, &asked.case, &asked.ask);
                let tried = state.tries.get(&cell).map_or(0, Vec::len);
                !state.recorded.contains(&cell)
                    && tried < round as usize
                    && tried < wanted(self.plan.repeats, &state, &cell)
            })
            .collect()
    }

    /// Takes a try. Returns what is to be recorded, where it was the last of its cell.
    pub(super) fn add(&self, tried: Attempt) -> Option<Trial> {
        let mut state = self.state();
        let cell = Cell::of_trial(&tried.trial);
        state.tries.entry(cell.clone()).or_default().push(tried);
        complete(self.plan.repeats, &mut state, &cell)
    }

    /// What is complete without a further try: at the beginning, what a part of the run that was
    /// killed had not come to record; after the first round, where that decides, all that is not
    /// tried again.
    pub(super) fn settle(&self, rounds_done: u32) -> Vec<Trial> {
        let mut state = self.state();
        if rounds_done == 1 && self.rounds() > 1 {
            state.again = match self.plan.repeats.of {
                RepeatedCells::Every => None,
                RepeatedCells::Splits => Some(self.tried_again(&state)),
                RepeatedCells::Differences => Some(self.different(&state)),
            };
        }
        let cells: Vec<Cell> = state.tries.keys().cloned().collect();
        cells
            .iter()
            .filter_map(|cell| complete(self.plan.repeats, &mut state, cell))
            .collect()
    }

    /// The cells of runtimes that did otherwise in the first round than what they are held against, and of what
    /// that is, where it is tried in this run.
    fn different(&self, state: &State) -> BTreeSet<Cell> {
        let first = |cell: &Cell| {
            let tried = state.tries.get(cell).and_then(|tries| tries.first());
            let recorded = self.plan.earlier.recorded.get(cell);
            let outcome = tried.map(|tried| &tried.trial.outcome).or(recorded)?;
            outcome.is_measured().then_some(outcome)
        };
        let mut again = BTreeSet::new();
        for rival in &self.plan.rivals {
            for cell in state.tries.keys().filter(|it| it.runtime == rival.runtime) {
                let (other, theirs) = match &rival.against {
                    RivalOutcomes::Measured(runtime) => {
                        let other = Cell {
                            runtime: runtime.clone(),
                            ..cell.clone()
                        };
                        let theirs = first(&other);
                        (Some(other), theirs)
                    }
                    RivalOutcomes::Known(known) => (None, known.get(&row(cell))),
                };
                if let (Some(own), Some(theirs)) = (first(cell), theirs)
                    && !own.agrees_with(theirs)
                {
                    again.insert(cell.clone());
                    again.extend(other);
                }
            }
        }
        again
    }

    /// The cells of rows that split in the first round, those whose outcome wants a second look, and
    /// those of cases that list a digest twice: there a pick may be one end of a race.
    fn tried_again(&self, state: &State) -> BTreeSet<Cell> {
        let first = |cell: &Cell| {
            let tries = state.tries.get(cell)?;
            tries.first().map(|tried| &tried.trial.outcome)
        };
        let recorded = &self.plan.earlier.recorded;
        let mut rows: BTreeMap<Row, Vec<&Outcome>> = BTreeMap::new();
        for cell in state.tries.keys().chain(recorded.keys()) {
            let outcome = first(cell).or_else(|| recorded.get(cell));
            rows.entry(row(cell)).or_default().extend(outcome);
        }
        let split: BTreeSet<Row> = rows
            .into_iter()
            .filter(|(_, outcomes)| Split::of(outcomes.iter().copied()).is_some())
            .map(|(row, _)| row)
            .collect();
        let races: BTreeSet<&str> = self
            .plan
            .cases
            .iter()
            .filter(|case| case.lists_a_digest_twice())
            .map(|case| case.id.as_str())
            .collect();
        state
            .tries
            .keys()
            .filter(|cell| {
                split.contains(&row(cell))
                    || first(cell).is_some_and(is_doubtful)
                    || races.contains(cell.case.as_str())
            })
            .cloned()
            .collect()
    }
}

/// How often a cell is to be tried, as far as is known.
fn wanted(repeats: Repeats, state: &State, cell: &Cell) -> usize {
    let all = repeats.tries.max(1) as usize;
    match (repeats.of, &state.again) {
        // Nobody knows before the first round is over, in which each is tried once.
        (RepeatedCells::Every, _) | (_, None) => all,
        (RepeatedCells::Splits | RepeatedCells::Differences, Some(again)) => {
            if again.contains(cell) { all } else { 1 }
        }
    }
}

/// Takes a cell out of the tracker that has all its tries, as what they come to together.
fn complete(repeats: Repeats, state: &mut State, cell: &Cell) -> Option<Trial> {
    let tries = state.tries.get(cell)?;
    // What could not be measured once will not count, however often it is tried.
    let is_hopeless = tries.iter().any(|tried| !tried.trial.outcome.is_measured());
    if !is_hopeless && tries.len() < wanted(repeats, state, cell) {
        return None;
    }
    let tries = state.tries.remove(cell)?;
    state.recorded.insert(cell.clone());
    let count = u32::try_from(tries.len()).unwrap_or(u32::MAX);
    let duration_ms = tries.iter().map(|tried| tried.trial.duration_ms).sum();
    let outcomes: Vec<Outcome> = tries
        .iter()
        .map(|tried| tried.trial.outcome.clone())
        .collect();
    let mut trial = tries.into_iter().next()?.trial;
    if count > 1 {
        trial.evidence.notes.push(in_turn(&outcomes));
        trial.outcome = together(outcomes);
        trial.duration_ms = duration_ms;
        trial.tries = count;
    }
    Some(trial)
}

#[cfg(test)]
mod tests;
