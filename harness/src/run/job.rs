//! One runtime in one round: its sessions, its controls, and its tries one after the other.

use super::{Attempt, Event, RuntimeEnd, TestPoint, execute::Shared, trial::Measured};
use crate::operations::OperationSpec;
use ocipick_adapters::{
    Adapter, Retention, RunDir, Runtime, Sandbox, Service, Session, StartError, Support, Transport,
    adapter,
};
use ocipick_corpus::Relation;
use ocipick_records::{Derived, Evidence, Outcome, OutcomeKind, Trial, UnmeasuredWhy};
use std::{
    collections::{BTreeSet, VecDeque},
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

/// Whether a question is a control itself, and no foreign layout with its id or its bytes.
fn is_control(asked: &TestPoint, control: &TestPoint) -> bool {
    let (case, other) = (&asked.case, &control.case);
    case.id == other.id && case.source == other.source && asked.ask == control.ask
}

/// Whether the store is to have images of other cases before this is asked.
fn wants_warm_store(asked: &TestPoint) -> bool {
    let derivation = asked.case.derivation.as_ref();
    derivation.is_some_and(|derivation| derivation.relation == Relation::WarmStore)
}

/// How many sessions of one stateless runtime work at once, at most.
const SESSIONS: usize = 4;
/// After so many trials in a row that the daemon did not start for, the rest is given up.
const START_FAILURES: u32 = 2;

/// The tries of one runtime and operation in one round, in sessions of their own.
pub(super) struct RuntimeJob<'a> {
    pub(super) shared: &'a Shared<'a>,
    /// Place of the runtime in the plan.
    pub(super) index: usize,
    pub(super) runtime: &'a Runtime,
    pub(super) operation: &'static OperationSpec,
    pub(super) round: u32,
    pub(super) open: Vec<TestPoint>,
}

/// A session, and the directory of its sandbox. They go in this order: first the daemon, then what it
/// lives in.
struct SessionGuard<'a> {
    session: Session<'a>,
    _dir: DirectoryGuard<'a>,
}

/// A directory of the run directory that is given back.
struct DirectoryGuard<'a> {
    run_dir: &'a RunDir,
    dir: PathBuf,
}

impl Drop for DirectoryGuard<'_> {
    fn drop(&mut self) {
        self.run_dir.give_back(&self.dir);
    }
}

