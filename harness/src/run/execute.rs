//! Carrying out a plan.

use super::{
    Event, Plan, Question, RuntimeEnd, Watcher,
    gate::Gate,
    parcel::Parcel,
    repeat::{in_turn, together},
};
use crate::{
    classify::{Observed, Phrasebook, judge},
    registry::Registry,
};
use ocipick_adapters::{
    Adapter, Ask, Attempt, Ground, Layout, Operation, Room, Runtime, Session, Source, StartError,
    Trouble, adapter, process::Cancel,
};
use ocipick_reports::results::{Evidence, Outcome, Request, Trial, UnmeasuredWhy};
use std::{
    cell::Cell as StdCell,
    collections::{BTreeSet, VecDeque},
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// What trials are run with.
pub struct Bench<'a> {
    /// Where rooms are made.
    pub ground: &'a Ground,
    /// Serves the cases.
    pub registry: &'a Registry,
    /// Knows what messages mean.
    pub phrasebook: &'a Phrasebook,
    /// The wish of the user to end.
    pub cancel: &'a Cancel,
}

/// Whether a question is a control itself, and no foreign layout with its id or its bytes.
fn is_control(asked: &Question, control: &Question) -> bool {
    let (case, other) = (&asked.case, &control.case);
    case.id == other.id && case.source == other.source && asked.ask == control.ask
}

/// How many sessions of one stateless runtime work at once, at most.
const SESSIONS: usize = 4;
/// After so many trials in a row that the daemon did not start for, the rest is given up.
const START_FAILURES: u32 = 2;

/// Carries out a plan: runtimes side by side, the trials of one with state in sequence. Every
/// event is shown to `watcher`.
///
/// # Errors
/// When an event could not be recorded; the run has then ended early.
pub fn execute(plan: &Plan, bench: &Bench<'_>, watcher: &dyn Watcher) -> io::Result<()> {
    let shared = Shared {
        plan,
        bench,
        watcher,
        gate: Gate::new(plan.jobs),
        numbers: AtomicUsize::new(0),
        failure: Mutex::new(None),
        failed: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        for (index, runtime) in plan.runtimes.iter().enumerate() {
            let shared = &shared;
            scope.spawn(move || {
                for operation in &plan.operations {
                    Line {
                        shared,
                        index,
                        runtime,
                        operation: *operation,
                    }
                    .run();
                }
            });
        }
    });
    let failure = shared
        .failure
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    failure.map_or(Ok(()), Err)
}

struct Shared<'a> {
    plan: &'a Plan,
    bench: &'a Bench<'a>,
    watcher: &'a dyn Watcher,
    gate: Gate,
    numbers: AtomicUsize,
    failure: Mutex<Option<io::Error>>,
    failed: AtomicBool,
}

impl Shared<'_> {
    fn show(&self, event: &Event<'_>) {
        if let Err(error) = self.watcher.see(event) {
            self.failed.store(true, Ordering::SeqCst);
            self.failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
        }
    }

    fn is_over(&self) -> bool {
        self.bench.cancel.is_raised() || self.failed.load(Ordering::SeqCst)
    }
}

/// The trials of one runtime and operation.
struct Line<'a> {
    shared: &'a Shared<'a>,
    index: usize,
    runtime: &'a Runtime,
    operation: Operation,
}

/// What was seen of a tool that took an image.
struct Taken {
    attempt: Attempt,
    /// What reached the registry until the tool had done what was asked.
    requests: Vec<Request>,
    /// How many requests reached it after that.
    later_requests: usize,
}

/// The tag of every index under test, in the registry as in a layout.
const TAG: &str = "latest";

/// What a trial came to, before it is known whether it counts.
#[derive(Clone)]
struct Measured {
    outcome: Outcome,
    evidence: Evidence,
    duration: Duration,
    tools: Duration,
    was_trouble_starting: bool,
}

