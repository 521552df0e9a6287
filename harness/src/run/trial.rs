//! One try: the case is served or packed, the tool takes it, and what was seen is judged.

use super::{Event, TestPoint, job::RuntimeJob};
use crate::{
    classify::TrialObservations,
    operations::{Call, Executed},
};
use ocipick_adapters::{HarnessError, Retention, Session};
use ocipick_records::{Evidence, Outcome, UnmeasuredWhy};
use std::{
    collections::BTreeSet,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

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
        session: &mut Session<'_>,
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
        session: &mut Session<'_>,
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
        let call = Call {
            context: bench,
            asked,
            retention: leaves,
            deadline: self.shared.plan.deadline,
            number,
        };
        let Executed {
            execution,
            requests,
            later_requests,
        } = match (self.operation.execute)(&call, session) {
            Ok(executed) => executed,
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
        let (outcome, evidence) = (self.operation.classify)(
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
}
