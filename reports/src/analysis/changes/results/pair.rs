//! Which runtimes of two results are compared with each other.

use crate::analysis::matrix::{Matrix, MatrixRuntime};
use ocipick_records::compare_versions;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Which runtimes are compared, which are new, and which are gone; each by its place in its matrix.
///
/// A runtime is compared with itself. One that is gone is compared with what took its place, in this
/// order: the same build from another channel; another version of the same tool and flavour from the
/// same channel, as when a release moved on; the newest version of the same tool and flavour that is
/// new, where this one is the newest that is gone. Whatever is left is new or gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairedRuntimes {
    /// What is compared, in the order of the newer matrix.
    pub pairs: Vec<RuntimePair>,
    /// Those that only the newer results have.
    pub new: Vec<usize>,
    /// Those that only the older results have.
    pub gone: Vec<usize>,
}

/// Two runtimes that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuntimePair {
    /// Place in the older matrix.
    pub old: usize,
    /// Place in the newer matrix.
    pub new: usize,
    /// What they have in common.
    pub pairing: Pairing,
}

/// What two runtimes that are compared have in common, besides the tool and its flavour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// Version and channel.
    Same,
    /// The version; the build is from another channel.
    OtherChannel,
    /// The tool and flavour only: another version took its place.
    OtherVersion,
}

impl PairedRuntimes {
    /// Brings the runtimes of two results together; with `exact` only those that are the same.
    #[must_use]
    pub fn of(old: &Matrix<'_>, new: &Matrix<'_>, exact: bool) -> Self {
        let mut matching = Matching {
            old: &old.runtimes,
            new: &new.runtimes,
            left_old: (0..old.runtimes.len()).collect(),
            left_new: (0..new.runtimes.len()).collect(),
            pairs: Vec::new(),
        };
        matching.pair(Pairing::Same, |it| (it.version, it.channel));
        if !exact {
            matching.pair(Pairing::OtherChannel, |it| (it.version, ""));
            matching.pair(Pairing::OtherVersion, |it| ("", it.channel));
            matching.newest();
        }
        let mut pairs = matching.pairs;
        pairs.sort_by_key(|pair| pair.new);
        Self {
            pairs,
            new: matching.left_new.into_iter().collect(),
            gone: matching.left_old.into_iter().collect(),
        }
    }
}

struct Matching<'m, 'a> {
    old: &'m [MatrixRuntime<'a>],
    new: &'m [MatrixRuntime<'a>],
    left_old: BTreeSet<usize>,
    left_new: BTreeSet<usize>,
    pairs: Vec<RuntimePair>,
}

impl<'m, 'a> Matching<'m, 'a> {
    /// Pairs runtimes of one tool and flavour that have a key in common, where that is one of each.
    fn pair(&mut self, pairing: Pairing, key: impl Fn(&MatrixRuntime<'a>) -> (&'a str, &'a str)) {
        let by_key = |left: &BTreeSet<usize>, all: &'m [MatrixRuntime<'a>]| {
            let mut by_key: BTreeMap<_, Vec<usize>> = BTreeMap::new();
            for column in left {
                if let Some(it) = all.get(*column) {
                    let key = (it.tool, it.flavour, key(it));
                    by_key.entry(key).or_default().push(*column);
                }
            }
            by_key
        };
        let old = by_key(&self.left_old, self.old);
        let new = by_key(&self.left_new, self.new);
        for (key, old) in old {
            if let ([old], Some([new])) = (old.as_slice(), new.get(&key).map(Vec::as_slice)) {
                self.take(*old, *new, pairing);
            }
        }
    }

    /// Pairs the newest of those that are left of each tool and flavour.
    fn newest(&mut self) {
        let newest = |left: &BTreeSet<usize>, all: &'m [MatrixRuntime<'a>]| {
            let mut newest: BTreeMap<(&'a str, Option<&'a str>), usize> = BTreeMap::new();
            for column in left {
                let Some(it) = all.get(*column) else { continue };
                let known = newest.entry((it.tool, it.flavour)).or_insert(*column);
                let version = all.get(*known).map_or("", |it| it.version);
                if compare_versions(it.version, version).is_gt() {
                    *known = *column;
                }
            }
            newest
        };
        let old = newest(&self.left_old, self.old);
        let new = newest(&self.left_new, self.new);
        for (key, old) in old {
            if let Some(new) = new.get(&key) {
                self.take(old, *new, Pairing::OtherVersion);
            }
        }
    }

    fn take(&mut self, old: usize, new: usize, pairing: Pairing) {
        self.left_old.remove(&old);
        self.left_new.remove(&new);
        self.pairs.push(RuntimePair { old, new, pairing });
    }
}
