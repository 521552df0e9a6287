//! How often two runtimes do the same, and which of them belong together.

use crate::analysis::matrix::Matrix;

/// How often two runtimes did the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgreementPair {
    /// In how many rows both were measured.
    pub both: usize,
    /// In how many of those they did the same.
    pub same: usize,
}

impl AgreementPair {
    /// In percent, rounded down, so that 100 means always; none where they never met.
    #[must_use]
    pub fn percent(self) -> Option<usize> {
        (self.same * 100).checked_div(self.both)
    }

    /// How far apart they are, in thousandths; those that were never measured together are as far
    /// apart as can be.
    fn distance(self) -> u64 {
        let differ = (self.both - self.same) as u64;
        (differ * 1000)
            .checked_div(self.both as u64)
            .unwrap_or(1000)
    }
}

/// How often each two of some runtimes did the same, over all operations.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// The runtimes, by their place in the matrix, those that are alike beside each other.
    pub order: Vec<usize>,
    pairs: Vec<Vec<AgreementPair>>,
    columns: Vec<usize>,
}

impl Agreement {
    /// Compares the runtimes in these columns.
    #[must_use]
    pub fn of(matrix: &Matrix<'_>, columns: &[usize]) -> Self {
        let mut pairs = vec![vec![AgreementPair::default(); columns.len()]; columns.len()];
        for row in matrix.tables.iter().flat_map(|table| table.rows()) {
            let outcome = |column: usize| {
                let trial = row.cells.get(column).copied().flatten()?;
                Some(&trial.outcome).filter(|it| it.is_measured())
            };
            let outcomes: Vec<_> = columns.iter().map(|column| outcome(*column)).collect();
            for (left, one) in outcomes.iter().enumerate() {
                for (right, other) in outcomes.iter().enumerate() {
                    let cell = pairs.get_mut(left).and_then(|row| row.get_mut(right));
                    if let (Some(one), Some(other), Some(pair)) = (one, other, cell) {
                        pair.both += 1;
                        pair.same += usize::from(one.agrees_with(other));
                    }
                }
            }
        }
        let order = order(&pairs);
        Self {
            order: order
                .into_iter()
                .filter_map(|place| columns.get(place).copied())
                .collect(),
            pairs,
            columns: columns.to_vec(),
        }
    }

    /// Two runtimes, by their places in the matrix.
    #[must_use]
    pub fn pair(&self, one: usize, other: usize) -> AgreementPair {
        let place = |column| self.columns.iter().position(|it| *it == column);
        place(one)
            .zip(place(other))
            .and_then(|(one, other)| self.pairs.get(one)?.get(other).copied())
            .unwrap_or_default()
    }

    /// Neighbours in the order of which each two did the same in at least so many percent.
    #[must_use]
    pub fn groups(&self, percent: usize) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for column in &self.order {
            let near = |other: &usize| {
                let pair = self.pair(*column, *other);
                pair.percent().is_some_and(|it| it >= percent)
            };
            match groups.last_mut() {
                Some(group) if group.iter().all(near) => group.push(*column),
                Some(_) | None => groups.push(vec![*column]),
            }
        }
        groups
    }
}

/// An order in which those that are alike stand beside each other: the two groups with the smallest
/// average distance are joined until there is one, and each is turned so that its nearest ends meet.
fn order(pairs: &[Vec<AgreementPair>]) -> Vec<usize> {
    let distance = |one: usize, other: usize| {
        let pair = pairs.get(one).and_then(|row| row.get(other));
        pair.copied().unwrap_or_default().distance()
    };
    let mut groups: Vec<Vec<usize>> = (0..pairs.len()).map(|place| vec![place]).collect();
    while groups.len() > 1 {
        let mut best: Option<(u64, usize, usize)> = None;
        for (left, one) in groups.iter().enumerate() {
            for (right, other) in groups.iter().enumerate().skip(left + 1) {
                let all = one.iter().flat_map(|a| other.iter().map(move |b| (*a, *b)));
                let sum: u64 = all.map(|(a, b)| distance(a, b)).sum();
                let number = (one.len() * other.len()) as u64;
                let average = sum * 1000 / number;
                if best.is_none_or(|(least, _, _)| average < least) {
                    best = Some((average, left, right));
                }
            }
        }
        let Some((_, left, right)) = best else { break };
        let other = groups.remove(right);
        if let Some(one) = groups.get_mut(left) {
            *one = joined(one, &other, &distance);
        }
    }
    groups.into_iter().flatten().collect()
}

fn joined(one: &[usize], other: &[usize], distance: &dyn Fn(usize, usize) -> u64) -> Vec<usize> {
    let turned = |items: &[usize]| -> Vec<usize> { items.iter().rev().copied().collect() };
    let ways = [
        (one.to_vec(), other.to_vec()),
        (turned(one), other.to_vec()),
        (one.to_vec(), turned(other)),
        (turned(one), turned(other)),
    ];
    let gap = |(left, right): &(Vec<usize>, Vec<usize>)| match (left.last(), right.first()) {
        (Some(left), Some(right)) => distance(*left, *right),
        _ => 0,
    };
    let best = ways.into_iter().min_by_key(gap);
    best.map_or_else(Vec::new, |(mut left, right)| {
        left.extend(right);
        left
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        analysis::matrix::{CaseBook, Matrix},
        made,
    };
    use ocipick_records::Outcome;

    fn picked(child: &str) -> Outcome {
        Outcome::Picked {
            child: child.to_owned(),
            digest: String::new(),
        }
    }

    #[test]
    fn those_that_are_alike_stand_beside_each_other() {
        let picks = [
            ("docker@1", ["a", "a", "a", "a"]),
            ("podman@1", ["b", "b", "b", "b"]),
            ("skopeo@1", ["a", "a", "a", "b"]),
            ("crane@1", ["b", "b", "b", "a"]),
        ];
        let trials = picks.iter().flat_map(|(runtime, picks)| {
            let picks = picks.iter().enumerate();
            picks.map(|(case, child)| made::trial(runtime, &format!("f/{case}"), picked(child)))
        });
        let results = [made::results(trials.collect())];
        let book = CaseBook::default();
        let matrix = Matrix::build(&results, &book);
        let agreement = Agreement::of(&matrix, &[0, 1, 2, 3]);
        let tools: Vec<&str> = agreement
            .order
            .iter()
            .map(|column| matrix.runtimes[*column].tool)
            .collect();
        assert_eq!(tools, ["docker", "skopeo", "podman", "crane"]);
        assert_eq!(agreement.pair(0, 2), AgreementPair { both: 4, same: 3 });
        assert_eq!(agreement.pair(0, 2).percent(), Some(75));
        assert_eq!(agreement.groups(75).len(), 2);
    }

    #[test]
    fn what_was_not_measured_is_no_disagreement() {
        let unmeasured = Outcome::Unmeasured {
            why: ocipick_records::UnmeasuredWhy::Unsupported,
            detail: String::new(),
        };
        let trials = vec![
            made::trial("docker@1", "f/1", picked("a")),
            made::trial("podman@1", "f/1", unmeasured),
        ];
        let results = [made::results(trials)];
        let book = CaseBook::default();
        let matrix = Matrix::build(&results, &book);
        let pair = Agreement::of(&matrix, &[0, 1]).pair(0, 1);
        assert_eq!((pair.both, pair.percent()), (0, None));
    }
}
