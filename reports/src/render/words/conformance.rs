//! Verdicts, and what they rest on, in words.

use crate::analysis::conformance::{Because, ClauseTally, Requirements};
use std::fmt;

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Satisfies => "the outcome is one that satisfies it",
            Self::NotAmongThose => "the outcome is not among those that satisfy it",
            Self::ReasonBreaks => "to refuse for this reason breaks it",
            Self::EvidenceBreaks { sign } => {
                return write!(
                    f,
                    "the evidence shows that it {sign}, which breaks the clause"
                );
            }
            Self::RequestsSatisfy => "every request is as it says",
            Self::LeftOpen => {
                "the outcome shows neither that it was followed nor that it was broken"
            }
            Self::Optional => "it leaves that open",
            Self::NotInForce => "this revision does not have it",
            Self::NoKeyword => "it is no requirement",
            Self::NothingSaid => "nothing is said",
            Self::NothingExpected => "the case does not say what satisfies it in this wording",
            Self::AsksOtherwise { clause } => {
                return write!(
                    f,
                    "{clause} asks for just this, and both cannot be satisfied"
                );
            }
            Self::RefusedOverSomethingElse => "the refusal is not known to be about it",
            Self::IndexInvalid => {
                "what is served is itself against the specification, so that it may be refused"
            }
            Self::ShowsNothing { kind } => {
                return write!(
                    f,
                    "{kind} is a finding of its own, and shows nothing about it"
                );
            }
            Self::Wavers => "what was observed deserves different verdicts",
            Self::Unmeasured => "nothing was measured",
            Self::OtherBytes => "the case was other bytes when this was measured",
            Self::OtherOperation => "what satisfies it is said of pulls only",
        };
        f.write_str(words)
    }
}

impl Requirements<'_> {
    /// How many cases those are, in words: `MUST broken in 2 (1 arguable), 3 not judged`.
    #[must_use]
    pub fn words(&self) -> String {
        let all = self.broken.len() + self.arguable.len();
        let arguable = match self.arguable.len() {
            0 => String::new(),
            some if some == all => " (arguable)".to_owned(),
            some => format!(" ({some} arguable)"),
        };
        let not_judged = match self.not_judged.len() {
            0 => String::new(),
            some => format!(", {some} not judged"),
        };
        format!("MUST broken in {all}{arguable}{not_judged}")
    }
}

impl ClauseTally<'_> {
    /// Since which release the clause says so, and since when: `image-spec 1.1.0-rc4
    /// (2023-06-30)`.
    #[must_use]
    pub fn since(&self) -> String {
        let date = self.release.date();
        let date = date.map_or_else(String::new, |date| format!(" ({date})"));
        format!("{} {}{date}", self.specification, self.release.name())
    }
}
