//! A clause as a case exercises it and as a revision words it.

use ocipick_corpus::{Expectation, Level, Sign};
use ocipick_records::RefusalReason;
use std::collections::BTreeSet;

/// A clause as a case exercises it and as the chosen revision words it: all that a verdict needs to
/// know besides the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConformanceRule {
    /// Id of the clause.
    pub clause: String,
    /// How strongly the revision says it; none where it does not have it.
    pub level: Option<Level>,
    /// The outcomes that satisfy it; empty where the case does not say. As far as picks go the
    /// list is complete: to pick any other child breaks the clause.
    pub satisfied_by: Vec<Expectation>,
    /// The reasons for which a refusal breaks it, where refusing does not satisfy it.
    pub breached_by: BTreeSet<RefusalReason>,
    /// The reasons for which a refusal would break it, were the index itself not against the
    /// specification.
    pub excused: BTreeSet<RefusalReason>,
    /// The clauses that ask for something else here, and are as strong or stronger.
    pub rivals: Vec<ConflictingClause>,
    /// Outcomes that show neither that it was followed nor that it was broken.
    pub leaves_open: Vec<Expectation>,
    /// What breaks it where the evidence shows it, whatever the outcome.
    pub breached_where: Vec<Sign>,
    /// Whether its words can be read in two ways, so that a violation can be disputed.
    pub arguable: bool,
    /// What a message says where a violation is beyond dispute all the same.
    pub plain_where_said: Option<String>,
}

impl ConformanceRule {
    /// Whether a trial of some kind can show that it is followed or broken.
    #[must_use]
    pub fn can_show(&self) -> bool {
        matches!(self.level, Some(Level::Must | Level::Should))
            && !(self.satisfied_by.is_empty() && self.breached_where.is_empty())
    }
}

/// A clause that cannot be satisfied together with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictingClause {
    /// Its id.
    pub clause: String,
    /// The outcomes that satisfy it.
    pub satisfied_by: Vec<Expectation>,
}
