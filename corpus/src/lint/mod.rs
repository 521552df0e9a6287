//! Which clauses a case breaks itself.
//!
//! What a client makes of an index cannot be judged without knowing what the index is worth:
//! refusing one that is invalid is right. So the bytes of every document of a case are held against
//! everything that the specifications demand and recommend of *documents*. What they say of
//! clients is not looked at here. Nothing is declared by recipes; all of it is seen.

mod blobs;
mod config;
mod context;
mod descriptor;
mod grammar;
mod group;
mod index;
mod json;
mod layout;
mod list;
mod manifest;
mod number;
mod path;
mod platform;
mod properties;
mod rule;
mod serving;
#[cfg(test)]
mod tests;
mod walk;

pub use group::{ViolationGroup, grouped};
pub use layout::{CheckedLayout, check_layouts};
use walk::breaches;

use crate::{Case, Level};
use std::fmt;

impl Case {
    /// Which clauses the documents of the case break themselves: seen in their bytes, not declared.
    #[must_use]
    pub fn breaches(&self) -> Vec<Violation> {
        breaches(self)
    }
}

/// A clause that a document breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The clause, as in `corpus/clauses`.
    pub clause: &'static str,
    /// How strongly the clause says what is broken; it can be stronger or weaker than the clause as
    /// a whole, which can demand one thing and recommend another.
    pub level: Level,
    /// The first release of the specification that says it; `main` where none does yet.
    pub since: &'static str,
    /// What it means for whoever reads the document.
    pub consequence: Consequence,
    /// The document that breaks it.
    pub document: Subject,
    /// Where in the document, such as `manifests[2].platform`; empty for the whole of it.
    pub place: String,
    /// What is wrong there, as the rest of a sentence that begins with the place.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "{} {}", self.document, self.what)
        } else {
            write!(f, "{}: {} {}", self.document, self.place, self.what)
        }
    }
}

impl Violation {
    /// Whether a release of the specification says it, and not only its latest text.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.since != "main"
    }

    /// Whether whoever refuses the document because of this does nothing wrong.
    #[must_use]
    pub fn excuses_refusal(&self) -> bool {
        match self.consequence {
            Consequence::Invalid | Consequence::Untrusted => true,
            Consequence::Weak | Consequence::Odd => false,
        }
    }

    /// What a reader is to make of it, in a few words.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match (self.consequence, self.level) {
            (Consequence::Invalid, _) if self.is_released() => "refusing it is right",
            (Consequence::Invalid, _) => "refusing it is right once this is released",
            (Consequence::Untrusted, Level::Must) => "refusing it is right",
            (Consequence::Untrusted, Level::May) => "refusing it is allowed",
            (Consequence::Untrusted, _) => "refusing it is recommended",
            (Consequence::Weak, _) => "no reason to refuse it",
            (Consequence::Odd, _) => "nothing says that it is to be refused or accepted",
        }
    }
}

/// What a violation means for whoever reads the document, the gravest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Consequence {
    /// The document is not what the specification demands: refusing it is right.
    Invalid,
    /// The specification recommends or permits to turn it down.
    Untrusted,
    /// The document goes against a recommendation, which is no reason to refuse it.
    Weak,
    /// The document differs from what is described, and nothing says what follows.
    Odd,
}

impl Consequence {
    /// The word that stands for it in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The gravest of what violations mean; nothing where there are none.
    #[must_use]
    pub fn of<'b>(breaches: impl IntoIterator<Item = &'b Violation>) -> Option<Self> {
        breaches.into_iter().map(|breach| breach.consequence).min()
    }
}

/// The document that a violation is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Subject {
    /// The index under test.
    Index,
    /// An index inside the index, by the place of the first entry that leads to it.
    Nested(String),
    /// The manifest of a child, by the name of the child.
    Child(String),
    /// The config of a child, by the name of the child.
    Config(String),
    /// A document that no entry leads to, by its digest.
    Stray(String),
    /// `index.json` of a layout.
    #[strum(to_string = "index.json")]
    IndexJson,
    /// The other files of a layout.
    Layout,
}

impl Subject {
    /// The kind of document, as a word that scripts can rely on.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Which of several documents of the kind; nothing where there is one only.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Nested(name) | Self::Child(name) | Self::Config(name) | Self::Stray(name) => {
                Some(name)
            }
            Self::Index | Self::IndexJson | Self::Layout => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} {name}", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}
