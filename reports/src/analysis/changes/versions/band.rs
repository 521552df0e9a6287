//! Neighbouring versions that are alike in every row, which one column can stand for.

use super::{ReleaseSeries, interval::look_alike};
use crate::analysis::matrix::Row;

/// Neighbouring versions of a line that look alike in every one of some rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlikeVersions {
    /// Its runtimes, by their place in the matrix, oldest first; never empty.
    pub columns: Vec<usize>,
}

impl AlikeVersions {
    /// Its oldest version.
    #[must_use]
    pub fn first(&self) -> usize {
        self.columns.first().copied().unwrap_or_default()
    }

    /// Its newest version.
    #[must_use]
    pub fn last(&self) -> usize {
        self.columns.last().copied().unwrap_or_default()
    }
}

/// The bands of a line over some rows, oldest first: every column of the line is in exactly one.
#[must_use]
pub fn bands<'r, 'a: 'r>(
    line: &ReleaseSeries<'_>,
    rows: impl Iterator<Item = &'r Row<'a>> + Clone,
) -> Vec<AlikeVersions> {
    let mut bands: Vec<AlikeVersions> = Vec::new();
    for column in &line.columns {
        let alike = |last: usize| {
            rows.clone().all(|row| {
                let cell = |column: usize| row.cells.get(column).copied().flatten();
                look_alike(cell(last), cell(*column))
            })
        };
        match bands.last_mut() {
            Some(band) if alike(band.last()) => band.columns.push(*column),
            Some(_) | None => bands.push(AlikeVersions {
                columns: vec![*column],
            }),
        }
    }
    bands
}
