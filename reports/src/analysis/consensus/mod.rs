//! What the peers do: which runtimes agree, whether there is a majority, and how split they are.
//!
//! # Weights
//!
//! Runtimes do not vote by heads. Four versions of podman and four of skopeo run one library, and
//! are one [voice](super::matrix::MatrixRuntime::lineage). Every voice that was measured in a row has the weight 1, which its tools
//! share in equal parts, and the part of a tool is shared by its runtimes (versions and flavours)
//! in equal parts. So measuring more versions of a tool, or more tools that share its code, changes
//! nothing about its weight against others.
//!
//! A cluster is the runtimes whose outcomes agree: the same child, or the same reason for refusing,
//! or the same kind of failure. It is the *majority* where it has more than half of the weight of
//! all that was measured. A tool that wavers is in a cluster of its own and counts among all, so
//! that a majority is never found by leaving somebody out.
//!
//! # How split
//!
//! The entropy of the shares of weight that the [sides](crate::analysis::split::SplitSide) have, divided by the
//! entropy of as many voices that all differ. All that refuse are on one side, whatever their
//! reasons, and what differs when repeated is on none:
//!
//! ```text
//! split = min(1, −Σ sᵢ·ln sᵢ / ln max(2, number of voices))
//! ```
//!
//! It is 0 where the row is no [split](crate::analysis::split), 1 where no two voices are on one side, and ½
//! for two against two.

use crate::analysis::{
    matrix::{Matrix, MatrixRuntime, Row},
    split::SplitSide,
};
use ocipick_records::Outcome;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// What the runtimes that were measured in a row do.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus<'a> {
    /// Who agrees with whom, the heaviest first.
    pub clusters: Vec<AgreementGroup<'a>>,
    /// How many voices were measured.
    pub voices: usize,
    /// How split they are, from 0 (all agree) to 1 (no two voices do).
    pub split: f64,
}

/// Runtimes that agree.
#[derive(Clone, Debug, PartialEq)]
pub struct AgreementGroup<'a> {
    /// What the first of them did; the others agree with it.
    pub outcome: &'a Outcome,
    /// The runtimes, by their place in the matrix.
    pub columns: Vec<usize>,
    /// Their weight, as a part of that of all that was measured.
    pub share: f64,
    /// Whether that is more than half.
    pub majority: bool,
}

impl<'a> Consensus<'a> {
    /// Finds out who agrees with whom in a row. Nothing where nothing was measured.
    #[must_use]
    pub fn of(matrix: &Matrix<'a>, row: &Row<'a>) -> Option<Self> {
        let measured: Vec<(usize, &MatrixRuntime<'a>, &'a Outcome)> = row
            .measured()
            .filter_map(|(column, outcome)| Some((column, matrix.runtimes.get(column)?, outcome)))
            .collect();
        let scale = Scale::of(measured.iter().map(|(_, runtime, _)| *runtime));
        let mut groups: Vec<Group<'a>> = Vec::new();
        for (column, runtime, outcome) in measured {
            let weight = scale.weight(runtime);
            match groups.iter_mut().find(|it| it.outcome.agrees_with(outcome)) {
                Some(group) => {
                    group.columns.push(column);
                    group.weight += weight;
                }
                None => groups.push(Group {
                    outcome,
                    columns: vec![column],
                    weight,
                }),
            }
        }
        // Of those of one weight the one comes first that comes first in the matrix.
        groups.sort_by_key(|group| Reverse(group.weight));
        let total: u128 = groups.iter().map(|group| group.weight).sum();
        if total == 0 {
            return None;
        }
        let clusters: Vec<AgreementGroup<'a>> = groups
            .into_iter()
            .map(|group| AgreementGroup {
                outcome: group.outcome,
                columns: group.columns,
                share: part(group.weight, total),
                majority: group.weight * 2 > total,
            })
            .collect();
        let mut sides: BTreeMap<SplitSide<'_>, f64> = BTreeMap::new();
        for cluster in &clusters {
            if let Some(side) = SplitSide::of(cluster.outcome) {
                *sides.entry(side).or_default() += cluster.share;
            }
        }
        let steady: f64 = sides.values().sum();
        Some(Self {
            split: split(
                sides.values().map(|share| share / steady),
                scale.voices.len(),
            ),
            voices: scale.voices.len(),
            clusters,
        })
    }

    /// What most do, where more than half do the same.
    #[must_use]
    pub fn majority(&self) -> Option<&AgreementGroup<'a>> {
        self.clusters.iter().find(|cluster| cluster.majority)
    }
}

struct Group<'a> {
    outcome: &'a Outcome,
    columns: Vec<usize>,
    weight: u128,
}

/// What a runtime weighs, in whole numbers, so that half is exactly half.
struct Scale<'a> {
    /// How many runtimes each tool of each voice has.
    voices: BTreeMap<&'a str, BTreeMap<&'a str, u128>>,
    /// A number that all parts of a voice divide.
    unit: u128,
}

impl<'a> Scale<'a> {
    fn of<'m>(runtimes: impl Iterator<Item = &'m MatrixRuntime<'a>>) -> Self
    where
        'a: 'm,
    {
        let mut voices: BTreeMap<&str, BTreeMap<&str, u128>> = BTreeMap::new();
        for runtime in runtimes {
            let tools = voices.entry(runtime.lineage());
            *tools.or_default().entry(runtime.tool).or_default() += 1;
        }
        let parts: BTreeSet<u128> = voices
            .values()
            .flat_map(|tools| {
                tools
                    .values()
                    .map(|runtimes| tools.len() as u128 * runtimes)
            })
            .collect();
        Self {
            unit: parts.into_iter().fold(1, least_common_multiple),
            voices,
        }
    }

    fn weight(&self, runtime: &MatrixRuntime<'_>) -> u128 {
        let tools = self.voices.get(runtime.lineage());
        let part = tools.and_then(|tools| {
            let runtimes = tools.get(runtime.tool)?;
            Some(tools.len() as u128 * runtimes)
        });
        part.map_or(0, |part| self.unit / part)
    }
}

fn least_common_multiple(a: u128, b: u128) -> u128 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

/// A part of a whole, to three digits, so that it reads the same everywhere.
fn part(weight: u128, total: u128) -> f64 {
    round(weight as f64 / total as f64)
}

fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn split(shares: impl Iterator<Item = f64>, voices: usize) -> f64 {
    let entropy: f64 = shares
        .filter(|share| *share > 0.0)
        .map(|share| -share * share.ln())
        .sum();
    // Nothing but all in one cluster has none, and it is not to read −0.
    round((entropy / (voices.max(2) as f64).ln()).min(1.0)).abs()
}

#[cfg(test)]
mod tests;
