//! Findings: what is most surprising about a matrix, what changed between versions, and in what
//! configurations differ.
//!
//! Only what was observed is found. Whether it is a fault, and whose, is for a person to judge; how
//! it is said is for rendering.

mod changed;
mod class;
mod flavours;
mod rank;

pub use changed::{ByOldCode, Changed, Unchanged, changed, unchanged};
pub use class::OutcomeShape;
pub use flavours::{FlavourDifference, differences};
pub use rank::{Finding, FindingRow, OutcomeGroup, Severity, TakenSides};

use crate::analysis::matrix::Matrix;

/// The most surprising findings, at most `most` of them, the most surprising first.
///
/// They are of different kinds, and of different cases, as far as there are enough: the second
/// crash teaches less than the first hang, and what else happened in a case is part of its first
/// finding. Equal matrices give equal findings.
#[must_use]
pub fn most_surprising<'m, 'a>(matrix: &'m Matrix<'a>, most: usize) -> Vec<Finding<'m, 'a>> {
    let mut left = all(matrix);
    let mut chosen: Vec<Finding<'_, '_>> = Vec::new();
    while chosen.len() < most && !left.is_empty() {
        let new_kind = |finding: &Finding<'_, '_>| {
            let severity = finding.severity;
            chosen.iter().all(|known| known.severity != severity)
        };
        let new_case = |finding: &Finding<'_, '_>| {
            let case = finding.case();
            chosen.iter().all(|known| known.case() != case)
        };
        let best = left
            .iter()
            .position(|finding| new_kind(finding) && new_case(finding))
            .or_else(|| left.iter().position(new_kind))
            .or_else(|| left.iter().position(new_case))
            .unwrap_or(0);
        chosen.push(left.remove(best));
    }
    chosen.sort_by_key(Finding::rank);
    chosen
}

/// Every finding, the most surprising first.
#[must_use]
pub fn all<'m, 'a>(matrix: &'m Matrix<'a>) -> Vec<Finding<'m, 'a>> {
    rank::findings(matrix)
}

/// The split views among them: what a scanner reads is not what a runtime takes.
#[must_use]
pub fn split_views<'m, 'a>(matrix: &'m Matrix<'a>) -> Vec<Finding<'m, 'a>> {
    rank::split_views(matrix)
}
