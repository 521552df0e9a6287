use super::*;
use crate::run::{Controls, Earlier};
use ocipick_adapters::{BinaryOrigin, Installation, Privileges, Service};
use ocipick_corpus::Corpus;
use ocipick_records::{Evidence, OutcomeKind, RefusalReason, UnmeasuredWhy};
use std::{ffi::OsStr, time::Duration};

/// Two runtimes and three cases.
fn plan(of: RepeatedCells, tries: u32) -> Plan {
    let privileges = Privileges {
        root: false,
        namespaces: false,
    };
    let runtime = |tool: &str| Runtime {
        tool: tool.parse().unwrap(),
        version: "1".to_owned(),
        flavour: None,
        installation: Installation::this_machine(OsStr::new(""), privileges),
        binaries: BTreeMap::new(),
        versions: BTreeMap::new(),
        service: Service::None,
        notes: Vec::new(),
        origin: BinaryOrigin::default(),
    };
    let corpus = Corpus::built_in().unwrap();
    let cases = corpus.cases().iter().filter(|case| case.asks.len() == 1);
    Plan {
        runtimes: vec![runtime("skopeo"), runtime("crane")],
        operations: vec![crate::operations::ALL[0]],
        cases: cases.take(3).map(|case| case.clone().into()).collect(),
        controls: Controls::of(&corpus).unwrap(),
        done: BTreeSet::new(),
        earlier: Earlier::default(),
        deadline: Duration::ZERO,
        repeats: Repeats { tries, of, seed: 1 },
        jobs: 1,
        rivals: Vec::new(),
    }
}

/// The cell of a runtime and a case by their places.
fn cell(plan: &Plan, runtime: usize, case: usize) -> Cell {
    let asked = &plan.cases[case];
    Cell::of(
        &plan.runtimes[runtime],
        Operation::Pull,
        asked,
        &asked.asks[0],
    )
}

fn tried(plan: &Plan, at: (usize, usize), round: u32, outcome: &Outcome) -> Attempt {
    let cell = cell(plan, at.0, at.1);
    let trial = Trial {
        case: cell.case,
        runtime: cell.runtime.0,
        tool: String::new(),
        version: String::new(),
        flavour: None,
        channel: cell.runtime.1,
        operation: cell.operation,
        platform: cell.platform,
        outcome: outcome.clone(),
        evidence: Evidence::default(),
        duration_ms: 10,
        tries: 1,
        derived: None,
    };
    Attempt { round, trial }
}

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.to_owned(),
        digest: String::new(),
    }
}

fn refused() -> Outcome {
    Outcome::Refused {
        reason: RefusalReason::Other,
        message: String::new(),
    }
}

fn unmeasured() -> Outcome {
    Outcome::Unmeasured {
        why: UnmeasuredWhy::HarnessTrouble,
        detail: String::new(),
    }
}

/// How many questions are open for each of the two runtimes.
fn open(tracker: &RepetitionTracker<'_>, round: u32) -> [usize; 2] {
    [0, 1].map(|index| {
        let runtime = &tracker.plan.runtimes[index];
        tracker.open(round, runtime, Operation::Pull).len()
    })
}

/// A first round: the outcomes of both runtimes by case. Returns what was recorded on the way.
fn first_round(tracker: &RepetitionTracker<'_>, outcomes: [[Outcome; 2]; 3]) -> Vec<Trial> {
    let mut recorded = Vec::new();
    for (case, row) in outcomes.iter().enumerate() {
        for (runtime, outcome) in row.iter().enumerate() {
            recorded.extend(tracker.add(tried(tracker.plan, (runtime, case), 1, outcome)));
        }
    }
    recorded
}

#[test]
fn a_cell_that_is_tried_once_is_recorded_as_it_was_seen() {
    let plan = plan(RepeatedCells::Every, 1);
    let tracker = RepetitionTracker::of(&plan);
    assert_eq!((tracker.rounds(), open(&tracker, 1)), (1, [3, 3]));
    let seen = tried(&plan, (0, 0), 1, &refused());
    assert_eq!(tracker.add(seen.clone()), Some(seen.trial));
    assert_eq!(open(&tracker, 1), [2, 3]);
}

