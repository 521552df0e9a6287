//! Verdicts: outcomes held against the clauses of the specifications.
//!
//! [`evaluate`] is one pure function over an [`Outcome`](ocipick_records::Outcome) and a [`ConformanceRule`], which
//! is a clause as a case exercises it and as the chosen revision words it. Nothing else decides.
//!
//! A tool is blamed only for what the outcome shows. So these rules hold:
//!
//! - What was not measured is not judged, and a tool that wavers is judged only where all that was
//!   observed of it deserves the same verdict.
//! - A crash, a hang, an empty success and a contradiction are findings of their own. They show
//!   neither that a clause was followed nor that it was broken.
//! - A refusal breaks a clause only where its reason is one by which that clause is broken. A tool
//!   that stops at a nested index never came to take the first of two matches.
//! - To refuse an index that is itself against the specification is right, unless the case says
//!   that refusing it is just what the clause forbids.
//! - Where two clauses cannot both be satisfied, following one excuses from the other, unless the
//!   other is the stronger one.
//! - Where evidence shows that a clause was broken, as a request of a form that is forbidden, the
//!   outcome does not matter.
//! - A violation of a clause that can be read in two ways is called arguable, unless the tool's own words
//!   leave no doubt.
//! - Where a case does not say which outcomes satisfy a wording of a clause, nobody guesses.

mod age;
mod evaluate;
mod revision;
mod rule;
mod rules;
mod verdicts;

pub use evaluate::{evaluate, evaluate_trial};
pub use revision::{Choice, ChoiceError, RevisionError, Revisions};
pub use rule::{ConflictingClause, ConformanceRule};
pub use rules::{Bytes, ConformanceRules};
pub use verdicts::{
    BrokenRow, ClauseTally, ClauseViolations, Entry, Requirements, RuntimeTally, Verdicts,
};

use ocipick_corpus::Sign;
use ocipick_records::OutcomeKind;
use schemars::JsonSchema;
use serde::Serialize;
use strum::VariantArray as _;

/// An outcome held against a clause. The last two are violations, the harsher one last.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    JsonSchema,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verdict {
    /// There is nothing to judge.
    NotJudged,
    /// The specification says nothing about it, or the case does not say which outcomes satisfy it.
    Silent,
    /// The clause leaves it open (MAY).
    Allowed,
    /// As the clause says.
    Conforms,
    /// Not as a recommendation says (SHOULD).
    Deviates,
    /// Not as a requirement says (MUST).
    Violates,
}

impl Verdict {
    /// Every verdict, in order.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether the clause was broken.
    #[must_use]
    pub const fn is_violation(self) -> bool {
        match self {
            Self::NotJudged | Self::Silent | Self::Allowed | Self::Conforms => false,
            Self::Deviates | Self::Violates => true,
        }
    }
}

/// A verdict, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReasonedVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// What it rests on.
    pub because: Because,
    /// Whether it is a violation that can be disputed, because the clause can be read in two ways.
    pub arguable: bool,
}

impl ReasonedVerdict {
    /// A verdict that nobody disputes.
    #[must_use]
    pub const fn new(verdict: Verdict, because: Because) -> Self {
        Self {
            verdict,
            because,
            arguable: false,
        }
    }
}

/// What a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Because {
    /// The outcome is one that satisfies the clause.
    Satisfies,
    /// The outcome is not among those that satisfy the clause.
    NotAmongThose,
    /// The reason for refusing is one by which the clause is broken.
    ReasonBreaks,
    /// The evidence shows that the clause was broken, whatever the outcome.
    EvidenceBreaks {
        /// What it shows.
        sign: Sign,
    },
    /// Every request is as the clause says.
    RequestsSatisfy,
    /// The outcome shows neither that the clause was followed nor that it was broken.
    LeftOpen,
    /// The clause leaves it open.
    Optional,
    /// The chosen revision does not have the clause.
    NotInForce,
    /// The clause is no requirement: it is said without a keyword of RFC 2119.
    NoKeyword,
    /// Nothing is said.
    NothingSaid,
    /// The case does not say which outcomes satisfy the clause in this wording.
    NothingExpected,
    /// Another clause asks for just this outcome, and both cannot be satisfied.
    AsksOtherwise {
        /// The other clause.
        clause: String,
    },
    /// The refusal is about something else.
    RefusedOverSomethingElse,
    /// The index itself is against the specification, so that refusing it is right.
    IndexInvalid,
    /// The outcome is a finding of its own, and shows nothing about the clause.
    ShowsNothing {
        /// What kind of outcome it is.
        kind: OutcomeKind,
    },
    /// What was observed deserves different verdicts.
    Wavers,
    /// Nothing was measured.
    Unmeasured,
    /// The case was other bytes when this was measured.
    OtherBytes,
    /// What satisfies the clause is said of pulls, and this is something else.
    OtherOperation,
}

impl Because {
    /// The stable word for it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.into()
    }
}
