//! What one document breaks over and over, said once.

use super::{Subject, Violation};
use crate::Level;
use std::{collections::BTreeMap, fmt};

/// Everything by which one document breaks one clause in one way.
#[derive(Clone, Copy, Debug)]
pub struct ViolationGroup<'b> {
    /// The first of it.
    pub first: &'b Violation,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for ViolationGroup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.more {
            0 => write!(f, "{}", self.first),
            more => write!(f, "{} (and {more} more of this)", self.first),
        }
    }
}

/// Groups violations by document and clause, in the order in which they were found.
#[must_use]
pub fn grouped(breaches: &[Violation]) -> Vec<ViolationGroup<'_>> {
    let mut groups: Vec<ViolationGroup<'_>> = Vec::new();
    let mut places: BTreeMap<(&Subject, &str, Level), usize> = BTreeMap::new();
    for breach in breaches {
        let key = (&breach.document, breach.clause, breach.level);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.more += 1,
            None => groups.push(ViolationGroup {
                first: breach,
                more: 0,
            }),
        }
    }
    groups
}
