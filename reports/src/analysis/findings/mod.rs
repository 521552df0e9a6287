//! Findings: what is most surprising about a matrix, in words.
//!
//! Only what was observed is said. Whether it is a fault, and whose, is for a person to judge.

mod changed;
mod class;
mod flavours;
mod phrase;
mod rank;
mod rows;
mod say;
mod wording;

pub use changed::{Changed, REASONS, Unchanged, by_weight, caution, changed, unchanged};
pub use flavours::{FlakyVersion, FlavourDifference, parted, wavering};
pub use phrase::{Sentence, SentencePart};
pub use rank::Severity;
pub use rows::{RowName, Rows};

use crate::analysis::matrix::Matrix;
use rank::FindingGroup;

/// One surprising fact, with every case in which it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of surprise it is.
    pub surprise: Severity,
    /// What the tools were asked to do.
    pub operation: String,
    /// Id of the case that serves as the example.
    pub case: String,
    /// The platform asked for in the example.
    pub platform: String,
    /// What was observed in the example; a sentence without the case and without a full stop.
    pub observed: Sentence,
    /// What the index of the example is; empty where nobody said.
    pub title: String,
    /// The other rows in which the same runtimes are on the same sides and each side did the same,
    /// as the matrix labels them.
    pub likewise: Vec<String>,
    /// Further rows in which those that the finding is about did the same, and others did not.
    pub also: Vec<String>,
    /// The runtimes that the finding is about, by id.
    pub runtimes: Vec<String>,
}

/// The most surprising findings, at most `most` of them, the most surprising first.
///
/// They are of different kinds, and of different cases, as far as there are enough: the second
/// crash teaches less than the first hang, and what else happened in a case is part of its first
/// finding. Equal matrices give equal findings.
#[must_use]
pub fn most_surprising(matrix: &Matrix<'_>, most: usize) -> Vec<Finding> {
    let mut left = rank::groups(matrix);
    let mut chosen: Vec<FindingGroup<'_, '_>> = Vec::new();
    while chosen.len() < most && !left.is_empty() {
        let new_kind = |group: &FindingGroup<'_, '_>| {
            let surprise = group.surprise;
            chosen.iter().all(|known| known.surprise != surprise)
        };
        let new_case = |group: &FindingGroup<'_, '_>| {
            let case = group.case();
            chosen.iter().all(|known| known.case() != case)
        };
        let best = left
            .iter()
            .position(|group| new_kind(group) && new_case(group))
            .or_else(|| left.iter().position(new_kind))
            .or_else(|| left.iter().position(new_case))
            .unwrap_or(0);
        chosen.push(left.remove(best));
    }
    chosen.sort_by_key(FindingGroup::rank);
    chosen
        .iter()
        .map(|group| say::finding(matrix, group))
        .collect()
}

/// Every finding, the most surprising first.
#[must_use]
pub fn all(matrix: &Matrix<'_>) -> Vec<Finding> {
    rank::groups(matrix)
        .iter()
        .map(|group| say::finding(matrix, group))
        .collect()
}

impl Finding {
    /// What is said before the rows in [`Finding::also`].
    #[must_use]
    pub fn also(&self) -> String {
        say::also(self)
    }

    /// The whole finding, as one or two sentences.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        say::sentence(self)
    }
}
