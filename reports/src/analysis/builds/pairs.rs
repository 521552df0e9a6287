//! A distribution's build of a release held against upstream's own one, where results hold both.
//!
//! A pair is one tool, version and configuration from two sources: one that a distribution built,
//! and one that was built from the module of the release. What two outcomes of a row are to each
//! other decides [`CellComparison`]; a cell that differs when repeated is no difference between
//! builds. Which library differs is read from what both were linked with.

use super::{Library, deciding, pins::Pins};
use crate::analysis::{
    changes::{CellChange, CellComparison, ChangeKind, is_steady},
    matrix::{Matrix, MatrixRuntime, Row},
};
use ocipick_records::{Linked, compare_versions};
use std::cmp::Ordering;

/// Two builds of one release.
#[derive(Clone, Debug)]
pub struct BuildPair<'m, 'a> {
    /// The build of the distribution, by its place in the matrix.
    pub distribution: usize,
    /// The one of upstream's module.
    pub upstream: usize,
    /// The libraries that select for the tool. What is pinned is what upstream's build was linked
    /// with.
    pub libraries: Vec<Library>,
    /// Libraries that are recorded of one of the two alone.
    pub one_sided: Vec<OneSidedLibrary>,
    /// Whether it is known of both what they were linked with.
    pub is_recorded: bool,
    /// The compilers, where both are known and they are two: the distribution's first.
    pub compilers: Option<(String, String)>,
    /// In how many rows both gave a steady answer.
    pub compared: usize,
    /// The rows in which their answers differ, in the order of the matrix.
    pub differing: Vec<DifferingRow<'m, 'a>>,
    /// The rows in which one of them differs when repeated, likewise.
    pub flaky: Vec<FlakyRow<'m, 'a>>,
}

/// A library that is recorded of one of two builds alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneSidedLibrary {
    /// Its name.
    pub name: String,
    /// Its version there.
    pub version: String,
    /// Whether that is the distribution's build.
    pub is_of_distribution: bool,
}

/// A row in which two builds of one release steadily give different answers.
#[derive(Clone, Copy, Debug)]
pub struct DifferingRow<'m, 'a> {
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// The row.
    pub row: &'m Row<'a>,
    /// What upstream's build does, and what that of the distribution does in place of it.
    pub change: CellChange<'a>,
    /// In which way they differ.
    pub kind: ChangeKind,
}

/// A row in which one of two builds of one release differs when repeated.
#[derive(Clone, Copy, Debug)]
pub struct FlakyRow<'m, 'a> {
    /// What the tools were asked to do.
    pub operation: &'a str,
    /// The row.
    pub row: &'m Row<'a>,
}

impl<'m, 'a> BuildPair<'m, 'a> {
    /// Every pair of a matrix that was measured, in the order of the distribution's builds.
    #[must_use]
    pub fn all(matrix: &'m Matrix<'a>) -> Vec<Self> {
        let runtimes = || matrix.runtimes.iter().enumerate();
        let measured = |runtime: &MatrixRuntime<'_>| runtime.unmeasured.is_none();
        let mut pairs = Vec::new();
        for (distribution, built) in runtimes() {
            if !measured(built) || !built.build().is_distribution() {
                continue;
            }
            for (upstream, release) in runtimes() {
                let is_pair = measured(release)
                    && is_upstream(release)
                    && built.tool == release.tool
                    && built.flavour == release.flavour
                    && compare_versions(built.version, release.version) == Ordering::Equal;
                if is_pair {
                    pairs.push(Self::of(matrix, distribution, upstream));
                }
            }
        }
        pairs
    }

    fn of(matrix: &'m Matrix<'a>, distribution: usize, upstream: usize) -> Self {
        let linked = |column: usize| {
            let record = matrix.runtimes.get(column)?.record?;
            deciding(&record.provenance.linked)
        };
        let both = linked(distribution).zip(linked(upstream));
        let mut pair = Self {
            distribution,
            upstream,
            libraries: both.map_or_else(Vec::new, |(built, release)| libraries(built, release)),
            one_sided: both.map_or_else(Vec::new, |(built, release)| one_sided(built, release)),
            is_recorded: both.is_some(),
            compilers: both
                .and_then(|(built, release)| built.go.clone().zip(release.go.clone()))
                .filter(|(built, release)| built != release),
            compared: 0,
            differing: Vec::new(),
            flaky: Vec::new(),
        };
        for table in &matrix.tables {
            for row in table.rows() {
                pair.add(table.operation, row);
            }
        }
        pair
    }

    fn add(&mut self, operation: &'a str, row: &'m Row<'a>) {
        let cell = |column: usize| {
            let trial = row.cells.get(column).copied().flatten();
            trial.filter(|trial| trial.outcome.is_measured())
        };
        let (Some(release), Some(built)) = (cell(self.upstream), cell(self.distribution)) else {
            return;
        };
        if !is_steady(&release.outcome) || !is_steady(&built.outcome) {
            self.flaky.push(FlakyRow { operation, row });
            return;
        }
        self.compared += 1;
        let comparison = CellComparison::of(Some(release), Some(built));
        if let Some((change, kind)) = comparison.steady_change() {
            self.differing.push(DifferingRow {
                operation,
                row,
                change,
                kind,
            });
        }
    }
}

/// Whether a runtime is a release that was built from its own module.
fn is_upstream(runtime: &MatrixRuntime<'_>) -> bool {
    let module = |it: &ocipick_records::RuntimeRecord| it.provenance.module.is_some();
    runtime.record.is_some_and(module) && !runtime.build().is_distribution()
}

/// Every library that both were linked with, as the distribution linked it and as the release did.
fn libraries(built: &Linked, release: &Linked) -> Vec<Library> {
    let pins = Pins::built_in();
    let libraries = built.libraries.iter();
    libraries
        .filter_map(|(name, linked)| {
            let pinned = release.libraries.get(name)?;
            Some(Library {
                name: name.clone(),
                linked: linked.clone(),
                pinned: Some(pinned.clone()),
                agreement: pins.compare(name, pinned, linked),
                source: None,
            })
        })
        .collect()
}

/// Every library that only one of them was linked with, as far as is recorded.
fn one_sided(built: &Linked, release: &Linked) -> Vec<OneSidedLibrary> {
    let only = |of: &Linked, other: &Linked, is_of_distribution| -> Vec<OneSidedLibrary> {
        let libraries = of.libraries.iter();
        libraries
            .filter(|(name, _)| !other.libraries.contains_key(*name))
            .map(|(name, version)| OneSidedLibrary {
                name: name.clone(),
                version: version.clone(),
                is_of_distribution,
            })
            .collect()
    };
    let mut all = only(built, release, true);
    all.extend(only(release, built, false));
    all
}

#[cfg(test)]
mod tests;