impl Line<'_> {
    fn run(&self) {
        let cases = self
            .shared
            .plan
            .open_questions(self.runtime, self.operation);
        self.shared.show(&Event::RuntimeBegan {
            index: self.index,
            runtime: self.runtime,
            trials: cases.len(),
        });
        let end = if cases.is_empty() {
            RuntimeEnd::Finished
        } else {
            self.measure(cases)
        };
        let end = if self.shared.is_over() {
            RuntimeEnd::Interrupted
        } else {
            end
        };
        self.shared.show(&Event::RuntimeEnded {
            index: self.index,
            runtime: self.runtime,
            end,
        });
    }

    fn measure(&self, cases: Vec<Question>) -> RuntimeEnd {
        let adapter = adapter(self.runtime.tool);
        if let Some(why) = adapter.cannot(self.runtime, self.operation) {
            return self.give_up(&cases, UnmeasuredWhy::Unsupported, &why);
        }
        let mut session = match self.open(adapter, 0) {
            Ok(session) => session,
            Err(error) => {
                let why = format!("cannot prepare its private directory: {error}");
                return self.give_up(&cases, UnmeasuredWhy::HarnessTrouble, &why);
            }
        };
        let started = {
            let _pass = self.shared.gate.enter();
            session.start()
        };
        match started {
            Ok(()) => {}
            Err(StartError::Cancelled) => return RuntimeEnd::Interrupted,
            Err(StartError::Unsupported(why)) => {
                return self.give_up(&cases, UnmeasuredWhy::Unsupported, &why);
            }
            Err(StartError::NotStarted(why)) => {
                return self.give_up(&cases, UnmeasuredWhy::NotStarted, &why);
            }
        }
        let mut fetched = BTreeSet::new();
        let controls = &self.shared.plan.controls;
        let matched = self.trials(&mut *session, &controls.match_, &mut fetched);
        let unmatched = self.trials(&mut *session, &controls.no_match, &mut fetched);
        if self.shared.is_over() {
            return RuntimeEnd::Interrupted;
        }
        if let Some(why) = controls.verdict(&matched.outcome, &unmatched.outcome) {
            let why = format!("it failed its controls: {why}");
            for (case, measured) in [(&controls.match_, matched), (&controls.no_match, unmatched)] {
                if cases.iter().any(|open| is_control(open, case)) {
                    let outcome = Outcome::Unmeasured {
                        why: UnmeasuredWhy::ControlsFailed,
                        detail: why.clone(),
                    };
                    self.record(
                        case,
                        Measured {
                            outcome,
                            ..measured
                        },
                    );
                }
            }
            let rest: Vec<Question> = cases
                .into_iter()
                .filter(|case| {
                    !is_control(case, &controls.match_) && !is_control(case, &controls.no_match)
                })
                .collect();
            return self.give_up(&rest, UnmeasuredWhy::ControlsFailed, &why);
        }
        // The controls are cases, too: where they were asked for, these trials are theirs. A
        // second trial could find their content in the store.
        let mut rest = VecDeque::new();
        for case in cases {
            if is_control(&case, &controls.match_) {
                self.record(&case, matched.clone());
            } else if is_control(&case, &controls.no_match) {
                self.record(&case, unmatched.clone());
            } else {
                rest.push_back(case);
            }
        }
        let queue = Mutex::new(rest);
        if adapter.is_stateless() {
            thread::scope(|scope| {
                for number in 1..SESSIONS {
                    let queue = &queue;
                    scope.spawn(move || match self.open(adapter, number) {
                        Ok(mut session) => self.work(&mut *session, queue, BTreeSet::new()),
                        // The first session goes on alone.
                        Err(error) => tracing::warn!(%error, "cannot open another session"),
                    });
                }
                self.work(&mut *session, &queue, fetched);
            });
        } else {
            self.work(&mut *session, &queue, fetched);
        }
        RuntimeEnd::Finished
    }

    /// Takes cases from the queue until it is empty.
    fn work(
        &self,
        session: &mut dyn Session,
        queue: &Mutex<VecDeque<Question>>,
        mut fetched: BTreeSet<String>,
    ) {
        let mut failures = 0;
        loop {
            let next = queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            let Some(case) = next else { return };
            if self.shared.is_over() {
                return;
            }
            let measured = self.trials(session, &case, &mut fetched);
            if self.shared.is_over() {
                return;
            }
            failures = if measured.was_trouble_starting {
                failures + 1
            } else {
                0
            };
            let why = measured.outcome.clone();
            self.record(&case, measured);
            if failures >= START_FAILURES {
                let detail = match why {
                    Outcome::Unmeasured { detail, .. } => detail,
                    other => other.gist(),
                };
                let rest: Vec<_> = queue
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .drain(..)
                    .collect();
                self.give_up(&rest, UnmeasuredWhy::NotStarted, &detail);
                return;
            }
        }
    }

    fn open(&self, adapter: &dyn Adapter, number: usize) -> io::Result<Box<dyn Session>> {
        let ground = self.shared.bench.ground;
        // Short, because sockets lie below it.
        let dir = ground
            .dir()
            .join(format!("r{}{}.{number}", self.index, self.operation as u8));
        let room = Room::furnish(
            &dir,
            ground.dir(),
            ground.session(),
            &self.runtime.place,
            self.shared.bench.cancel,
        )?;
        adapter.open(self.runtime, room)
    }

    /// As many trials of a case as the plan asks for, one after the other, and what they come
    /// to together.
    fn trials(
        &self,
        session: &mut dyn Session,
        asked: &Question,
        fetched: &mut BTreeSet<String>,
    ) -> Measured {
        let mut first = self.trial(session, asked, fetched);
        let mut outcomes = vec![first.outcome.clone()];
        while outcomes.len() < self.shared.plan.repeat && !self.shared.is_over() {
            let next = self.trial(session, asked, fetched);
            first.duration += next.duration;
            first.tools += next.tools;
            first.was_trouble_starting |= next.was_trouble_starting;
            outcomes.push(next.outcome);
        }
        if outcomes.len() > 1 {
            first.evidence.notes.push(in_turn(&outcomes));
            first.outcome = together(outcomes);
        }
        first
    }

    fn trial(
        &self,
        session: &mut dyn Session,
        asked: &Question,
        fetched: &mut BTreeSet<String>,
    ) -> Measured {
        let Question { case, .. } = asked;
        let _pass = self.shared.gate.enter();
        self.shared.show(&Event::TrialBegan {
            index: self.index,
            case: case.id.as_str(),
        });
        let began = Instant::now();
        let bench = self.shared.bench;
        let number = self.shared.numbers.fetch_add(1, Ordering::Relaxed);
        let taken = match self.operation {
            Operation::Pull => self.pull(session, asked, number),
            Operation::Import => self.import(session, asked, number),
        };
        let Taken {
            attempt,
            requests,
            later_requests,
        } = match taken {
            Ok(taken) => taken,
            Err(trouble) => {
                return Measured {
                    outcome: Outcome::Unmeasured {
                        why: UnmeasuredWhy::HarnessTrouble,
                        detail: trouble,
                    },
                    evidence: Evidence::default(),
                    duration: began.elapsed(),
                    tools: Duration::ZERO,
                    was_trouble_starting: false,
                };
            }
        };
        let (outcome, evidence) = judge(
            &Observed {
                tool: self.runtime.tool,
                operation: self.operation,
                case,
                attempt: &attempt,
                requests: &requests,
                later_requests,
                deadline: self.shared.plan.deadline,
                fetched_before: fetched,
            },
            bench.phrasebook,
        );
        fetched.extend(
            requests
                .iter()
                .filter(|request| request.method == "GET" && (200..300).contains(&request.status))
                .filter_map(|request| request.path.rsplit('/').next())
                .map(str::to_owned),
        );
        Measured {
            outcome,
            evidence,
            duration: began.elapsed(),
            tools: attempt.tool_time(),
            was_trouble_starting: matches!(attempt.trouble, Some(Trouble::NotStarted(_))),
        }
    }

    /// Lets the tool pull the index from the registry.
    fn pull(
        &self,
        session: &mut dyn Session,
        asked: &Question,
        number: usize,
    ) -> Result<Taken, String> {
        let Question { case, ask } = asked;
        let bench = self.shared.bench;
        let name = format!(
            "p{}t{number}/{}",
            std::process::id(),
            case.id.repository_path()
        );
        let namespace = bench
            .registry
            .open(&name, Arc::clone(case))
            .map_err(|error| format!("the registry cannot serve this case: {error}"))?;
        let during = StdCell::new(None);
        let pulled = || during.set(Some(namespace.trace().len()));
        let attempt = session.take(&Ask {
            source: Source::Registry {
                address: bench.registry.address(),
                repository: namespace.repository(),
                tag: TAG,
            },
            platform: ask.platform(),
            deadline: self.shared.plan.deadline,
            pulled: &pulled,
        });
        let mut requests = namespace.close();
        let later_requests = requests.len() - during.get().unwrap_or(requests.len());
        requests.truncate(requests.len() - later_requests);
        Ok(Taken {
            attempt,
            requests,
            later_requests,
        })
    }

    /// Lets the tool take the index from an OCI layout.
    fn import(
        &self,
        session: &mut dyn Session,
        asked: &Question,
        number: usize,
    ) -> Result<Taken, String> {
        let Question { case, ask } = asked;
        let dir = self.shared.bench.ground.dir().join(format!("l{number}"));
        let parcel = Parcel::pack(case, dir)
            .map_err(|error| format!("no layout can be made of this case: {error}"))?;
        let (layout, archive) = (parcel.layout(), parcel.archive());
        let attempt = session.take(&Ask {
            source: Source::Layout(Layout {
                dir: &layout,
                archive: &archive,
                tag: TAG,
                name: parcel.name(),
            }),
            platform: ask.platform(),
            deadline: self.shared.plan.deadline,
            pulled: &|| {},
        });
        Ok(Taken {
            attempt,
            requests: Vec::new(),
            later_requests: 0,
        })
    }

    /// Records that these cases were not measured, and why.
    fn give_up(&self, cases: &[Question], why: UnmeasuredWhy, detail: &str) -> RuntimeEnd {
        for case in cases {
            self.record(
                case,
                Measured {
                    outcome: Outcome::Unmeasured {
                        why,
                        detail: detail.to_owned(),
                    },
                    evidence: Evidence::default(),
                    duration: Duration::ZERO,
                    tools: Duration::ZERO,
                    was_trouble_starting: false,
                },
            );
        }
        RuntimeEnd::Unmeasured(detail.to_owned())
    }

    fn record(&self, asked: &Question, measured: Measured) {
        let Question { case, ask } = asked;
        let runtime = self.runtime;
        let trial = Trial {
            case: case.id.to_string(),
            runtime: runtime.id(),
            tool: runtime.tool.to_string(),
            version: runtime.version.clone(),
            flavour: runtime.flavour.map(|flavour| flavour.as_str().to_owned()),
            channel: runtime.place.channel.clone(),
            operation: self.operation.to_string(),
            platform: ask.to_string(),
            outcome: measured.outcome,
            evidence: measured.evidence,
            duration_ms: u64::try_from(measured.duration.as_millis()).unwrap_or(u64::MAX),
            tries: 1,
        };
        self.shared.show(&Event::TrialEnded {
            index: self.index,
            trial: &trial,
            tools: measured.tools,
        });
    }
}
