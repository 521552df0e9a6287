//! The quick set: few cases that tell runtimes apart as all cases do.
//!
//! The runtimes of a row fall into groups that do the same, whatever it is. Cases of one family in which
//! they fall into the same groups tell the same of a build that is measured for the first time, and one of
//! them stands for all.

use crate::analysis::{matrix::Matrix, split::SplitSide};
use std::collections::{BTreeMap, BTreeSet};

/// How many cases the quick set has at most.
pub const MOST: usize = 200;

/// Into which groups the runtimes of some rows fall: for each runtime the number of its group, counted as
/// groups are met; none where it was not measured, or differs when repeated.
type Partition = Vec<Vec<Option<usize>>>;

/// One case for each family and each partition of the runtimes: the first in the order of ids. Where these are more than [`MOST`], the partitions that fall into fewer groups go
/// first, from the families that have the most.
#[must_use]
pub fn quick_set<'a>(matrix: &Matrix<'a>) -> BTreeSet<&'a str> {
    let mut rows: BTreeMap<(&'a str, &'a str), Partition> = BTreeMap::new();
    for table in &matrix.tables {
        for family in &table.families {
            for row in &family.rows {
                let sides = row.cells.iter();
                let sides: Vec<_> = sides
                    .map(|cell| cell.and_then(|trial| SplitSide::of(&trial.outcome)))
                    .collect();
                let of_case = rows.entry((family.id, row.case)).or_default();
                of_case.push(groups(&sides));
            }
        }
    }
    let mut families: BTreeMap<&'a str, BTreeMap<Partition, &'a str>> = BTreeMap::new();
    for ((family, case), partition) in rows {
        let of_family = families.entry(family).or_default();
        of_family.entry(partition).or_insert(case);
    }
    let mut families: Vec<Vec<(usize, &'a str)>> = families
        .into_values()
        .map(|of_family| {
            let counted = of_family.into_iter();
            let mut cases: Vec<_> = counted
                .map(|(partition, case)| (group_count(&partition), case))
                .collect();
            cases.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(other.1)));
            cases
        })
        .collect();
    let mut left: usize = families.iter().map(Vec::len).sum();
    while left > MOST {
        let Some(largest) = families.iter_mut().max_by_key(|cases| cases.len()) else {
            break;
        };
        largest.pop();
        left -= 1;
    }
    families
        .into_iter()
        .flatten()
        .map(|(_, case)| case)
        .collect()
}

/// The group of each, numbered as they are met.
fn groups(sides: &[Option<SplitSide<'_>>]) -> Vec<Option<usize>> {
    let mut met: Vec<&SplitSide<'_>> = Vec::new();
    sides
        .iter()
        .map(|side| {
            let side = side.as_ref()?;
            let known = met.iter().position(|it| *it == side);
            Some(known.unwrap_or_else(|| {
                met.push(side);
                met.len() - 1
            }))
        })
        .collect()
}

/// Into how many groups the rows of a case fall, at most.
fn group_count(partition: &Partition) -> usize {
    let counts = partition.iter().map(|row| {
        let groups: BTreeSet<usize> = row.iter().flatten().copied().collect();
        groups.len()
    });
    counts.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbered_as_they_are_met_and_not_by_what_they_do() {
        let took = |child| Some(SplitSide::Took(child));
        let one = groups(&[took("a"), None, Some(SplitSide::Refused), took("a")]);
        let other = groups(&[
            Some(SplitSide::Nothing),
            None,
            took("b"),
            Some(SplitSide::Nothing),
        ]);
        assert_eq!(one, [Some(0), None, Some(1), Some(0)]);
        assert_eq!(one, other);
        assert_eq!(group_count(&vec![one, vec![None; 4]]), 2);
        assert_eq!(group_count(&vec![vec![None; 4]]), 0);
    }
}
