//! The rounds of a run, and the runtimes of each side by side.

use super::{Event, execute::Shared, job::RuntimeJob, shuffle::shuffle};
use ocipick_adapters::{Runtime, Service, adapter};
use std::{
    collections::VecDeque,
    fs,
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
                operation,
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

/// What a runtime with its daemon and a client takes at most. dockerd 28 with its containerd has
/// 140 MiB.
const EACH: u64 = 256 << 20;

/// How many of `runtimes` are measured at once, where `jobs` trials may be under way: more, so that
/// some can start and end their daemons in the meantime; but not so many that they take more than
/// half of the memory that is free, since a daemon takes it for as long as its runtime is measured.
fn workers(jobs: usize, runtimes: usize) -> usize {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    within(jobs, runtimes, available(&info))
}

fn within(jobs: usize, runtimes: usize, available: Option<u64>) -> usize {
    let by_memory = available.map_or(usize::MAX, |bytes| {
        usize::try_from(bytes / 2 / EACH).unwrap_or(usize::MAX)
    });
    (jobs * 2).min(runtimes).min(by_memory).max(1)
}

/// The line `MemAvailable` of `/proc/meminfo`, in bytes.
fn available(info: &str) -> Option<u64> {
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn a_small_machine_measures_fewer_at_once() {
        assert_eq!(within(4, 20, Some(64 * GIB)), 8);
        assert_eq!(within(4, 20, Some(2 * GIB)), 4);
        assert_eq!(within(4, 20, Some(GIB / 4)), 1);
        assert_eq!(within(4, 3, Some(64 * GIB)), 3);
        assert_eq!(within(1, 20, None), 2);
    }

    #[test]
    fn free_memory_is_read_as_the_kernel_writes_it() {
        let info = "MemTotal:       24683000 kB\nMemAvailable:   17288000 kB\n";
        assert_eq!(available(info), Some(17_288_000 << 10));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        let own = fs::read_to_string("/proc/meminfo").unwrap();
        assert!(available(&own).is_some_and(|bytes| bytes > 0));
    }
}