impl RuntimeJob<'_> {
    pub(super) fn run(self) {
        self.shared.show(&Event::RuntimeBegan {
            index: self.index,
            runtime: self.runtime,
            tries: self.open.len(),
        });
        let end = self.measure(self.open.clone());
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

    fn measure(&self, cases: Vec<TestPoint>) -> RuntimeEnd {
        let adapter = adapter(self.runtime.tool);
        if let Support::No(why) = adapter.supports(self.runtime, self.operation.operation) {
            return self.give_up(&cases, UnmeasuredWhy::Unsupported, &why);
        }
        let mut home = match self.open(adapter, 0) {
            Ok(home) => home,
            Err(error) => {
                let why = format!("cannot prepare its private directory: {error}");
                return self.give_up(&cases, UnmeasuredWhy::HarnessTrouble, &why);
            }
        };
        let started = {
            let _pass = self.shared.gate.enter();
            home.session.start()
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
        let session = &mut home.session;
        let nothing = Retention::Nothing;
        let matched = self.trial(session, &controls.match_, nothing, &mut fetched);
        let unmatched = self.trial(session, &controls.no_match, nothing, &mut fetched);
        if self.shared.is_over() {
            return RuntimeEnd::Interrupted;
        }
        let verdict = (self.operation.controls)(controls, &matched.outcome, &unmatched.outcome);
        if let Some(why) = verdict {
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
            let rest: Vec<TestPoint> = cases
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
        let mut warm = Vec::new();
        for case in cases {
            if wants_warm_store(&case) {
                warm.push(case);
            } else if is_control(&case, &controls.match_) {
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
                        Ok(mut home) => {
                            self.work(&mut home.session, queue, nothing, BTreeSet::new());
                        }
                        // The first session goes on alone.
                        Err(error) => tracing::warn!(%error, "cannot open another session"),
                    });
                }
                self.work(session, &queue, nothing, fetched);
            });
        } else {
            self.work(session, &queue, nothing, fetched);
        }
        drop(home);
        if !warm.is_empty() && !self.shared.is_over() {
            self.measure_warm(adapter, warm);
        }
        RuntimeEnd::Finished
    }

    /// Asks these in a store that has the images of other cases: a store of its own, in which what
    /// the other tries have fetched never was.
    fn measure_warm(&self, adapter: &'static dyn Adapter, warm: Vec<TestPoint>) {
        let unsupported = |why| {
            self.give_up(&warm, UnmeasuredWhy::Unsupported, why);
        };
        if adapter.is_stateless() {
            return unsupported("it has no store that would be warm");
        }
        if self.runtime.service != Service::Private && self.runtime.service != Service::None {
            return unsupported("the machine's own store is left as it is");
        }
        let mut home = match self.open(adapter, SESSIONS) {
            Ok(home) => home,
            Err(error) => {
                let why = format!("cannot prepare its private directory: {error}");
                self.give_up(&warm, UnmeasuredWhy::HarnessTrouble, &why);
                return;
            }
        };
        let session = &mut home.session;
        let mut fetched = BTreeSet::new();
        let control = &self.shared.plan.controls.match_;
        let before = self.trial(session, control, Retention::Image, &mut fetched);
        if self.shared.is_over() {
            return;
        }
        if before.outcome.kind() != OutcomeKind::Picked {
            let why = format!("nothing was left in its store: {}", before.outcome.gist());
            self.give_up(&warm, UnmeasuredWhy::EvidenceMissing, &why);
            return;
        }
        let queue = Mutex::new(VecDeque::from(warm));
        self.work(session, &queue, Retention::Image, fetched);
    }

    /// Takes cases from the queue until it is empty.
    fn work(
        &self,
        session: &mut Session<'_>,
        queue: &Mutex<VecDeque<TestPoint>>,
        leaves: Retention,
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
            let measured = self.trial(session, &case, leaves, &mut fetched);
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

    fn open(&self, adapter: &'static dyn Adapter, number: usize) -> io::Result<SessionGuard<'_>> {
        let run_dir = self.shared.bench.run_dir;
        // Short, because sockets lie below it.
        let name = match self.round {
            1 => format!("r{}{}.{number}", self.index, self.operation.position()),
            round => format!(
                "r{}{}.{number}.{round}",
                self.index,
                self.operation.position()
            ),
        };
        let lent = DirectoryGuard {
            run_dir,
            dir: run_dir.dir().join(name),
        };
        let mut sandbox = Sandbox::furnish(
            &lent.dir,
            run_dir.dir(),
            run_dir.session(),
            &self.runtime.installation,
            self.shared.bench.cancel,
        )?;
        match adapter.transport() {
            Transport::PlainHttp => {}
            Transport::Tls => sandbox.trust(&self.shared.bench.registry.tls().authority)?,
        }
        Ok(SessionGuard {
            session: Session::open(adapter, self.runtime, sandbox)?,
            _dir: lent,
        })
    }

    /// Records that these cases were not measured, and why.
    fn give_up(&self, cases: &[TestPoint], why: UnmeasuredWhy, detail: &str) -> RuntimeEnd {
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
                    was_cut_short: false,
                },
            );
        }
        RuntimeEnd::Unmeasured(detail.to_owned())
    }

    fn record(&self, asked: &TestPoint, measured: Measured) {
        let TestPoint { case, ask } = asked;
        let runtime = self.runtime;
        let trial = Trial {
            case: case.id.to_string(),
            runtime: runtime.id(),
            tool: runtime.tool.to_string(),
            version: runtime.version.clone(),
            flavour: runtime.flavour.map(|flavour| flavour.as_str().to_owned()),
            channel: runtime.installation.channel.clone(),
            operation: self.operation.to_string(),
            platform: ask.to_string(),
            outcome: measured.outcome,
            evidence: measured.evidence,
            duration_ms: u64::try_from(measured.duration.as_millis()).unwrap_or(u64::MAX),
            tries: 1,
            derived: case.derivation.as_ref().map(|derivation| Derived {
                relation: derivation.relation.to_string(),
                base: derivation.base.to_string(),
            }),
        };
        let tried = Attempt {
            round: self.round,
            trial,
        };
        self.shared.show(&Event::TryEnded {
            index: self.index,
            tried: &tried,
            tools: measured.tools,
            own: measured.duration.saturating_sub(measured.tools),
        });
        if let Some(trial) = self.shared.tracker.add(tried) {
            self.shared.show(&Event::TrialEnded { trial: &trial });
        }
    }
}