#[test]
fn a_cell_is_tried_once_in_a_round_and_recorded_after_the_last() {
    let plan = plan(RepeatedCells::Every, 3);
    let tracker = RepetitionTracker::of(&plan);
    for round in 1..=3 {
        assert_eq!(open(&tracker, round), [3, 3]);
        let outcome = if round == 2 { refused() } else { picked("a") };
        let recorded = tracker.add(tried(&plan, (1, 2), round, &outcome));
        assert_eq!(open(&tracker, round), [3, 2]);
        assert_eq!(recorded.is_some(), round == 3);
        if let Some(trial) = recorded {
            assert_eq!(trial.outcome.kind(), OutcomeKind::Unstable);
            assert_eq!((trial.tries, trial.duration_ms), (3, 30));
            let note = "3 trials, in turn: a, refused: other, a; the evidence is of the first";
            assert_eq!(trial.evidence.notes, [note]);
        }
        assert!(tracker.settle(round).is_empty());
    }
    assert_eq!(open(&tracker, 4), [3, 2]);
}

#[test]
fn what_could_not_be_measured_is_not_tried_again() {
    let plan = plan(RepeatedCells::Every, 3);
    let tracker = RepetitionTracker::of(&plan);
    let recorded = tracker.add(tried(&plan, (0, 0), 1, &unmeasured())).unwrap();
    assert_eq!((recorded.outcome, recorded.tries), (unmeasured(), 1));
    assert_eq!(open(&tracker, 2), [2, 3]);
    // Nor do the tries that were measured stand for the one that was not.
    assert_eq!(tracker.add(tried(&plan, (0, 1), 1, &picked("a"))), None);
    let recorded = tracker.add(tried(&plan, (0, 1), 2, &unmeasured())).unwrap();
    assert!(!recorded.outcome.is_measured());
    assert_eq!(recorded.tries, 2);
}

#[test]
fn only_what_splits_or_is_no_pick_is_tried_again() {
    let plan = plan(RepeatedCells::Splits, 3);
    let tracker = RepetitionTracker::of(&plan);
    let recorded = first_round(
        &tracker,
        [
            // All pick the same.
            [picked("a"), picked("a")],
            // They split.
            [picked("a"), picked("b")],
            // One refuses, and there is nobody to disagree with.
            [refused(), unmeasured()],
        ],
    );
    // The one that can never count is recorded at once, the rest when the round is over.
    assert_eq!(recorded.len(), 1);
    let settled = tracker.settle(1);
    let cells: Vec<Cell> = settled.iter().map(Cell::of_trial).collect();
    assert_eq!(cells.len(), 2);
    assert!(cells.contains(&cell(&plan, 0, 0)) && cells.contains(&cell(&plan, 1, 0)));
    assert!(settled.iter().all(|trial| trial.tries == 1));
    for round in [2, 3] {
        assert_eq!(open(&tracker, round), [2, 1]);
        for at in [(0, 1), (1, 1), (0, 2)] {
            let outcome = match at {
                (0, 1) => picked("a"),
                (1, _) => picked("b"),
                _ => refused(),
            };
            let recorded = tracker.add(tried(&plan, at, round, &outcome));
            assert_eq!(recorded.map(|trial| trial.tries), (round == 3).then_some(3));
        }
        assert!(tracker.settle(round).is_empty());
    }
    assert_eq!(open(&tracker, 4), [0, 0]);
}

#[test]
fn a_case_that_lists_a_digest_twice_is_tried_again_although_all_pick_the_same() {
    let mut plan = plan(RepeatedCells::Splits, 3);
    let corpus = Corpus::built_in().unwrap();
    let case = corpus
        .cases()
        .iter()
        .find(|case| case.id.as_str() == "duplicates/same-digest-two-platforms-arm64");
    plan.cases[0] = case.unwrap().clone().into();
    assert!(plan.cases[0].lists_a_digest_twice());
    assert!(!plan.cases[1].lists_a_digest_twice());
    let tracker = RepetitionTracker::of(&plan);
    let same = || [picked("a"), picked("a")];
    assert!(first_round(&tracker, [same(), same(), same()]).is_empty());
    assert_eq!(tracker.settle(1).len(), 4);
    assert_eq!(open(&tracker, 2), [1, 1]);
}

