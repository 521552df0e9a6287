//! The rounds of a run, and the runtimes of each side by side.

use super::{Event, execute::Shared, job::RuntimeJob, shuffle::shuffle, workers::workers};
use ocipick_adapters::{Runtime, Service, adapter};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    thread,
};

/// Carries out all rounds. A runtime that has nothing to do in a round is not started.
pub(super) fn all(shared: &Shared<'_>) {
    record(shared, 0);
    let rounds = shared.tracker.rounds();
    for round in 1..=rounds {
        let lines = lines(shared, round);
        if !lines.is_empty() {
            shared.show(&Event::RoundBegan {
                round,
                rounds,
                tries: lines.iter().map(|line| line.open.len()).sum(),
            });
            side_by_side(shared, lines);
        }
        if shared.is_over() {
            return;
        }
        record(shared, round);
    }
}

/// Shows what is complete without a further try.
fn record(shared: &Shared<'_>, rounds_done: u32) {
    for trial in shared.tracker.settle(rounds_done) {
        shared.show(&Event::TrialEnded { trial: &trial });
    }
}

/// What is to be done in a round, that which takes longest first, so that at the end no lane has
/// much to do alone.
fn lines<'a>(shared: &'a Shared<'a>, round: u32) -> Vec<RuntimeJob<'a>> {
    let plan = shared.plan;
    let mut lines = Vec::new();
    for (index, runtime) in plan.runtimes.iter().enumerate() {
        for operation in &plan.operations {
            let mut open = shared.tracker.open(round, runtime, operation.operation);
            if open.is_empty() {
                continue;
            }
            // The first round is in the order of the corpus, as a run without repeats is; what
            // depends on the order then shows as unstable.
            if round > 1 {
                let id = runtime.id();
                let of = format!("{id} {} {operation} {round}", runtime.installation.channel);
                shuffle(&mut open, plan.repeats.seed, &of);
            }
            lines.push(RuntimeJob {
                shared,
                index,
                runtime,
                operation: *operation,
                round,
                open,
            });
        }
    }
    lines.sort_by_key(|line| (weight(line.runtime), std::cmp::Reverse(line.open.len())));
    lines
}

/// What takes long comes first.
fn weight(runtime: &Runtime) -> u8 {
    match runtime.service {
        Service::Private | Service::Machine { .. } => 0,
        Service::None if !adapter(runtime.tool).is_stateless() => 1,
        Service::None => 2,
    }
}

fn side_by_side(shared: &Shared<'_>, lines: Vec<RuntimeJob<'_>>) {
    let lanes = workers(shared.plan.jobs, lines.len());
    let queue = Mutex::new(VecDeque::from(lines));
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                loop {
                    let next = queue
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .pop_front();
                    let Some(line) = next else { return };
                    if shared.is_over() {
                        return;
                    }
                    line.run();
                }
            });
        }
    });
}
