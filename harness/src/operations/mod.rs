//! What tools can be asked to do, one file per operation: which kinds of evidence an outcome needs, how the
//! index comes to the tool, which controls it has to pass, and what the evidence amounts to.
//!
//! Another operation is a file here, its line in [`ALL`], and what the adapters support of it.

mod fixture;
mod import;
mod pull;
mod scan;

use crate::{
    classify::{MessagePatterns, TrialObservations},
    run::{Controls, RunContext, TestPoint},
};
use ocipick_adapters::{Execution, Retention, Session};
use ocipick_records::{Evidence, HttpRequest, Operation, Outcome};
use std::{cmp::Ordering, fmt, time::Duration};

/// Every operation that is measured, the default first.
pub const ALL: [&OperationSpec; 3] = [&pull::PULL, &import::IMPORT, &scan::SCAN];

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    /// What the tool says that it has.
    Reported,
    /// What is in the image that it has.
    Materialised,
    /// What reached the registry.
    Requests,
}

/// What one operation is.
pub struct OperationSpec {
    /// The operation.
    pub operation: Operation,
    /// The kinds of evidence without which nothing is known to be picked, and which all have to name the
    /// same child. What else is seen is kept, and decides nothing.
    pub requires: &'static [EvidenceKind],
    /// Why the outcomes of the two controls disqualify a runtime; nothing where they do not.
    pub(crate) controls: fn(&Controls, &Outcome, &Outcome) -> Option<String>,
    /// What the evidence amounts to.
    pub(crate) classify: fn(&TrialObservations<'_>, &MessagePatterns) -> (Outcome, Evidence),
    /// Lets the tool do it, and returns what was seen.
    pub(crate) execute: fn(&Call<'_>, &mut Session<'_>) -> Result<Executed, String>,
}

impl fmt::Debug for OperationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationSpec")
            .field("operation", &self.operation)
            .field("requires", &self.requires)
            .finish_non_exhaustive()
    }
}

impl PartialEq for OperationSpec {
    /// There is one of each.
    fn eq(&self, other: &Self) -> bool {
        self.operation == other.operation
    }
}

impl Eq for OperationSpec {}

impl PartialOrd for OperationSpec {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OperationSpec {
    fn cmp(&self, other: &Self) -> Ordering {
        self.operation.cmp(&other.operation)
    }
}

impl OperationSpec {
    /// Whether a kind of evidence is required.
    #[must_use]
    pub fn requires(&self, kind: EvidenceKind) -> bool {
        self.requires.contains(&kind)
    }

    /// The stable word for it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.operation.as_str()
    }

    /// Its place in [`ALL`].
    #[must_use]
    pub fn position(&self) -> usize {
        ALL.iter().position(|it| *it == self).unwrap_or(ALL.len())
    }
}

impl fmt::Display for OperationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The operation that a word names; `None` where it is not measured.
#[must_use]
pub fn named(word: &str) -> Option<&'static OperationSpec> {
    ALL.into_iter().find(|it| it.as_str() == word)
}

/// What one trial is carried out with.
pub(crate) struct Call<'a> {
    pub(crate) context: &'a RunContext<'a>,
    pub(crate) asked: &'a TestPoint,
    pub(crate) retention: Retention,
    /// The deadline of each invocation.
    pub(crate) deadline: Duration,
    /// A number that no other trial of the run has.
    pub(crate) number: usize,
}

/// What was seen of a tool that did what it was asked.
pub(crate) struct Executed {
    pub(crate) execution: Execution,
    /// What reached the registry until the tool had done what was asked.
    pub(crate) requests: Vec<HttpRequest>,
    /// How many requests reached it after that.
    pub(crate) later_requests: usize,
}

/// The tag of every index under test, in the registry as in a layout.
const TAG: &str = "latest";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_own_word_and_needs_what_the_tool_reports() {
        for spec in ALL {
            assert_eq!(named(spec.as_str()), Some(spec));
            assert!(spec.requires(EvidenceKind::Reported), "{spec}");
        }
        assert_eq!(named("push"), None);
        assert_eq!(ALL.map(OperationSpec::position), [0, 1, 2]);
    }
}