#[test]
fn a_run_that_was_cut_short_decides_as_if_it_had_not_been() {
    let mut plan = plan(RepeatedCells::Splits, 2);
    let outcomes = [
        [picked("a"), picked("a")],
        [picked("a"), picked("b")],
        [picked("a"), picked("a")],
    ];
    // The first part recorded one cell of the last row and saw all others but one.
    for (case, row) in outcomes.iter().enumerate() {
        for (runtime, outcome) in row.iter().enumerate() {
            let cell = cell(&plan, runtime, case);
            match (runtime, case) {
                (1, 1) => {}
                (1, 2) => {
                    plan.done.insert(cell.clone());
                    plan.earlier.recorded.insert(cell, picked("c"));
                }
                at => {
                    let seen = vec![tried(&plan, at, 1, outcome)];
                    plan.earlier.tries.insert(cell, seen);
                }
            }
        }
    }
    let tracker = RepetitionTracker::of(&plan);
    assert!(tracker.settle(0).is_empty());
    assert_eq!(open(&tracker, 1), [0, 1]);
    assert_eq!(tracker.add(tried(&plan, (1, 1), 1, &picked("b"))), None);
    // The recorded cell split from the other of its row.
    assert_eq!(tracker.settle(1).len(), 2);
    assert_eq!(open(&tracker, 2), [2, 1]);
}

#[test]
fn what_a_killed_run_had_not_come_to_record_is_recorded_without_a_further_try() {
    let mut plan = plan(RepeatedCells::Every, 2);
    let tries = [1, 2].map(|round| tried(&plan, (0, 0), round, &picked("a")));
    plan.earlier.tries.insert(cell(&plan, 0, 0), tries.to_vec());
    let tracker = RepetitionTracker::of(&plan);
    let settled = tracker.settle(0);
    assert_eq!((settled.len(), settled[0].tries), (1, 2));
    assert_eq!(open(&tracker, 1), [2, 3]);
    assert!(tracker.settle(0).is_empty());
}

/// The first runtime is held against the second.
fn rivals(plan: &Plan, against: RivalOutcomes) -> Vec<crate::run::Rival> {
    vec![crate::run::Rival {
        runtime: cell(plan, 0, 0).runtime,
        against,
    }]
}

#[test]
fn what_differs_from_what_a_runtime_is_held_against_is_tried_again_on_both_sides() {
    let mut plan = plan(RepeatedCells::Differences, 3);
    let other = cell(&plan, 1, 0).runtime;
    plan.rivals = rivals(&plan, RivalOutcomes::Measured(other));
    let tracker = RepetitionTracker::of(&plan);
    let outcomes = [
        [picked("a"), picked("a")],
        [picked("a"), refused()],
        [picked("a"), unmeasured()],
    ];
    first_round(&tracker, outcomes);
    tracker.settle(1);
    assert_eq!(open(&tracker, 2), [1, 1]);
    assert_eq!(tracker.add(tried(&plan, (0, 1), 2, &refused())), None);
    let recorded = tracker.add(tried(&plan, (0, 1), 3, &picked("a"))).unwrap();
    assert_eq!(recorded.outcome.kind(), OutcomeKind::Unstable);
}

#[test]
fn what_differs_from_what_is_known_is_tried_again_and_nothing_else_of_others() {
    let mut plan = plan(RepeatedCells::Differences, 2);
    let known =
        [(0, "a"), (1, "b")].map(|(case, child)| (row(&cell(&plan, 0, case)), picked(child)));
    plan.rivals = rivals(&plan, RivalOutcomes::Known(BTreeMap::from(known)));
    let tracker = RepetitionTracker::of(&plan);
    let both = || [picked("a"), picked("z")];
    first_round(&tracker, [both(), both(), both()]);
    tracker.settle(1);
    assert_eq!(open(&tracker, 2), [1, 0]);
}
