//! One try: the case is served or packed, the tool takes it, and what was seen is judged.

use super::{Event, TestPoint, fixture::LayoutFixture, job::RuntimeJob};
use crate::classify::{TrialObservations, classify};
use ocipick_adapters::{
    Execution, HarnessError, ImageSource, LayoutInput, Operation, Request, Retention, Session,
};
use ocipick_records::{Evidence, HttpRequest, Outcome, UnmeasuredWhy};
use std::{
    cell::Cell as StdCell,
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// What was seen of a tool that took an image.
struct Executed {
    execution: Execution,
    /// What reached the registry until the tool had done what was asked.
    requests: Vec<HttpRequest>,
    /// How many requests reached it after that.
    later_requests: usize,
}

/// The tag of every index under test, in the registry as in a layout.
const TAG: &str = "latest";

/// What a try came to, before it is known whether it counts.
#[derive(Clone)]
pub(super) struct Measured {
    pub(super) outcome: Outcome,
    pub(super) evidence: Evidence,
    pub(super) duration: Duration,
    pub(super) tools: Duration,
    pub(super) was_trouble_starting: bool,
    /// The tool or its daemon was killed from outside, so that another attempt may say more.
    pub(super) was_cut_short: bool,
}

impl RuntimeJob<'_> {
    /// A try; where the tool or its daemon was killed from outside, a second one with a new daemon.
    pub(super) fn trial(
        &self,
        session: &mut dyn Session,
        asked: &TestPoint,
        leaves: Retention,
        fetched: &mut BTreeSet<String>,
    ) -> Measured {
        let first = self.execution(session, asked, leaves, fetched);
        let Outcome::Unmeasured { detail, .. } = &first.outcome else {
            return first;
        };
        if !first.was_cut_short || self.shared.is_over() {
            return first;
        }
        let mut second = self.execution(session, asked, leaves, fetched);
        let note = format!("the second attempt; of the first nobody can say anything: {detail}");
        second.evidence.notes.push(note);
        second.duration += first.duration;
        second.tools += first.tools;
        second
    }

    fn execution(
        &self,
        session: &mut dyn Session,
        asked: &TestPoint,
        leaves: Retention,
        fetched: &mut BTreeSet<String>,
    ) -> Measured {
        let TestPoint { case, .. } = asked;
        let _pass = self.shared.gate.enter();
        self.shared.show(&Event::TryBegan {
            index: self.index,
            case: case.id.as_str(),
        });
        let began = Instant::now();
        let bench = self.shared.bench;
        let number = self.shared.numbers.fetch_add(1, Ordering::Relaxed);
        let taken = match self.operation {
            Operation::Pull => self.pull(session, asked, leaves, number),
            Operation::Import => self.import(session, asked, number),
        };
        let Executed {
            execution,
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
                    was_cut_short: false,
                };
            }
        };
        let (outcome, evidence) = classify(
            &TrialObservations {
                tool: self.runtime.tool,
                operation: self.operation,
                case,
                execution: &execution,
                requests: &requests,
                later_requests,
                deadline: self.shared.plan.deadline,
                fetched_before: fetched,
            },
            bench.patterns,
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
            tools: execution.tool_time(),
            was_trouble_starting: matches!(execution.trouble, Some(HarnessError::NotStarted(_))),
            was_cut_short: matches!(execution.trouble, Some(HarnessError::Outside(_))),
        }
    }

    /// Lets the tool pull the index from the registry.
    fn pull(
        &self,
        session: &mut dyn Session,
        asked: &TestPoint,
        leaves: Retention,
        number: usize,
    ) -> Result<Executed, String> {
        let TestPoint { case, ask } = asked;
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
        let done = || during.set(Some(namespace.trace().len()));
        let execution = session.execute(&Request {
            source: ImageSource::Registry {
                address: bench.registry.address(),
                repository: namespace.repository(),
                tag: TAG,
            },
            leaves,
            platform: ask.platform(),
            deadline: self.shared.plan.deadline,
            done: &done,
        });
        let mut requests = namespace.close();
        let later_requests = requests.len() - during.get().unwrap_or(requests.len());
        requests.truncate(requests.len() - later_requests);
        Ok(Executed {
            execution,
            requests,
            later_requests,
        })
    }

    /// Lets the tool take the index from an OCI layout.
    fn import(
        &self,
        session: &mut dyn Session,
        asked: &TestPoint,
        number: usize,
    ) -> Result<Executed, String> {
        let TestPoint { case, ask } = asked;
        let dir = self.shared.bench.run_dir.dir().join(format!("l{number}"));
        let fixture = LayoutFixture::pack(case, dir)
            .map_err(|error| format!("no layout can be made of this case: {error}"))?;
        let (layout, archive) = (fixture.layout(), fixture.archive());
        let has_names = case.layout_refs.iter().any(|entry| entry.name.is_some());
        let execution = session.execute(&Request {
            source: ImageSource::Layout(LayoutInput {
                dir: &layout,
                archive: &archive,
                tag: has_names.then_some(TAG),
                name: fixture.name(),
            }),
            leaves: Retention::Nothing,
            platform: ask.platform(),
            deadline: self.shared.plan.deadline,
            done: &|| {},
        });
        Ok(Executed {
            execution,
            requests: Vec::new(),
            later_requests: 0,
        })
    }
}
